"""Markers that would hand a solution to the students, and lines that only look odd."""

import pytest
from helper import code_cell, grade_cell, solution_cell, text_cell

from autograder.authoring.marker_errors import check_markers
from autograder.notebook.authoring_errors import RegionError
from autograder.notebook.markers import DEFAULTS, Markers

START, END = "### START CODE HERE ###", "### END CODE HERE ###"
GOOD = f"{START}\nx = 1\n{END}\n"
NBGRADERS = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n"


def task_cell(source: str):
    """Return a text cell that describes a task which a person grades."""
    cell = text_cell(source)
    cell.metadata["nbgrader"] = {"grade_id": "task", "task": True, "grade": False, "solution": False}
    return cell


def refused(cell, markers: Markers = DEFAULTS) -> RegionError:
    """Return why a cell is refused."""
    with pytest.raises(RegionError) as caught:
        check_markers(cell, markers)
    return caught.value


class TestWithoutTheOther:
    """A marker that is nested, never closed or never opened."""

    @pytest.mark.parametrize(
        ("cell", "line", "words"),
        [
            (solution_cell(f"x = 0\n{START}\nx = 1"), 2, "without an END CODE HERE"),
            (solution_cell(f"x = 1\n{END}"), 2, "without a START CODE HERE"),
            (solution_cell(f"{START}\n{START}\n{END}"), 2, "cannot be nested"),
            (solution_cell(f"{START}\n### BEGIN SOLUTION\n{END}\n### END SOLUTION"), 2, "ends behind it"),
            (solution_cell(f"### BEGIN SOLUTION\n{START}\n### END SOLUTION\n{END}"), 2, "ends behind it"),
            (grade_cell("### BEGIN HIDDEN TESTS: edge cases\nassert 1"), 1, "without an END HIDDEN TESTS"),
            (grade_cell("assert 1\n# END HIDDEN TESTS"), 2, "without a BEGIN HIDDEN TESTS"),
            (task_cell("BEGIN MARK SCHEME\nfive points"), 1, "without an END MARK SCHEME"),
            (text_cell("Write between BEGIN SOLUTION and END SOLUTION."), 1, "without an END SOLUTION"),
        ],
    )
    def test_is_refused_with_its_line(self, cell, line, words):
        """In a sentence that names both markers."""
        error = refused(cell)

        assert words in str(error)
        assert error.line == line

    @pytest.mark.parametrize(
        "cell", [code_cell("print('END SOLUTION')"), grade_cell("# END SOLUTION"), text_cell("END SOLUTION")]
    )
    def test_an_end_where_nothing_could_be_hidden_is_only_said(self, cell):
        """nbgrader leaves the line out and releases the rest, as it was meant."""
        (odd,) = check_markers(cell, DEFAULTS)

        assert "this line is left out of the release" in str(odd)

    def test_configured_delimiters_are_named(self):
        """Not nbgrader's own, which this course does not have."""
        markers = Markers(begin_hidden_tests="<secret>", end_hidden_tests="</secret>")

        assert "<secret> without an </secret> after it" in str(refused(grade_cell("# <secret>\nassert 1"), markers))


