"""Fixtures that many tests share."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from pathlib import Path

import nbformat
import pytest
from helper import ROOT, copy_modules
from nbformat import NotebookNode

from autograder.authoring.build import build
from autograder.authoring.master import read_master
from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue


def pytest_configure() -> None:
    """Let interrupts interrupt, even where the tests were started in the background, which ignores them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run of the browser tests keep what it saw."""
    parser.addoption("--screenshots", action="store_true", help="write docs/images/ from the browser tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process waits for another at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _valid_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate every notebook that any test reads or writes."""
    read, write = nbformat.read, nbformat.write

    def validated_read(*arguments, **keywords):
        notebook = read(*arguments, **keywords)
        nbformat.validate(notebook)
        return notebook

    def validated_write(notebook, *arguments, **keywords):
        nbformat.validate(notebook)
        return write(notebook, *arguments, **keywords)

    monkeypatch.setattr(nbformat, "read", validated_read)
    monkeypatch.setattr(nbformat, "write", validated_write)


@pytest.fixture(scope="session")
def step_by_step() -> Assignment:
    """The first assignment as it is committed. Read-only."""
    return Course(ROOT).assignments(["step_by_step"])[0]


@pytest.fixture(scope="session")
def solution(step_by_step: Assignment) -> NotebookNode:
    """The solved notebook, straight from the master. Copy before changing it."""
    return read_master(step_by_step.master)


@pytest.fixture(scope="session")
def catalogue(step_by_step: Assignment) -> Catalogue:
    """The misconceptions of the first assignment."""
    return Catalogue.read(step_by_step.catalogue)


@pytest.fixture(scope="session")
def release(step_by_step: Assignment) -> NotebookNode:
    """The student version as it is committed. Copy before changing it."""
    return nbformat.read(step_by_step.release, as_version=4)


def copy_course(target: Path) -> Course:
    """Copy what an author edits, and nothing that is built, to another folder."""
    copy_modules(target)
    for path in ROOT.glob("datasets/**/*.h5"):
        (target / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(ROOT))
    shutil.copytree(ROOT / "notebooks", target / "notebooks", ignore=shutil.ignore_patterns("__pycache__"))
    return Course(target)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course, built. Read-only: use `built` to change something."""
    # All workers of a run share it: building grades solution and release, which takes a while.
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    course, done = Course(shared / "built" / "course"), shared / "built" / "done"
    done.parent.mkdir(exist_ok=True)
    with (shared / "built" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            for assignment in copy_course(course.root).assignments():
                build(assignment)
            done.touch()
    return course


@pytest.fixture
def built(built_once: Course, tmp_path: Path) -> Course:
    """A built course that the test may change."""
    shutil.copytree(built_once.root, tmp_path / "course")
    return Course(tmp_path / "course")
