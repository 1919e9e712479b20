"""`autograder grade --scheduler`: what a user of the command sees."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from helper import ROOT
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from autograder.cli.demo import ASSIGNMENT, hand_in, throw_away_course
from autograder.course import Course
from autograder.nbgrader_run import nbgrader_log
from benchmarks.dask_cluster import Cluster
from benchmarks.synthetic_class import hand_in as hand_in_synthetic

SMALL = 4
SPY = "spy"
REACHED = "the scheduler was reached"


def make_course(folder: Path) -> Path:
    """Make a course in which a small class has handed in."""
    course = Course(ROOT)
    demo = throw_away_course(course.assignments([ASSIGNMENT]), folder).assignments()[0]
    shutil.copytree(course.masters, folder / "notebooks", dirs_exist_ok=True)
    hand_in(demo, SMALL)
    return folder


def grade(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """Run the command."""
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def records(folder: Path) -> dict[str, dict]:
    """Return what is known of each student, but for times."""
    found = {}
    for path in (folder / "results" / ASSIGNMENT).glob("*/*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        found[record["student"]] = {name: value for name, value in record.items() if name not in ("when", "seconds")}
    return found


def marks(folder: Path) -> list[tuple]:
    """Return all marks in the gradebook."""
    with nbgrader_log(), Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        submissions = gradebook.assignment_submissions(ASSIGNMENT)
        return sorted(
            (submission.student.id, grade.name, grade.auto_score)
            for submission in submissions
            for notebook in submission.notebooks
            for grade in notebook.grades
        )


@pytest.mark.slow
def test_the_same_records_as_on_one_machine(tmp_path):
    """To the last character of each graded notebook; and no student's code reaches the scheduler."""
    here = make_course(tmp_path / "here")
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster:
        cluster.worker()
        host, port = cluster.address.removeprefix("tcp://").split(":")
        socket.create_connection((host, int(port)), 10).close()  # from outside of a sandbox, it is there
        spy = here / "submitted" / SPY / ASSIGNMENT
        shutil.copytree(here / "submitted" / "ada" / ASSIGNMENT, spy)
        notebook = nbformat.read(spy / f"{ASSIGNMENT}.ipynb", as_version=4)
        connect = f"import socket\nsocket.create_connection(({host!r}, {port}), 5)\nprint({REACHED!r}[::-1])"
        notebook.cells.insert(0, new_code_cell(connect, id="spy"))
        nbformat.write(notebook, spy / f"{ASSIGNMENT}.ipynb")
        shutil.copytree(here, tmp_path / "there")
        away = grade(tmp_path / "there", "--scheduler", cluster.address)
    local = grade(here, "--workers", "1")

    assert (away.returncode, local.returncode) == (0, 0), away.stderr + local.stderr
    assert records(here).keys() == {"ada", "ben", "chandra", "dario", SPY}
    assert records(here) == records(tmp_path / "there")
    assert marks(here) == marks(tmp_path / "there")
    graded = records(here)[SPY]["notebooks"][ASSIGNMENT]
    assert "Error" in json.loads(graded)["cells"][0]["outputs"][-1]["ename"]
    assert REACHED[::-1] not in graded


def test_workers_are_the_schedulers():
    """How many there are is not said here."""
    run = grade(ROOT, "--scheduler", "tcp://127.0.0.1:9", "--workers", "2")

    assert run.returncode == 2
    assert "how many workers a scheduler has" in run.stderr


@pytest.mark.slow
def test_two_of_four_workers_die_and_one_joins(tmp_path):
    """A class with all that classes do ends with the marks that one machine gives."""
    here = make_course(tmp_path / "here")
    kinds = hand_in_synthetic(here, Course(ROOT).assignments([ASSIGNMENT])[0], 80)
    shutil.copytree(here, tmp_path / "there")
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster:
        workers = [cluster.worker() for _ in range(4)]
        cluster.wait_for(4)
        command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--scheduler", cluster.address]
        grader = subprocess.Popen(command, cwd=tmp_path / "there", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        landed = tmp_path / "there" / "results" / ASSIGNMENT
        while len(list(landed.glob("*/landed"))) < 20:
            assert grader.poll() is None, cluster.printed()
            time.sleep(0.1)
        for worker in workers[:2]:
            cluster.kill(worker)
        cluster.worker()
        output = grader.communicate()[0].decode()
    local = grade(here)

    assert marks(tmp_path / "there") == marks(here)
    unreadable = [name for name, kind in kinds.items() if kind == "unreadable"]
    assert grader.returncode == local.returncode == bool(unreadable)
    assert len({row[0] for row in marks(here)}) == 80 + SMALL - len(unreadable)
    assert all(name in output for name in unreadable)
