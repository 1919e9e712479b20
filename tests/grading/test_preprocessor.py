"""`nbgrader autograde` in two processes: in this course and in an ordinary one."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell
from nbgrader.api import Gradebook

CONFIG = """
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import Execute, SaveCells
from autograder.authoring.preprocessors import StoreBundle, StubSolutions
from autograder.grading.preprocessor import Examine

c = get_config()
c.CourseDirectory.course_id = "ordinary"
made = [StubSolutions if s.__name__ == "ClearSolutions" else StoreBundle if s is SaveCells else s
        for s in GenerateAssignment.class_traits()["preprocessors"].default()]
c.GenerateAssignment.preprocessors = made
graded = Autograde.class_traits()["autograde_preprocessors"].default()
c.Autograde.autograde_preprocessors = [Examine if s is Execute else s for s in graded]
c.Execute.timeout = 2
"""


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run an nbgrader command."""
    scripts = sysconfig.get_path("scripts")
    environment = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    command = [f"{scripts}/nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def ordinary(tmp_path):
    """An ordinary nbgrader course, with nbgrader's own markers and a manually graded answer."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    essay = grade_cell("# what do you think?", "essay", 5)
    essay.metadata.nbgrader.update(solution=True, locked=False)
    source = graded_notebook(
        code_cell("import math"),
        solution_cell("def area(r):\n    ### BEGIN SOLUTION\n    return math.pi * r * r\n    ### END SOLUTION", "area"),
        grade_cell(
            "assert area(0) == 0\n### BEGIN HIDDEN TESTS\nassert round(area(2), 3) == 12.566\n### END HIDDEN TESTS",
            "test_area",
            3,
        ),
        essay,
    )
    for path, notebook in [("source/one/sheet.ipynb", source)]:
        (tmp_path / path).parent.mkdir(parents=True)
        nbformat.write(notebook, tmp_path / path)
    result = nbgrader(tmp_path, "generate_assignment", "one")
    assert result.returncode == 0, result.stderr
    release = nbformat.read(tmp_path / "release" / "one" / "sheet.ipynb", as_version=4)
    for student, answer in [
        ("right", "def area(r):\n    return math.pi * r ** 2"),
        ("wrong", "def area(r):\n    return 0"),
        ("cheat", "get_ipython().displayhook(3.0)\ndef area(r):\n    return 0"),
        ("hangs", "def area(r):\n    while True: pass"),
    ]:
        find_cell(release, "area").source = answer
        path = tmp_path / "submitted" / student / "one" / "sheet.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(release, path)
    return tmp_path


def scores(folder: Path) -> dict[str, tuple[float | None, bool]]:
    """Return the points of the test by student, and whether a person still has to look."""
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {
            one.student.id: (
                gradebook.find_grade("test_area", "sheet", "one", one.student.id).auto_score,
                gradebook.find_grade("essay", "sheet", "one", one.student.id).needs_manual_grade,
            )
            for one in gradebook.assignment_submissions("one")
        }


def test_an_ordinary_course(ordinary):
    """Only the configuration is added; tests, manual grading and the time limit work."""
    result = nbgrader(ordinary, "autograde", "one")

    assert result.returncode == 0, result.stderr
    assert {name: score for name, (score, _) in scores(ordinary).items()} == {
        "right": 3.0,
        "wrong": 0.0,
        "cheat": 0.0,
        "hangs": 0.0,
    }
    graded = nbformat.read(ordinary / "autograded" / "wrong" / "one" / "sheet.ipynb", as_version=4)
    assert find_cell(graded, "test_area").outputs[0].ename == "AssertionError"


@pytest.mark.parametrize(("language", "points"), [("python", 3.0), ("R", None)])
@pytest.mark.slow
def test_a_kernel_that_nobody_has(ordinary, language, points):
    """The name of a student's environment costs nothing; another language is refused, and says so."""
    for path in [ordinary / "submitted" / "right" / "one" / "sheet.ipynb", ordinary / "source" / "one" / "sheet.ipynb"]:
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata["kernelspec"] = {"name": "conda-env-mine", "display_name": "mine", "language": language}
        nbformat.write(notebook, path)
    with Gradebook(f"sqlite:///{ordinary}/gradebook.db") as gradebook:
        gradebook.find_notebook("sheet", "one").kernelspec = json.dumps(notebook.metadata.kernelspec)
        gradebook.db.commit()
    result = nbgrader(ordinary, "autograde", "one", "--student", "right")

    assert (result.returncode == 0) == (points is not None)
    assert scores(ordinary)["right"][0] == points
    assert points or "Examine runs Python, not R" in result.stderr


@pytest.mark.slow
def test_no_bundle(ordinary):
    """It is not known what was released: nothing is graded, and the remedy is said."""
    (ordinary / "bundles" / "one" / "bundle.json").unlink()
    result = nbgrader(ordinary, "autograde", "one", "--student", "right")

    assert result.returncode == 1
    assert "Generate the assignment: nbgrader generate_assignment one" in result.stderr
    assert not (ordinary / "autograded" / "right").exists() or not list(
        (ordinary / "autograded" / "right").rglob("*.ipynb")
    )
    assert scores(ordinary)["right"][0] is None


@pytest.mark.slow
def test_a_gradebook_that_holds_something_else(ordinary):
    """Bundle and gradebook disagree: nothing is graded."""
    manifest = ordinary / "bundles" / "one" / "bundle.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["cells"]["sheet"]["test_area"] = "0" * 32
    manifest.write_text(json.dumps(content), encoding="utf-8")
    result = nbgrader(ordinary, "autograde", "one", "--student", "right")

    assert result.returncode == 1
    assert "disagree about what was released" in result.stderr


@pytest.mark.slow
def test_the_hidden_tests_do_not_lie_beside_the_submission(ordinary):
    """nbgrader writes them into its own copy of the notebook before it runs it; the student's code sees no such copy."""
    path = ordinary / "submitted" / "right" / "one" / "sheet.ipynb"
    (path.parent / "mine.txt").write_text("handed in", encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, code_cell(READ_EVERYTHING))
    nbformat.write(notebook, path)
    result = nbgrader(ordinary, "autograde", "one", "--student", "right")

    assert result.returncode == 0, result.stderr
    graded = nbformat.read(ordinary / "autograded" / "right" / "one" / "sheet.ipynb", as_version=4)
    seen = graded.cells[0].outputs[0].text
    assert "handed in" in seen
    assert "assert area(0) == 0" in seen
    assert "12.566" not in seen


READ_EVERYTHING = (
    "from pathlib import Path\nfor p in Path('.').rglob('*'):\n    print(p, p.read_text() if p.is_file() else '')"
)
