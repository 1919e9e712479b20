"""The main loop of the student's process: runs cells, and answers the grader process about their results.

    ["run", {"source", "number"}]  from the host, answered by
    ["done", {"outputs", "ename", "evalue", "seconds", "line"}]
    ["request", {...}]             from the grader's `Peer`, answered by ["reply", {...}]
    ["bye"]                        ends the process

Everything that this process says can be forged by the code that it runs: the host sanitises outputs, and
the time it believes is its own clock's.
"""

import contextlib
import importlib
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from autograder.kernel.outputs import Output
from autograder.kernel.shell import Shell
from autograder.processes.preload import Warm
from autograder.rpc.channel import Channel
from autograder.rpc.peer import Peer
from autograder.rpc.rpc_errors import ChannelClosed, OutOfTurn
from autograder.rpc.value_limits import Limits
from autograder.rpc.working_folder import SharedFiles


class Namespace:
    """The student's variables, for the grader to read and to bind."""

    def __init__(self, variables: dict[str, Any], share: Callable[[list[str]], object]) -> None:
        self._variables = variables
        self._share = share

    def get(self, names: list[str]) -> dict[str, Any]:
        """Return those of *names* that are bound, with their values."""
        return {name: self._variables[name] for name in names if name in self._variables}

    def origins(self, names: list[str]) -> dict[str, str]:
        """Return where those of *names* that are bound come from, in words."""
        return {name: origin(self._variables[name]) for name in names if name in self._variables}

    def import_module(self, name: str) -> object:
        """Import a module and return it."""
        return importlib.import_module(name)

    def public_names(self, name: str) -> list[str]:
        """Return what `from module import *` binds."""
        module = importlib.import_module(name)
        return list(getattr(module, "__all__", None) or [one for one in vars(module) if not one.startswith("_")])

    def share(self, classes: list[str]) -> None:
        """Take note of which classes the grader has, too."""
        self._share(classes)

    def set(self, name: str, value: object) -> None:
        """Bind *name*."""
        self._variables[name] = value

    def delete(self, name: str) -> None:
        """Unbind *name*, if it is bound."""
        self._variables.pop(name, None)


def origin(value: object) -> str:
    """Say which module, or what of which module, an imported value is."""
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    parts = [getattr(value, part, None) for part in ("__module__", "__qualname__")]
    return ".".join(map(str, parts)) if all(parts) else f"{type(value).__name__} {value!r:.100}"


class Student:
    """Answers the host and the grader, one message after the other."""

    def __init__(self, channel: Channel, shell: Shell) -> None:
        self._channel = channel
        self._shell = shell
        self._in_cell = False
        self._files = SharedFiles.here(Limits(), guarded=False)
        self._peer = Peer(
            channel,
            files=self._files,
            exports=Namespace(shell.namespace, self._share),
            drain_outputs=self._drain,
            # What the grader may do here, it may; here is nothing that it does not know.
            trusts_peer=True,
            peer_name="grader's",
        )

    def serve(self) -> None:
        """Answer until the host says goodbye or hangs up."""
        self._files.watch()
        with contextlib.suppress(ChannelClosed):
            while (message := self._channel.receive())[0] != "bye":
                if message[0] == "run":
                    self._channel.send(["done", self._run(**message[1])])
                elif message[0] in ("request", "reply"):
                    self._answer(message)
                else:
                    raise OutOfTurn(f"a message of the unknown kind {message[0]!r}")

    def _run(self, source: str, number: int | None = None) -> dict[str, Any]:
        if number is not None:
            self._shell.execution_count = number
        self._in_cell = True
        try:
            run = self._shell.run(source)
        finally:
            self._in_cell = False
            self._files.look_again()
        return {
            "outputs": run.outputs,
            "ename": run.ename,
            "evalue": run.evalue,
            "seconds": run.seconds,
            "line": run.failed_line,
        }

    def _answer(self, message: list[Any]) -> None:
        # An interrupt during the call is the call's failure, and the answer says so; one that comes when the
        # answer has been sent comes too late to mean anything.
        with contextlib.suppress(KeyboardInterrupt), self._shell.recording():
            self._peer.serve(message)

    def _share(self, classes: list[str]) -> None:
        self._peer.classes.shared = frozenset(classes)

    def _drain(self) -> list[Output]:
        # What a cell prints before it calls one of the grader's objects belongs to the cell, not to the call.
        return [] if self._in_cell else self._shell.drain()


def serve(channel: Channel, state: Warm) -> None:
    """Be the student process: the entry for `Zygote.fork`, after `warm_up`."""
    student = Student(channel, state.shell)
    # A notebook that changes its folder still finds the modules that lie beside it.
    sys.path.insert(1, os.getcwd())
    _forget_package()
    if state.watch is not None:
        state.watch.start()
    student.serve()


def _forget_package() -> None:
    """Make an import of this package look for its files, which a sandbox does not show."""
    own = __package__.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == own]:
        del sys.modules[name]