class TestNearMisses:
    """Lines that look like markers."""

    @pytest.mark.parametrize(
        ("cell", "line"),
        [
            (solution_cell("### STRAT CODE HERE ###\nx = 1\n" + END), 1),
            (solution_cell(f"{START}\nx = 1\n### END CODE HER ###"), 3),
            (solution_cell(f"{START}\nx = 1\n# ---- end code here ----"), 3),
            (solution_cell(GOOD + "### STRAT CODE HERE ###\nx = 1\n### END CODE HER ###"), 4),
            (solution_cell(GOOD + "### start code here ###\ny = 1"), 4),
            (solution_cell(NBGRADERS + "# begin solution\ny = 2\n# end solution"), 4),
            (solution_cell(NBGRADERS + "### BEGIN_SOLUTION\ny = 2"), 4),
            (solution_cell("# BEGIN SOLUTON\nx = 1\n# END SOLUTION"), 1),
            (solution_cell("# BEGIN SOLUTION\nx = 1\n# END SOLUTON\n# BEGIN SOLUTION\n# END SOLUTION"), 3),
            (grade_cell("### BEGIN HIDEN TESTS\nassert 1"), 1),
            (grade_cell("### BEGIN HIDDEN TEST: edge cases\nassert 1"), 1),
            (grade_cell("# ---- BEGIN HIDDENTESTS ----\nassert 1"), 1),
            (grade_cell("### begin hidden tests\nassert 1\n### end hidden tests"), 1),
            (grade_cell("#begin hidden tests (for us)\nassert 1\n#end hidden tests (for us)"), 1),
            (task_cell("# Plot it\n<!-- BEGIN MARKSCHEME -->\n5 points"), 2),
            (code_cell("### BEGIN HIDEN TESTS\nassert 1\n### END HIDEN TESTS"), 1),
            (solution_cell("%%bash\n# BEGIN SOLUTION\nls\n# END SOLUTION\n# BEGIN SOLUTON\nls -l"), 5),
        ],
    )
    def test_what_would_leak_is_refused(self, cell, line):
        """With the line, and what to write there."""
        error = refused(cell)

        assert "misspelt" in str(error)
        assert error.line == line

    @pytest.mark.parametrize(
        "cell",
        [
            solution_cell("### STRAT CODE HERE ###\nx = 1\n### END CODE HER ###"),  # the whole cell is cleared
            solution_cell(f"{START}\nx = 1\n# END CODE HER\ny = 1\n{END}"),  # more is hidden, not less
            code_cell("### BEGIN HIDEN TESTS\nassert 1"),
            code_cell("# begin solution\nx = 1\n# end solution"),
            grade_cell("# BEGIN SOLUTON\nassert 1"),
            solution_cell(GOOD + "# begin solution\ny = 2"),
            solution_cell(
                f"def f():\n# BEGIN_SOLUTION\n{NBGRADERS}# END_SOLUTION\n    return x"
            ),  # what is meant is hidden
            solution_cell(f"# BEGIN THE SOLUTION\n{NBGRADERS}y = x"),
            grade_cell("assert 1\n# BEGIN HIDDEN_TESTS\n# (there are none)"),
        ],
    )
    def test_what_leaks_nothing_is_only_said(self, cell):
        """It is released as it is, and its author is told."""
        found = check_markers(cell, DEFAULTS)

        assert found
        assert all("looks like a misspelt marker" in str(odd) for odd in found)

    @pytest.mark.parametrize(
        "line",
        [
            "# start the code here",
            "### START YOUR CODE HERE ###",
            "# YOUR CODE HERE",
            "### WRITE YOUR SOLUTION BELOW ###",
            "# HIDDEN TESTS: see the exam",
            "# Start your code here, and end the code there.",
            "# begin the solution with the smallest number",
            "# what follows is hidden from the tests",
            "# the START and the END of the code here are yours",
            "# between START CODE HERE and END CODE HERE there is one line to write",
            "# begin solution here by reading the file",
            "x = '### STRAT CODE HERE ###'",
            '"""\n### STRAT CODE HERE ###\n"""',
        ],
    )
    @pytest.mark.parametrize("made", [code_cell, lambda source: solution_cell(GOOD + source), grade_cell])
    def test_sentences_are_none(self, made, line):
        """Prose has such words, and so have strings."""
        assert check_markers(made(line), DEFAULTS) == []

    def test_the_usual_words_in_a_course_that_has_others(self):
        """Who writes nbgrader's words there has meant this course's."""
        markers = Markers(begin_hidden_tests="# SECRET ON", end_hidden_tests="# SECRET OFF")
        error = refused(grade_cell("### BEGIN HIDDEN TESTS\nassert 1\n### END HIDDEN TESTS"), markers)

        assert "write '# SECRET ON'" in str(error)

    def test_a_configured_word_that_is_in_many_sentences(self):
        """A single word is no near miss of anything."""
        markers = Markers(begin_solution="[solution]", end_solution="[/solution]")

        assert check_markers(solution_cell("# [solution]\nx\n# [/solution]\n# Solution: see above"), markers) == []


@pytest.mark.parametrize(
    "source",
    ["def f(:\n    x = 'open", "%%bash\n# START of it\necho $(( ", "!ls '\n%cd ..\nx = 1", "await f()", "\t \n x"],
)
@pytest.mark.parametrize("made", [code_cell, grade_cell, solution_cell])
def test_a_cell_that_is_no_python(made, source):
    """Is none of our business; it may be the point of the exercise."""
    assert check_markers(made(source), DEFAULTS) == []


def test_another_language():
    """START CODE HERE means nothing to nbgrader, and in other languages it means nothing here."""
    assert check_markers(solution_cell("# START CODE HERE\nx <- 1"), DEFAULTS, python=False) == []
    with pytest.raises(RegionError, match="misspelt"):
        check_markers(solution_cell("% BEGIN SOLUTION\nx\n% END SOLUTION\n% BEGIN SOLUTON\ny"), DEFAULTS, python=False)
