"""The first assignment's solution, ready to have mistakes put into it, and a small course of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import nbformat
import pytest
from helper import code_cell, grade_cell, graded_notebook, solution_cell

from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.mutation_testing import Bench, in_folder
from autograder.diagnosis.variant_profiles import Knowledge, learn
from autograder.notebook.specification import Specification


@pytest.fixture(scope="session")
def bench(step_by_step) -> Iterator[Bench]:
    """The solved notebook, whose functions can be replaced."""
    with in_folder(step_by_step.source.parent):
        made = Bench(Specification.read(step_by_step.source))
    yield made


@pytest.fixture(scope="session")
def knowledge(bench: Bench, catalogue: Catalogue) -> dict[str, Knowledge]:
    """What is known of each function."""
    return learn(bench.solution, catalogue.told_apart())


SMALL = """
def spread(x, n):
    low = x.min()
    high = x.max()
    return high - low, low / n
"""
SMALL_TEST = """
for size in [2, 3, 5]:
    x = np.arange(float(size)) ** 2 + 1
    got = spread(x, size)
    assert abs(got[0] - (size - 1) ** 2) < 1e-6
    assert abs(got[1] - 1 / size) < 1e-6
"""
SMALL_CATALOGUE = """
[[misconception]]
id = "plus"
function = "spread"
change = [{ old = "high - low", new = "high + low" }]
hint = ["Look again.", "Which sign?"]
cause = "A slip."
instructor = "Added."

[[misconception]]
id = "no-division"
function = "spread"
change = [{ old = "low / n", new = "low" }]
hint = "What is n for?"
cause = "A slip."
instructor = "Not divided."
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A solved notebook with one function, in a folder; its catalogue lies beside it."""
    cells = [code_cell("import numpy as np"), solution_cell(SMALL, "spread"), grade_cell(SMALL_TEST, "test_spread")]
    path = tmp_path / "small.ipynb"
    nbformat.write(graded_notebook(*cells), path)
    (tmp_path / "small.misconceptions.toml").write_text(SMALL_CATALOGUE, encoding="utf-8")
    return path


@pytest.fixture
def small_catalogue(small: Path):
    """Change the small course's catalogue and read it."""

    def read(old: str = "", new: str = "") -> Catalogue:
        path = small.with_name("small.misconceptions.toml")
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, dedent(new)) if old else text, encoding="utf-8")
        return Catalogue.read(path)

    return read
