"""The results of an assignment: marks from the gradebook, and everything else from the records.

The marks are the gradebook's, so what a person has changed there counts. The rest comes from the record that the
gradebook has (`autograder grade`), or else from the notebook under autograded/ (`nbgrader autograde`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DatabaseError

from autograder.batch.result_store import Record, Records
from autograder.course import Assignment
from autograder.files import write_whole
from autograder.gradebook import Gradebook
from autograder.grading.single import status_of
from autograder.intake.exercises import Exercise as Gap
from autograder.intake.exercises import exercises as gaps_of
from autograder.intake.exercises import untouched
from autograder.nbgrader_run import shown_address
from autograder.notebook import python_source
from autograder.notebook.cells import Cell, nbgrader_metadata, owners
from autograder.notebook.marks import functions, read_marks
from autograder.notebook.score import score as cell_score
from autograder.notebook.specification import read_released
from autograder.release import RESULTS, Bundle, BundleError, bundles_folder, load
from autograder.reporting import marks_table
from autograder.reporting.marks_table import Person


class ReportError(Exception):
    """There is nothing to report on; the message says what to do first."""


@dataclass(frozen=True)
class GradedExercise:
    """A graded function.

    cells -- its grade cells, and their points
    needs -- the other graded functions that its solution uses
    by_hand -- whether a person gives its points
    """

    name: str
    notebook: str
    cells: dict[str, float]
    needs: tuple[str, ...] = ()
    by_hand: bool = False

    @property
    def max_score(self) -> float:
        """The points that it can earn."""
        return sum(self.cells.values())


@dataclass(frozen=True)
class Outcome:
    """How a student fared with a function.

    status -- as `autograder check` has it: passed, carried, partial, failed, missing, timeout, not_judged, manual
    message -- what the check says, in full; for the instructor
    misconceptions -- ids in the catalogue
    lent -- the functions of the solution that its tests were run with in place of the student's
    """

    name: str
    score: float
    max_score: float
    status: str
    message: str | None = None
    misconceptions: tuple[str, ...] = ()
    lent: tuple[str, ...] = ()


@dataclass
class Result:
    """The result of one student's submission.

    graded -- whether the gradebook has marks for it
    error -- why what was handed in last could not be graded, None if it could
    score -- with what persons gave, and without the penalty for lateness
    seconds -- that grading took, None if that is not known
    """

    student: str
    person: Person
    graded: bool
    error: str | None = None
    score: float = 0.0
    penalty: float = 0.0
    needs_manual: bool = False
    when: datetime | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)
    seconds: float | None = None

    @property
    def final(self) -> float:
        """The score that counts."""
        return max(0.0, self.score - self.penalty)


@dataclass
class ClassResults:
    """The results of an assignment.

    exercises -- in the master's order
    results -- of everybody who has handed in, by student
    absent -- who is in the gradebook and has handed in nothing
    """

    assignment: str
    exercises: list[GradedExercise]
    results: list[Result]
    absent: list[Person]
    max_score: float

    @property
    def graded(self) -> list[Result]:
        """The results that have marks."""
        return [result for result in self.results if result.graded]


class Archive:
    """Where an assignment's results are: gradebook, records, notebooks.

    Raises ReportError if the assignment is not in the gradebook.
    """

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.course = CourseDirectory(config=assignment.course.nbgrader_config())
        url = self.course.db_url
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
            raise ReportError(f"There is no gradebook, {url}. First: autograder grade {assignment.name}")
        folder = bundles_folder(url, assignment.course.root)
        self.records = Records(folder.parent / RESULTS / assignment.name)
        try:
            self.bundle: Bundle = load(folder / assignment.name)
        except BundleError as error:
            raise ReportError(str(error)) from error
        self.cells: dict[str, list[Cell]] = {
            path.stem: read_released(path) for path in sorted((self.bundle.folder / "notebooks").glob("*.ipynb"))
        }

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook. Raises ReportError if it cannot be read."""
        try:
            with Gradebook(self.course.db_url, self.course.course_id) as opened:
                yield opened
        except DatabaseError as error:
            shown = shown_address(self.course.db_url)
            raise ReportError(f"The gradebook {shown} cannot be read: {error.orig}. Restore it from a copy.") from error

    def folder(self, step: str, student: str) -> Path:
        """Return a student's folder of this assignment; `step` is one of nbgrader's folders."""
        return Path(self.course.format_path(step, student, self.assignment.name))

    def exercises(self) -> list[GradedExercise]:
        """Return the graded functions, in the master's order."""
        found = []
        for notebook, cells in self.cells.items():
            marked = [(cell, nbgrader_metadata(cell)) for cell in cells]
            points = {m["grade_id"]: float(m["points"]) for _, m in marked if m.get("grade") or m.get("task")}
            by_hand = {m["grade_id"] for _, m in marked if m.get("task") or (m.get("grade") and m.get("solution"))}
            owned = {grade_id: grade_id for grade_id in points} | owners(cells)
            uses = _uses(cells)
            for name in dict.fromkeys(owned[grade_id] for grade_id in points):
                graded = {grade_id: points[grade_id] for grade_id in points if owned[grade_id] == name}
                found.append(GradedExercise(name, notebook, graded, uses.get(name, ()), not by_hand.isdisjoint(graded)))
        return found

    def record(self, student: str) -> Record | None:
        """Return the record that the gradebook has of a student, None if it has none."""
        landed = self.records.landed(student)
        return None if landed is None else self.records.find(student, landed)

    def error(self, student: str) -> str | None:
        """Return why what a student handed in last could not be graded; None if it could, or is not known."""
        paths = sorted((self.records.folder / student).glob("*.json"), key=lambda path: path.stat().st_mtime)
        last = self.records.find(student, paths[-1].stem) if paths else None
        return last.error if last is not None and last.status == "error" else None

    def notebooks(self, student: str, record: Record | None) -> dict[str, NotebookNode]:
        """Return a student's graded notebooks, by name."""
        if record is not None:
            return {name: nbformat.v4.reads(text) for name, text in record.notebooks.items()}
        folder = self.folder(self.course.autograded_directory, student)
        paths = [folder / f"{name}.ipynb" for name in self.cells]
        return {path.stem: nbformat.read(path, as_version=4) for path in paths if path.is_file()}

    def handed_in(self) -> set[str]:
        """Return who has something under submitted/."""
        step = self.course.submitted_directory
        pattern = re.compile(
            str(self.course.format_path(step, "(?P<student>[^/]+)", re.escape(self.assignment.name), escape=True))
        )
        paths = self.course.format_path(step, "*", self.assignment.name)
        root = Path(paths.split("*", maxsplit=1)[0])
        found = root.glob(paths.removeprefix(str(root)).lstrip("/"))
        return {match["student"] for path in found if (match := pattern.fullmatch(str(path)))}

    def outcomes(self, notebook: NotebookNode, name: str, record: Record | None) -> list[Outcome]:
        """Return how a student fared with each function of a graded notebook, by what was run."""
        return outcomes_of(
            self.cells[name],
            notebook,
            timed_out=_said(record, "timed_out", name, ()),
            misconceptions=_said(record, "misconceptions", name, {}),
            lent=_said(record, "lent", name, {}),
            carried=_said(record, "carried", name, ()),
            unwritten=untouched(notebook, self._gaps[name]),
        )

    @cached_property
    def _gaps(self) -> dict[str, list[Gap]]:
        """What students are to write, by notebook."""
        return {name: gaps_of(cells, self.bundle.markers_of(name)) for name, cells in self.cells.items()}


