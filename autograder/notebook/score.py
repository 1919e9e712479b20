"""The score of a grade cell, by nbgrader's rules.

nbgrader has them in `nbgrader.utils.determine_grade`, whose import takes seconds. A test compares the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode


def score(cell: NotebookNode) -> tuple[float | None, float]:
    """Return the points of an executed grade cell and its maximum; None for what a person has to grade.

    An error, or anything on stderr, gives nothing. A result that is a number from 0 to the maximum gives that; any
    other result, or none, gives everything. (nbgrader raises for a number above the maximum; here it gives nothing.)
    """
    maximum = float(cell.metadata.nbgrader["points"])
    if cell.metadata.nbgrader.get("solution") or cell.cell_type != "code":
        return None, maximum
    for output in cell.outputs:
        if output.output_type == "error" or (output.output_type == "stream" and output.name == "stderr"):
            return 0.0, maximum
        if output.output_type == "execute_result":
            return _partial(output, maximum), maximum
    return maximum, maximum


def _partial(result: NotebookNode, maximum: float) -> float:
    text = result.data.get("text/plain", "")
    try:
        points = float("".join(text))
    except ValueError:
        return maximum
    if points > maximum:
        return 0.0
    return points if points >= 0 else maximum
