"""Three exercises as every grader gets them: what is asked, what is right, and notebooks made of it."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

CELL_SECONDS = 5  # the limit for a cell, in graders that have one
RUN_SECONDS = 40  # after this a grader is killed: it would have gone on for ever
POINTS = 2.0  # per function
SHEET = "sheet"  # the notebook's and the assignment's name

# Signature, answer, visible test, hidden test. Each is compared in another way, and each way has its attack.
EXERCISES = {
    "scale": (
        "scale(x, factor)",
        "x * factor",
        "np.allclose(scale(np.array([1.0, 2.0]), 3), [3.0, 6.0])",
        "np.allclose(scale(np.array([0.5, -4.0, 2.5]), -2), [-1.0, 8.0, -5.0])",
    ),
    "total": ("total(x)", "sum(x)", "total([1, 2, 3]) == 6", "total([2.5, -10, 30]) == 22.5"),
    "flip": (
        "flip(x)",
        "x[::-1]",
        "(flip(np.array([1, 2, 3])) == [3, 2, 1]).all()",
        "(flip(np.array([4, 0, 9, 7])) == [7, 9, 0, 4]).all()",
    ),
}
FULL = POINTS * len(EXERCISES)
WRONG = {"scale": "0 * x", "total": "-1", "flip": "0 * x"}


def function(name: str, answer: str) -> str:
    """Return the source of a function that gives an answer."""
    return f"def {EXERCISES[name][0]}:\n    return {answer}"


def honest(*right: str) -> dict[str, str]:
    """Return a submission's functions: the named ones right, the others wrong."""
    return {name: function(name, EXERCISES[name][1] if name in right else WRONG[name]) for name in EXERCISES}


def cell(source: str, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    """Return a cell of a notebook."""
    body: dict[str, Any] = {"id": secrets.token_hex(4), "cell_type": kind, "metadata": metadata, "source": source}
    return body | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write_notebook(path: Path, cells: list[dict[str, Any]]) -> None:
    """Write a notebook."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def digest(text: str) -> str:
    """Return what a submission may know of a secret: enough to prove that it found it, too little to make it up."""
    return hashlib.sha256(text.encode()).hexdigest()
