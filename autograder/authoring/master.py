"""Reads and writes masters (jupytext, py:percent), and turns them into source notebooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.hashing import sha256_of
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.cells import grade_id_of

_FORMAT = "py:percent"
# Everything that a notebook says about itself and that is not listed here (the kernel's version, an editor's
# state) stays out of the master, so that opening a notebook is no edit.
_HEADER = {
    "jupytext": {
        "notebook_metadata_filter": "autograder,-jupytext.text_representation.jupytext_version",
        "text_representation": {"extension": ".py", "format_name": "percent", "format_version": "1.3"},
    },
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
}
# What an author may say under `autograder:`; the rest there is the build's.
_OWN_KEYS = ("shown", "helpers", "files", "single_none")
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"")


def read_master(path: Path) -> NotebookNode:
    """Return a master as a notebook. Raises AuthoringError if it cannot be read."""
    try:
        notebook: NotebookNode = jupytext.reads(path.read_text(encoding="utf-8"), fmt=_FORMAT)
    except FileNotFoundError as error:
        raise AuthoringError("there is no such master.", file=path) from error
    except Exception as error:  # jupytext passes on whatever yaml, json or its own reader raise
        raise AuthoringError(f"the master cannot be read as {_FORMAT}: {error}", file=path) from error
    if notebook.cells and notebook.cells[0].cell_type == "raw" and notebook.cells[0].source.startswith("---"):
        raise AuthoringError("the header between the two lines '# ---' is no YAML that can be read.", file=path)
    if not notebook.cells:
        raise AuthoringError("the master has no cell; a cell begins with a line '# %%'.", file=path)
    return notebook


def read_source(path: Path) -> NotebookNode:
    """Return a source notebook. Raises AuthoringError if it cannot be read."""
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever json, its validators and converters raise
        raise AuthoringError(f"the notebook cannot be read: {error}", file=path) from error
    return notebook


def master_text(notebook: NotebookNode) -> str:
    """Return a notebook as the text of a master; what an author did not write is left out."""
    copy = nbformat.from_dict(notebook)
    own = {key: value for key, value in header(notebook).items() if key in _OWN_KEYS and value}
    copy.metadata = nbformat.from_dict(_HEADER | ({"autograder": own} if own else {}))
    for cell in copy.cells:
        # nbgrader recomputes these two; they come and go with the tool that saved the notebook.
        for key in ("checksum", "cell_type"):
            cell.metadata.get("nbgrader", {}).pop(key, None)
    return str(jupytext.writes(copy, fmt=_FORMAT))


def digest(notebook: NotebookNode) -> str:
    """Return a hash of what an author wrote."""
    return sha256_of(master_text(notebook))


def to_source(master: NotebookNode, built: dict[str, str]) -> NotebookNode:
    """Return the source notebook of a master.

    built -- the hashes of the files that belong to it, by name; they are kept in the notebook, so that a later
    build can tell whether somebody edited one of them since
    Cell ids come from the grade_id where there is one, else from the position, so that a build is deterministic.
    """
    source: NotebookNode = nbformat.v4.new_notebook()
    source.metadata = nbformat.from_dict({"kernelspec": _HEADER["kernelspec"]})
    own = {key: value for key, value in header(master).items() if key in _OWN_KEYS}
    source.metadata["autograder"] = nbformat.from_dict({"built": dict(sorted(built.items())), "shown": []} | own)
    for position, cell in enumerate(nbformat.from_dict(master).cells):
        grade_id = grade_id_of(cell)
        cell.id = re.sub(r"[^A-Za-z0-9_-]", "-", grade_id)[:64] if grade_id else f"cell-{position:03d}"
        source.cells.append(cell)
    return source


def built_hashes(source: NotebookNode) -> dict[str, str]:
    """Return the hashes that the last build left in a source notebook."""
    return dict(source.metadata.get("autograder", {}).get("built", {}))


def header(notebook: NotebookNode) -> dict[str, Any]:
    """Return what an author says about a master in its header, under `autograder:`."""
    return dict(notebook.metadata.get("autograder", {}))


def shown_lines(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Return the solution lines that the text shows on purpose, each a dictionary with `line` and `reason`."""
    return list(header(notebook).get("shown", []))


def pictures(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Return the local pictures that a notebook's text shows, each with the name of the cell that shows it."""
    found = []
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for match in _PICTURE.finditer(cell.source):
                target = match[1] or match[2]
                if "://" not in target and not target.startswith(("data:", "attachment:")):
                    found.append((cell_name(cell, position), target))
    return found


def cell_name(cell: NotebookNode, position: int) -> str:
    """Return how messages call a cell: its grade_id, or its number counted from 1 and its beginning."""
    grade_id = grade_id_of(cell)
    beginning = cell.source.strip().split("\n")[0][:40]
    return grade_id or f"{position + 1} ({beginning!r})"
