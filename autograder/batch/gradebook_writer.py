"""Writes records into the gradebook and autograded/: one writer, many submissions per transaction.

The gradebook is written first, then the files, then the note that both have the record. Whatever stops this in the
middle, the next run finds that note missing and lands the record again, which changes nothing that was there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Student, SubmittedAssignment
from nbgrader.utils import find_all_files
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from autograder.batch.nbgrader_steps import Rows, Steps
from autograder.batch.result_store import Record, Records
from autograder.gradebook import Gradebook
from autograder.grading.engine import HANDED_IN_BYTES
from autograder.grading.grading_errors import GradingError
from autograder.nbgrader_run import shown_address

# Errors of writing that have nothing to do with what a student handed in.
_THE_MACHINES = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM,
                 errno.EMFILE, errno.ENFILE, errno.EBUSY, errno.ESTALE, errno.ETXTBSY}  # fmt: skip


class LandingError(GradingError):
    """The gradebook or the course's folders cannot be written; the records are safe, and another run lands them."""


class _Batch(Session):
    """A session whose commits wait for `commit_batch`: nbgrader commits after every cell.

    What was changed goes to the database with the next query, as with any session.
    """

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        """Undo the record that is being written, not those before it: nbgrader rolls back when it finds an error."""
        nested = self.get_nested_transaction()
        if nested is None:
            super().rollback()
        else:
            nested.rollback()

    def commit_batch(self) -> None:
        super().commit()


