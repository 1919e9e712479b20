"""The namespace of the tests: decides whether a name has the master's value or the student's.

A grade cell sees the solved master's variables as they are at that point, except that what the student's code had a
part in is the student's; ownership.py says what that is. What the cell does to such a name (binds it anew, deletes it)
happens to the student's as well, before the student's code runs the next time. So do names that the visible part of a
test binds.
"""

from __future__ import annotations

import builtins
import copy
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.notebook.grade_cell import GradeCell
from autograder.notebook.ownership import Owned
from autograder.processes.student_main import origin
from autograder.rpc.classes import shareable
from autograder.rpc.codec import Codec
from autograder.rpc.graph import Graph
from autograder.rpc.peer import Peer
from autograder.rpc.reference_proxies import Loans
from autograder.rpc.rpc_errors import Refused, WireError
from autograder.rpc.standard_values import is_fixed

_INTERNAL = re.compile(r"_+|_i+|_i?\d+|__.*__|In|Out|_[dio]h|get_ipython|exit|quit|open")
_ABSENT = object()


@dataclass(frozen=True)
class Moment:
    """What the master's own cells changed between the grade cell before and this one.

    bound -- names and values, copied, so that later cells of the master cannot change them any more
    removed -- names that are gone
    known -- all names that the master has bound by then
    """

    bound: dict[str, Any]
    removed: frozenset[str]
    known: frozenset[str]


@dataclass(frozen=True)
class NamesInMemory:
    """The state of the names before a test."""

    namespace: dict[str, Any]
    visible: dict[str, Any]
    copies: dict[str, Any]
    master: dict[str, Any]