def outcomes_of(
    cells: Iterable[Cell],
    notebook: NotebookNode,
    *,
    timed_out: Collection[str] = (),
    misconceptions: Mapping[str, Sequence[str]] = MappingProxyType({}),
    lent: Mapping[str, Sequence[str]] = MappingProxyType({}),
    carried: Collection[str] = (),
    unwritten: Collection[str] = (),
) -> list[Outcome]:
    """Return how a student fared with each function of a graded notebook.

    cells -- the assignment's own
    timed_out -- the tests that ran out of time
    misconceptions -- ids in the catalogue, by function
    lent -- the functions of ours that a test was run with, by test
    carried -- the tests that are right with them
    unwritten -- the exercises in which nothing was written
    """
    owned = owners(cells)
    graded = functions(notebook, owned)
    found = []
    for marks in read_marks(notebook, owned):
        tests = graded[marks.name]
        names = {cell.metadata.nbgrader.grade_id for cell in tests}
        right = all(
            cell.metadata.nbgrader.grade_id in carried or points == maximum
            for cell in tests
            for points, maximum in [cell_score(cell)]
        )
        status = status_of(marks, tests, set(timed_out), unwritten)
        if right and names & set(carried):
            status = "carried"
        others = tuple(sorted({other for test in names for other in lent.get(test, ())}))
        ids = tuple(misconceptions.get(marks.name, ()))
        found.append(Outcome(marks.name, marks.score, marks.max_score, status, marks.message, ids, others))
    return found


