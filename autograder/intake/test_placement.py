"""Finds where tests belong among a student's cells: after what they test and everything that this needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.intake.cell_matching import plain_text
from autograder.intake.exercises import Exercise, is_filled
from autograder.intake.static_analysis import Statement, read_code
from autograder.notebook.cells import Cell, grade_id_of, nbgrader_metadata

if TYPE_CHECKING:
    from nbformat import NotebookNode


class Needs:
    """Which names a notebook's cells bind, where, and what these need in turn.

    sources -- the code of the notebook's cells, None for cells that are not the student's
    """

    def __init__(self, sources: Sequence[str | None]) -> None:
        self._sources = sources
        self._defined: dict[str, list[tuple[int, Statement]]] = {}
        self._bound: dict[str, list[int]] = {}
        for position, source in enumerate(sources):
            for one in read_code(source).statements if source is not None else ():
                for name in one.functions:
                    self._defined.setdefault(name, []).append((position, one))
                for name in one.others:
                    self._bound.setdefault(name, []).append(position)

    def place(self, exercise: Exercise, given: int | None) -> int | None:
        """Return the cell behind which the tests of an exercise see what they need; None if it does not matter.

        given -- the cell that they follow, None if they are not there. A test that follows what it needs
        stays there, as in a kernel, whatever is defined once more further down.
        """
        behind = -1 if given is None else given
        seen: set[str] = set()
        waiting = sorted(exercise.names)
        latest: int | None = None
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            found = self._find(name, exercise, behind)
            if found is None:
                continue
            position, needed = found
            latest = position if latest is None else max(latest, position)
            waiting += sorted(needed)
        if latest is None or (given is not None and latest <= given):
            return given
        return latest

    def _find(self, name: str, exercise: Exercise, behind: int) -> tuple[int, frozenset[str]] | None:
        """Return the cell that gives a name its value for a test, and what that needs; None if there is none."""
        places = self._defined.get(name, [])
        if name in exercise.names:
            # A stub that was left as it was and filled in elsewhere is no definition.
            good = [place for place in places if is_filled(self._sources[place[0]] or "", exercise)]
            places = good or places
        before = [place for place in places if place[0] <= behind]
        if places:
            position, one = before[-1] if before else places[-1]
            return position, one.reads
        bound = self._bound.get(name, [])
        if not bound:
            return None
        if name in exercise.names:  # an answer that is a variable
            earlier = [position for position in bound if position <= behind]
            return (earlier or bound)[-1], frozenset()
        return bound[0], frozenset()


def ordinary_place(cells: Sequence[NotebookNode], masters: Sequence[Cell], grade_id: str) -> int:
    """Return behind which cell a test belongs by the assignment's order; -1 for before all."""
    ids = {grade_id_of(cell): position for position, cell in enumerate(cells) if nbgrader_metadata(cell)}
    texts = {plain_text(cell.source): position for position, cell in enumerate(cells) if not nbgrader_metadata(cell)}
    before = masters[: next(n for n, cell in enumerate(masters) if grade_id_of(cell) == grade_id)]
    for own in reversed(before):
        wanted = grade_id_of(own)
        position = ids.get(wanted) if wanted else texts.get(plain_text(own["source"]))
        if position is not None and (wanted or own["source"].strip()):
            return position
    return len(cells) - 1
