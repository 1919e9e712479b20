"""The process that has everything imported and forks a fresh worker in milliseconds.

It is started by `autograder.isolation.zygote`, runs a `prepare` function once, and then answers
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
from typing import Any, NoReturn

from autograder.isolation.channel import Channel
from autograder.isolation.control import Control
from autograder.isolation.newborn import ProcessLimits, detach, settle

# EX_SOFTWARE: the worker's own loop failed, not what it was asked to run.
INTERNAL_ERROR = 70


def resolve(name: str) -> Callable[..., Any]:
    """Return the function that "module:function" names."""
    module, separator, function = name.partition(":")
    if not separator:
        raise ValueError(f"{name!r} does not have the form 'module:function'")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return resolved


class ForkServer:
    """Answers the host's requests: fork a child; tell how one ended; let go of one."""

    def __init__(self, control: Control, state: object) -> None:
        self._control = control
        self._state = state

    def serve(self) -> None:
        """Answer until the host hangs up."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                request, descriptor = self._control.receive()
                try:
                    answer, attached = getattr(self, f"do_{request.pop('do')}")(descriptor, **request)
                except Exception as error:
                    # Including a failed fork (no memory, too many processes): the host is told.
                    answer, attached = {"error": f"{type(error).__name__}: {error}"}, None
                self._control.send(answer, attached)
                for used in (descriptor, attached):
                    if used is not None:
                        os.close(used)

    def do_fork(self, sock: int, **fields: Any) -> tuple[dict[str, Any], int]:
        """Fork a child as `Order` says; the answer brings a descriptor that stands for it."""
        order = Order(**fields)
        # Imported here and not in the child, so that the next child has it already.
        function = resolve(order.entry)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(order, function, parent, sock)
        # Nobody waits for the child before the host says so, so the number cannot be another's yet.
        return {"child": pid}, os.pidfd_open(pid)

    def do_ending(self, _: None, *, child: int, release: bool) -> tuple[dict[str, Any], None]:
        """Tell how a child ended, if it has; with *release*, forget it."""
        flags = os.WEXITED | os.WNOHANG | (0 if release else os.WNOWAIT)
        found = os.waitid(os.P_PID, child, flags)
        if found is None:
            return {"ended": None}, None
        return {"ended": [found.si_code == os.CLD_EXITED, found.si_status]}, None

    def _become(self, order: "Order", function: Callable[..., Any], parent: int, sock: int) -> NoReturn:
        """Turn into the child. Whatever happens, never return into the server's loop."""
        status = INTERNAL_ERROR
        channel: Channel | None = None
        try:
            detach(parent, keep=sock)
            # `detach` closed it; the object must not close whatever gets its number next.
            self._control.sock.detach()
            channel = Channel(socket.socket(fileno=sock), order.max_message)
            settle(order.directory, ProcessLimits(**order.limits))
            function(channel, self._state, **order.arguments)
            status = 0
        except BaseException:
            with contextlib.suppress(BaseException):
                if channel is not None:
                    channel.send(["crashed", {"traceback": traceback.format_exc()[-10_000:]}])
        finally:
            os._exit(status)


@dataclass(frozen=True)
class Order:
    """What the host wants a child to be."""

    entry: str
    arguments: dict[str, Any]
    directory: str
    limits: dict[str, int | None]
    max_message: int


def main(descriptor: int) -> None:
    """Prepare as the host's first message says, then serve."""
    # The host ends this process by hanging up; a Ctrl-C in its terminal is not for us. The children inherit
    # this: an interrupt is meant for a cell that runs, and the shell lets it through then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Control(socket.socket(fileno=descriptor))
    # What a notebook sees of how this process was started.
    sys.argv[:] = [""]
    request, _ = control.receive()
    # Imports make many objects and no garbage: looking for it meanwhile takes a tenth of the time.
    gc.disable()
    try:
        state = resolve(request["prepare"])(**request["arguments"])
    except BaseException:
        control.send({"error": traceback.format_exc()[-10_000:]})
        os._exit(1)
    gc.collect()
    # What is there now is never garbage: without this, a child's first collection copies every page.
    gc.freeze()
    gc.enable()
    control.send({"report": getattr(state, "report", {})})
    ForkServer(control, state).serve()
    # Without the exit handlers of all that was imported: there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
