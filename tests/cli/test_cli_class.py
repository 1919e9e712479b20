"""The commands for a class, as somebody types them, on a course that was graded by hand."""

from __future__ import annotations

import csv
import json
import zipfile

import pytest
from small_course import fails_hidden, hand_in, make
from typer.testing import CliRunner

from autograder.cli.main import app


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which two are graded and one has handed in since."""
    assignment = make(tmp_path_factory.mktemp("cli") / "course")
    hand_in(assignment, "ada")
    hand_in(assignment, "ben", fails_hidden, notes=["the submission tried to read /etc/shadow"])
    return assignment.course


@pytest.fixture
def run(course, monkeypatch):
    """Run a command in the course."""
    monkeypatch.chdir(course.root)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


class TestCollect:
    """`autograder collect`."""

    def test_dry_run_and_run(self, run, course, tmp_path):
        """First nothing is written, then everything; what is nobody's is named, with exit code 1."""
        for name in ("doejane_101_9001_task.ipynb", "doejane_101_9002_task-1.ipynb", "roemax_LATE_102_9003_hw.ipynb"):
            (tmp_path / name).write_text("{}", encoding="utf-8")
        (tmp_path / "notes.txt").write_text("?", encoding="utf-8")
        dry = run("collect", "task", str(tmp_path), "--dry-run")
        assert "Nothing was written" in dry.stdout
        assert not (course.root / "submitted/doejane_101").exists()
        done = run("collect", "task", str(tmp_path))

        assert (dry.exit_code, done.exit_code) == (1, 1)
        assert (course.root / "submitted/doejane_101/task/task.ipynb").is_file()
        assert "task.ipynb (was roemax_LATE_102_9003_hw.ipynb)" in done.stdout
        assert "earlier attempt, not collected: doejane_101_9001_task.ipynb" in done.stdout
        assert "not assigned to a student: notes.txt" in done.stdout
        assert "2 students: 2 collected; files not assigned: 1" in done.stdout

    def test_with_a_pattern(self, run, course, tmp_path):
        """Exit code 0 if everything has an owner."""
        (tmp_path / "hw-kim.ipynb").write_text("{}", encoding="utf-8")
        done = run("collect", "task", str(tmp_path), "--pattern", r"hw-(?P<student>\w+)")

        assert done.exit_code == 0, done.output
        assert (course.root / "submitted/kim/task/task.ipynb").is_file()

    def test_nothing_there(self, run, tmp_path):
        """A sentence and exit code 1."""
        done = run("collect", "task", str(tmp_path / "none.zip"))

        assert (done.exit_code, "does not exist" in done.stderr) == (1, True)


class TestReport:
    """`autograder report`."""

    def test_with_and_without_names(self, run, course, tmp_path):
        """One page each, at the place that is printed."""
        assert "reports/task.html" in run("report", "task").stdout
        assert "ben" in (course.root / "reports/task.html").read_text(encoding="utf-8")
        done = run("report", "task", "--anonymous", "--output", str(tmp_path / "there"))
        text = (tmp_path / "there/task-anonymous.html").read_text(encoding="utf-8")

        assert done.exit_code == 0
        assert "Noted of 1 submission." in text
        assert "/etc/shadow" not in text
        assert ">ben<" not in text


class TestFeedback:
    """`autograder feedback`."""

    def test_some_and_one_without_marks(self, run, course):
        """Pages for those who have marks; exit code 1 and the reason for the other."""
        done = run("feedback", "task", "--student", "ada", "--student", "nobody")

        assert done.exit_code == 1
        assert "nobody has no feedback: nothing of theirs is graded" in done.stderr
        assert "Feedback for 1 students" in done.stdout
        assert (course.root / "feedback/ada/task/task.html").is_file()


class TestExport:
    """`autograder export`."""

    def test_the_three_forms(self, run, course, tmp_path):
        """Each at its place."""
        for form in ("csv", "canvas", "gradescope"):
            assert run("export", "task", "--format", form).exit_code == 0
        with (course.root / "exports/task.csv").open(encoding="utf-8") as file:
            scores = {row["student_id"]: row["score"] for row in csv.DictReader(file)}
        with zipfile.ZipFile(course.root / "exports/task-gradescope.zip") as archive:
            ben = json.loads(archive.read("ben/results.json"))

        assert (scores["ada"], scores["ben"]) == ("15", "5")
        assert (course.root / "exports/task-canvas.csv").is_file()
        assert (ben["score"], ben["tests"][0]["output"]) == (5, "first: Z has the wrong shape.")

    def test_wrong_usage(self, run):
        """Exit code 2 and what there is."""
        done = run("export", "task", "--format", "excel")

        assert done.exit_code == 2
        assert "csv, canvas and gradescope" in done.stderr


class TestGradescope:
    """`autograder gradescope`."""

    def test_the_zip(self, run, course):
        """At the place that is printed."""
        done = run("gradescope", "task", "--isolation", "none")

        assert "exports/task-autograder.zip" in done.stdout
        assert zipfile.is_zipfile(course.root / "exports/task-autograder.zip")


@pytest.mark.parametrize("command", ["report", "feedback", "export", "gradescope", "collect"])
def test_an_unknown_assignment(run, command):
    """Exit code 2 and what there is."""
    done = run(command, "nothing", *(["x"] if command == "collect" else []))

    assert done.exit_code == 2
    assert "There is: task" in done.stderr
