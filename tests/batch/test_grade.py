"""`autograder grade`: the gradebook it makes, what it does again, and what it survives."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import nbformat
import pytest
import small_course
from helper import ROOT, find_cell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook

from autograder.batch.grade import ClassGrading, ClassResult
from autograder.batch.gradebook_writer import LandingError
from autograder.batch.result_store import Record, Records
from autograder.batch.worker import Job, Task, Workplace, examine_at
from autograder.cli.demo import ASSIGNMENT, hand_in, throw_away_course
from autograder.cli.grade_output import class_summary
from autograder.course import Course
from autograder.grading.engine import Engine
from autograder.grading.relay import Conversation
from autograder.hashing import hash_of_files
from autograder.nbgrader_run import nbgrader_log, scripts_on_path
from autograder.processes.process import Process

SMALL = 4
MARKS = """
select student_id, base_cell.name, auto_score, manual_score, needs_manual_grade, late_submission_penalty, timestamp
from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join base_cell on grade.cell_id = base_cell.id order by student_id, base_cell.name
"""


def make_class(folder: Path, students: int) -> Path:
    """Make a course in which a class has handed in, and return its folder."""
    course = Course(ROOT)
    demo = throw_away_course(course.assignments([ASSIGNMENT]), folder).assignments()[0]
    shutil.copytree(course.masters, folder / "notebooks", dirs_exist_ok=True)
    hand_in(demo, students)
    return folder


@pytest.fixture(scope="session")
def classroom_once(tmp_path_factory):
    """A small class that was graded. Read-only."""
    folder = make_class(tmp_path_factory.mktemp("class") / "course", SMALL)
    assert grade(folder).returncode == 0
    return folder


@pytest.fixture
def classroom(classroom_once, tmp_path):
    """A small class that was graded, to be changed."""
    shutil.copytree(classroom_once, tmp_path / "course")
    return tmp_path / "course"


def command(*options: str) -> list[str]:
    """Return the command line."""
    return [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *options]


def grade(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """Run the command."""
    return subprocess.run(command(*options), cwd=folder, capture_output=True, text=True, check=False)


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run an nbgrader command that must succeed."""
    scripts = sysconfig.get_path("scripts")
    environment = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    run = subprocess.run(
        [f"{scripts}/nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def query(folder: Path, sql: str, *values: object) -> list[tuple]:
    """Ask the gradebook, or change it."""
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as connection:
        rows = connection.execute(sql, values).fetchall()
        connection.commit()
        return rows


def marks(folder: Path) -> list[tuple]:
    """Return all marks in the gradebook."""
    return query(folder, MARKS)


def total(folder: Path, student: str) -> float:
    """Return the points of a student."""
    return sum(row[2] for row in marks(folder) if row[0] == student)


def change_source(folder: Path, change) -> None:
    """Change the source notebook and release it again."""
    path = folder / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)
    nbgrader(folder, "generate_assignment", ASSIGNMENT, "--force")


class TestResults:
    """What comes of it."""

    @pytest.mark.slow
    def test_the_same_as_nbgrader_makes(self, classroom_once, tmp_path):
        """The same rows in the gradebook, and the same notebooks but for execution times."""
        shutil.copytree(classroom_once, tmp_path / "course")
        for made in ("autograded", "results"):
            shutil.rmtree(tmp_path / "course" / made)
        query(tmp_path / "course", "update grade set auto_score = null")
        nbgrader(tmp_path / "course", "autograde", ASSIGNMENT)

        assert marks(tmp_path / "course") == marks(classroom_once)
        files = [path.relative_to(classroom_once) for path in (classroom_once / "autograded").rglob("*")]
        other = [path.relative_to(tmp_path / "course") for path in (tmp_path / "course" / "autograded").rglob("*")]
        assert sorted(files) == sorted(other)
        for path in files:
            ours, theirs = classroom_once / path, tmp_path / "course" / path
            assert ours.stat().st_mode == theirs.stat().st_mode, path
            if path.suffix == ".ipynb":
                assert json.loads(ours.read_text()) == json.loads(theirs.read_text()), path
            elif ours.is_file():
                assert ours.read_bytes() == theirs.read_bytes(), path

    def test_nothing_to_do(self, classroom):
        """It says so, and touches nothing."""
        before = (classroom / "gradebook.db").stat().st_mtime_ns
        run = grade(classroom)

        assert run.returncode == 0
        assert run.stdout.strip() == f"Nothing to do: {SMALL} submissions are graded and unchanged."
        assert (classroom / "gradebook.db").stat().st_mtime_ns == before

    @pytest.mark.slow
    def test_a_new_submission(self, classroom):
        """Only who handed in something else is graded again; manual marks and penalties are kept."""
        query(classroom, "update grade set manual_score = 1.5 where auto_score = 10")
        solved = classroom / "submitted" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        shutil.copyfile(solved, classroom / "submitted" / "ben" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        run = grade(classroom)

        assert f"1 graded; {SMALL - 1} unchanged" in run.stdout
        assert total(classroom, "ben") == 100
        assert {row[3] for row in marks(classroom) if row[2] == 10 and row[0] == "ada"} == {1.5}

    @pytest.mark.slow
    def test_links_are_not_handed_in(self, classroom):
        """A link to somebody else's notebook earns nothing, and what a link leads to is not copied."""
        mine = classroom / "submitted" / "ben" / ASSIGNMENT
        (mine / f"{ASSIGNMENT}.ipynb").unlink()
        (mine / f"{ASSIGNMENT}.ipynb").symlink_to(classroom / "submitted" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        (mine / "secret.txt").symlink_to(classroom / "gradebook.db")
        run = grade(classroom, "--student", "ben", "--yes")

        assert run.returncode == 0, run.stderr
        assert total(classroom, "ben") == 0
        assert not (classroom / "autograded" / "ben" / ASSIGNMENT / "secret.txt").exists()

    @pytest.mark.slow
    def test_force(self, classroom):
        """All are examined again, to the same marks."""
        before = marks(classroom)
        run = grade(classroom, "--force", "--student", "ada")

        assert "1 graded" in run.stdout
        assert marks(classroom) == before

    @pytest.mark.slow
    def test_a_late_submission(self, classroom):
        """The course's penalty is given, again after a regrade, and the time is in the gradebook."""
        with (classroom / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
        query(classroom, "update assignment set duedate = '2026-01-01 00:00:00.000000'")
        late = classroom / "submitted" / "ada" / ASSIGNMENT / "timestamp.txt"
        late.write_text("2026-01-02 00:00:00 UTC", encoding="utf-8")
        for _ in "12":
            assert grade(classroom, "--student", "ada", "--force", "--yes").returncode == 0
            row = next(row for row in marks(classroom) if row[0] == "ada")
            assert row[5:] == (100.0, "2026-01-02 00:00:00.000000")

    @pytest.mark.slow
    def test_one_that_cannot_be_graded(self, classroom):
        """It keeps its marks, the others are graded, and it is said."""
        (classroom / "submitted" / "ben" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_text("{", encoding="utf-8")
        before = total(classroom, "ben")
        run = grade(classroom, "--force", "--yes")

        assert run.returncode == 1
        assert "1 could not be graded" in run.stdout
        assert f"{SMALL - 1} graded" in run.stdout
        assert total(classroom, "ben") == before

    @pytest.mark.slow
    def test_what_nbgrader_left_half_done(self, classroom):
        """A folder without marks is no reason to skip a student."""
        shutil.rmtree(classroom / "results" / ASSIGNMENT / "ada")
        query(classroom, "update grade set auto_score = null")
        (classroom / "autograded" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").unlink()
        run = grade(classroom, "--student", "ada")

        assert "1 graded" in run.stdout
        assert total(classroom, "ada") == 100


def found(folder: Path, student: str) -> list[dict]:
    """Return the misconceptions in each record of a student, the oldest first."""
    records = [json.loads(path.read_text()) for path in (folder / "results" / ASSIGNMENT / student).glob("*.json")]
    return [record["misconceptions"][ASSIGNMENT] for record in sorted(records, key=lambda record: record["when"])]


class PretendedPool:
    """A pool that examines nothing: everything is right.

    records -- where it looks what has been landed
    points -- for the test of `first`
    error -- why nothing can be graded, if that is so
    waiting -- how many it had given that were not landed yet, after each
    """

    def __init__(self, records: Records, points: float = 10.0, error: str | None = None) -> None:
        self.records = records
        self.points = points
        self.error = error
        self.waiting: list[int] = []

    def start(self) -> None:
        """Be ready."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yield a record for each task."""
        given = []
        for task in tasks:
            record = task.record
            record.error = self.error
            if self.error is None:
                record.status, record.notebooks = "graded", {"task": nbformat.writes(self.graded())}
                record.scores = {"task": {"test_first": [self.points, 10.0], "test_second": [5.0, 5.0]}}
                record.owners = {"task": {"test_first": "first", "test_second": "second"}}
                record.timed_out, record.unsound = {"task": []}, {"test_second": "ValueError: wrong itself"}
            given.append(record.student)
            yield record
            self.waiting.append(sum(self.records.landed(student) is None for student in given))

    def graded(self) -> NotebookNode:
        """Return a notebook that has these points for nbgrader, too."""
        notebook = small_course.notebook()
        result = new_output("execute_result", {"text/plain": repr(self.points)}, execution_count=1)
        find_cell(notebook, "test_first").outputs = [result]
        return notebook


@pytest.fixture
def job(tmp_path) -> Iterator[Job]:
    """A small course in which five have handed in."""
    assignment = small_course.make(tmp_path)
    for number in range(5):
        folder = tmp_path / f"submitted/student{number}/task"
        folder.mkdir(parents=True)
        nbformat.write(small_course.notebook(), folder / "task.ipynb")
    with scripts_on_path():
        yield Job(tmp_path, assignment.name)


class TestOnceMore:
    """`--force`, where what comes of it is not what came of it before: a busy machine, or one that is broken."""

    @pytest.fixture
    def grading(self, job) -> ClassGrading:
        """The five are graded, with all points."""
        grading = ClassGrading(job)
        grading.grade(grading.submissions(), PretendedPool(grading.records))
        return grading

    def again(self, grading: ClassGrading, pool: PretendedPool, *, agreed: bool = True) -> ClassResult:
        """Grade student0 once more."""
        return grading.grade(grading.submissions(["student0"]), pool, force=True, confirm=lambda _: agreed)

    def scores(self, grading: ClassGrading, job: Job) -> tuple[float, float]:
        """Return student0's score by the record that has landed, and by the gradebook."""
        landed = grading.records.find("student0", grading.records.landed("student0"))
        with Gradebook(small_course.url(job.root)) as gradebook:
            return landed.score, gradebook.find_submission("task", "student0").score

    @pytest.mark.parametrize(("agreed", "score"), [(True, 9.0), (False, 15.0)])
    def test_other_marks_are_shown_first(self, grading, job, agreed, score):
        """Who is asked decides, what came before is kept, and then there is nothing to do."""
        result = self.again(grading, PretendedPool(grading.records, 4.0), agreed=agreed)

        assert [(one.student, one.before, one.now) for one in result.changes] == [("student0", 15.0, 9.0)]
        assert self.scores(grading, job) == (score, score)
        paths = (grading.records.folder / "student0").glob("*.json")
        assert sorted(grading.records.find("student0", path.stem).score for path in paths) == [9.0, 15.0]
        assert len(grading.grade(grading.submissions(), PretendedPool(grading.records)).unchanged) == 5

    @pytest.mark.slow
    def test_an_error_is_no_mark(self, grading, job):
        """What was graded stays what it was."""
        result = self.again(grading, PretendedPool(grading.records, error="the machine is broken"))

        assert result.failed == {"student0": "the machine is broken"}
        assert self.scores(grading, job) == (15.0, 15.0)

    @pytest.mark.slow
    def test_a_gradebook_that_has_forgotten(self, grading, job):
        """It gets the last marks, not the first."""
        self.again(grading, PretendedPool(grading.records, 4.0))
        with Gradebook(small_course.url(job.root)) as gradebook:
            gradebook.remove_submission("task", "student0")
        grading.grade(grading.submissions(), PretendedPool(grading.records))

        assert self.scores(grading, job) == (9.0, 9.0)


class TestNobodyElse:
    """What one submission or one test is like concerns nobody else."""

    @pytest.mark.slow
    def test_a_solution_that_fails_its_own_test(self, job):
        """It is said once, however many are graded."""
        grading = ClassGrading(job)
        result = grading.grade(grading.submissions(), PretendedPool(grading.records))

        said = "task: the solution itself does not pass test_second, so nobody can: NameError: name 'check_second'"
        assert class_summary(result).count(said) == 1

    def test_a_file_that_cannot_be_read(self, job, monkeypatch):
        """It is named, and the others are graded."""

        def refuse(folder: Path, names: Iterable[str], largest: float) -> str:
            if "student3" in folder.parts:
                raise PermissionError(errno.EACCES, "Permission denied", f"{folder}/secret")
            return hash_of_files(folder, names, largest)

        grading = ClassGrading(job)
        monkeypatch.setattr("autograder.batch.grade.hash_of_files", refuse)
        result = grading.grade(grading.submissions(), PretendedPool(grading.records))

        assert result.failed == {
            "student3": f"{job.root}/submitted/student3/task/secret cannot be read: Permission denied."
        }
        assert len(result.graded) == 4

    def test_files_in_the_way_of_the_assignments_own(self, job):
        """A folder called like a module, a file called like a folder, a pipe, a terabyte of nothing."""
        source, mine = job.root / "source/task", job.root / "submitted/student0/task"
        (source / "images").mkdir()
        for place in ("images/one.svg", "cases.py"):
            (source / place).write_text("ours")
        (mine / "cases.py").mkdir()
        for place in ("cases.py/inside.txt", "images", "notes.txt"):
            (mine / place).write_text("mine")
        os.mkfifo(mine / "pipe")
        with (mine / "huge.bin").open("wb") as file:
            file.truncate(1 << 40)
        grading = ClassGrading(job)
        result = grading.grade(grading.submissions(), PretendedPool(grading.records))

        assert (len(result.graded), result.failed) == (5, {})
        graded = job.root / "autograded/student0/task"
        there = {path.relative_to(graded).as_posix(): path for path in graded.rglob("*") if path.is_file()}
        assert there.keys() == {"task.ipynb", "cases.py", "images/one.svg", "notes.txt"}
        assert there["cases.py"].read_text() == there["images/one.svg"].read_text() == "ours"

    @pytest.mark.slow
    def test_files_that_cannot_be_copied(self, job, monkeypatch):
        """They are named, and nobody else waits for them; a disk that is full is everybody's."""

        def refuse(number: int) -> Callable[[str, Path], None]:
            def copyfile(path: str, copy: Path) -> None:
                raise OSError(number, os.strerror(number), path)

            return copyfile

        (job.root / "submitted/student0/task/notes.txt").write_text("mine")
        grading = ClassGrading(job)
        monkeypatch.setattr("shutil.copyfile", refuse(errno.EACCES))
        result = grading.grade(grading.submissions(), PretendedPool(grading.records))
        assert result.failed.keys() == {"student0"}
        assert "notes.txt: Permission denied" in result.failed["student0"]
        assert len(result.graded) == 4

        monkeypatch.setattr("shutil.copyfile", refuse(errno.ENOSPC))
        with pytest.raises(LandingError, match="No space left"):
            grading.grade(grading.submissions(), PretendedPool(grading.records))

    @pytest.mark.slow
    def test_what_a_terminal_would_obey(self, job):
        """An error's text cannot paint over the marks above it."""
        grading = ClassGrading(job)
        pool = PretendedPool(grading.records, error="ValueError: \x1b[1A\x1b[2Kada 100 \udcff")
        shown = class_summary(grading.grade(grading.submissions(), pool))

        assert "ada 100" in shown
        assert "\x1b" not in shown
        assert shown.encode()


class TestBatches:
    """How many records are in memory before they are written."""

    @pytest.mark.slow
    @pytest.mark.parametrize(("batch", "size", "waiting"), [(2, 10**9, [1, 0, 1, 0, 1]), (20, 1, [0, 0, 0, 0, 0])])
    def test_few_or_small(self, job, monkeypatch, batch, size, waiting):
        """Each is written as soon as there are many, or much is in them."""
        monkeypatch.setattr("autograder.batch.grade.BATCH", batch)
        monkeypatch.setattr("autograder.batch.grade.BATCH_SIZE", size)
        grading = ClassGrading(job)
        pool = PretendedPool(grading.records)
        result = grading.grade(grading.submissions(), pool)

        assert pool.waiting == waiting
        assert [graded.score for graded in result.graded] == [15.0] * 5


class TestDiagnosis:
    """Why answers are wrong."""

    def test_records_know_it(self, classroom_once):
        """For the class report: the catalogue's ids by function."""
        assert found(classroom_once, "ada") == [{}]
        assert found(classroom_once, "ben") == [{}]
        assert found(classroom_once, "chandra") == [{"linear_backward": ["lb-no-mean"]}]

    def test_students_read_it(self, classroom_once, tmp_path):
        """In nbgrader's own feedback: the hint, and not what is for the instructor."""
        shutil.copytree(classroom_once, tmp_path / "course")
        nbgrader(tmp_path / "course", "generate_feedback", ASSIGNMENT, "--student", "chandra")
        page = (tmp_path / "course" / "feedback" / "chandra" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()

        assert page.count("A hint for linear_backward: The cost is an average over the examples.") == 1
        assert "lb-no-mean" not in page
        assert "Neither dW nor db is divided" not in page

    @pytest.mark.slow
    def test_hints_go_further_with_each_version(self, classroom):
        """If the course says so: the second version that is wrong in the same way gets the second hint."""
        path = classroom / "notebooks" / f"{ASSIGNMENT}.misconceptions.toml"
        hint = 'hint = "The cost is an average over the examples.'
        text = path.read_text(encoding="utf-8").replace(hint, 'hint = ["First.", "Second."]\ncause = "')
        path.write_text(re.sub(r'(?m)^(cause = " Where does.*\n)cause = .*\n', r"\1", text), encoding="utf-8")
        nbgrader(classroom, "generate_assignment", ASSIGNMENT, "--force")
        with (classroom / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write("\nc.Examine.hints_by_attempt = True\n")
        handed_in = classroom / "submitted" / "chandra" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        graded = classroom / "autograded" / "chandra" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        told = []
        for version in range(2):
            handed_in.write_text(handed_in.read_text(encoding="utf-8") + "\n" * version, encoding="utf-8")
            run = grade(classroom, "--student", "chandra")
            assert run.returncode == 0, run.stderr
            told += re.findall(r"A hint for linear_backward: (\w+)", graded.read_text(encoding="utf-8"))

        records = Records(classroom / "results" / ASSIGNMENT)
        record = records.find("chandra", records.landed("chandra"))

        assert told == ["First", "Second"]
        assert record.attempt == 2  # by which the feedback in bulk tells the same hint

    @pytest.mark.slow
    def test_another_catalogue(self, classroom):
        """What was found is looked at again, the marks stay, and the hint of before goes."""
        path = classroom / "notebooks" / f"{ASSIGNMENT}.misconceptions.toml"
        text = path.read_text(encoding="utf-8").replace("The cost is an average over the examples.", "Think of m.")
        path.write_text(text.replace('"lb-no-mean"', '"lb-nowhere"'), encoding="utf-8")
        nbgrader(classroom, "generate_assignment", ASSIGNMENT, "--force")
        before = marks(classroom)
        run = grade(classroom, "--student", "chandra")
        graded = (classroom / "autograded" / "chandra" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text()

        assert run.returncode == 0, run.stderr
        assert marks(classroom) == before
        assert found(classroom, "chandra")[1:] == [{"linear_backward": ["lb-nowhere"]}]
        assert graded.count("A hint for linear_backward: Think of m.") == 1
        assert "The cost is an average over the examples." not in graded


class TestRegrade:
    """After the assignment has changed."""

    @pytest.mark.slow
    def test_one_test_is_mended(self, classroom):
        """Only it runs again, the difference is shown, nothing is written unasked, and the old marks are kept."""

        def mend(notebook):
            find_cell(notebook, "test_compute_cost").source = "assert compute_cost is not None"

        change_source(classroom, mend)
        before = marks(classroom)
        asked = grade(classroom)

        assert asked.returncode == 1
        assert "Nothing of this was written" in asked.stdout
        assert "ben" in asked.stdout
        assert "test_compute_cost: 0 to 10" in asked.stdout
        assert "1 gain, 0 lose." in asked.stdout
        assert marks(classroom) == before

        written = grade(classroom, "--yes")
        changed = set(marks(classroom)) - set(before)
        assert written.returncode == 0
        assert [(row[0], row[1], row[2]) for row in changed] == [("ben", "test_compute_cost", 10.0)]
        records = [json.loads(p.read_text()) for p in (classroom / "results" / ASSIGNMENT / "ben").glob("*.json")]
        assert sorted(sum(p for p, _ in r["scores"][ASSIGNMENT].values()) for r in records) == [0.0, 10.0]

    @pytest.mark.slow
    def test_only_the_mended_test_runs(self, classroom):
        """The outputs of the others are those of before: here one that no run would give."""
        (record,) = [p for p in (classroom / "results" / ASSIGNMENT / "ada").glob("*.json")]
        stored = json.loads(record.read_text())
        notebook = nbformat.reads(stored["notebooks"][ASSIGNMENT], as_version=4)
        find_cell(notebook, "test_linear_forward").outputs = [
            nbformat.v4.new_output("stream", name="stdout", text="from before")
        ]
        stored["notebooks"][ASSIGNMENT] = nbformat.writes(notebook)
        record.write_text(json.dumps(stored))

        def mend(notebook):
            find_cell(notebook, "test_compute_cost").source = "print('runs now')"

        change_source(classroom, mend)
        assert grade(classroom, "--student", "ada").returncode == 0
        graded = nbformat.read(classroom / "autograded" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)

        assert find_cell(graded, "test_linear_forward").outputs[0].text == "from before"
        assert find_cell(graded, "test_compute_cost").outputs[0].text == "runs now\n"

    @pytest.mark.slow
    def test_what_was_tested_with_references_runs_again(self, classroom):
        """Its marks hang on another function's, so nothing is taken from before if any test has changed."""
        (record,) = [p for p in (classroom / "results" / ASSIGNMENT / "chandra").glob("*.json")]
        stored = json.loads(record.read_text())
        notebook = nbformat.reads(stored["notebooks"][ASSIGNMENT], as_version=4)
        find_cell(notebook, "test_linear_forward").outputs = [
            nbformat.v4.new_output("stream", name="stdout", text="from before")
        ]
        stored["notebooks"][ASSIGNMENT] = nbformat.writes(notebook)
        record.write_text(json.dumps(stored))

        def mend(notebook):
            find_cell(notebook, "test_compute_cost").source = "print('runs now')"

        change_source(classroom, mend)
        run = grade(classroom, "--student", "chandra")
        graded = nbformat.read(classroom / "autograded" / "chandra" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)

        assert run.returncode == 0
        assert "from before" not in str(find_cell(graded, "test_linear_forward").outputs)
        assert "tested with our linear_backward" in find_cell(graded, "test_L_model_backward").outputs[0].text
        assert "* right, and tested with the solution's functions" in run.stdout

    @pytest.mark.slow
    def test_without_carrying_forward(self, classroom):
        """It gives other marks, which are shown before they are written; and those that are there stay known."""
        asked = grade(classroom, "--student", "chandra", "--no-carry-forward")

        assert asked.returncode == 1
        assert "test_L_model_backward: 10 to 0" in asked.stdout
        assert "Nothing of this was written" in asked.stdout
        assert "Nothing to do" in grade(classroom, "--student", "chandra").stdout

    @pytest.mark.slow
    def test_cells_come_and_go(self, classroom):
        """nbgrader refuses that; here the gradebook follows, and the marks of what is gone are kept in a file."""

        def change(notebook):
            gone = find_cell(notebook, "test_update_parameters_biases")
            new = nbformat.from_dict(gone)
            notebook.cells.remove(gone)
            new.metadata.nbgrader.update(grade_id="test_more", points=7)
            new.id, new.source = "more", "assert update_parameters is not None"
            notebook.cells.append(new)

        query(classroom, "update grade set manual_score = 4.5 where auto_score = 5")
        change_source(classroom, change)
        run = grade(classroom, "--yes")

        assert run.returncode == 0, run.stderr
        assert total(classroom, "ada") == 102
        names = {row[1] for row in marks(classroom)}
        assert "test_more" in names
        assert "test_update_parameters_biases" not in names
        removed = (classroom / "results" / ASSIGNMENT / "removed_cells.jsonl").read_text().splitlines()
        (ada,) = [one for one in map(json.loads, removed) if one["student"] == "ada"]
        assert (ada["cell"], ada["auto_score"], ada["manual_score"]) == ("test_update_parameters_biases", 5.0, 4.5)


class TestTrouble:
    """What it says, and that nothing is lost."""

    @pytest.mark.slow
    def test_a_locked_gradebook(self, classroom):
        """It is said; the next run lands what was examined without examining it again."""
        before = marks(classroom)
        with contextlib.closing(sqlite3.connect(classroom / "gradebook.db")) as connection:
            connection.execute("begin exclusive")
            run = grade(classroom, "--force", "--student", "ben")
        assert run.returncode == 1
        assert "cannot be" in run.stderr
        assert "Traceback" not in run.stderr
        assert marks(classroom) == before
        assert grade(classroom).returncode == 0

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write where nobody may")
    def test_a_folder_that_cannot_be_written(self, classroom):
        """The folder is named."""
        (classroom / "results" / ASSIGNMENT).chmod(0o555)
        run = grade(classroom, "--force")

        assert run.returncode == 1
        assert "cannot be written" in run.stderr

    @pytest.mark.slow
    def test_two_at_once(self, classroom):
        """The second says that there is a first, and changes nothing."""
        before = marks(classroom)
        with (classroom / "results" / ASSIGNMENT / "lock").open("w") as first:
            fcntl.flock(first, fcntl.LOCK_EX)
            second = grade(classroom, "--force", "--yes")

        assert second.returncode == 1
        assert "being graded by another run" in second.stderr
        assert marks(classroom) == before
        assert grade(classroom, "--student", "ada", "--force").returncode == 0

    @pytest.mark.slow
    def test_nobody_has_handed_in(self, classroom):
        """The folder that was looked into is named."""
        shutil.rmtree(classroom / "submitted")
        run = grade(classroom)

        assert run.returncode == 1
        assert "Nobody has handed in anything" in run.stderr
        assert grade(classroom, "--student", "ada").returncode == 1


@pytest.fixture(scope="module")
def place(classroom_once) -> Iterator[Workplace]:
    """What examines submissions, with warm processes."""
    with scripts_on_path(), nbgrader_log():
        place = Workplace(Job(classroom_once, ASSIGNMENT))
        yield place
        place.close()


def examined(place: Workplace) -> Record:
    """Return the record of a student three of whose tests are right with a function that is lent."""
    folder = place.job.root / "submitted/chandra" / ASSIGNMENT
    return examine_at(lambda: place, Task(Record("chandra", "key", "", "", "", {}), folder, [ASSIGNMENT]))


@pytest.fixture(scope="module")
def undisturbed(place) -> Record:
    """The record of that student if nothing happens."""
    return examined(place)


def test_a_record_knows_what_the_solution_fails(place, monkeypatch):
    """For whoever grades the class: it is no fault of the students'."""
    monkeypatch.setattr(Engine, "failing_tests", {"test_linear_forward": "ValueError: wrong itself"})

    assert examined(place).unsound == {"test_linear_forward": "ValueError: wrong itself"}


class TestKilled:
    """A process that dies while one submission is examined, whoever killed it."""

    @pytest.mark.parametrize(
        "victim",
        [
            "student",
            "grader",
            pytest.param("what students are forked from", marks=pytest.mark.slow),
            pytest.param("what graders are", marks=pytest.mark.slow),
        ],
    )
    @pytest.mark.parametrize(
        "when", [pytest.param("at the last test", marks=pytest.mark.slow), "when tests are run again"]
    )
    def test_the_marks_stay(self, place, undisturbed, monkeypatch, victim, when):
        """The submission is examined once more."""
        killed = []

        def kill(student: Process, grader: Process) -> None:
            if not killed:
                engine = place.engine(ASSIGNMENT)
                numbers = {
                    "student": student.pid,
                    "grader": grader.pid,
                    "what students are forked from": engine._student_zygote._process.pid,
                    "what graders are": engine._grader_zygote._process.pid,
                }
                killed.append(os.kill(numbers[victim], signal.SIGKILL))

        def run_test(talk, grade_id, *arguments, lend=(), **more):
            if lend or (when == "at the last test" and grade_id == "test_update_parameters_biases"):
                kill(talk.student, talk.grader)
            return honest(talk, grade_id, *arguments, lend=lend, **more)

        honest = Conversation.run_test
        monkeypatch.setattr(Conversation, "run_test", run_test)
        found = examined(place)

        assert killed
        assert (found.error, found.scores, found.lent) == (None, undisturbed.scores, undisturbed.lent)
        assert found.misconceptions == undisturbed.misconceptions
        assert found.notes == undisturbed.notes
        assert len(undisturbed.carried[ASSIGNMENT]) == 3

    @pytest.mark.slow
    def test_every_time(self, place, monkeypatch):
        """As if its own code did it: it is examined twice, and no more; the mark is what that earns."""
        examinations = []
        examine, honest = Engine._examine, Conversation.run_test

        def counted(engine, *arguments, **more):
            examinations.append(examine(engine, *arguments, **more))
            return examinations[-1]

        def run_test(talk, grade_id, *arguments, **more):
            if grade_id == "test_linear_forward":
                os.kill(talk.student.pid, signal.SIGKILL)
            return honest(talk, grade_id, *arguments, **more)

        monkeypatch.setattr(Engine, "_examine", counted)
        monkeypatch.setattr(Conversation, "run_test", run_test)
        found = examined(place)

        assert [one.disturbed for one in examinations] == [True, True]
        assert found.scores[ASSIGNMENT]["test_linear_forward"][0] == 0
        assert any("ended by signal SIGKILL" in note for note in found.notes)


@pytest.mark.parametrize(("students", "kills"), [(3, 5), (40, 100)], ids=["some", "many"])
@pytest.mark.slow
def test_killed_at_random_instants(tmp_path, students, kills):
    """Workers, warm processes and the grader itself: at the end the marks are those of an undisturbed run."""
    folder = make_class(tmp_path / "course", students)
    shutil.copytree(folder, tmp_path / "undisturbed")
    assert grade(tmp_path / "undisturbed", "--workers", "2").returncode == 0
    draw = random.Random(kills)
    done = rounds = 0
    while done < kills:
        run = subprocess.Popen(command("--workers", "2"), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        rounds += 1
        while done < kills:
            time.sleep(draw.uniform(0.1, 2.5))
            if run.poll() is not None:
                break
            victim = draw.choice([run.pid, *_descendants(run.pid)])
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                done += 1
        if done >= kills and run.poll() is None:
            run.wait()
        run.communicate()
        if done < kills and len(list((folder / "results" / ASSIGNMENT).glob("*/landed"))) == students:
            # Everything is graded by now; then all of it again.
            shutil.rmtree(folder / "results")
    final = grade(folder, "--workers", "2")

    assert final.returncode == 0, final.stdout + final.stderr
    assert marks(folder) == marks(tmp_path / "undisturbed")
    assert len(list((folder / "autograded").glob(f"*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"))) == students
    print(f"{done} kills in {rounds} runs")


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    found, waiting = [], [root]
    while waiting:
        waiting += (new := children.get(waiting.pop(), []))
        found += new
    return found
