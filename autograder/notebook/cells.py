"""Cells as plain dictionaries, and nbgrader's metadata of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

Cell = dict[str, Any]
# Under this key a cell's metadata say which parts of it still run if one fails: each its first line and text.
PARTS = "autograder_parts"


def nbgrader_metadata(cell: Cell) -> dict[str, Any]:
    """Return what nbgrader notes about a cell; a submission may say anything there."""
    found = cell["metadata"].get("nbgrader")
    return dict(found) if isinstance(found, dict) and isinstance(found.get("grade_id"), str) else {}


def grade_id_of(cell: Cell) -> str:
    """Return the name that nbgrader knows a cell by, an empty one if it knows none."""
    return str(nbgrader_metadata(cell).get("grade_id", ""))


def is_test(cell: Cell) -> bool:
    """Return whether an assignment's own cell is a test."""
    own = nbgrader_metadata(cell)
    return bool(own.get("grade") and not own.get("solution") and cell["cell_type"] == "code")


def is_solution(cell: Cell) -> bool:
    """Return whether students are to fill in an assignment's own cell."""
    return bool(nbgrader_metadata(cell).get("solution"))


def is_by_hand(cell: Cell) -> bool:
    """Return whether a person grades an assignment's own cell."""
    own = nbgrader_metadata(cell)
    return bool(own.get("task") or (own.get("grade") and (own.get("solution") or cell["cell_type"] != "code")))


def owners(cells: Iterable[Cell]) -> dict[str, str]:
    """Return the function that each grade cell belongs to, by the order of an assignment's own cells.

    A grade cell belongs to the solution cell before it; a cell that is both, to itself; one with no solution cell
    before it, to nothing but itself.
    """
    found = {}
    solution = None
    for cell in cells:
        own = nbgrader_metadata(cell)
        if own.get("solution"):
            solution = own["grade_id"]
        if own.get("grade"):
            name = own["grade_id"]
            found[name] = name if own.get("solution") or solution is None else solution
    return found


def code_cell(source: str, like: NotebookNode, taken: set[str], role: dict[str, Any] | None = None) -> NotebookNode:
    """Return a new code cell made of a part of another one.

    like -- the cell whose metadata it gets, but for its role
    taken -- the ids of all cells; the new one is added
    role -- what nbgrader is to note about it
    """
    from nbformat import from_dict  # noqa: PLC0415 (whoever has a cell has imported it)

    metadata = {key: value for key, value in like.metadata.items() if key != "nbgrader"}
    if role:
        metadata["nbgrader"] = role
    cell: NotebookNode = from_dict(
        {
            "cell_type": "code",
            "id": new_id(str(like.get("id", "cell")), taken),
            "metadata": metadata,
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
    )
    return cell


def new_id(wanted: str, taken: set[str]) -> str:
    """Return a cell id that no cell has, and note that it is taken."""
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", wanted)[:56] or "cell"
    number, new = 0, stem
    while new in taken:
        number, new = number + 1, f"{stem}-{number + 1}"
    taken.add(new)
    return new
