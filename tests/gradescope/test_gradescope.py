"""The zip for Gradescope, in a harness that does what Gradescope's container does."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from helper import find_cell, grade_cell, graded_notebook, solution_cell
from nbformat import NotebookNode

from autograder.course import Assignment, Course
from autograder.gradescope.package import make_package
from autograder.release import BundleError, store_notebook

TEST = """assert square(2) == 4
### BEGIN HIDDEN TESTS
assert square(31337) == 982007569
### END HIDDEN TESTS"""
CATALOGUE = """
[[misconception]]
id = "doubled"
function = "square"
change = [{ old = "x * x", new = "2 * x" }]
hint = "Multiply what with what?"
cause = "The square is taken for the double."
instructor = "The square is the double."
"""
LATER = """assert cube(2) == 8, 'multiply three times'
### BEGIN HIDDEN TESTS
assert cube(7) == 343
### END HIDDEN TESTS"""


def solved() -> NotebookNode:
    """Return the assignment, solved."""
    return graded_notebook(
        solution_cell("def square(x):\n    return x * x", "square"),
        grade_cell(TEST, "test_square", 10),
        solution_cell("def cube(x):\n    return x**3", "cube"),
        grade_cell(LATER, "test_cube", 5),
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> bytes:
    """The zip of a small assignment; submissions run unconfined, as they have to in some containers."""
    root = tmp_path_factory.mktemp("course")
    (root / "notebooks").mkdir()
    (root / "notebooks/task.py").write_text("# the solution is not packed from here\n", encoding="utf-8")
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'x'\n", encoding="utf-8")
    text = nbformat.writes(solved())
    released = root / "notebooks/task.misconceptions.toml"
    released.write_text(CATALOGUE, encoding="utf-8")
    store_notebook(root / "bundles/task", "task", text, {}, files={}, siblings={"task"}, catalogue=released)
    released.write_text(CATALOGUE.replace("Multiply", "A hint that was not released"), encoding="utf-8")
    return make_package(Assignment(Course(root), "task"), "none")


class Container:
    """/autograder, as Gradescope lays it out, somewhere else."""

    def __init__(self, root: Path, package: bytes) -> None:
        self.root = root
        for name in ("source", "submission", "results"):
            (root / name).mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            archive.extractall(root / "source")
        shutil.copy(root / "source/run_autograder", root / "run_autograder")
        (root / "run_autograder").chmod(0o755)
        (root / "submission_metadata.json").write_text('{"id": 1, "users": []}', encoding="utf-8")

    def hand_in(self, name: str, content: str) -> None:
        """Put a file where Gradescope puts what a student uploads."""
        path = self.root / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def run(self) -> subprocess.CompletedProcess:
        """Start the executable, with nothing that the container would not have."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "AUTOGRADER_ROOT": str(self.root)}
        return subprocess.run(
            [self.root / "run_autograder"],
            cwd=self.root,
            env=environment | {"AUTOGRADER_PYTHON": sys.executable},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def results(self) -> dict:
        """What Gradescope reads."""
        return json.loads((self.root / "results/results.json").read_text(encoding="utf-8"))


@pytest.fixture
def container(package, tmp_path):
    """A container in which nothing has been handed in."""
    return Container(tmp_path / "autograder", package)


class TestPackage:
    """The zip."""

    def test_what_gradescope_asks_for(self, package):
        """The two scripts at its top, executable, and valid for the shell."""
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            for name in ("setup.sh", "run_autograder"):
                assert stat.S_IMODE(archive.getinfo(name).external_attr >> 16) == 0o755
                text = archive.read(name)
                assert text.startswith(b"#!")
                assert subprocess.run(["bash", "-n"], input=text, check=False).returncode == 0

    def test_all_that_grading_needs(self, package):
        """The package with its templates, the versions, the bundle, the configuration."""
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            names = set(archive.namelist())

        assert {
            "pyproject.toml",
            "requirements.lock",
            "autograder/gradescope/run.py",
            "autograder/reporting/templates/page.css",
            "course/nbgrader_config.py",
            "course/bundles/task/bundle.json",
            "course/bundles/task/notebooks/task.ipynb",
        } <= names
        assert not any("__pycache__" in name or "gradebook.db" in name for name in names)

    def test_not_released(self, tmp_path):
        """The remedy is said."""
        (tmp_path / "nbgrader_config.py").write_text("")
        with pytest.raises(BundleError, match="nbgrader generate_assignment task"):
            make_package(Assignment(Course(tmp_path), "task"))

    def test_two_notebooks(self, tmp_path):
        """They are refused here, not when a student hands in."""
        text = nbformat.writes(solved())
        for name in ("task", "other"):
            store_notebook(tmp_path / "bundles/task", name, text, {}, files={}, siblings={"task", "other"})
        (tmp_path / "nbgrader_config.py").write_text("")
        with pytest.raises(BundleError, match="has the notebooks other, task, but on Gradescope"):
            make_package(Assignment(Course(tmp_path), "task"))


class TestRun:
    """A submission."""

    def test_right_and_wrong(self, container):
        """Points, and what the student may know: nothing of the hidden test."""
        wrong = solved()
        find_cell(wrong, "square").source = "def square(x):\n    return 2 * x"
        container.hand_in("my work.ipynb", nbformat.writes(wrong))
        done = container.run()

        assert (done.returncode, done.stderr) == (0, "")
        assert container.results["score"] == 5
        test = container.results["tests"][0]
        assert (test["name"], test["score"], test["max_score"], test["status"]) == ("square", 0, 10, "failed")
        assert test["output"].startswith("square: a further test of it fails")
        assert "Multiply what with what?" in test["output"]
        assert "not released" not in test["output"]
        assert "982007569" not in json.dumps(container.results)
        assert "31337" not in json.dumps(container.results)

        container.hand_in("my work.ipynb", nbformat.writes(solved()))
        assert container.run().returncode == 0
        assert (container.results["score"], container.results["tests"][0]["output"]) == (15, "right")

    @pytest.mark.parametrize(
        "smuggle",
        [
            "raise type(f'Seen{seen[-1]}', (Exception,), {})(seen)",
            "raise AssertionError(f'{seen}')",
            "print(seen)",
        ],
    )
    def test_hidden_inputs_cannot_be_smuggled_out(self, container, smuggle):
        """A function that repeats what hidden tests of another gave it tells nobody."""
        wrong = solved()
        find_cell(wrong, "square").source = "seen = []\ndef square(x):\n    seen.append(x)\n    return x * x"
        find_cell(wrong, "cube").source = f"def cube(x):\n    {smuggle}"
        container.hand_in("x.ipynb", nbformat.writes(wrong))
        assert container.run().returncode == 0

        assert container.results["score"] == 10
        assert "31337" not in json.dumps(container.results)
        assert "at this line: assert cube(2) == 8" in container.results["tests"][1]["output"]

    @pytest.mark.parametrize(("name", "content"), [("essay.txt", "hello"), ("x.ipynb", "{")])
    def test_what_cannot_be_read(self, container, name, content):
        """The student reads why, and can hand in again."""
        container.hand_in(name, content)
        done = container.run()

        assert (done.returncode, container.results["score"]) == (0, 0)
        assert "Hand it in again" in container.results["output"]

    def test_the_grader_fails(self, container):
        """There are no results, so no marks; the reason is in the log, which instructors read."""
        container.hand_in("x.ipynb", nbformat.writes(solved()))
        (container.root / "source/course/bundles/task/notebooks/task.ipynb").write_text("{}", encoding="utf-8")
        done = container.run()

        assert done.returncode == 1
        assert "could not be graded, and has no marks" in done.stderr
        assert not (container.root / "results/results.json").exists()


class TestIntake:
    """What `autograder check` reads, Gradescope reads."""

    FUNCTIONS = "def square(x):\n    return x * x\n\n\ndef cube(x):\n    return x**3\n"

    @pytest.mark.slow
    def test_an_exported_python_file(self, container):
        """Both functions are found in it, and what was done is said."""
        container.hand_in("my_answers.py", self.FUNCTIONS)
        assert container.run().returncode == 0

        assert container.results["score"] == 15
        assert "my_answers.py" in container.results["output"]

    @pytest.mark.slow
    def test_a_zip_with_a_helper(self, container):
        """The notebook in it runs with what lies beside it in the same archive."""
        wrong = solved()
        find_cell(wrong, "square").source = "from mine import power\ndef square(x):\n    return power(x, 2)"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("work/task.ipynb", nbformat.writes(wrong))
            archive.writestr("work/mine.py", "def power(x, n):\n    return x**n\n")
        (container.root / "submission/work.zip").write_bytes(packed.getvalue())
        assert container.run().returncode == 0

        assert container.results["score"] == 15

    @pytest.mark.slow
    def test_a_notebook_without_nbgraders_notes(self, container):
        """As Colab gives it back, with a syntax error in one function and under a name of its own, in a folder."""
        bare = solved()
        find_cell(bare, "cube").source = "def cube(x:\n    return x**3"
        for cell in bare.cells:
            cell.metadata = {}
        container.hand_in("hw/Copy of task.ipynb", nbformat.writes(bare))
        assert container.run().returncode == 0

        assert container.results["score"] == 10
        assert "Copy of task.ipynb" in container.results["output"]

    @pytest.mark.slow
    def test_the_fullest_of_several(self, container):
        """It counts, and the other is named; links and checkpoints are not looked at."""
        empty = solved()
        for name in ("square", "cube"):
            find_cell(empty, name).source = f"def {name}(x):\n    return None"
        container.hand_in("b.ipynb", nbformat.writes(solved()))
        container.hand_in("a.ipynb", nbformat.writes(graded_notebook(solved().cells[0])))
        container.hand_in(".ipynb_checkpoints/task.ipynb", nbformat.writes(empty))
        (container.root / "submission/task.ipynb").symlink_to(container.root / "source/course/bundles/task/notebooks")
        assert container.run().returncode == 0

        assert container.results["score"] == 15
        assert "not graded: a.ipynb" in container.results["output"]
        assert "checkpoints" not in container.results["output"]

    def test_nothing_of_this_assignment(self, container):
        """The files are named; another upload may be better."""
        for name in ("a.ipynb", "b.ipynb"):
            container.hand_in(name, nbformat.writes(graded_notebook(solution_cell("x = 1", "other"))))
        assert container.run().returncode == 0

        assert container.results["score"] == 0
        assert "none of a.ipynb, b.ipynb has anything of this assignment" in container.results["output"]

    @pytest.mark.slow
    def test_the_course_s_own_names_of_helpers(self, tmp_path):
        """They travel with the zip."""
        (tmp_path / "notebooks").mkdir()
        (tmp_path / "nbgrader_config.py").write_text("", encoding="utf-8")
        (tmp_path / "aliases.toml").write_text('[aliases]\nold_cases = "cases"\n', encoding="utf-8")
        text = nbformat.writes(solved())
        store_notebook(tmp_path / "bundles/task", "task", text, {}, files={}, siblings={"task"})
        with zipfile.ZipFile(io.BytesIO(make_package(Assignment(Course(tmp_path), "task")))) as archive:
            assert b"old_cases" in archive.read("course/aliases.toml")
