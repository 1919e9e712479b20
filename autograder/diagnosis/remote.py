"""Diagnosis in the grader process: calls a student's functions over the wire and compares them with variants.

It comes when all tests have run, so whatever a student's function does in it, the marks stand already. The functions
that it calls and that failed themselves are the references meanwhile, lent and taken back, so that a mistake is found
where it was made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from autograder.diagnosis.catalogue import Misconception
from autograder.diagnosis.observation import quietly
from autograder.diagnosis.solution import Solution
from autograder.diagnosis.variant_profiles import Knowledge, learn
from autograder.rpc.peer import Peer
from autograder.rpc.reference_proxies import Loans


class Diagnostician:
    """Knows the reference and its variants.

    script, values -- the solved notebook, as for `Solution`
    entries -- the catalogue, as `Catalogue.plain` gives it
    """

    def __init__(
        self, script: Iterable[Mapping[str, Any]], values: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]
    ) -> None:
        self._solution = Solution(script, values)
        self._entries: dict[str, list[Misconception]] = {}
        for entry in map(Misconception.from_plain, entries):
            self._entries.setdefault(entry.function, []).append(entry)
        self._knowledge: dict[str, Knowledge] = {}

    def learn(self, functions: Collection[str] | None = None) -> None:
        """Get to know the variants of these functions, or of all; what is known already costs nothing."""
        names = self._entries.keys() if functions is None else self._entries.keys() & set(functions)
        entries = [entry for name in sorted(names - self._knowledge.keys()) for entry in self._entries[name]]
        if entries:
            self._knowledge |= learn(self._solution, entries)

    def consult(self, student: Peer, functions: Collection[str], failed: Collection[str]) -> Iterator[tuple[str, Any]]:
        """Yield what explains these functions of a student's, one after the other: the name and the misconceptions.

        failed -- all functions that did not pass their tests
        Raises WireError if the student's process cannot be asked any more, KeyboardInterrupt if its time is up.
        """
        theirs = student.root.get(sorted({*functions, *failed}))
        if type(theirs) is not dict:
            return
        for name in functions:
            function = theirs.get(name)
            if name not in self._knowledge or not callable(function):
                continue
            replaced = self._solution.dependencies(name) & set(failed)
            with quietly(), self._lent(student, replaced, theirs):
                found = self._knowledge[name].diagnose(function)
            if found:
                yield name, found

    @contextlib.contextmanager
    def _lent(self, student: Peer, names: Collection[str], theirs: Mapping[str, Any]) -> Iterator[None]:
        """Have references in place of a student's functions."""
        # They look up the solution's own names, so no namespace has to be dressed up for them.
        loans = Loans(student, {}, {name: self._solution.function(name) for name in names})
        loans.lend(sorted(names))
        yield
        # Not in a `finally`: after an error in the conversation nothing more is asked of this process.
        loans.take_back()
        for name in names:
            if name in theirs:
                student.root.set(name, theirs[name])
            else:
                student.root.delete(name)
