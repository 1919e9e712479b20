"""The functions of the first assignment, solved, as a student's notebook has them."""

import matplotlib as mpl
import pytest
from helper import FUNCTIONS, run_cells
from nbformat.v4 import new_notebook

mpl.use("Agg")


@pytest.fixture(scope="session")
def _solved(solution):
    kept = [cell for cell in solution.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    first = next(cell for cell in solution.cells if cell.cell_type == "code")
    namespace = run_cells(new_notebook(cells=[first, *kept])).namespace
    assert set(FUNCTIONS) <= set(namespace)
    return namespace


@pytest.fixture
def solved(_solved):
    """The namespace of the first notebook after its solution cells have run; a copy, to be changed."""
    return dict(_solved)
