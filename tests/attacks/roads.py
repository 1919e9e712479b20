"""The ways by which a notebook is graded, and what a reader of the result sees of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nbformat
from attacks.target import NAME, Target
from nbformat import NotebookNode

from autograder.grading.engine import Engine
from autograder.grading.grading_errors import GradingError
from autograder.grading.settings import GradingLimits
from autograder.intake.formats import read_file, receive
from autograder.notebook.marks import read_marks
from autograder.notebook.score import score
from autograder.release import load

LIMITS = GradingLimits(cell=1.5, submission=15.0)
GIVE_UP = 90


class NotGradedError(Exception):
    """The result of grading was that it could not be done."""


@dataclass(frozen=True)
class Graded:
    """What came of grading a notebook.

    marks -- by function, the part of its points that it earned
    said -- what the result says to its reader: repairs, notes, and why points are missing
    shown -- what the outputs show, where the graded notebook is there to be looked at
    """

    marks: dict[str, float]
    said: list[str]
    shown: list[str]

    @classmethod
    def read(cls, notebook: NotebookNode, notes: list[str]) -> Graded:
        """Return what is in a graded notebook."""
        tests = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if _is_test(cell)}
        marks = {name.removeprefix("test_"): _part(cell) for name, cell in tests.items()}
        messages = [one.message for one in read_marks(notebook) if one.message]
        return cls(marks, [*notes, *messages], _shown(notebook))


class ByEngine:
    """By `Engine.examine` in this process, one engine for all.

    processes -- 1 to run the tests in the student's process
    """

    def __init__(self, target: Target, *, confine: bool = True, processes: int = 2) -> None:
        self._target = target
        self._confine = confine
        self._processes = processes
        self._engine = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.close()

    def grade(self, path: Path) -> Graded:
        """Grade what was handed in. Raises NotGradedError if the grader failed; the next time it starts afresh."""
        notebook = receive(read_file(path), path.name)[0].notebook
        try:
            with _giving_up():
                examination = self._engine.examine(notebook, path.parent)
        except (GradingError, TimeoutError) as error:
            self._engine.close()
            self._engine = self._start()
            raise NotGradedError(str(error)) from error
        nbformat.validate(notebook)
        return Graded.read(notebook, [*examination.repairs, *examination.notes])

    def _start(self) -> Engine:
        bundle = load(self._target.course.root / "bundles" / NAME)
        return Engine(bundle, NAME, LIMITS, confine=self._confine, processes=self._processes)


class ByCheck:
    """By the command `autograder check`; it shows no outputs."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def grade(self, path: Path) -> Graded:
        """Grade what was handed in. Raises NotGradedError if the command fails."""
        result = _run(self._target, "autograder", "check", str(path), "--assignment", NAME, "--json")
        if result.returncode:
            raise NotGradedError(result.stdout + result.stderr[-1000:])
        checked: dict[str, Any] = json.loads(result.stdout)
        functions = checked["functions"]
        said = [*checked["repairs"], *(entry["message"] for entry in functions if entry["message"])]
        return Graded({entry["name"]: entry["score"] / entry["max_score"] for entry in functions}, said, [])


def by_nbgrader(target: Target) -> dict[str, list[str]]:
    """Run `nbgrader autograde` on all that was submitted; return what its log says about each student."""
    log = _run(target, "nbgrader", "autograde", NAME).stderr
    said: dict[str, list[str]] = {}
    for line in log.splitlines():
        if begin := re.search(r"student with ID '([^']+)'", line):
            lines = said.setdefault(begin[1], [])
        elif (" | WARNING] " in line or " | ERROR] " in line) and not line.endswith("(most recent call last):"):
            lines.append(line.partition("] ")[2])
    return said


def by_grade(target: Target) -> dict[str, list[str]]:
    """Run `autograder grade` on all that was submitted; return what its records say about each student."""
    result = _run(target, "autograder", "grade", NAME)
    said = {}
    for path in (target.course.root / "results" / NAME).glob("*/*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        said[path.parent.name] = [*record["repairs"], *record["notes"], record["error"] or ""]
    if not said:
        raise NotGradedError(result.stdout + result.stderr)
    return said


def graded_in_class(target: Target, student: str, said: Mapping[str, list[str]]) -> Graded:
    """Return what came of a student's notebook in a class. Raises NotGradedError if nothing did."""
    path = target.course.root / "autograded" / student / NAME / f"{NAME}.ipynb"
    if not path.is_file():
        last = said.get(student, ["it was not come to"])[-1:]
        raise NotGradedError(f"{student} was left ungraded: {last}")
    return Graded.read(nbformat.read(path, as_version=4), said.get(student, []))


def _run(target: Target, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the course's folder, as with the virtual environment activated."""
    scripts = sysconfig.get_path("scripts")
    environment = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    return subprocess.run(
        [sys.executable, "-P", "-m", *command],
        cwd=target.course.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _is_test(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _part(test: NotebookNode) -> float:
    points, most = score(test)
    return (points or 0.0) / most


def _shown(notebook: NotebookNode) -> list[str]:
    """Return what the outputs of a notebook show, without the lines of the tests that a traceback quotes."""
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                shown.append(output.text)
            elif output.output_type == "error":
                shown.append(
                    f"{output.ename}: {output.evalue}" + ("" if _is_test(cell) else "\n".join(output.traceback))
                )
            else:
                shown.append(str(output.data))
    return shown


@contextlib.contextmanager
def _giving_up() -> Iterator[None]:
    """Raise TimeoutError where the grader itself does not come to an end."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"the grader did not come to an end in {GIVE_UP} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(GIVE_UP)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
