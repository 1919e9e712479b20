"""Notebooks made in memory, and a quick way to run one."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parent.parent

KERNEL = {"name": "python3", "language": "python", "display_name": "Python 3"}

FUNCTIONS = [
    "initialize_parameters",
    "initialize_parameters_deep",
    "linear_forward",
    "linear_activation_forward",
    "L_model_forward",
    "compute_cost",
    "linear_backward",
    "linear_activation_backward",
    "L_model_backward",
    "update_parameters",
]


@dataclass
class Run:
    """What running a notebook gave: the namespace, and per cell its error and what it printed."""

    namespace: dict[str, Any]
    errors: dict[str, Exception] = field(default_factory=dict)
    printed: dict[int, str] = field(default_factory=dict)


def run_cells(notebook: NotebookNode, *, pictures: bool = False) -> Run:
    """Run a notebook's code cells in this process, without a kernel; magics are left out.

    pictures -- whether cells that grading skips, training and pictures, run as well
    """
    mpl.use("Agg")
    run = Run({"__name__": "__main__"})
    for position, cell in enumerate(notebook.cells):
        skipped = "skip-execution" in cell.metadata.get("tags", []) and not pictures
        if cell.cell_type != "code" or skipped:
            continue
        name = cell.metadata.get("nbgrader", {}).get("grade_id", f"cell-{position}")
        source = re.sub(r"(?m)^(\s*)%.*$", r"\1pass", cell.source)
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(source, f"<cell {name}>", "exec"), run.namespace)
        except Exception as error:
            run.errors[name] = error
        run.printed[position] = out.getvalue()
        plt.close("all")
    return run


def up_to_last_grade_cell(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without what follows its last grade cell, which may train networks."""
    last = max(n for n, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade"))
    return nbformat.from_dict(notebook | {"cells": notebook.cells[: last + 1]})


def replaced(notebook: NotebookNode, grade_id: str, old: str, new: str) -> NotebookNode:
    """Return a copy of a notebook in which one cell says something else; `old` must occur in it."""
    copy = nbformat.from_dict(notebook)
    cell = find_cell(copy, grade_id)
    assert old in cell.source, f"{grade_id} does not say {old!r}"
    cell.source = cell.source.replace(old, new)
    return copy


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts to their places in a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def copy_modules(target: Path) -> None:
    """Copy the course's configuration and helper modules to another folder."""
    target.mkdir(parents=True, exist_ok=True)
    for path in ROOT.glob("*.py"):
        shutil.copyfile(path, target / path.name)
    shutil.copytree(ROOT / "dnn_lab", target / "dnn_lab", ignore=shutil.ignore_patterns("__pycache__"))


def modules_in(folder: Path) -> dict[str, Path]:
    """Return the helper modules in a folder, with those of packages, by their places in it."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.py"))}


def find_cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the cell with a grade_id."""
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def graded_notebook(*cells: NotebookNode) -> NotebookNode:
    """Return a notebook of these cells, with deterministic ids."""
    notebook = new_notebook(cells=list(cells), metadata={"kernelspec": KERNEL})
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position}"
    return notebook


def solution_cell(source: str, grade_id: str = "answer") -> NotebookNode:
    """Return a solution cell."""
    return new_code_cell(source, metadata={"nbgrader": _marks(grade_id, solution=True)})


def grade_cell(source: str, grade_id: str = "test_answer", points: float = 1) -> NotebookNode:
    """Return a grade cell."""
    marks = _marks(grade_id, grade=True, locked=True) | {"points": points}
    return new_code_cell(source, metadata={"nbgrader": marks})


def text_cell(source: str) -> NotebookNode:
    """Return a text cell."""
    return new_markdown_cell(source)


def code_cell(source: str) -> NotebookNode:
    """Return an ordinary code cell."""
    return new_code_cell(source)


def _marks(grade_id: str, *, solution: bool = False, grade: bool = False, locked: bool = False) -> dict[str, Any]:
    marks = {"grade_id": grade_id, "solution": solution, "grade": grade, "locked": locked}
    return marks | {"schema_version": 3, "task": False}
