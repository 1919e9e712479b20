"""What the linter finds in a master."""

from pathlib import Path

import pytest
from helper import ROOT, code_cell, grade_cell, graded_notebook, solution_cell, text_cell

from autograder.authoring.lint import cautions, lint
from autograder.authoring.master import read_master
from autograder.course import Course
from autograder.notebook.markers import Markers

FILE = Path("notebooks/made_up.py")
HIDDEN = "### BEGIN HIDDEN TESTS\nassert f(2) == 4\n### END HIDDEN TESTS"


def problems(*cells) -> list[str]:
    """Return what the linter says about a notebook of these cells."""
    return [str(problem) for problem in lint(graded_notebook(*cells), FILE)]


def test_the_masters_are_clean():
    """Nothing to mend in any of them."""
    for assignment in Course(ROOT).assignments():
        assert lint(read_master(assignment.master), assignment.master) == []


def test_a_good_notebook():
    """A solution cell and a grade cell with a visible and a hidden part."""
    assert problems(solution_cell("def f(x):\n    return x"), grade_cell(f"assert f(1) == 1\n{HIDDEN}")) == []


@pytest.mark.parametrize(
    "source", ["f(1)", "f(1)\nx = 1\nx", f"assert f(1)\nf(1)\n{HIDDEN}", f"assert f(1)\n{HIDDEN}\nf(3)", "'text'"]
)
def test_a_grade_cell_ends_in_a_statement(source):
    """nbgrader takes a last expression for partial credit, in the full cell or in the released one."""
    found = problems(grade_cell(source))

    assert found
    assert all("ends in an expression" in problem for problem in found)
    assert all("notebooks/made_up.py, cell test_answer, line " in problem for problem in found)


@pytest.mark.parametrize(
    "last",
    [
        "np.testing.assert_allclose(f(1), 1)",
        "pd.testing.assert_frame_equal(f(1), f(1))",
        "assert_equal(f(1), 1)",
        "tests.assertEqual(f(1), 1)",
        "unittest.TestCase().assertTrue(f(1))",
        "check_f(f)",
        "check(f)",
        "print(f(1))",
        "display(f(1))",
        "compare(f(1), 1)",  # the author's own: whether it returns something is seen when it is run
        "tools.compare(f(1), 1)",
        "await compare(f(1), 1)",
        "None",
        "%matplotlib inline",
    ],
)
def test_a_last_line_that_only_checks(last):
    """Has no value that anybody could take for points, as far as can be told without running it."""
    given = code_cell("import tools\nimport numpy as np\ndef compare(a, b):\n    assert a == b == f(1)")

    assert problems(solution_cell("def f(x):\n    return x"), given, grade_cell(f"assert f(1)\n{HIDDEN}\n{last}")) == []


@pytest.mark.parametrize(
    "last",
    ["f(1)", "f.check(1)", "check_it(1)", "made.assert_it()", "total", "np.pi", "1 == f(1)", "sum([f(1)])", "nobody()"],
)
def test_a_last_line_with_a_value(last):
    """It is the student's, or plainly one; a student's function could return its own marks."""
    solution = solution_cell("def f(x):\n    return x\ndef check_it(x):\n    return x\nclass Made: ...")
    given = code_cell("import numpy as np\nmade = Made()\ntotal = 1")
    (found,) = problems(solution, given, grade_cell(f"assert f(1)\n{last}"))

    assert "ends in an expression" in found


def test_a_last_line_from_a_star():
    """What an `import *` brings cannot be told; the student's functions are not among it."""
    solution, given = solution_cell("def f(x):\n    return x"), code_cell("from tools import *")

    assert problems(solution, given, grade_cell("compare(f(1), 1)")) == []
    assert "ends in an expression" in problems(solution, given, grade_cell("f(1)"))[0]
    assert "ends in an expression" in problems(solution, given, grade_cell("len(f(1))"))[0]


