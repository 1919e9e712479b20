"""Grades a class: decides what has to be graded, sends it to workers, and has the results written."""

from __future__ import annotations

import fcntl
import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from nbgrader.api import Assignment, InvalidEntry, Student, SubmittedAssignment

from autograder.batch.gradebook_writer import Landing
from autograder.batch.result_store import Record, Records, is_of
from autograder.batch.worker import Job, Task, workplace
from autograder.course import CONFIG
from autograder.gradebook import Gradebook
from autograder.grading.grading_errors import GradingError
from autograder.grading.soundness import Soundness
from autograder.hashing import grader_hash, hash_of, hash_of_files
from autograder.intake.budget import UNPACKED
from autograder.nbgrader_run import nbgrader_log
from autograder.notebook.specification import Specification
from autograder.release import RESULTS, bundles_folder

# How many results are written to the gradebook in one transaction, and how many characters of notebooks at most.
BATCH = 20
BATCH_SIZE = 50_000_000


class Pool(Protocol):
    """Where submissions are examined: on this machine (`LocalPool`), or on a cluster (`DaskPool`)."""

    def start(self) -> None:
        """Start the workers; whatever threads this process has come later. Raises GradingError if there are none."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yield a record for each task as they come, in no order.

        A task is taken from `tasks` only when a worker is about to need it, so a class need not be in memory. Raises
        GradingError if no worker can go on.
        """


@dataclass(frozen=True)
class Due:
    """A submission that has to be examined, or has been and has to be landed; small, for there is one per student.

    key, submission -- as in its record
    previous -- the key of an earlier record of the same submission from which outputs are taken; None
    only -- the tests to run, by notebook; None for all
    """

    student: str
    folder: Path
    key: str
    submission: str
    previous: str | None = None
    only: dict[str, list[str]] | None = None


@dataclass(frozen=True)
class Graded:
    """A submission whose marks are in the gradebook now; what else came of it is in its record.

    remarks -- what was mended, and what is to be known of it
    """

    student: str
    key: str
    score: float
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class MarksChange:
    """What grading again does to marks that are there.

    cells -- points before and now of each grade cell where they differ; None where there is no such cell
    """

    student: str
    before: float
    now: float
    cells: dict[str, tuple[float | None, float | None]]


@dataclass
class ClassResult:
    """The result of grading a class.

    records -- where the records are; none is kept in memory
    graded -- what the gradebook has now and had not before
    unchanged -- the students whose marks stand
    failed -- why a submission could not be graded, by student
    soundness -- how each notebook is graded
    changes -- what became of marks that were there before
    written -- False if these changes were not confirmed, and so not written
    """

    records: Records
    graded: list[Graded] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    changes: list[MarksChange] = field(default_factory=list)
    soundness: Mapping[str, Soundness] = field(default_factory=dict)
    written: bool = True