class Landing:
    """Writes records of an assignment. Use it in a `with`."""

    def __init__(self, steps: Steps, records: Records) -> None:
        self._steps = steps
        self._records = records
        self._course = steps.converter.coursedir
        try:
            self._gradebook = Gradebook(self._course.db_url, self._course.course_id)
        except DatabaseError as error:
            raise _cannot_write(self._course.db_url, error) from error
        factory = sessionmaker(self._gradebook.engine, class_=_Batch, autoflush=True, expire_on_commit=False)
        self._gradebook.close()  # what it was opened with
        self._gradebook.db = scoped_session(factory)

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, *_: object) -> None:
        self._gradebook.close()

    def land(self, records: Sequence[Record]) -> dict[str, str]:
        """Land records, and return why some could not be, by student. Raises LandingError if none can be now."""
        session: Any = self._gradebook.db()
        failed: dict[str, str] = {}
        landed = []
        try:
            self._create_students(session, {record.student for record in records})
            for record in records:
                try:
                    with session.begin_nested():
                        self._save(record)
                    landed.append(record)
                except Exception as error:  # a course's own step or plug-in can raise anything
                    # nbgrader raises errors of its own in place of the database's.
                    cause = error if isinstance(error, DatabaseError) else error.__context__
                    if isinstance(cause, DatabaseError) and _is_the_databases(cause):
                        raise cause from None
                    failed[record.student] = f"{type(error).__name__}: {error}"
            session.commit_batch()
        except DatabaseError as error:
            session.rollback()
            raise _cannot_write(self._course.db_url, error) from error
        # The assignment's row would keep those of all who have handed in.
        session.expunge_all()
        for record in landed:
            try:
                self._write_files(record)
                self._records.land(record)
            except OSError as error:
                place = error.filename or self._steps.folder(self._course.autograded_directory, record.student)
                if self._is_of_the_submission(error, record.student):
                    # One submission never keeps the others back.
                    failed[record.student] = f"what was handed in cannot be copied: {place}: {error.strerror or error}"
                    continue
                raise LandingError(f"{place} cannot be written: {error.strerror}. {_SAFE}") from error
        return failed

    def _is_of_the_submission(self, error: OSError, student: str) -> bool:
        """Return whether an error is due to a student's files and not to the machine."""
        submitted = self._steps.folder(self._course.submitted_directory, student)
        own = isinstance(error.filename, str) and Path(error.filename).is_relative_to(submitted)
        return error.errno not in _THE_MACHINES or (own and error.errno == errno.EACCES)

    def _create_students(self, session: Any, names: set[str]) -> None:
        """Add who is not in the gradebook yet, in a transaction of its own.

        Somebody who grades another assignment may be adding the same students: in the same order, neither waits for
        the other for ever, and who comes second finds them there.
        """
        if not self._steps.converter.create_student:
            return
        known = {row[0] for row in session.query(Student.id).filter(Student.id.in_(names))}
        for name in sorted(names - known):
            with contextlib.suppress(IntegrityError), session.begin_nested():
                self._gradebook.update_or_create_student(name)
        session.commit_batch()

    def _save(self, record: Record) -> None:
        """Give the marks of one submission, as nbgrader does it."""
        gradebook, steps = self._gradebook, self._steps
        assignment = self._course.assignment_id
        if steps.converter.create_student:
            gradebook.update_or_create_student(record.student)
        else:
            gradebook.find_student(record.student)
        folder = self._steps.folder(self._course.submitted_directory, record.student)
        timestamp = self._course.get_existing_timestamp(str(folder))
        given = {"timestamp": timestamp} if timestamp else {}
        submission: SubmittedAssignment = gradebook.update_or_create_submission(assignment, record.student, **given)
        # A new one's rows know their cells only when they are in the database.
        gradebook.db.flush()
        for rows in submission.notebooks:
            if rows.name in record.notebooks:
                notebook = nbformat.v4.reads(record.notebooks[rows.name])
                shared = Rows(gradebook, rows)
                steps.save(notebook, steps.resources(record.student, rows.name, rows=shared))
                for grade_id in record.not_judged.get(rows.name, []):
                    grade = shared.find_grade(grade_id)
                    grade.needs_manual_grade = grade.manual_score is None
            else:
                # What was not handed in earns nothing.
                for grade in rows.grades:
                    grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.flush()

    def _write_files(self, record: Record) -> None:
        """Make the student's folder under autograded/, whole or not at all."""
        converter, course = self._steps.converter, self._course
        target = self._steps.folder(course.autograded_directory, record.student)
        new = target.with_name(f".{target.name}.new")
        _remove(new)
        new.mkdir(parents=True)
        ignored = [*course.ignore, "*.ipynb"]
        submitted = self._steps.folder(course.submitted_directory, record.student)
        source = Path(course.format_path(course.source_directory, ".", course.assignment_id))
        kept = set(converter.exclude_overwriting.get(course.assignment_id, []))
        given = {os.path.relpath(path, source): path for path in find_all_files(str(source), ignored)}
        handed_in = {os.path.relpath(path, submitted): path for path in find_all_files(str(submitted), ignored)}
        own = {place: path for place, path in given.items() if place not in kept}
        made = [Path(place).parts for place in [*own, *(f"{name}.ipynb" for name in record.notebooks)]]
        _copy({place: path for place, path in handed_in.items() if not _in_the_way(place, made)}, new)
        _copy(own, new)
        for name, text in record.notebooks.items():
            (new / f"{name}.ipynb").write_text(text, encoding="utf-8")
        mode = int(str(converter.permissions), 8)
        for path in new.rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.chmod(mode)
        old = target.with_name(f".{target.name}.old")
        _remove(old)
        if target.exists():
            target.rename(old)
        new.rename(target)
        _remove(old)


_SAFE = "What was graded is kept; mend that and run the same command again."


def _is_the_databases(error: DatabaseError) -> bool:
    """Return whether it is the database that fails (locked, full, damaged), and not what is written to it."""
    return isinstance(error, OperationalError) or type(error) is DatabaseError


def _cannot_write(db_url: str, error: DatabaseError) -> LandingError:
    return LandingError(f"The gradebook {shown_address(db_url)} cannot be written: {error.orig}. {_SAFE}")


def _in_the_way(place: str, made: Iterable[tuple[str, ...]]) -> bool:
    """Return whether a student's file is where one of the assignment's will be, or a folder of one, or lies in one."""
    parts = Path(place).parts
    return any(parts[: len(other)] == other[: len(parts)] for other in made)


def _copy(files: Mapping[str, str], target: Path) -> None:
    """Copy files to their places in a folder.

    What a link leads to was not handed in; pipes and the like are no files, and what is too large to be run with is too
    large to be copied.
    """
    for place, path in files.items():
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > HANDED_IN_BYTES:
            continue
        copy = target / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
