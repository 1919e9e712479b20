"""The rules of scoring are nbgrader's."""

import pytest
from helper import grade_cell
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade

from autograder.notebook.score import score


def result(text: str):
    """Return a result of a cell."""
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [new_output("stream", name="stdout", text="1.0")],
        [new_output("stream", name="stderr", text="warning")],
        [new_output("error", ename="E", evalue="v", traceback=[])],
        [new_output("display_data", data={"text/plain": "0.0"})],
        [result("1.5")],
        [result("0")],
        [result("4.0")],
        [result("-1")],
        [result("nonsense")],
        [result("np.float64(1.0)")],
        [result("nan")],
        [result("1.0"), new_output("error", ename="E", evalue="v", traceback=[])],
        [new_output("stream", name="stderr", text="x"), result("1.0")],
    ],
)
def test_every_kind_of_output_scores_as_in_nbgrader(outputs):
    """For a cell of four points."""
    cell = grade_cell("assert True", points=4)
    cell.outputs = outputs

    assert score(cell) == determine_grade(cell)


def test_a_number_above_the_maximum_gives_nothing():
    """nbgrader raises, which would leave the whole submission ungraded."""
    cell = grade_cell("assert True", points=4)
    cell.outputs = [result("10.0")]

    assert score(cell) == (0.0, 4.0)
    with pytest.raises(ValueError, match="partial credit"):
        determine_grade(cell)
