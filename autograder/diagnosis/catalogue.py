"""The catalogue of an assignment: mistakes that students make, as data.

It lies beside the master, `notebooks/<assignment>.misconceptions.toml`, and its entries are changes to the reference
solution. One catalogue serves the diagnosis, the class report, the demo and the proof that the tests catch every entry.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.cells import nbgrader_metadata

_TEXTS = ("id", "function", "cause", "instructor")
_OPTIONAL = ("same_as", "reason")
_KEYS = {*_TEXTS, *_OPTIONAL, "hint", "change"}


class CatalogueError(AuthoringError):
    """An entry of a catalogue is not what it has to be; the message says which, and what to do."""

    def __str__(self) -> str:
        place = [str(self.file)] if self.file else []
        place += [f"misconception {self.cell}"] if self.cell else []
        return ", ".join(place) + (": " if place else "") + self.problem


@dataclass(frozen=True)
class Misconception:
    """A mistake that students make.

    id -- short and stable
    function -- the graded function: the grade_id of its solution cell, and the name that the cell defines
    changes -- pairs of texts; the first of each occurs in the reference solution exactly once, and the second in its
        place makes the mistake
    hints -- what the student reads, the first attempt's first
    cause -- why students do this
    instructor -- one line for the class report
    same_as, reason -- another entry that no input can tell from this one, and why; None
    """

    id: str
    function: str
    changes: tuple[tuple[str, str], ...]
    hints: tuple[str, ...]
    cause: str
    instructor: str
    same_as: str | None = None
    reason: str | None = None

    def apply(self, source: str) -> str:
        """Return the reference solution with the mistake in it. Raises CatalogueError if a change does not fit."""
        places = []
        for old, new in self.changes:
            count = source.count(old)
            if count != 1:
                raise CatalogueError(
                    f"{old.strip()!r} stands in the solution of {self.function} {count} times, and has to exactly "
                    "once. Bring the entry's `change` up to date.",
                    cell=self.id,
                )
            places.append((source.index(old), old, new))
        places.sort(reverse=True)
        end = len(source)
        for begin, old, new in places:
            if begin + len(old) > end:
                raise CatalogueError("two of its changes overlap; make them one.", cell=self.id)
            end = begin
            source = source[:begin] + new + source[begin + len(old) :]
        return source

    def hint(self, attempt: int = 1) -> str:
        """Return what to tell a student at this attempt, the first being 1; the last hint serves all later ones."""
        return self.hints[min(attempt, len(self.hints)) - 1]

    def plain(self) -> dict[str, Any]:
        """Return what the grader's process needs of it, as plain data."""
        return {"id": self.id, "function": self.function, "changes": [list(pair) for pair in self.changes]}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Misconception:
        """Return what `plain` was made of, as far as the grader's process needs it."""
        changes = tuple((old, new) for old, new in data["changes"])
        return cls(data["id"], data["function"], changes, hints=(), cause="", instructor="")