def test_a_skipped_grade_cell():
    """The tag skip-execution on a grade cell would pass it unrun."""
    cell = grade_cell("assert f(1) == 1")
    cell.metadata.tags = ["skip-execution"]

    assert "must not be tagged skip-execution" in problems(cell)[0]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (code_cell(HIDDEN), "hidden tests outside a grade cell"),
        (solution_cell(HIDDEN), "hidden tests outside a grade cell"),
        (code_cell("### START CODE HERE ###\nx = 1\n### END CODE HERE ###"), "a solution outside a solution cell"),
        (code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), "a solution outside a solution cell"),
        (solution_cell("### START CODE HERE ###\nx = 1"), "without an END CODE HERE"),
        (code_cell("### BEGIN HIDEN TESTS\nassert 1\n### END HIDEN TESTS"), "misspelt"),
        (grade_cell("### BEGIN HIDEN TESTS\nassert 1\n### END HIDDEN TESTS"), "misspelt"),
        (grade_cell("assert f(1"), "the grade cell does not parse"),
        (solution_cell("x = (\n### START CODE HERE ###\n1\n### END CODE HERE ###\n)"), "middle of this statement"),
        (solution_cell("### START CODE HERE ###\nx = = 1\n### END CODE HERE ###"), "does not parse"),
        (text_cell("BEGIN SOLUTION\n4\nEND SOLUTION"), "a solution outside a solution cell"),
        (grade_cell("# BEGIN MARK SCHEME\nx = 4\n# END MARK SCHEME"), "a mark scheme outside a task cell"),
        (text_cell("![a](images/nowhere.svg)"), "no picture images/nowhere.svg"),
    ],
)
def test_each_problem_is_named_with_file_and_cell(cell, words):
    """One problem, one sentence, with its place."""
    found = problems(cell)

    assert len(found) == 1
    assert words in found[0]
    assert found[0].startswith("notebooks/made_up.py, cell ")


@pytest.mark.parametrize(
    "cell",
    [
        code_cell("print(1)("),
        code_cell("for i in range(3):\nprint(i)  # what is wrong here?"),
        code_cell("# start the code here\nx = 1"),
        code_cell("%%bash\nif true; then"),
        code_cell("Sketch: first the sum, then the mean"),
        solution_cell("%matplotlib inline\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        solution_cell("%%javascript\n// BEGIN SOLUTION\nlet x = {\n// END SOLUTION\n}"),
        solution_cell("### BEGIN SOLUTION: by hand\nx = await f()\n### END SOLUTION (by hand)\nreturn x"),
        solution_cell("%time x = 0\n# -- START CODE HERE --\ny = await f()\n# -- END CODE HERE --"),
        grade_cell("assert 1\n### BEGIN HIDDEN TESTS: edge cases\nassert 2\n### END HIDDEN TESTS: edge cases"),
    ],
)
def test_what_nbgrader_releases_is_fine(cell):
    """Cells that do not parse on purpose, other languages, magics, and text around a marker."""
    assert problems(cell) == []


def test_delimiters_of_the_course():
    """They are what counts, and nbgrader's own are then suspicious."""
    markers = Markers(begin_hidden_tests="# >>", end_hidden_tests="# <<")
    good = graded_notebook(grade_cell("assert f(1)\n# >> edge cases\nf(2)\nassert f(3)\n# <<"))
    bad = graded_notebook(grade_cell("assert f(1)\n# >>\nassert f(3)\n# <<\nf(1)"))

    assert lint(good, FILE, markers) == []
    assert "ends in an expression" in str(lint(bad, FILE, markers)[0])
    assert "misspelt" in str(lint(graded_notebook(grade_cell(f"assert f(1) == 1\n{HIDDEN}")), FILE, markers)[0])


def test_what_looks_odd_is_said():
    """With its place, and without refusing anything."""
    notebook = graded_notebook(code_cell("### BEGIN HIDEN TESTS\nassert 1"))

    assert lint(notebook, FILE) == []
    (odd,) = cautions(notebook, FILE)
    assert str(odd).startswith("notebooks/made_up.py, cell 1 ('### BEGIN HIDEN TESTS'), line 1: ")


def test_a_grade_id_given_twice():
    """nbgrader would refuse the notebook; the linter says which cell."""
    found = problems(grade_cell("assert 1"), grade_cell("assert 2"))

    assert "notebooks/made_up.py, cell test_answer: this grade_id is given to several cells." in found


def test_several_problems_are_all_named():
    """Nobody wants to mend one, build, and find the next."""
    assert len(problems(grade_cell("f(1)"), code_cell(HIDDEN))) == 2
