"""Courses whose markers have text around them, or are words of their own: released, graded, and told of.

Every step is the command that an instructor types.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import nbformat
import pytest
from helper import ROOT, code_cell, find_cell, grade_cell, graded_notebook, solution_cell, text_cell
from nbgrader.api import Gradebook

from autograder.notebook.markers import DEFAULTS, Markers
from autograder.release import load

# What stands in the hidden tests, and what only graders are to see.
SECRETS = ["31337", "secret_input", "edge cases"]
SCHEME = "five points for the axes"
CONFIGURED = """
c.ClearSolutions.begin_solution_delimeter = "begin answer"
c.ClearSolutions.end_solution_delimeter = "end answer"
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearHiddenTests.begin_test_delimeter = "(only for us"
c.ClearHiddenTests.end_test_delimeter = "only for us)"
c.ClearMarkScheme.begin_mark_scheme_delimeter = "<!-- scheme"
c.ClearMarkScheme.end_mark_scheme_delimeter = "scheme -->"
"""
OWN = Markers(
    begin_solution="begin answer",
    end_solution="end answer",
    begin_hidden_tests="(only for us",
    end_hidden_tests="only for us)",
    begin_mark_scheme="<!-- scheme",
    end_mark_scheme="scheme -->",
    code_stub="...",
)
COURSES = {"text around markers": ("", DEFAULTS), "words of its own": (CONFIGURED, OWN)}
AREA = """%pwd
# {m.begin_solution}: in one line
def area(r):
    return 3 * r * r
# {m.end_solution} (that was it)"""
HALF = """def half(x):
    # ---- START CODE HERE: one line ----
    result = x / 2
    # ---- END CODE HERE ----
    return result"""
TEST = """assert {name}(2) == {result}, "of two"
###{m.begin_hidden_tests}: edge cases
secret_input = 31337
assert {name}(secret_input) == {name}(1) * secret_input ** {power}, secret_input
###{m.end_hidden_tests}: edge cases
assert {name}(0) == 0"""
TASK = """Plot it.

{m.begin_mark_scheme}
five points for the axes
{m.end_mark_scheme}"""
BROKEN = "for i in range(3):\nprint(i)  # why does this not run? BEGINNERS' SOLUTION: see below"


def checked_by(markers: Markers, name: str, result: int, power: int):
    """Return the test of a function."""
    return grade_cell(TEST.format(m=markers, name=name, result=result, power=power), f"test_{name}", 5)


def source_of(markers: Markers):
    """Return the solved notebook."""
    task = text_cell(TASK.format(m=markers))
    marks = {"grade_id": "plot", "task": True, "grade": False, "solution": False, "locked": True, "points": 5}
    task.metadata["nbgrader"] = marks | {"schema_version": 3}
    return graded_notebook(
        code_cell("# start the code here\nimport math"),
        code_cell(BROKEN),
        code_cell("### BEGIN SOLUTON"),
        solution_cell(AREA.format(m=markers), "area"),
        checked_by(markers, "area", 12, 2),
        solution_cell(HALF, "half"),
        checked_by(markers, "half", 1, 1),
        code_cell("print(area(1))"),
        task,
    )


def run(folder: Path, *command: str) -> str:
    """Run a command as with the virtual environment activated, and return all that it says."""
    scripts = sysconfig.get_path("scripts")
    environment = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    arguments = [f"{scripts}/{command[0]}", *command[1:]]
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Traceback" not in said
    return said


@pytest.fixture(scope="module", params=COURSES)
def course(request, tmp_path_factory):
    """A course that was released and in which a right, a wrong and a half-right notebook were handed in."""
    configuration, markers = COURSES[request.param]
    root = tmp_path_factory.mktemp("course") / "course"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks/one.py").write_text("# %%\n", encoding="utf-8")
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(text + configuration, encoding="utf-8")
    (root / "source/one").mkdir(parents=True)
    nbformat.write(source_of(markers), root / "source/one/one.ipynb")
    said = run(root, "nbgrader", "generate_assignment", "one")
    assert "one.ipynb, cell 3 ('### BEGIN SOLUTON'), line 1: '### BEGIN SOLUTON' looks like a misspelt marker" in said
    release = nbformat.read(root / "release/one/one.ipynb", as_version=4)
    for student, answers in [
        ("right", {"area": "def area(r):\n    return 3 * r ** 2", "half": HALF}),
        ("hidden", {"area": "def area(r):\n    return 12 if r == 2 else r", "half": HALF}),
        ("wrong", {"area": "def area(r):\n    return -1", "half": HALF}),
        ("untouched", {}),
    ]:
        handed_in = nbformat.from_dict(release)
        for name, answer in answers.items():
            find_cell(handed_in, name).source = answer
        path = root / "submitted" / student / "one/one.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(handed_in, path)
    return root, markers