def variables(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notebook's variables without those that IPython keeps for itself."""
    return {name: value for name, value in namespace.items() if not _INTERNAL.fullmatch(name)}


def moment(before: Mapping[str, Any], now: Mapping[str, Any]) -> Moment:
    """Return what changed between two looks at a namespace."""
    changed = {name: value for name, value in now.items() if before.get(name, _ABSENT) is not value}
    memo: dict[int, Any] = {}
    bound = {name: _copied(value, memo) for name, value in changed.items()}
    return Moment(bound, frozenset(before.keys() - now.keys()), frozenset(now))


class GraderNamespace:
    """The namespace of a submission's grade cells, and its ties to the student's.

    namespace -- where the grade cells run; the functions of the master look their names up there
    modules -- the names of the assignment's modules
    """

    def __init__(self, namespace: dict[str, Any], modules: Iterable[str] = ()) -> None:
        self._namespace = namespace
        self._modules = frozenset(modules)
        self.refused: dict[str, str] = {}  # of the student's, what cannot be brought here for the last test, and why
        self._values = Codec()
        self._cell: GradeCell | None = None
        self._owned = Owned()
        self._live: dict[str, Graph | None] = {}  # of these, what calls may change, as plain data
        self._shared: dict[str, Any] = {}  # the student's names, as the student's process has them
        self._visible: dict[str, Any] = {}  # bound by the visible parts of tests so far
        self._copies: dict[str, Any] = {}  # of those, what the student's process is to be told
        self._told: dict[str, Any] = {}
        self._master: dict[str, Any] = {}  # what the master's own cells have bound by now

    def memory(self) -> NamesInMemory:
        """Return what is needed to run the same test again."""
        return NamesInMemory(variables(self._namespace), dict(self._visible), dict(self._copies), dict(self._master))

    def recall(self, memory: NamesInMemory) -> None:
        """Make the namespace what it was."""
        self.start_over()
        self._namespace.update(memory.namespace)
        self._visible, self._copies = dict(memory.visible), dict(memory.copies)
        self._master = dict(memory.master)

    def lend(self, names: Sequence[str], student: Peer) -> Loans:
        """Bind references to names in the student's process. Raises WireError if it cannot be told."""
        assert self._cell is not None  # a test is about to run
        master = {name: self._master[name] for name in self._owned.defined if name in self._master}
        loans = Loans(student, self._namespace, master)
        loans.lend(names)
        return loans

    def take_back(self, loans: Loans, names: Sequence[str], student: Peer) -> None:
        """End that. The student's process has its own functions again, unless it is lost."""
        loans.take_back()
        for name in names:
            if name in self._shared:
                self._tell(student.root.set, name, self._shared[name])
            else:
                self._tell(student.root.delete, name)

    def start_over(self) -> None:
        """Forget everything that is in the namespace."""
        for name in variables(self._namespace):
            del self._namespace[name]

    def new_student(self) -> None:
        """The student's process is another one now, which knows none of the names that were sent."""
        self._told = {}

    def enter(self, cell: GradeCell, owned: Owned, moments: Sequence[Moment], student: Peer) -> None:
        """Make the namespace what a grade cell is to see.

        owned -- what is the student's when it begins
        moments -- what the master changed since the last grade cell, this cell's own moment last
        Raises WireError if the student's process cannot be asked.
        """
        self._cell, self._owned, self._shared, self._live, self.refused = cell, owned, {}, {}, {}
        for changes in moments:
            for name in changes.removed:
                self._namespace.pop(name, None)
                self._master.pop(name, None)
            self._namespace.update(changes.bound)
            self._master.update(changes.bound)
        touched = {name for name in owned.touched if not is_fixed(self._namespace.get(name, _ABSENT))}
        theirs = owned.defined | owned.derived | touched
        for name in theirs:
            self._namespace.pop(name, None)
        self._share(student, theirs)
        # A course may keep no solutions at all. What neither the master nor Python binds is the student's.
        unknown = {name for name in cell.reads - moments[-1].known if not hasattr(builtins, name)}
        unknown -= self._namespace.keys()
        asked = owned.defined | owned.needs(owned.derived | touched) | unknown
        found = self._ask(student, sorted(asked))
        self._namespace.update(found)
        self._shared = {name: value for name, value in found.items() if name in theirs}
        live = sorted(owned.needs(owned.live) & self._shared.keys())
        self._live = {name: graph for name in live if (graph := self._plain(found[name])) is not None}
        self._check_imports(student, sorted(owned.needs(owned.imported) & self._namespace.keys()))

    def _share(self, student: Peer, theirs: frozenset[str] | set[str]) -> None:
        """Tell the student's process which classes both have: instances of these are values, methods or not."""
        own = {name: value for name, value in self._master.items() if name not in theirs}
        imported = [value for value in own.values() if type(value) is types.ModuleType]
        modules = [module for module in imported if module.__name__.partition(".")[0] in sys.stdlib_module_names]
        modules += [sys.modules[name] for name in self._modules if type(sys.modules.get(name)) is types.ModuleType]
        shared = shareable(own, modules)
        if shared != student.classes.shared:
            student.classes.shared = self._values.classes.shared = shared
            self._tell(student.root.share, sorted(shared))

    def _check_imports(self, student: Peer, names: list[str]) -> None:
        """Let names that only solution cells import be what the student has imported under them."""
        if not names:
            return
        origins = self._tell(student.root.origins, names)
        known = origins if type(origins) is dict else {}
        for name in names:
            if known.get(name) != origin(self._namespace[name]):
                del self._namespace[name]
                self._namespace.update(self._ask(student, [name]))

    def refresh(self, student: Peer) -> None:
        """Take over what a call has changed of the student's variables. Raises WireError if it cannot be asked."""
        for name, value in self._ask(student, sorted(self._live)).items() if self._live else ():
            graph = self._plain(value)
            if graph != self._live[name]:
                self._live[name] = graph
                self._namespace[name] = self._shared[name] = _moved(self._namespace.get(name), value)

    def seen(self, first_line: int) -> None:
        """Note what a statement of the test bound, if students may see the statement."""
        assert self._cell is not None  # a test runs
        for name in self._cell.statements.get(first_line, ()):
            value = self._namespace.get(name, _ABSENT)
            theirs = name in self._owned.defined or name in self._shared
            if value is not _ABSENT and not theirs and self._is_data(value):
                # A copy: the hidden part may fill the same list with what students are not to see.
                self._visible[name], self._copies[name] = value, copy.deepcopy(value)

    def synchronise(self, student: Peer) -> None:
        """Tell the student's process what became of the names. Raises WireError if it cannot be told."""
        if self._cell is None:
            return
        for name in self._live:
            # The test may have filled a list of the student's; a name that it binds anew is told below.
            value = self._namespace.get(name, _ABSENT)
            if value is self._shared[name] and (graph := self._plain(value)) != self._live[name]:
                self._live[name] = graph
                self._tell(student.root.set, name, value)
        for name in sorted(self._owned.defined | self._shared.keys()):
            value = self._namespace.get(name, _ABSENT)
            if value is self._shared.get(name, _ABSENT):
                continue
            # Noted first: what is asked below synchronises as well, before it is sent.
            if value is _ABSENT:
                del self._shared[name]
                self._tell(student.root.delete, name)
            else:
                self._shared[name] = value
                if callable(value) or name not in self._cell.hidden_names:
                    self._tell(student.root.set, name, value if callable(value) else copy.deepcopy(value))
        for name, value in self._visible.items():
            if self._told.get(name, _ABSENT) is not value:
                self._told[name] = value
                self._tell(student.root.set, name, copy.deepcopy(self._copies[name]))

    def _ask(self, student: Peer, names: list[str]) -> dict[str, Any]:
        """Return the student's variables of these names; one that cannot be sent does not keep the others back."""
        found = self._get(student, names)
        if found is None:
            each = [self._get(student, [name]) or {} for name in names]
            return {name: value for one in each for name, value in one.items()}
        return found

    def _get(self, student: Peer, names: list[str]) -> dict[str, Any] | None:
        def get(wanted: list[str]) -> Any:
            try:
                return student.root.get(wanted)
            except Refused as error:
                if len(wanted) == 1:
                    self.refused[wanted[0]] = str(error)
                raise

        found = self._tell(get, list(names))
        # The answer is the student's: it may hold anything, and only what was asked for counts.
        return {name: found[name] for name in names if name in found} if type(found) is dict else None

    def _tell(self, ask: Callable[..., Any], *arguments: object) -> Any:
        """Ask the student's process; an error on its side does not concern the tests."""
        try:
            return ask(*arguments)
        except WireError:
            raise
        except BaseException:  # a SystemExit or KeyboardInterrupt of the student's, too
            return None

    def _is_data(self, value: object) -> bool:
        """Return whether a value can be sent as one; nothing of the grader's is lent with the names of a test."""
        return self._plain(value) is not None

    def _plain(self, value: object) -> Graph | None:
        """Return a value as plain data, None if it is no such value."""
        try:
            return self._values.encode(value).graph
        except Exception:  # whatever the encoder says: it is no plain data
            return None


def _moved(own: Any, new: Any) -> Any:
    """Return a container with another one's contents, so that the test's other names for it see them; else the new."""
    if type(own) is type(new) is list:
        own[:] = new
    elif type(own) is type(new) and type(own) in (dict, set):
        own.clear()
        own.update(new)
    else:
        return new
    return own


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # modules, generators, open files: nothing that a later cell could change by accident
        return value