def read_results(archive: Archive) -> ClassResults:
    """Read the results of an assignment. Raises ReportError if there is nothing yet."""
    assignment = archive.assignment.name
    exercises = archive.exercises()
    with archive.gradebook() as gradebook:
        table = marks_table.read(gradebook, assignment)
    everybody = sorted(table.marks.keys() | archive.handed_in())
    results = [_result(archive, table, exercises, student) for student in everybody]
    if not results:
        raise ReportError(f"Nobody has handed in {assignment} yet.")
    there = {result.student for result in results}
    absent = [person for student, person in sorted(table.people.items()) if student not in there]
    maximum = sum(exercise.max_score for exercise in exercises)
    return ClassResults(assignment, exercises, results, absent, maximum)


def _result(archive: Archive, table: marks_table.MarksTable, exercises: list[GradedExercise], student: str) -> Result:
    person = table.people.get(student, Person(student))
    record = archive.record(student)
    graded = student in table.marks and (
        record is not None or archive.folder(archive.course.autograded_directory, student).is_dir()
    )
    result = Result(student, person, graded, archive.error(student))
    if not graded:
        result.error = result.error or "it has not been graded yet"
        return result
    marks = table.marks[student]
    result.score, result.penalty, result.when = marks.score, marks.penalty, marks.when
    result.needs_manual = bool(marks.needs_manual)
    ran = {
        outcome.name: outcome
        for name, notebook in archive.notebooks(student, record).items()
        for outcome in archive.outcomes(notebook, name, record)
    }
    result.outcomes = [with_marks(exercise, marks, ran.get(exercise.name)) for exercise in exercises]
    if record is not None:
        result.notes, result.repairs, result.seconds = record.notes, record.repairs, record.seconds
        result.timed_out = [name for names in record.timed_out.values() for name in names]
    return result


def with_marks(exercise: GradedExercise, marks: marks_table.Marks, ran: Outcome | None) -> Outcome:
    """Return how a student fared, with the points that the gradebook has."""
    points = [marks.cells.get((exercise.notebook, grade_id), 0.0) for grade_id in exercise.cells]
    score = sum(points)
    if ran is None:
        if exercise.by_hand:
            return Outcome(exercise.name, score, exercise.max_score, "manual")
        return Outcome(exercise.name, score, exercise.max_score, "missing", "nothing was handed in for it")
    status = ran.status
    if score != ran.score and status != "manual":  # a person has decided otherwise
        status = "passed" if score >= exercise.max_score else "partial" if score else "failed"
    return replace(ran, score=score, max_score=exercise.max_score, status=status)


def _said(record: Record | None, name: str, notebook: str, nothing: Any) -> Any:
    """Return what a record says of a notebook under a name; `nothing` if it says nothing."""
    return (getattr(record, name, None) or {}).get(notebook, nothing)


def _uses(cells: list[Cell]) -> dict[str, tuple[str, ...]]:
    """Return which solution cells each solution cell uses, by what it reads and what they define."""
    solutions = {
        marks["grade_id"]: cell["source"]
        for cell in cells
        if (marks := nbgrader_metadata(cell)).get("solution") and cell["cell_type"] == "code"
    }
    defined = {grade_id: python_source.bound_names(source) for grade_id, source in solutions.items()}
    return {
        grade_id: tuple(
            other for other in solutions if other != grade_id and defined[other] & python_source.read_names(source)
        )
        for grade_id, source in solutions.items()
    }


def each_message(results: ClassResults) -> Iterator[tuple[str, str]]:
    """Yield student and first line of every message."""
    for result in results.graded:
        for outcome in result.outcomes:
            if outcome.message and outcome.status not in ("passed", "carried"):
                line = outcome.message.split("\n", maxsplit=1)[0]
                yield result.student, re.sub(r" \(<ipython-input[^)]*\)", "", line)  # another one for each student


def write_or_say(path: Path, content: str | bytes) -> None:
    """Write a file that people read. Raises ReportError if that is not possible."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror}.") from error
