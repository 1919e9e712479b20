"""Turns Python files that were exported from a notebook back into notebooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autograder.intake.intake_errors import IntakeError
from autograder.intake.metadata import PYTHON

if TYPE_CHECKING:
    from nbformat import NotebookNode

_PERCENT = re.compile(r"^# ?%%", re.MULTILINE)
# How `nbconvert --to script` separates cells.
_PROMPT = re.compile(r"^# In ?\[[ \d*]*\]:[ \t]*$", re.MULTILINE)
# What it makes of magics; the method is gone from today's IPython.
_MAGIC = re.compile(r"""^([ \t]*)get_ipython\(\)\.magic\(u?(['"])(.*?)\2\)[ \t]*$""", re.MULTILINE)


def notebook_from_script(text: str, name: str) -> tuple[NotebookNode, list[str]]:
    """Return the notebook that a Python file was made from, or one with the whole file in a cell.

    Raises IntakeError if it has cells that cannot be told apart.
    """
    import nbformat  # noqa: PLC0415 (while the warm processes get ready)

    if _PROMPT.search(text):
        sources = [part.strip("\n") for part in _PROMPT.split(text)]
    elif _PERCENT.search(text):
        return _with_jupytext(text, name)
    else:
        sources = [text.strip("\n")]
    notebook: NotebookNode = nbformat.v4.new_notebook(metadata={"kernelspec": dict(PYTHON)})
    for position, source in enumerate(source for source in sources if _says_something(source)):
        magic = _MAGIC.sub(lambda match: f"{match[1]}%{match[3]}", source)
        notebook.cells.append(nbformat.v4.new_code_cell(magic, id=f"cell-{position:03d}"))
    return notebook, [f"{name} is a Python file and was taken for a notebook of {_count(len(notebook.cells))}"]


def _says_something(source: str) -> bool:
    """Return whether there is more than a line for the system or about the encoding."""
    return any(line.strip() and not line.startswith(("#!", "# coding", "# -*-")) for line in source.split("\n"))


def _with_jupytext(text: str, name: str) -> tuple[NotebookNode, list[str]]:
    import jupytext  # noqa: PLC0415 (half a second that only these files need)

    try:
        notebook: NotebookNode = jupytext.reads(text, fmt="py:percent")
    except Exception as error:  # jupytext passes on whatever yaml, json or its own reader raise
        raise IntakeError(
            f"{name} has cells that cannot be told apart ({type(error).__name__}): hand in the .ipynb file itself."
        ) from error
    return notebook, [f"{name} is a Python file and was taken for a notebook of {_count(len(notebook.cells))}"]


def _count(cells: int) -> str:
    return "one cell" if cells == 1 else f"{cells} cells"