def test_the_release(course):
    """Is what nbgrader makes of such markers, with this project's gaps, and gives nothing away."""
    root, markers = course
    release = nbformat.read(root / "release/one/one.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in release.cells)

    assert [secret for secret in [*SECRETS, SCHEME, "3 * r", "x / 2"] if secret in text] == []
    assert release.cells[1].source == BROKEN
    assert find_cell(release, "area").source == f"%pwd\n{markers.code_stub}"
    assert (
        "# ---- START CODE HERE: one line ---- (≈ 1 line of code)\n    result = None"
        in find_cell(release, "half").source
    )
    assert find_cell(release, "test_half").source == 'assert half(2) == 1, "of two"\nassert half(0) == 0'
    assert load(root / "bundles/one").markers_of("one") == markers


@pytest.fixture(scope="module", params=["autograder grade", pytest.param("nbgrader autograde", marks=pytest.mark.slow)])
def graded(request, course):
    """The course, graded; what was said by then, and the page of each student."""
    root, _ = course
    program, command = request.param.split()
    said = run(root, program, command, "one", "--force")
    said += run(root, "autograder", "feedback", "one")
    return root, said, pages(root / "feedback")


def pages(folder: Path) -> dict[str, str]:
    """Return the page of each student."""
    return {path.parts[-3]: path.read_text(encoding="utf-8") for path in folder.glob("*/one/one.html")}


def told(secrets: list[str], found: dict[str, str]) -> list[str]:
    """Return the secrets that stand in pages."""
    assert sorted(found) == ["hidden", "right", "untouched", "wrong"]
    return [secret for secret in secrets for text in found.values() if secret in text]


def test_what_was_left_untouched(course):
    """Is called that, whatever its tests and its stub say; what is wrong is not."""
    root, _ = course
    said = {
        student: json.loads(
            run(root, "autograder", "check", str(root / f"submitted/{student}/one/one.ipynb"), "--json")
        )
        for student in ("untouched", "wrong")
    }

    assert [one["status"] for one in said["untouched"]["functions"]] == ["missing", "missing"]
    assert [one["status"] for one in said["wrong"]["functions"]] == ["failed", "passed"]


def test_before_anything_was_released(course, tmp_path):
    """`check` goes by the course's configuration then; who has the release has changed nothing."""
    root, _ = course
    for name in ("source", "notebooks", "nbgrader_config.py"):
        (shutil.copytree if (root / name).is_dir() else shutil.copyfile)(root / name, tmp_path / name)
    said = run(tmp_path, "autograder", "check", str(root / "submitted/right/one/one.ipynb"), "--json")

    assert json.loads(said)["score"] == 10
    assert json.loads(said)["repairs"] == []


class TestGraded:
    """`autograder grade` or `nbgrader autograde`, and both kinds of feedback."""

    def test_nobody_has_changed_a_test(self, graded):
        """Neither is it said to the instructor nor to a student."""
        _, said, found = graded

        assert "had been changed" not in said
        assert told(["had been changed", "was missing", "put back"], found) == []

    def test_marks(self, graded):
        """A hidden test that fails costs its points."""
        with Gradebook(f"sqlite:///{graded[0] / 'gradebook.db'}") as gradebook:
            scores = {
                student: [
                    gradebook.find_grade(f"test_{name}", "one", "one", student).auto_score for name in ("area", "half")
                ]
                for student in ("right", "hidden", "wrong", "untouched")
            }

        assert scores == {"right": [5, 5], "hidden": [0, 5], "wrong": [0, 5], "untouched": [0, 0]}

    def test_our_feedback(self, graded):
        """Says which part failed, and nothing of what is hidden."""
        _, _, found = graded

        assert told([*SECRETS, SCHEME], found) == []
        assert "area: a further test of it fails." in found["hidden"]
        assert "at this line: assert area(2) == 12, &#34;of two&#34;" in found["wrong"]
        assert "not filled in" in found["untouched"]
        assert "not filled in" not in found["wrong"]

    def test_nbgraders_feedback(self, graded):
        """Nothing of the hidden tests, neither their source nor their tracebacks."""
        root, _, _ = graded
        run(root, "nbgrader", "generate_feedback", "one", "--force", "--CourseDirectory.feedback_directory=theirs")

        assert told(SECRETS, pages(root / "theirs")) == []
