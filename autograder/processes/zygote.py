"""The host's side of a fork server: starts it and has it fork.

Starting Python and importing NumPy and matplotlib takes a second; forking a process that has already
done so takes milliseconds. The server is `autograder.processes.fork_server`.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from autograder.processes.fd_socket import Control
from autograder.processes.memory_files import Parcel, arguments_file
from autograder.processes.process import Ending, Process
from autograder.rpc.channel import DEFAULT_MAX_MESSAGE, Channel
from autograder.rpc.rpc_errors import IsolationError
from autograder.sandbox.credentials import NOBODY
from autograder.sandbox.environment import clean_environment
from autograder.sandbox.layers import Report
from autograder.sandbox.resource_limits import ProcessLimits

ANSWER_SECONDS = 30.0


class ZygoteError(IsolationError):
    """The fork server could not do what it was asked; the message says why."""


class NotConfinedError(ZygoteError):
    """No way to confine a process holds on this machine; `reports` say what was tried."""

    def __init__(self, reports: list[Report]) -> None:
        self.reports = reports
        super().__init__("; ".join(f"{report.way}: {report.leaks[0]}" for report in reports if report.leaks))


class ThreadsLeftError(ZygoteError):
    """What was prepared has left threads running; end them before it is over."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"the notebook leaves threads running when its cells are over ({', '.join(names)}), and what runs threads "
            "cannot be confined. Let the cell that starts them end them, or wait for them"
        )


class ZygoteDiedError(ZygoteError):
    """The fork server is gone, and its children with it: start another one."""


