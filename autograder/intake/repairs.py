"""Lists what intake repaired at the top of the graded notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL = "intake-repairs"
# How a sentence about a test that was not there ends; a notebook from elsewhere has none of them.
MISSING = "was missing and was put back"
_MOST = 40


def show(notebook: NotebookNode, repairs: Sequence[str]) -> None:
    """Put a text cell that lists the repairs at the top of a notebook; nbgrader's feedback shows it."""
    from nbformat import from_dict  # noqa: PLC0415 (whoever has a notebook has imported it)

    notebook.cells = [cell for cell in notebook.cells if cell.get("id") != CELL]
    if not repairs:
        return
    told = [repair for repair in repairs if not repair.endswith(MISSING)]
    if missing := len(repairs) - len(told):
        told.append(f"{missing} of the assignment's tests were missing and were put back")
    lines = [f"- {_as_text(repair)}" for repair in told[:_MOST]]
    if len(told) > _MOST:
        lines.append(f"- and {len(told) - _MOST} more")
    text = "**Before this notebook could be graded, it was mended:**\n\n" + "\n".join(lines)
    notebook.cells.insert(
        0, from_dict({"cell_type": "markdown", "id": CELL, "metadata": {"editable": False}, "source": text})
    )


def _as_text(repair: str) -> str:
    """Return a sentence that Markdown shows as it is; file names in it are the student's."""
    kept = "".join(one if one.isprintable() else " " for one in repair)[:300]
    for special in "\\`*_{}[]<>#$|":
        kept = kept.replace(special, f"\\{special}")
    return kept
