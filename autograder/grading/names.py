"""Whose value a name has in a grade cell: the master's, or the student's.

A grade cell sees the solved master's variables as they are at that point, except that what solution cells define is the
student's. What the cell does to such a name (binds it anew, deletes it) happens to the student's as well, before the
student's code runs the next time. So do names that the visible part of a test binds.
"""

from __future__ import annotations

import builtins
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading.grade_cell import GradeCell
from autograder.isolation.errors import Refused
from autograder.isolation.peer import Peer
from autograder.isolation.values import Codec

_INTERNAL = re.compile(r"_+|_i+|_i?\d+|__.*__|In|Out|_[dio]h|get_ipython|exit|quit|open")
_ABSENT = object()


@dataclass(frozen=True)
class Moment:
    """What the master's own cells changed between the grade cell before and this one.

    bound -- names and values, copied, so that later cells of the master cannot change them any more
    removed -- names that are gone
    """

    bound: dict[str, Any]
    removed: frozenset[str]


def variables(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notebook's variables without those that IPython keeps for itself."""
    return {name: value for name, value in namespace.items() if not _INTERNAL.fullmatch(name)}


def moment(before: Mapping[str, Any], now: Mapping[str, Any]) -> Moment:
    """Return what changed between two looks at a namespace."""
    changed = {name: value for name, value in now.items() if before.get(name, _ABSENT) is not value}
    memo: dict[int, Any] = {}
    return Moment(
        {name: _copied(value, memo) for name, value in changed.items()}, frozenset(before.keys() - now.keys())
    )


class Names:
    """The namespace of a submission's grade cells, and its ties to the student's.

    namespace -- where the grade cells run; the functions of the master look their names up there
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._values = Codec()
        self._solution: frozenset[str] = frozenset()
        self._shared: dict[str, Any] = {}  # as the student's process has them
        self._visible: dict[str, Any] = {}  # bound by the visible parts of tests so far
        self._visible_sent: dict[str, Any] = {}

    def start_over(self) -> None:
        """Forget everything that is in the namespace."""
        for name in variables(self._namespace):
            del self._namespace[name]

    def new_student(self) -> None:
        """The student's process is another one now, which knows none of the names that were sent."""
        self._visible_sent = {}

    def enter(self, cell: GradeCell, changes: Moment, student: Peer) -> None:
        """Make the namespace what the grade cell is to see. Raises WireError if the student cannot be asked."""
        self._shared = {}
        for name in changes.removed | cell.solution_names:
            self._namespace.pop(name, None)
        for name, value in changes.bound.items():
            if name not in cell.solution_names:
                self._namespace[name] = value
        # A course may keep no solutions at all. What nobody but the student can have bound is the student's.
        unknown = {name for name in cell.reads if name not in self._namespace and not hasattr(builtins, name)}
        self._solution = cell.solution_names | unknown
        self._shared = self._ask(student, sorted(self._solution))
        self._namespace.update(self._shared)

    def seen(self, cell: GradeCell, first_line: int) -> None:
        """Note what a statement of a test bound, if students may see the statement."""
        for name in cell.statements.get(first_line, ()):
            if name in self._namespace and name not in self._solution:
                self._visible[name] = self._namespace[name]

    def synchronise(self, student: Peer) -> None:
        """Tell the student's process what became of the names. Raises WireError if it cannot be told."""
        for name in self._solution:
            value = self._namespace.get(name, _ABSENT)
            if value is self._shared.get(name, _ABSENT):
                continue
            # Noted first: what is asked below synchronises as well, before it is sent.
            if value is _ABSENT:
                del self._shared[name]
                student.root.delete(name)
            else:
                self._shared[name] = value
                student.root.set(name, value)
        for name, value in self._visible.items():
            if self._visible_sent.get(name, _ABSENT) is not value and self._is_data(value):
                self._visible_sent[name] = value
                student.root.set(name, value)

    def _ask(self, student: Peer, names: list[str]) -> dict[str, Any]:
        """Return the student's variables; one that cannot be sent does not keep the others back."""
        try:
            return dict(student.root.get(names))
        except (Refused, TypeError, ValueError):
            found: dict[str, Any] = {}
            for name in names:
                try:
                    found |= student.root.get([name])
                except (Refused, TypeError, ValueError):
                    continue
            return found

    def _is_data(self, value: object) -> bool:
        """Tell whether a value can be sent as one; nothing of the grader's is lent with the names of a test."""
        try:
            self._values.encode(value)
        except Exception:  # whatever the encoder says: it is no plain data
            return False
        return True


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # modules, generators, open files: nothing that a later cell could change by accident
        return value
