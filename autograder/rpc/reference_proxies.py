"""Lends reference functions to a student's process in place of its own, for one test.

The process gets a handle. All that can be done with it is to call it with plain values, from inside a call that the
test made; the reference runs here, and its result is a plain value. When the test is over, the handle is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from autograder.rpc import random_state
from autograder.rpc.codec import Codec
from autograder.rpc.peer import Peer
from autograder.rpc.rpc_errors import HandleRevoked

_ABSENT = object()


class Loans:
    """What is lent to a student's process.

    student -- the process
    namespace -- where the master's functions look up their names
    master -- what the solution's names stand for in the master
    """

    def __init__(self, student: Peer, namespace: dict[str, Any], master: Mapping[str, Any]) -> None:
        self._student = student
        self._namespace = namespace
        self._master = master
        self._values = Codec()
        self._values.classes.shared = student.classes.shared
        self._open: dict[str, Callable[..., Any]] = {}

    def lend(self, names: Sequence[str]) -> None:
        """Bind these names in the student's process. Raises WireError if it cannot be told."""
        for name in names:
            if callable(self._master.get(name)):
                self._open[name] = self._stand_in(name, self._master[name])
                self._student.root.set(name, self._open[name])

    def take_back(self) -> None:
        """Revoke what was lent. What the names are bound to in the student's process is for the caller to restore."""
        for stand_in in self._open.values():
            self._student.revoke(stand_in)
        self._open.clear()

    def _stand_in(self, name: str, reference: Callable[..., Any]) -> Callable[..., Any]:
        def lent(*arguments: Any, **keywords: Any) -> Any:
            if self._open.get(name) is not lent:
                raise HandleRevoked(f"{name} was lent for one test, which is over")
            if not self._student.is_serving:
                # The student's code gave it to the test, as an answer. The test must not take it for one.
                raise TypeError(f"{name} was lent to the student's code; it is no answer")
            self._values.encode([arguments, keywords])
            with self._as_in_the_master():
                result = reference(*arguments, **keywords)
            self._values.encode(result)
            return result

        # All that the other process can read of a function. Not where it comes from, and no text of the solution's.
        lent.__name__ = lent.__qualname__ = name
        lent.__module__ = "__main__"
        return lent

    @contextmanager
    def _as_in_the_master(self) -> Iterator[None]:
        """Let references see references: elsewhere the names that they look up are the student's."""
        before = {name: self._namespace.get(name, _ABSENT) for name in self._master}
        state = random_state.capture()
        self._namespace.update(self._master)
        try:
            yield
        finally:
            # What a student's function does to the generators stays in the student's process, too.
            random_state.install(state)
            for name, value in before.items():
                if value is _ABSENT:
                    self._namespace.pop(name, None)
                else:
                    self._namespace[name] = value