class Zygote:
    """A fork server. Make one with `start`; it may be used from several threads.

    Args:
        process: The server.
        control: The host's end of the conversation with it.
        errors: What the server prints.

    """

    def __init__(self, process: subprocess.Popen[bytes], control: Control, errors: IO[bytes]) -> None:
        self._process = process
        self._control = control
        self._errors = errors
        self._lock = threading.Lock()
        self._pidfd = os.pidfd_open(process.pid)
        self._waiting: float | None = None
        self._closed = False
        self.report: dict[str, Any] = {}
        """What the prepared state said of itself; `warm_up` puts here the modules it could not import."""
        self.trials: list[Report] = []
        """What was found about the ways to confine its children, the last of them in use; none if none was wanted."""

    @classmethod
    def start(cls, **options: Any) -> Self:
        """Start a fork server, as `begin` does, and wait until it is ready."""
        zygote = cls.begin(**options)
        zygote.wait_until_ready()
        return zygote

    @classmethod
    def begin(
        cls,
        *,
        prepare: str,
        arguments: dict[str, Any],
        environment: Mapping[str, str] | None = None,
        directory: Path,
        confine: bool = False,
        entries: Sequence[str] = (),
        timeout: float = 120.0,
    ) -> Self:
        """Begin to start a fork server that calls the function *prepare*, "module:function", with *arguments*.

        *directory* is the server's working directory; it will hold the home directory and matplotlib's
        caches, so using it again saves time. *environment* is added to the few variables that are set.
        With *confine*, the server confines itself and its children after that, having imported the *entries* that
        they will call. Nothing waits: `wait_until_ready` does, for *timeout* seconds at most.
        """
        for place in ("home", "matplotlib"):
            (directory / place).mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server may print
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-m", "autograder.processes.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                cwd=directory,
                env=clean_environment(directory) | dict(environment or {}),
                start_new_session=True,
            )
        zygote = cls(process, Control(ours), errors)
        request = {"prepare": prepare, "arguments": arguments, "confine": confine, "entries": list(entries)}
        # If it has died already, the answer that does not come will say so.
        with contextlib.suppress(OSError):
            zygote._control.send(request)
        zygote._waiting = timeout
        return zygote

    def wait_until_ready(self) -> None:
        """Wait until the server has prepared. Raises ZygoteError if it cannot, NotConfinedError if that is why."""
        with self._lock:
            if self._waiting is None:
                return
            timeout, self._waiting = self._waiting, None
        try:
            answer, _ = self._answer(timeout)
            if "threads" in answer:
                raise ThreadsLeftError(answer["threads"])
            self.report = answer["report"]
            self.trials = [Report(**trial) for trial in answer["trials"]]
            if not answer["confined"]:
                raise NotConfinedError(self.trials)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        # Not by waiting for it: it may be the child of a process that this one was forked from.
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return not self._closed and not poll.poll(0)

    @property
    def layers(self) -> list[str]:
        """The names of the layers that confine its children."""
        return self.trials[-1].held if self.trials else []

    def fork(
        self,
        entry: str,
        arguments: dict[str, Any],
        directory: Path,
        *,
        files: Parcel | None = None,
        limits: ProcessLimits | None = None,
        max_message: int = DEFAULT_MAX_MESSAGE,
    ) -> Process:
        """Fork a process that calls *entry*, "module:function", as `entry(channel, state, **arguments)`.

        It works in *directory*, or where it is confined in a folder that only it can see, with *files* in it, and
        ends when *entry* returns. If *entry* raises, its last message is `["crashed", {"traceback": ...}]`.
        """
        self.wait_until_ready()
        directory.mkdir(parents=True, exist_ok=True)
        if self.trials and os.geteuid() == 0:
            # A confined process runs as nobody.
            os.chown(directory, NOBODY, NOBODY)
        with contextlib.ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.enter_context(theirs)
            given = arguments_file(arguments)
            stack.callback(os.close, given)
            notices, writing = os.pipe()
            stack.callback(os.close, writing)
            request = {
                "do": "fork",
                "entry": entry,
                "directory": os.fspath(directory.absolute()),
                "limits": asdict(limits or ProcessLimits()),
                "max_message": max_message,
                "files_size": 0 if files is None else files.size,
                # It runs where this thread runs.
                "processors": sorted(os.sched_getaffinity(0)),
            }
            descriptors = [theirs.fileno(), writing, given] + ([] if files is None else [files.descriptor])
            try:
                answer, received = self._request(request, descriptors)
            except BaseException:
                ours.close()
                os.close(notices)
                raise
        (pidfd,) = received
        return Process(pidfd, Channel(ours, max_message), notices, partial(self._ending, answer["child"]))

    def close(self) -> None:
        """End the server and all its children."""
        with self._lock:
            if self._closed:
                return
            # The children have asked the kernel to be killed with it.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._process.wait()
            self._let_go()

    def let_go(self) -> None:
        """Close this process's side, for one that was forked from it has the same and goes on with it."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if not self._closed:
            self._closed = True
            self._control.close()
            self._errors.close()
            os.close(self._pidfd)

    def _ending(self, child: int, release: bool) -> Ending | None:
        """How a child ended; None while it runs, and if the server is gone."""
        with contextlib.suppress(ZygoteError):
            answer, _ = self._request({"do": "ending", "child": child, "release": release})
            if answer["ended"] is not None:
                return Ending(*answer["ended"])
        return None

    def _request(
        self, request: dict[str, Any], descriptors: Sequence[int] = (), timeout: float = ANSWER_SECONDS
    ) -> tuple[dict[str, Any], list[int]]:
        with self._lock:
            try:
                self._control.send(request, descriptors)
            except OSError:
                raise ZygoteDiedError(self._last_words()) from None
            return self._answer(timeout)

    def _answer(self, timeout: float) -> tuple[dict[str, Any], list[int]]:
        try:
            answer, received = self._control.receive(time.monotonic() + timeout)
        except TimeoutError:
            # A late answer would be taken for the answer to the next request.
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            raise ZygoteError(f"the fork server did not answer within {timeout:.0f} s") from None
        except (EOFError, OSError):
            raise ZygoteDiedError(self._last_words()) from None
        if "error" in answer:
            raise ZygoteError(f"the fork server failed: {answer['error']}")
        return answer, received

    def _last_words(self) -> str:
        if self._errors.closed:
            return "the fork server was closed"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._errors.seek(0)
        text = self._errors.read()[-2_000:].decode("utf-8", "replace").strip()
        return f"the fork server is gone (status {self._process.poll()}){': ' if text else ''}{text}"