@dataclass(frozen=True)
class Catalogue:
    """The misconceptions of an assignment, by id, in the file's order."""

    entries: Mapping[str, Misconception]

    @classmethod
    def read(cls, path: Path) -> Catalogue:
        """Read a catalogue. Raises CatalogueError if it is not what it has to be, or cannot be read."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"the catalogue cannot be read: {error}", file=path) from error
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"this is no TOML: {error}", file=path) from error
        try:
            return cls._of(data)
        except CatalogueError as error:
            raise error.at(file=path) from error

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Catalogue:
        entries: dict[str, Misconception] = {}
        for number, table in enumerate(data.get("misconception", []), start=1):
            entry = _entry(table, f"number {number}")
            if entry.id in entries:
                raise CatalogueError("there are two entries of this id; rename one.", cell=entry.id)
            entries[entry.id] = entry
        if unknown := sorted(data.keys() - {"misconception"}):
            raise CatalogueError(f"{unknown[0]!r} is not known here; every table is a [[misconception]].")
        for entry in entries.values():
            other = entries.get(entry.same_as or entry.id)
            if other is None or other.function != entry.function or (entry.same_as and other.same_as):
                raise CatalogueError(
                    f"same_as names {entry.same_as!r}, which has to be an entry of the same function without a same_as "
                    "of its own.",
                    cell=entry.id,
                )
        return cls(entries)

    def problems(self, solutions: Mapping[str, str]) -> list[CatalogueError]:
        """Return what does not fit the solved notebook.

        solutions -- the sources of the solution cells, by grade_id
        """
        found = []
        for entry in self.entries.values():
            try:
                if entry.function not in solutions:
                    known = ", ".join(solutions)
                    raise CatalogueError(f"there is no function {entry.function!r}; there is: {known}.", cell=entry.id)
                compile(entry.apply(solutions[entry.function]), f"<{entry.id}>", "exec")
            except CatalogueError as error:
                found.append(error)
            except SyntaxError as error:
                found.append(CatalogueError(f"the changed solution is no Python: {error}", cell=entry.id))
        return found

    def told_apart(self) -> list[Misconception]:
        """Return the entries that a diagnosis can name: all but those that are the same as another."""
        return [entry for entry in self.entries.values() if entry.same_as is None]

    def plain(self) -> list[dict[str, Any]]:
        """Return what the grader's process needs, as plain data."""
        return [entry.plain() for entry in self.told_apart()]

    def hints(self, ids: Iterable[str], attempt: int = 1) -> list[str]:
        """Return what to tell a student who has these misconceptions."""
        return [self.entries[name].hint(attempt) for name in ids if name in self.entries]


def solutions(cells: Iterable[Any]) -> dict[str, str]:
    """Return the sources of a solved notebook's solution cells, by grade_id."""
    marked = ((nbgrader_metadata(cell), cell) for cell in cells)
    return {marks["grade_id"]: cell["source"] for marks, cell in marked if marks.get("solution")}


def _entry(table: Any, place: str) -> Misconception:
    """Return the entry that a table describes."""
    if not isinstance(table, dict):
        raise CatalogueError("this is no table; write [[misconception]].", cell=place)
    place = str(table.get("id", place))
    if unknown := sorted(table.keys() - _KEYS):
        raise CatalogueError(f"{unknown[0]!r} is not known; the keys are {', '.join(sorted(_KEYS))}.", cell=place)
    for key in _TEXTS:
        if not _is_text(table.get(key)):
            raise CatalogueError(f"{key!r} has to be there, and to be text.", cell=place)
    hint = table.get("hint")
    hints = hint if isinstance(hint, list) else [hint]
    if not hints or not all(map(_is_text, hints)):
        raise CatalogueError("'hint' has to be text, or a list of texts for one attempt after the other.", cell=place)
    if _is_text(table.get("same_as")) != _is_text(table.get("reason")):
        raise CatalogueError(
            "'same_as' and 'reason' belong together: say why no input tells the two apart.", cell=place
        )
    given: dict[str, Any] = {key: table.get(key) for key in (*_TEXTS, *_OPTIONAL)}
    return Misconception(changes=_changes(table.get("change"), place), hints=tuple(map(str, hints)), **given)


def _changes(given: Any, place: str) -> tuple[tuple[str, str], ...]:
    problem = "'change' has to be a list of { old = '...', new = '...' }."
    if not isinstance(given, list) or not given:
        raise CatalogueError(problem, cell=place)
    for change in given:
        if not isinstance(change, dict) or change.keys() != {"old", "new"} or not isinstance(change["new"], str):
            raise CatalogueError(problem, cell=place)
        if not _is_text(change["old"]) or change["old"] == change["new"]:
            raise CatalogueError("'old' has to be text of the solution, and 'new' something else.", cell=place)
    return tuple((change["old"], change["new"]) for change in given)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
