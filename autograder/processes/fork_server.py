"""The fork server: has everything imported, and forks a new worker in milliseconds.

It is started by `autograder.processes.zygote`, runs a `prepare` function once, and then answers
requests until the host hangs up. It never runs what a student wrote and keeps no secrets, because
every child can read all that it holds. It has one thread, or forking would not be safe.
"""

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from autograder.processes.child_setup import detach, open_descriptors, settle
from autograder.processes.cpu_affinity import one_processor, use
from autograder.processes.fd_socket import Control
from autograder.processes.memory_files import read_arguments, unpack_files
from autograder.processes.process import INTERNAL_ERROR
from autograder.processes.threads import end_threads
from autograder.rpc.channel import Channel
from autograder.sandbox import quota
from autograder.sandbox.audit import AuditHook
from autograder.sandbox.confinement import Confinement
from autograder.sandbox.layers import Report
from autograder.sandbox.probe import try_all
from autograder.sandbox.quota import Quota
from autograder.sandbox.resource_limits import ProcessLimits

# The child that was just made needs the processor more than the next one.
_MOMENT = 0.02
# How long threads that a notebook has left behind may take to end.
THREADS_SECONDS = 5.0


def resolve(name: str) -> Callable[..., Any]:
    """Return the function that "module:function" names."""
    module, separator, function = name.partition(":")
    if not separator:
        raise ValueError(f"{name!r} does not have the form 'module:function'")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return resolved


