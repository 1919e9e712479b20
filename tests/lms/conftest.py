"""A class whose results are made by hand."""

import pytest
from made_results import make_results

from autograder.reporting.results import ClassResults


@pytest.fixture
def results() -> ClassResults:
    """The class, to be changed."""
    return make_results()
