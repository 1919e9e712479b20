"""What is found out about an assignment by grading its solution and its release, and what follows for students."""

import shutil

import nbformat
from helper import ROOT, code_cell, find_cell, grade_cell, graded_notebook, solution_cell, write_files
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.build import remarks as build_remarks
from autograder.batch.grade import ClassGrading
from autograder.batch.pool import LocalPool
from autograder.batch.worker import Job
from autograder.course import Assignment, Course
from autograder.grading.grading_mode import faults, how_graded, remarks
from autograder.grading.settings import Settings
from autograder.grading.soundness import engine_for, known, soundness
from autograder.nbgrader_run import scripts_on_path
from autograder.release import SOUNDNESS, store_notebook

STUB = "def f(x):\n    raise NotImplementedError()"


def stored(folder, test, solution="def f(x):\n    return x + 1", given="import subprocess"):
    """Store an assignment of one exercise; return the bundle and its notebook."""
    notebook = graded_notebook(code_cell(given), solution_cell(solution, "f"), grade_cell(test, "test_f"))
    release = nbformat.from_dict(notebook)
    find_cell(release, "f").source = STUB
    texts = nbformat.writes(notebook), nbformat.writes(release)
    return store_notebook(
        folder / "task", "task", texts[0], {}, files={}, siblings={"task"}, released=texts[1]
    ), notebook


def processes(value):
    """Return settings with this number of processes."""
    return Settings(processes=(("", value),))


def test_plain_tests(tmp_path):
    """Two processes, and there is nothing to remark."""
    bundle, _ = stored(tmp_path, "assert f(1) == 2")
    found = soundness(bundle, "task", Settings())

    assert (found.processes, list(remarks("task", found))) == (2, [])
    assert how_graded("task", found) == ["task is graded in two processes, its tests out of the students' reach."]


def test_it_is_kept(tmp_path):
    """Until another version of the grader or other settings ask."""
    bundle, _ = stored(tmp_path, "assert f(1) == 2")
    found = soundness(bundle, "task", Settings())

    assert known(bundle, "task", Settings()) == found
    assert known(bundle, "task", processes(1)) is None
    path = bundle.folder / SOUNDNESS
    path.write_text(path.read_text().replace(found.made_by, "another"), encoding="utf-8")
    assert known(bundle, "task", Settings()) is None


class TestNeedsOne:
    """A test that looks at source."""

    TEST = "import inspect\nassert 'return' in inspect.getsource(f)\nassert f(1) == 2"

    def test_auto(self, tmp_path):
        """One process, and the test is named with what it stops with."""
        bundle, _ = stored(tmp_path, self.TEST)
        found = soundness(bundle, "task", Settings())

        assert (found.processes, found.failing) == (1, {})
        assert found.only_in_one["test_f"].startswith("TypeError: module, class, method")
        assert "test_f (TypeError" in "".join(remarks("task", found))

    def test_two(self, tmp_path):
        """Who insists on two is told that nobody can pass, and what to do."""
        bundle, _ = stored(tmp_path, self.TEST)
        found = soundness(bundle, "task", processes(2))

        assert found.processes == 2
        assert "passes test_f in Jupyter and not where it is graded" in faults(found)["test_f"]

    def test_a_setting_by_assignment(self, tmp_path):
        """Others are as they were."""
        settings = Settings(processes=(("", 2), ("task", 1)))

        assert (settings.processes_for("task"), settings.processes_for("other")) == (1, 2)


class TestNotJudged:
    """A test that needs what the sandbox forbids."""

    TEST = "assert f(1) == 2\nassert subprocess.run(['true']).returncode == 0"

    def test_nobody_is_told_that_an_answer_is_wrong(self, tmp_path):
        """Neither the solution nor a wrong answer; and the reason is not the student's."""
        bundle, notebook = stored(tmp_path, self.TEST)
        with engine_for(bundle, "task", Settings()) as engine:
            examination = engine.examine(notebook, None)
        (output,) = find_cell(notebook, "test_f").outputs

        assert examination.not_judged == {"test_f"}
        assert output.ename == "NotJudged"
        assert "says nothing about your answer" in output.evalue
        assert "subprocess" not in str(output)

    def test_a_test_that_the_solution_fails_everywhere(self, tmp_path):
        """A source may keep no solution: then the test decides, as in plain nbgrader."""
        bundle, notebook = stored(tmp_path, "assert f(1) == 3")
        found = soundness(bundle, "task", Settings())
        with engine_for(bundle, "task", Settings()) as engine:
            examination = engine.examine(notebook, None)

        assert (found.unsound, list(found.unsolved)) == ({}, ["test_f"])
        assert examination.not_judged == set()


def test_points_for_nothing(tmp_path):
    """They are named."""
    bundle, _ = stored(tmp_path, "assert callable(f)")
    found = soundness(bundle, "task", Settings())

    assert found.given_away == {"test_f": 1.0}
    assert "the untouched release earns 1 points in test_f" in "".join(remarks("task", found))


MASTER = """
# %%
import subprocess

# %% nbgrader={"grade": false, "grade_id": "f", "locked": false, "schema_version": 3, "solution": true, "task": false}
def f(x):
    ### START CODE HERE ###
    y = x + 1
    ### END CODE HERE ###
    return y

# %% nbgrader={"grade": true, "grade_id": "plain", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert f(1) == 2

# %% nbgrader={"grade": true, "grade_id": "program", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert f(1) == 2
assert subprocess.run(["true"]).returncode == 0
"""


def test_a_person_judges_it(tmp_path):
    """The build names the test; the gradebook waits for a person, and for nobody where the other test is concerned."""
    write_files(
        tmp_path,
        {"notebooks/task.py": MASTER, "nbgrader_config.py": (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")},
    )
    assignment = Assignment(Course(tmp_path), "task")
    build(assignment)
    said = build_remarks(assignment)
    handed_in = tmp_path / "submitted/ann/task/task.ipynb"
    handed_in.parent.mkdir(parents=True)
    shutil.copyfile(assignment.source, handed_in)
    job = Job(tmp_path, "task")
    with scripts_on_path(), LocalPool(job, 1) as pool:
        grading = ClassGrading(job)
        result = grading.grade(grading.submissions(), pool)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        waits = {
            name: gradebook.find_grade(name, "task", "task", "ann").needs_manual_grade for name in ("plain", "program")
        }

    assert result.failed == {}
    assert waits == {"plain": False, "program": True}
    assert "passes program in Jupyter and not where it is graded" in "".join(said)
    assert "program" in "".join(remarks("task", result.soundness["task"]))