class ForkServer:
    """Answers the host's requests: fork a child; tell how one ended; let go of one.

    held -- the descriptors of what was prepared

    The next child is forked in advance, and waits. So the copying of page tables, which takes longer the
    more is loaded, is over when a child is wanted.
    """

    def __init__(self, control: Control, state: object, confinement: Confinement, held: frozenset[int]) -> None:
        self._held = held
        self._control = control
        self._state = state
        self._confinement = confinement
        self._me = os.pidfd_open(os.getpid())
        self._spare: Spare | None = None
        self._quotas: dict[int, Quota] = {}
        self._ended: dict[int, str] = {}  # why this server ended a child

    def serve(self) -> None:
        """Answer until the host hangs up."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                if self._spare is None and not self._control.wait(_MOMENT):
                    # If there is no memory for it now, there may be when it is wanted.
                    with contextlib.suppress(OSError):
                        self._spare = self._bear()
                while self._quotas and not self._control.wait(quota.SECONDS):
                    self._end_what_takes_too_much()
                request, received = self._control.receive()
                attached: list[int] = []
                try:
                    answer, attached = getattr(self, f"do_{request.pop('do')}")(received, **request)
                except Exception as error:
                    # Including a failed fork (no memory, too many processes): the host is told.
                    answer = {"error": f"{type(error).__name__}: {error}"}
                self._control.send(answer, attached)
                for used in (*received, *attached):
                    os.close(used)

    def do_fork(self, descriptors: list[int], **fields: Any) -> tuple[dict[str, Any], list[int]]:
        """Have a child become what `Order` says; the answer brings a descriptor that stands for it."""
        # Here, too: if it has to be imported, the next child has it already.
        resolve(Order(**fields).entry)
        child, self._spare = self._spare, None
        if child is None or not child.take(fields, descriptors):
            child = self._bear()
            if not child.take(fields, descriptors):
                raise ChildProcessError("a new process died at once")
        limits = ProcessLimits(**fields["limits"])
        if bound := self._confinement.quota(fields["directory"], limits, fields["files_size"]):
            self._quotas[child.pid] = bound
        # Nobody waits for the child before the host says so, so the number cannot be another's yet.
        return {"child": child.pid}, [child.pidfd]

    def do_ending(self, _: list[int], *, child: int, release: bool) -> tuple[dict[str, Any], list[int]]:
        """Tell how a child ended, if it has; with *release*, forget it."""
        flags = os.WEXITED | os.WNOHANG | (0 if release else os.WNOWAIT)
        found = os.waitid(os.P_PID, child, flags)
        if found is None:
            return {"ended": None}, []
        why = self._ended.get(child, "")
        if release:
            self._quotas.pop(child, None)
            self._ended.pop(child, None)
        return {"ended": [found.si_code == os.CLD_EXITED, found.si_status, why]}, []

    def _end_what_takes_too_much(self) -> None:
        for child, bound in list(self._quotas.items()):
            if why := bound.exceeded(child):
                os.kill(child, signal.SIGKILL)
                self._ended[child] = why
                del self._quotas[child]

    def _bear(self) -> "Spare":
        """Fork a child that waits for its order."""
        ours, theirs = socket.socketpair()
        try:
            pid = self._confinement.fork()
            if pid == 0:
                self._live(theirs.detach())
            return Spare(pid, os.pidfd_open(pid), Control(ours))
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()

    def _live(self, waiting: int) -> NoReturn:
        """Be a child. Whatever happens, never return into the server's loop.

        waiting -- the descriptor over which the order comes
        """
        status = INTERNAL_ERROR
        channel: Channel | None = None
        try:
            confined = self._confinement
            detach(self._me, keep=[waiting], held=self._held)
            # `detach` closed it; the object must not close whatever gets its number next.
            self._control.sock.detach()
            settle()
            problem = None
            # What needs more rights than the function will have.
            ready = getattr(self._state, "get_ready", None)
            try:
                confined.prepare()
                if ready is not None:
                    ready()
            except OSError as error:
                problem = error  # for whoever wants this child
            fields, descriptors = _wait_for_order(waiting)
            order, given = Order(**fields), Given(*descriptors)
            channel = Channel(socket.socket(fileno=given.sock), order.max_message)
            if problem is not None:
                raise problem
            function = resolve(order.entry)
            use(order.processors)
            folder = confined.enter(order.directory, ProcessLimits(**order.limits), order.files_size)
            os.chdir(folder)
            if given.files is not None:
                unpack_files(given.files, folder)
                os.close(given.files)
            arguments = read_arguments(given.arguments)
            os.close(given.arguments)
            if hasattr(self._state, "watch"):
                package = __package__.partition(".")[0]
                own = str(Path(folder).parent)
                self._state.watch = AuditHook(given.notices, confined.readable, own, package, str(confined.folder))
            confined.seal()
            function(channel, self._state, **arguments)
            status = 0
        except BaseException:
            with contextlib.suppress(BaseException):
                if channel is not None:
                    channel.send(["crashed", {"traceback": traceback.format_exc()[-10_000:]}])
        finally:
            os._exit(status)


@dataclass(frozen=True)
class Spare:
    """A child that is nothing yet.

    pidfd -- a descriptor that stands for it
    control -- the way to tell it what to be
    """

    pid: int
    pidfd: int
    control: Control

    def take(self, fields: dict[str, Any], descriptors: list[int]) -> bool:
        """Give it its order; return whether it was there to take it. After this, nothing more can be said to it."""
        try:
            self.control.send(fields, descriptors)
        except OSError:
            os.close(self.pidfd)
            os.waitpid(self.pid, 0)
            return False
        finally:
            self.control.close()
        return True


def _wait_for_order(waiting: int) -> tuple[dict[str, Any], list[int]]:
    """Return what a child is to be, and the descriptors that come with it; then nothing connects it with the server."""
    control = Control(socket.socket(fileno=waiting))
    try:
        return control.receive()
    finally:
        control.close()


@dataclass(frozen=True)
class Order:
    """What the host wants a child to be."""

    entry: str
    directory: str
    limits: dict[str, int | None]
    max_message: int
    files_size: int
    processors: list[int]


@dataclass(frozen=True)
class Given:
    """The descriptors that come with an order: what the child talks over, where it leaves notices, its parcels."""

    sock: int
    notices: int
    arguments: int
    files: int | None = None


def main(descriptor: int) -> None:
    """Prepare as the host's first message says, then serve."""
    # The host ends this process by hanging up; a Ctrl-C in its terminal is not for us. The children inherit
    # this: an interrupt is meant for a cell that runs, and the shell lets it through then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Control(socket.socket(fileno=descriptor))
    # What a notebook sees of how this process was started.
    sys.argv[:] = [""]
    request, _ = control.receive()
    folder = Path.cwd()
    # Imports make many objects and no garbage: looking for it meanwhile takes a tenth of the time.
    gc.disable()
    try:
        with one_processor():  # as children have: libraries start a process or a thread for each
            state = resolve(request["prepare"])(**request["arguments"])
        for entry in request["entries"]:
            resolve(entry)
        left = end_threads(THREADS_SECONDS) if request["confine"] else []
    except BaseException:
        control.send({"error": traceback.format_exc()[-10_000:]})
        os._exit(1)
    gc.collect()
    # What is there now is never garbage: without this, a child's first collection copies every page.
    gc.freeze()
    gc.enable()
    held = frozenset(open_descriptors() - {descriptor})
    if left:
        # The kernel allows no new namespace for a process with threads.
        control.send({"threads": left})
        os._exit(1)
    confinement, reports = _confine(request["confine"], folder)
    answer = {"report": getattr(state, "report", {}), "trials": [report.plain() for report in reports]}
    control.send(answer | {"confined": confinement is not None})
    if confinement is not None:
        ForkServer(control, state, confinement, held).serve()
    # Without the exit handlers of all that was imported: there is nothing to save.
    os._exit(0)


def _confine(wanted: bool, folder: Path) -> tuple[Confinement | None, list[Report]]:
    """Confine this process in the first way that is sound, and return it with what was found; None if none is."""
    if not wanted:
        return Confinement(folder), []
    confinement, reports = try_all(folder)
    if confinement is not None:
        try:
            confinement.confine_server()
        except OSError as error:
            why = f"it held when it was tried, and then not: {error}{_native_threads()}"
            reports.append(Report(confinement.way, [], {}, [why]))
            confinement = None
    return confinement, reports


def _native_threads() -> str:
    """Return what to know about threads that Python does not know."""
    if (tasks := len(os.listdir("/proc/self/task"))) > 1:
        return f"; a library runs {tasks - 1} threads of its own, which only it can end"
    return ""


if __name__ == "__main__":
    main(int(sys.argv[1]))
