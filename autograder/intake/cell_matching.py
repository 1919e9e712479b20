"""Matches a submission's cells with the assignment's, for notebooks that have lost nbgrader's metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.intake.cell_splitting import named_definitions
from autograder.intake.exercises import Exercise
from autograder.intake.static_analysis import read_code
from autograder.notebook.cells import Cell, grade_id_of, is_solution, is_test, nbgrader_metadata

if TYPE_CHECKING:
    from nbformat import NotebookNode


class Roles:
    """The assignment's own cells, by the names that nbgrader gives them and by what students see of them."""

    def __init__(self, masters: Sequence[Cell], released: dict[str, str]) -> None:
        """Remember the cells.

        masters -- the assignment's own cells
        released -- what students see of each test, by its grade_id
        """
        self.masters = masters
        self.by_id = {grade_id_of(cell): cell for cell in masters if nbgrader_metadata(cell)}
        self.released = released
        self._tests = {plain_text(text): grade_id for grade_id, text in released.items()}

    def test_by_text(self, source: str) -> str | None:
        """Return the test that has this text, None if there is none."""
        return self._tests.get(plain_text(source))

    def give_by_metadata(self, notebook: NotebookNode) -> dict[int, str]:
        """Return the roles that a notebook's own notes give its cells, each once, by the cells' positions."""
        found: dict[int, str] = {}
        for position, cell in enumerate(notebook.cells):
            grade_id = grade_id_of(cell)
            if grade_id in self.by_id and grade_id not in found.values():
                found[position] = str(grade_id)
        return found

    def give_by_text(self, notebook: NotebookNode, roles: dict[int, str]) -> int:
        """Find tests that are there but for their notes; add them to the roles, and return how many there were."""
        count = 0
        taken = set(roles.values())
        for position, cell in enumerate(notebook.cells):
            if position in roles or cell.cell_type != "code":
                continue
            grade_id = self.test_by_text(cell.source)
            if grade_id is not None and grade_id not in taken:
                roles[position] = grade_id
                taken.add(grade_id)
                count += 1
        return count

    def give_by_neighbours(self, notebook: NotebookNode, roles: dict[int, str]) -> int:
        """Find answers that define nothing by the cell before them, which is the assignment's own text."""
        taken, count = set(roles.values()), 0
        pairs = [
            (before, cell)
            for before, cell in zip(self.masters, self.masters[1:], strict=False)
            if is_solution(cell) and grade_id_of(cell) not in taken and not is_solution(before)
            if not is_test(before) and not (cell["cell_type"] == "code" and read_code(cell["source"]).functions)
        ]
        if not pairs:
            return 0
        texts = [plain_text(cell.source) for cell in notebook.cells]
        own = {plain_text(cell["source"]) for cell in self.masters}
        for before, cell in pairs:
            grade_id = grade_id_of(cell)
            places = [n for n, text in enumerate(texts) if text and text == plain_text(before["source"])]
            if len(places) != 1 or places[0] + 1 >= len(texts):
                continue
            position = places[0] + 1
            answer = notebook.cells[position]
            if position not in roles and answer.cell_type == cell["cell_type"] and texts[position] not in own:
                roles[position] = str(grade_id)
                taken.add(str(grade_id))
                count += 1
        return count


def give_by_definition(sources: Sequence[str | None], wanted: Sequence[Exercise], roles: dict[int, str]) -> list[str]:
    """Find the cells that solve exercises by what they define; add them to the roles and return whose they are.

    sources -- the cells' code, None for a cell that is not code
    Of several cells the last counts that Python can compile, as in a kernel; if there is none, the last that looks
    like it.
    """
    taken, found = set(roles.values()), []
    for exercise in wanted:
        if exercise.grade_id in taken or exercise.cell["cell_type"] != "code":
            continue
        functions = read_code(exercise.cell["source"]).functions
        names = functions or exercise.names
        good = bad = None
        count = 0
        for position, source in enumerate(sources):
            if source is None or position in roles:
                continue
            code = read_code(source)
            if (code.functions | code.others) & names:
                good, count = position, count + 1
            elif not code.runs and functions & set(named_definitions(source)):
                bad = position
        if not functions and count > 1:
            continue  # a variable may have the same name for another reason
        chosen = good if good is not None else bad
        if chosen is not None:
            roles[chosen] = exercise.grade_id
            found.append(exercise.grade_id)
    return found


def plain_text(source: str) -> str:
    """Return a cell's text without the blanks that editors change at the ends of lines."""
    return "\n".join(line.rstrip() for line in source.split("\n")).strip()
