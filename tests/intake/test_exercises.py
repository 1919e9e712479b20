"""What counts as an answer."""

import pytest

from autograder.authoring.stubs import make_stub
from autograder.intake.exercises import is_unfilled_stub

GAP = "def f():\n    ### START CODE HERE ###\n    {}\n    ### END CODE HERE ###"


@pytest.mark.parametrize(
    "solution",
    [
        "figure, axes = plt.subplots()",
        "figure, ((a, b), (c, d)) = plt.subplots(2, 2)",
        "first, *rest = g()",
        "x: int = 3",
        "d['a'], e.b = g()",
        "one, = g()",
        "a = b = g()",
        "print(y := 2)",
    ],
)
def test_what_a_gap_leaves_is_no_answer(solution):
    """The stub as it was released; the solution is one."""
    assert is_unfilled_stub(make_stub(GAP.format(solution)))
    assert not is_unfilled_stub(GAP.format(solution))


@pytest.mark.parametrize(
    "line",
    ["f(x=None)", "a = g(None)", "a = [None]", "a = (1, None)", "return None", "a, b = None, 2", "a = () # None"],
)
def test_an_answer_with_a_none_in_it(line):
    """Is an answer, right or wrong."""
    assert not is_unfilled_stub(GAP.format(line))
