"""Marks per function in a graded notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.notebook.cells import nbgrader_metadata, owners
from autograder.notebook.score import score

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class FunctionMarks:
    """What one exercise earned.

    message -- why points are missing: what its solution cell stopped with, else what the first of its grade cells
        that failed says; or that it was tested with references; None if there is nothing to say
    is_carried -- whether it is right, but with references in place of functions that are wrong
    """

    name: str
    score: float
    max_score: float
    message: str | None
    is_carried: bool = False


def functions(notebook: NotebookNode, owner: Mapping[str, str] | None = None) -> dict[str, list[NotebookNode]]:
    """Return the grade cells of each function, in the notebook's order.

    owner -- the function that each grade cell belongs to; by the notebook's own order if None, which a student may
        have changed
    """
    owner = owners(notebook.cells) if owner is None else owner
    found: dict[str, list[NotebookNode]] = {name: [] for name in owner.values()}
    for cell in notebook.cells:
        marks = nbgrader_metadata(cell)
        if marks.get("grade") and marks["grade_id"] in owner:
            found[owner[marks["grade_id"]]].append(cell)
    return found


def read_marks(
    notebook: NotebookNode,
    owner: Mapping[str, str] | None = None,
    carried: Mapping[str, Sequence[str]] | None = None,
) -> list[FunctionMarks]:
    """Return the marks of an executed notebook by nbgrader's rules; what a person has to grade counts as 0.

    owner -- as for `functions`
    carried -- the functions that were lent for each grade cell that is right with them
    """
    carried = carried or {}
    solutions = {
        cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if nbgrader_metadata(cell).get("solution")
    }
    result = []
    for name, cells in functions(notebook, owner).items():
        grades = [score(cell) for cell in cells]
        earned, possible = sum(points or 0.0 for points, _ in grades), sum(maximum for _, maximum in grades)
        messages = [message for cell in cells if (message := failure(cell))]
        stopped = failure(solutions[name]) if name in solutions else None
        # What a cell has defined before it stopped is judged by its own tests.
        if stopped and any("is not defined" in message for message in messages):
            messages = [f"{name}: the cell itself stops with {stopped}"]
        lent = sorted({other for cell in cells for other in carried.get(cell.metadata.nbgrader.grade_id, ())})
        right = all(
            cell.metadata.nbgrader.grade_id in carried or points == maximum
            for cell, (points, maximum) in zip(cells, grades, strict=True)
        )
        if lent and right:
            messages = [tested_with(lent, right=True)]
        message = messages[0] if messages else None
        result.append(FunctionMarks(name, earned, possible, message, is_carried=bool(lent and right)))
    return result


def tested_with(lent: Iterable[str], *, right: bool) -> str:
    """Say that references were lent for a test in place of these functions, and why."""
    *others, last = sorted(lent)
    names = f"{', '.join(others)} and {last}" if others else last
    why = "yours do not pass their own checks" if others else "yours does not pass its own checks"
    return f"{'correct; it was ' if right else ''}tested with our {names}, because {why}"


def failure(cell: NotebookNode) -> str | None:
    """Return why a cell failed, in the words of its error; None if it did not."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            text = str(output.evalue).strip()
            return text if output.ename == "CheckFailed" and text else f"{output.ename}: {text}".rstrip(": ")
        if output.output_type == "stream" and output.name == "stderr":
            return str(output.text).strip()
    return None