class ClassGrading:
    """Grades what was handed in of one assignment.

    Raises GradingError or BundleError if nothing of it can be graded, saying what to do.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._place = workplace(job)
        self._steps = self._place.steps
        self._course = self._steps.converter.coursedir
        bundle = self._place.bundle
        self._specifications = {
            path.stem: Specification.read(path, bundle.markers_of(path.stem))
            for path in (bundle.folder / "notebooks").glob("*.ipynb")
        }
        for name in self._specifications:
            self._place.released(name)
        self.soundness = {name: self._place.soundness(name) for name in sorted(self._specifications)}
        beside = bundles_folder(self._course.db_url, job.root).parent
        self.records = Records(beside / RESULTS / job.assignment)
        self._grader = hash_of(
            grader_hash(),
            repr((self._place.settings, job.isolation, job.carry_forward)),
            (job.root / CONFIG).read_text(encoding="utf-8"),
            repr(sorted(self._place.beside.aliases.names.items())),
        )
        hashes = {name: specification.hashes() for name, specification in self._specifications.items()}
        files = self._place.bundle.files
        helpers = [path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()]
        how = {name: (found.processes, sorted(found.unsound)) for name, found in self.soundness.items()}
        self._base = hash_of(
            hash_of_files(files, helpers, UNPACKED),
            repr(how),
            *(f"{name}:{base}" for name, (base, _) in hashes.items()),
        )
        self._tests = {name: tests for name, (_, tests) in hashes.items()}
        catalogues = [self._place.bundle.catalogue(name) for name in sorted(self._specifications)]
        self._catalogues = hash_of(*("" if path is None else path.read_text(encoding="utf-8") for path in catalogues))

    def submissions(self, students: Sequence[str] = ()) -> dict[str, Path]:
        """Return the folders of what was handed in, by student. Raises GradingError if one of `students` did not."""
        converter = self._steps.converter
        found = sorted(glob.glob(converter._format_source(self._job.assignment, self._course.student_id)))
        found = [folder for folder in found if _holds_something(Path(folder))]
        if not found:
            folder = self._steps.folder(self._course.submitted_directory, "STUDENT")
            raise GradingError(f"Nobody has handed in anything: there is no notebook in {folder}.")
        pattern = re.compile(converter._format_source(re.escape(self._job.assignment), "(?P<student>.*)", escape=True))
        folders = {match["student"]: Path(folder) for folder in found if (match := pattern.match(folder))}
        for student in students:
            if student not in folders:
                raise GradingError(f"{student} has handed in no notebook of {self._job.assignment}.")
        return {student: folders[student] for student in sorted(students or folders)}

    def grade(
        self,
        folders: dict[str, Path],
        pool: Pool,
        *,
        force: bool = False,
        confirm: Callable[[list[MarksChange]], bool] = lambda _: True,
        progress: Callable[[int], Callable[[], object]] = lambda _: lambda: None,
    ) -> ClassResult:
        """Grade these submissions.

        force -- examine also what has not changed
        confirm -- is shown what grading again would do to marks that are there; only if it agrees is that written
        progress -- is told how many submissions there are to examine, and returns what to call after each
        Raises LandingError if the gradebook cannot be written; what was examined is kept.
        """
        result = ClassResult(self.records, soundness=self.soundness)
        with self._alone(), nbgrader_log():
            due, ready = self._sort(folders, force, result)
            if due:
                pool.start()
            advance = progress(len(due))
            held: list[tuple[str, str]] = []
            with Landing(self._steps, self.records) as landing:
                examined = self._examined(due, ready, pool, advance)
                self._land(landing, self._unopposed(examined, held, result), result)
                result.written = not held or confirm(result.changes)
                if result.written:
                    self._land(landing, self._kept(held), result)
        return result

    def _unopposed(
        self, examined: Iterable[Record], held: list[tuple[str, str]], result: ClassResult
    ) -> Iterator[Record]:
        """Yield the records that can be landed; note what failed, and hold back what would change marks."""
        for record in examined:
            if record.status != "graded":
                result.failed[record.student] = record.error or "for an unknown reason"
            elif change := self._change(record):
                result.changes.append(change)
                held.append((record.student, record.key))
            else:
                yield record

    def _sort(self, folders: dict[str, Path], force: bool, result: ClassResult) -> tuple[list[Due], list[Due]]:
        """Return what has to be examined, and what has been but is not in the gradebook."""
        due, ready = [], []
        known = self._in_gradebook()
        for student, folder in folders.items():
            try:
                record = self._record(student, folder)
            except OSError as error:
                result.failed[student] = f"{error.filename} cannot be read: {error.strerror}."
                continue
            if force:
                # The earlier result stays: marks may have been given by it.
                due.append(Due(student, folder, self.records.once_more(student, record.key), record.submission))
                continue
            landed = self.records.landed(student)
            key = landed if landed and is_of(landed, record.key) else record.key
            target = self._steps.folder(self._course.autograded_directory, student)
            if landed == key and student in known and target.is_dir():
                result.unchanged.append(student)
                continue
            one = Due(student, folder, key, record.submission)
            kept = self.records.find(student, key)
            if kept is not None and kept.reusable:
                ready.append(one)
                continue
            previous = None if landed is None else self.records.find(student, landed)
            only = self._changed_tests(record, previous)
            due.append(one if only is None else replace(one, previous=landed, only=only))
        return due, ready

    def _task(self, due: Due) -> Task:
        """Return what a worker needs."""
        record = Record(due.student, due.key, due.submission, self._grader, self._base, self._tests)
        previous = None if due.previous is None else self.records.find(due.student, due.previous)
        counted = self._place.settings.hints_by_attempt
        attempt = record.attempt = self.records.attempt(due.student, due.submission) if counted else 1
        only = None if previous is None else due.only
        return Task(record, due.folder, sorted(self._specifications), previous, only, attempt)

    def _kept(self, these: Iterable[tuple[str, str]]) -> Iterator[Record]:
        """Yield records of before, by student and key."""
        for student, key in these:
            if record := self.records.find(student, key):
                yield record

    def _record(self, student: str, folder: Path) -> Record:
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_handed_in(path)]
        submission = hash_of_files(folder, names, UNPACKED)
        tests = [f"{name}:{sorted(hashes.items())}" for name, hashes in sorted(self._tests.items())]
        key = hash_of(student, submission, self._grader, self._base, *tests, self._catalogues)
        return Record(student, key, submission, self._grader, self._base, self._tests)

    def _changed_tests(self, record: Record, previous: Record | None) -> dict[str, list[str]] | None:
        """Return the tests that have changed since a record, by notebook; None if more has."""
        if previous is None or not previous.reusable:
            return None
        if any(specification.tests_share_names for specification in self._specifications.values()):
            return None
        if any(previous.lent.values()):
            # What a test of one function shows may hang on another's marks, which may be about to change.
            return None
        same = (previous.submission, previous.grader, previous.base)
        if same != (record.submission, record.grader, record.base) or previous.tests.keys() != record.tests.keys():
            return None
        return {
            name: [grade_id for grade_id, hash_ in tests.items() if previous.tests[name].get(grade_id) != hash_]
            for name, tests in record.tests.items()
        }

    def _examined(
        self, due: list[Due], ready: list[Due], pool: Pool, advance: Callable[[], object]
    ) -> Iterator[Record]:
        """Yield records, of what ran out of time only after it did so when it was alone on the machine."""
        yield from self._kept((one.student, one.key) for one in ready)
        again = set()
        for record in pool.run(map(self._task, due)):
            if any(record.timed_out.values()):
                again.add(record.student)
                continue
            self._keep(record)
            advance()
            yield record
        for one in due:
            if one.student in again:
                for record in pool.run([self._task(one)]):
                    self._keep(record)
                    advance()
                    yield record

    def _keep(self, record: Record) -> None:
        try:
            self.records.keep(record)
        except OSError as error:
            raise GradingError(
                f"{self.records.folder} cannot be written: {error.strerror}. What was graded before is kept; mend that "
                "and run the same command again."
            ) from error

    def _change(self, record: Record) -> MarksChange | None:
        """Return what a record would change of marks that its student has for the same submission; None if nothing."""
        landed = self.records.landed(record.student)
        before = None if landed is None else self.records.find(record.student, landed)
        if before is None or before.submission != record.submission:
            return None
        cells = {}
        for name in before.scores.keys() | record.scores.keys():
            old, new = before.scores.get(name, {}), record.scores.get(name, {})
            for grade_id in sorted(old.keys() | new.keys()):
                points = (old.get(grade_id, [None])[0], new.get(grade_id, [None])[0])
                if points[0] != points[1]:
                    cells[grade_id] = points
        return MarksChange(record.student, before.score, record.score, cells) if cells else None

    def _land(self, landing: Landing, records: Iterable[Record], result: ClassResult) -> None:
        """Land records in batches, as they come."""
        waiting: list[Record] = []
        for record in records:
            waiting.append(record)
            if len(waiting) >= BATCH or sum(one.size for one in waiting) >= BATCH_SIZE:
                self._land_batch(landing, waiting, result)
        self._land_batch(landing, waiting, result)

    def _land_batch(self, landing: Landing, waiting: list[Record], result: ClassResult) -> None:
        failed = landing.land(waiting)
        result.failed.update(failed)
        result.graded += [
            Graded(record.student, record.key, record.score, (*record.repairs, *record.notes))
            for record in waiting
            if record.student not in failed
        ]
        waiting.clear()

    def _in_gradebook(self) -> set[str]:
        """Return the students of whom the gradebook has a submission."""
        try:
            opened = Gradebook(self._course.db_url, self._course.course_id)
        except InvalidEntry:
            # It adds the course if there is none, and somebody who grades another assignment has just done that.
            opened = Gradebook(self._course.db_url, self._course.course_id)
        with opened as gradebook:
            found = (
                gradebook.db.query(Student.id)
                .join(SubmittedAssignment, SubmittedAssignment.student_id == Student.id)
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .filter(Assignment.name == self._job.assignment)
            )
            return {row[0] for row in found}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second run of the same assignment out. Raises GradingError if this is the second."""
        folder = self.records.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = open(folder / "lock", "w", encoding="ascii")  # noqa: SIM115 (held as long as this goes on)
        except OSError as error:
            raise GradingError(f"{folder} cannot be written: {error.strerror}. Results are kept there.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise GradingError(f"{self._job.assignment} is being graded by another run; wait for it.") from error
            yield


def _holds_something(folder: Path) -> bool:
    """Whether something was handed in there; what cannot be looked into is somebody's work, too."""
    try:
        return any(map(_is_handed_in, folder.rglob("*")))
    except OSError:
        return True


def _is_handed_in(path: Path) -> bool:
    """Whether a path is a file of the submission's own: a link may lead to somebody else's work."""
    return path.is_file() and not path.is_symlink()
