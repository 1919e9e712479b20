"""What goes beside a notebook: copies, data, and modules made of another assignment's solution."""

import textwrap

import pytest
from helper import write_files

from autograder.authoring.build import build, edited, pull
from autograder.authoring.companions import companions
from autograder.authoring.master import master_text, read_master
from autograder.course import Assignment, Course
from autograder.notebook.authoring_errors import AuthoringError, BuildError

FIRST = """\
# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "start", "locked": false, "schema_version": 3, "solution": true}
def start(n):
    \"\"\"Return n numbers.\"\"\"
    ### START CODE HERE ###
    numbers = np.ones(n) * 0.01
    ### END CODE HERE ###
    return numbers
"""

SECOND = """\
# ---
# jupyter:
#   autograder:
#     files:
#     - data/numbers.csv
#     helpers:
#     - module: made
#       solved: first
#       title: What the first assignment was about.
#       imports: [import numpy as np, import shared]
#       changes:
#       - {function: start, old: '* 0.01', new: '* 100'}
# ---

# %%
from made import start
"""


@pytest.fixture
def course(tmp_path):
    """A course of two assignments, the second of which uses the first one's solution."""
    files = {
        "notebooks/first.py": FIRST,
        "notebooks/second.py": SECOND,
        "nbgrader_config.py": "c = get_config()\n",
        "data/numbers.csv": "1,2\n",
        "shared.py": "import deeper\n",
        "deeper.py": "x = 1\n",
    }
    write_files(tmp_path, files)
    return Course(tmp_path)


def beside(course, name="second"):
    """Return what goes beside an assignment's notebook."""
    assignment = Assignment(course, name)
    return companions(assignment, read_master(assignment.master))


def change(course, file, old, new):
    """Edit a file as an author would."""
    text = (course.root / file).read_text(encoding="utf-8")
    assert old in text
    (course.root / file).write_text(text.replace(old, new), encoding="utf-8")


def test_helpers_of_helpers_and_data_come_along(course):
    """What a helper module imports is needed too, at any depth."""
    assert list(beside(course)) == ["data/numbers.csv", "deeper.py", "made.py", "shared.py"]
    assert list(beside(course, "first")) == []


def test_a_module_made_of_a_solution(course):
    """The function as it is solved there, without markers, with what the header changes."""
    assert beside(course)["made.py"].content.decode() == textwrap.dedent(
        '''\
        """What the first assignment was about.

        Made by `autograder build` from the solution of first: edit that, not this.
        """

        import numpy as np
        import shared

        __all__ = [
            "start",
        ]


        def start(n):
            """Return n numbers."""
            numbers = np.ones(n) * 100
            return numbers
        '''
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("old: '* 0.01'", "old: '* 0.02'", "'* 0.02' in start of first.py, where it occurs 0 times, not once"),
        ("old: '* 0.01'", "old: n", "'n' in start of first.py, where it occurs"),
        ("function: start", "function: begin", "in begin of first.py, where it occurs 0 times"),
        ("title:", "titel:", "needs module, solved, title, imports and changes"),
        ("data/numbers.csv", "data/letters.csv", "letters.csv, which goes beside the notebook"),
        ("solved: first", "solved: third", "there is no such master"),
    ],
)
def test_a_wrong_header_is_explained(course, old, new, words):
    """What does not fit is named, with the master whose header it stands in, or the one that is missing."""
    change(course, "notebooks/second.py", old, new)

    with pytest.raises(AuthoringError, match=words) as caught:
        beside(course)
    assert "second.py" in str(caught.value) or "third.py" in str(caught.value)


def test_an_edit_of_such_a_module_has_a_place(course):
    """It cannot be taken back into another assignment's solution; the message says where to edit."""
    second = Assignment(course, "second")
    build(second)
    change(course, "source/second/made.py", "* 100", "* 1000")

    assert edited(second) == {second.source.parent / "made.py": course.masters / "first.py"}
    with pytest.raises(BuildError, match=r"made of the solution in .*first\.py; edit that"):
        pull(second)


def test_a_mended_solution_reaches_the_module(course):
    """There is one reference: the master in which the function is an exercise."""
    second = Assignment(course, "second")
    build(second)
    change(course, "notebooks/first.py", "np.ones(n)", "np.zeros(n)")
    build(second)

    assert "np.zeros(n) * 100" in (second.release.parent / "made.py").read_text(encoding="utf-8")


def test_the_header_survives_the_way_there_and_back(course):
    """A source that is pulled gives back what the author wrote."""
    second = Assignment(course, "second")
    build(second)

    assert master_text(read_master(second.master)).count("data/numbers.csv") == 1
    assert pull(second) == []


class TestPackages:
    """Helper modules in folders."""

    FILES = {
        "tools/__init__.py": "from tools.base import start\n",
        "tools/base.py": "import numpy as np\n\nstart = 1\n",
        "tools/deep/__init__.py": "",
        "tools/deep/one.py": "from . import two\nfrom ..base import start\n",
        "tools/deep/two.py": "import shared\n",
        "tools/unused.py": "",
        "plain/part.py": "x = 1\n",
    }

    @pytest.fixture
    def packages(self, course):
        """The course, with packages."""
        write_files(course.root, self.FILES)
        return course

    @pytest.mark.parametrize(
        ("cell", "wanted"),
        [
            ("from tools import start", "tools/__init__.py tools/base.py"),
            ("import tools.base", "tools/__init__.py tools/base.py"),
            ("from tools import unused", "tools/__init__.py tools/base.py tools/unused.py"),
            ("from plain import part", "plain/part.py"),
            ("from plain.part import x", "plain/part.py"),
            (
                "from tools.deep.one import two",
                "deeper.py shared.py tools/__init__.py tools/base.py tools/deep/__init__.py tools/deep/one.py "
                "tools/deep/two.py",
            ),
            ("import data", ""),  # a folder without modules
            ("from numpy import linalg", ""),
        ],
    )
    def test_what_is_imported_comes_along(self, packages, cell, wanted):
        """With the packages that it is in, and nothing else of them."""
        master = Assignment(packages, "first").master
        master.write_text(f"{FIRST}\n# %%\n{cell}\n", encoding="utf-8")

        assert list(beside(packages, "first")) == wanted.split()

    @pytest.mark.parametrize(
        "cell", ["from tools import missing", "import tools.missing", "import tools.deep.missing.x"]
    )
    def test_a_missing_module_is_named(self, packages, cell):
        """With the file that imports it; otherwise the release would lack it, and only students would notice."""
        master = Assignment(packages, "first").master
        master.write_text(f"{FIRST}\n# %%\n{cell}\n", encoding="utf-8")

        with pytest.raises(AuthoringError, match=r"first\.py imports tools\.(deep\.)?missing.*, but tools/"):
            beside(packages, "first")

    def test_an_edit_in_the_source_is_found_and_taken_back(self, packages):
        """As of any other file that a build copies."""
        first = Assignment(packages, "first")
        first.master.write_text(f"{FIRST}\n# %%\nimport tools.base\n", encoding="utf-8")
        build(first)
        change(packages, "source/first/tools/base.py", "start = 1", "start = 2")

        assert edited(first) == {first.source.parent / "tools/base.py": packages.root / "tools/base.py"}
        assert pull(first) == [packages.root / "tools/base.py"]
        assert "start = 2" in (packages.root / "tools/base.py").read_text(encoding="utf-8")
