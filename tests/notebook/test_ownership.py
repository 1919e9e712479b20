"""Whose a name is, where tests/parity does not say it: files that are kept, imports, and what stays the master's."""

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell

from autograder.grading.engine import Engine
from autograder.notebook.ownership import Step, owned
from autograder.notebook.score import score
from autograder.release import store_notebook

RIGHT = "def area(w, h):\n    return w * h\n"
WRONG = "def area(w, h):\n    return w + h\n"


@pytest.fixture(scope="module")
def using():
    """Return a notebook that uses the module in a given cell and in its tests."""
    return graded_notebook(
        code_cell("from shapes import area\nimport users\nroom = area(2, 3)"),
        solution_cell("# write shapes.py", "shapes"),
        grade_cell("assert room == 6", "a given cell's"),
        grade_cell("import shapes\nassert shapes.area(2, 5) == 10", "imported by the test"),
        grade_cell("from shapes import *\nassert area(3, 3) == 9", "all of it"),
        grade_cell("assert users.floor(5) == 25", "used by another module"),
    )


@pytest.fixture(scope="module")
def grader(using, tmp_path_factory):
    """Return an engine for it."""
    folder = tmp_path_factory.mktemp("kept")
    files = {"shapes.py": RIGHT, "users.py": "from shapes import area\ndef floor(x):\n    return area(x, x)\n"}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    places = {name: folder / name for name in files}
    text = nbformat.writes(using)
    bundle = store_notebook(folder / "bundle", "task", text, {}, files=places, siblings={"task"})
    with Engine(bundle, "task") as engine:
        yield engine


class TestKeptFiles:
    """A module that the assignment brings, of which the course keeps the student's own version."""

    @pytest.mark.parametrize(
        ("handed_in", "keep", "earned"),
        [(RIGHT, {"shapes.py"}, 4), (WRONG, {"shapes.py"}, 0), (WRONG, set(), 4), (None, {"shapes.py"}, 4)],
        ids=["right", "wrong", "wrong but not kept", "not handed in"],
    )
    def test_it_is_the_student_s(self, using, grader, tmp_path, handed_in, keep, earned):
        """For given cells, for tests that import it, and for modules that use it."""
        if handed_in is not None:
            (tmp_path / "shapes.py").write_text(handed_in, encoding="utf-8")
        graded = nbformat.from_dict(using)
        grader.examine(graded, tmp_path, keep=keep)

        assert sum(score(cell)[0] for cell in graded.cells[2:]) == earned

    def test_for_one_submission_only(self, using, grader, tmp_path):
        """What one student kept is not the next one's."""
        (tmp_path / "shapes.py").write_text(WRONG, encoding="utf-8")
        grader.examine(nbformat.from_dict(using), tmp_path, keep={"shapes.py"})
        graded = nbformat.from_dict(using)
        grader.examine(graded, None)

        assert sum(score(cell)[0] for cell in graded.cells[2:]) == 4


def at_test(*steps, files=None, kept=()):
    """Return what is the student's at a test behind these cells."""
    test = Step("assert x", "test", "test")
    return owned([*steps, test], files or {}, kept)["test"]


def given(source, **more):
    """Return an ordinary cell."""
    return Step(source, "given", **more)


SOLUTION = Step("def f(x):\n    return x", "solution", written="return x")


class TestFlow:
    """Read off the cells alone."""

    def test_what_a_given_cell_makes_of_it(self):
        """Directly, and of what was made of it."""
        found = at_test(SOLUTION, given("y = f(1)"), given("z = y + 1"))

        assert found.defined == {"f"}
        assert found.derived == {"y", "z"}

    def test_what_has_nothing_to_do_with_it(self):
        """It stays the master's."""
        assert at_test(SOLUTION, given("y = 1\ndef g(x):\n    return x")).derived == set()

    def test_a_given_function_that_calls_it(self):
        """The function is the master's, what a cell makes with it is not."""
        found = at_test(SOLUTION, given("def g(x):\n    return f(x)"), given("y = g(1)"))

        assert found.derived == {"y"}

    def test_what_is_bound_anew(self):
        """By a cell without a part of the student's it is the master's again."""
        assert at_test(SOLUTION, given("y = f(1)"), given("y = 2")).derived == set()

    def test_what_may_have_been_changed(self):
        """What was handed to the student's function; but not what nobody can change."""
        found = at_test(
            given("a = [1]\nb = 2", fixed=frozenset({"b"})), SOLUTION, given("f(a); f(b)", fixed=frozenset({"b"}))
        )

        assert found.touched == {"a"}

    def test_imports(self):
        """Only what solution cells alone import may be missing."""
        found = at_test(Step("import math\nimport os", "solution", written="import math"), given("import sys"))

        assert found.imported == {"math"}

    def test_magics(self):
        """What is timed is run."""
        assert at_test(SOLUTION, given("%time y = f(1)")).derived == {"y"}

    def test_a_file_that_it_names(self):
        """What reads it later has a part of the student's; a file that the assignment brings has not."""
        writes = Step("open('out.txt', 'w').write(open('in.csv').read())", "solution", written="")
        found = at_test(
            writes, given("y = open('out.txt').read()"), given("z = open('in.csv').read()"), files={"in.csv": ""}
        )

        assert found.derived == {"y"}


def test_an_answer_that_is_not_given_is_not_the_master_s(tmp_path):
    """A list that the exercise is to fill, in a submission whose cell is empty."""
    notebook = graded_notebook(
        code_cell("fruits = ['fig']"),
        solution_cell("fruits.append('kiwi')", "add"),
        grade_cell("assert 'kiwi' in fruits", "t"),
    )
    text = nbformat.writes(notebook)
    bundle = store_notebook(tmp_path / "bundle", "task", text, {}, files={}, siblings={"task"})
    find_cell(notebook, "add").source = "# YOUR CODE HERE"
    with Engine(bundle, "task") as engine:
        engine.examine(notebook, None)

    assert score(notebook.cells[-1])[0] == 0
