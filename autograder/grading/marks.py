"""The marks in a graded notebook, per function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.grading.score import score

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class FunctionMarks:
    """What one exercise earned.

    message -- why points are missing: what its solution cell stopped with, else what the first of its grade cells
        that failed says; None if none failed
    """

    name: str
    score: float
    max_score: float
    message: str | None


def functions(notebook: NotebookNode) -> dict[str, list[NotebookNode]]:
    """Return the grade cells of each function, in the notebook's order.

    A grade cell belongs to the solution cell before it; a cell that is both, to itself; one with no solution cell
    before it, to nothing but itself.
    """
    found: dict[str, list[NotebookNode]] = {}
    solution = None
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            solution = marks["grade_id"]
        if marks.get("grade"):
            name = marks["grade_id"] if marks.get("solution") or solution is None else solution
            found.setdefault(name, []).append(cell)
    return found


def read_marks(notebook: NotebookNode) -> list[FunctionMarks]:
    """Return the marks of an executed notebook by nbgrader's rules; what a person has to grade counts as 0."""
    solutions = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    result = []
    for name, cells in functions(notebook).items():
        grades = [score(cell) for cell in cells]
        earned, possible = sum(points or 0.0 for points, _ in grades), sum(maximum for _, maximum in grades)
        messages = [message for cell in cells if (message := failure(cell))]
        stopped = failure(solutions[name]) if name in solutions else None
        if stopped and messages:
            messages = [f"{name}: the cell itself stops with {stopped}"]
        result.append(FunctionMarks(name, earned, possible, messages[0] if messages else None))
    return result


def failure(cell: NotebookNode) -> str | None:
    """Return why a cell failed, in the words of its error; None if it did not."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            text = str(output.evalue).strip()
            return text if output.ename == "CheckFailed" and text else f"{output.ename}: {text}".rstrip(": ")
        if output.output_type == "stream" and output.name == "stderr":
            return str(output.text).strip()
    return None
