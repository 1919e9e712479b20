"""A forked process as the host sees it: to be talked to, interrupted and ended."""

import contextlib
import os
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.rpc.channel import Channel
from autograder.sandbox.audit import read_notices

KILL_SECONDS = 10.0
# EX_SOFTWARE: a worker's own loop failed, not what it was asked to run.
INTERNAL_ERROR = 70


@dataclass(frozen=True)
class Ending:
    """How a process ended: by itself with a status, or by a signal of that number.

    why -- why the fork server ended it, in words that complete "the process ..."; empty if that did not
    """

    by_itself: bool
    status: int
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return self.why
        if self.by_itself and self.status == INTERNAL_ERROR:
            return "could not go on: out of memory, or told something that makes no sense"
        if self.by_itself:
            return "ended normally" if self.status == 0 else f"called os._exit({self.status})"
        try:
            name, text = signal.Signals(self.status).name, signal.strsignal(self.status) or ""
        except ValueError:
            return f"ended by signal {self.status}"
        return f"ended by signal {name} ({text.lower()})"


class Process:
    """A process that a fork server made.

    Args:
        pidfd: A descriptor that stands for the process; closed with it.
        channel: The host's end of the conversation; closed with it.
        notices: The host's end of a pipe for what is noticed of it, see `watch`; closed with it.
        ending: Asks the fork server how the process ended; with true, also to forget it after that.

    """

    def __init__(self, pidfd: int, channel: Channel, notices: int, ending: Callable[[bool], Ending | None]) -> None:
        self.pidfd = pidfd
        self.pid = _number_of(pidfd)
        self.channel = channel
        self.notices: list[str] = []
        """What was noticed of it, in sentences; there when it has been killed."""
        self._notices = notices
        self._ask = ending
        self._ending: Ending | None = None
        self._killed = False
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._closed and not self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most that long; return whether it has ended."""
        if self._closed:
            return True
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(max(0, round(seconds * 1000))))

    def interrupt(self) -> None:
        """Send SIGINT, which ends the cell that runs; between cells it does nothing."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it and the processes of its group, and let go of it; return when it is gone.

        Raises `TimeoutError` if the kernel does not end it within `KILL_SECONDS`.
        """
        if self._closed:
            return
        killed = self.alive
        self._signal(signal.SIGKILL)
        # The fork server has not waited for it, so its number, and its group's, cannot be another's by now.
        # If the server is gone, the number is only safe while the process itself is there.
        if killed or self._ask(False) is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        gone = self.wait(KILL_SECONDS)
        self._ending = self._ask(True) or self._ending
        self._killed = killed and self._ending in (None, Ending(False, signal.SIGKILL))
        self._closed = True
        self.channel.close()
        self.notices = read_notices(self._notices)
        os.close(self._notices)
        os.close(self.pidfd)
        if not gone:
            raise TimeoutError(f"process {self.pid} did not end within {KILL_SECONDS:.0f} s of being killed")

    @property
    def killed_by_others(self) -> bool:
        """Whether somebody else may have killed it, or it did itself: the kernel for want of memory, an administrator.

        Known when `kill` has returned. If its fork server is gone, it went with that.
        """
        return self._closed and not self._killed and self._ending in (None, Ending(False, signal.SIGKILL))

    def how_it_ended(self) -> str:
        """Say it in words that complete "the process ..."."""
        if self.alive:
            return "still runs"
        if self._killed:
            return "was killed by the grader"
        if self._ending is None and not self._closed:
            self._ending = self._ask(False)
        return "ended in an unknown way" if self._ending is None else str(self._ending)

    def _signal(self, number: signal.Signals) -> None:
        if not self._closed:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)


def _number_of(pidfd: int) -> int:
    """The process's number in this process's namespace, which need not be the fork server's."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise ValueError(f"descriptor {pidfd} does not stand for a process")
