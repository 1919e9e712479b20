"""What counts as an answer."""

import pytest
from helper import code_cell, grade_cell, graded_notebook, solution_cell, text_cell

from autograder.intake.exercises import exercises, is_unfilled_stub, untouched
from autograder.notebook.markers import Markers
from autograder.notebook.stubs import make_stub

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


class TestUntouched:
    """Exercises in which nothing was written, of a course with any kind of markers."""

    SOLVED = {
        "gap": "def gap(x):\n    ### START CODE HERE ###\n    y, z = x, 2\n    ### END CODE HERE ###\n    return y",
        "region": "def region(x):\n    # BEGIN SOLUTION\n    return x\n    # END SOLUTION",
        "whole": "def whole(x):\n    return x",
    }
    RELEASED = {
        "gap": "def gap(x):\n    ### START CODE HERE ### (≈ 1 line of code)\n    y, z = None, None\n"
        "    ### END CODE HERE ###\n    return y",
        "region": "def region(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
        "whole": "# YOUR CODE HERE\nraise NotImplementedError()",
    }

    def found(self, *more, markers=None, **answers) -> set[str]:
        """Return what is untouched in a notebook with these answers and cells; the rest is as released."""
        wanted = exercises(
            [
                cell
                for name in self.SOLVED
                for cell in (solution_cell(self.SOLVED[name], name), grade_cell("1", f"t_{name}"))
            ],
            markers or Markers(),
        )
        handed_in = [solution_cell(text, name) for name, text in (self.RELEASED | answers).items() if text is not None]
        return untouched(graded_notebook(*handed_in, *more), wanted)

    def test_as_released(self):
        """Each kind of stub."""
        assert self.found(code_cell("print(1)"), text_cell("def gap(x): ...")) == set(self.SOLVED)

    @pytest.mark.parametrize("answer", ["", "# I do not know\n\n", "   \n"])
    def test_emptied(self, answer):
        """Nothing, or nothing but comments."""
        assert "whole" in self.found(whole=answer)

    def test_comments_and_spaces(self):
        """Are no answer."""
        assert self.found(region=self.RELEASED["region"].replace("# YOUR CODE HERE", "# how?\n") + "  \n") == set(
            self.SOLVED
        )

    def test_in_parts(self):
        """What an error in the stub keeps apart belongs together."""
        *first, last = self.RELEASED["region"].split("\n")

        assert "region" in self.found(code_cell("\n".join(first)), region=last.strip())

    def test_a_gap_of_another_release(self):
        """It has one None, as stubs once had."""
        assert "gap" in self.found(
            gap=self.RELEASED["gap"].replace("None, None", "None").replace(" (≈ 1 line of code)", "")
        )

    @pytest.mark.parametrize("name", SOLVED)
    def test_an_answer(self, name):
        """Right, wrong, or no Python."""
        for answer in (self.SOLVED[name], f"def {name}(x):\n    pass", f"def {name}(x:\n    raise"):
            assert self.found(**{name: answer}) == set(self.SOLVED) - {name}

    def test_an_answer_beside_the_gap(self):
        """What stands outside of the markers was written as well."""
        assert "gap" not in self.found(gap=self.RELEASED["gap"].replace("return y", "y = x + 1\n    return y"))

    def test_an_answer_in_another_cell(self):
        """Was written there."""
        assert self.found(code_cell("def whole(x):\n    return 3")) == {"gap", "region"}

    def test_a_cell_that_is_gone(self):
        """Is not said to be untouched: nobody knows."""
        assert "whole" not in self.found(whole=None)

    def test_the_course_has_a_stub_of_its_own(self):
        """What was configured is what is looked for."""
        assert self.found(whole="...", markers=Markers(code_stub="...")) == {"gap", "whole"}
