"""Puts records into the gradebook and under autograded/: one writer, many submissions in one transaction.

The gradebook is written first, then the files, then the note that both have the record. Whatever stops this in the
middle, the next run finds that note missing and lands the record again, which changes nothing that was there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, Student, SubmittedAssignment
from nbgrader.utils import find_all_files
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from autograder.grading.failures import GradingError
from autograder.grading.records import Record, Records
from autograder.grading.steps import Rows, Steps


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
        except OperationalError as error:
            raise _cannot_write(self._course.db_url, error) from error
        factory = sessionmaker(self._gradebook.engine, class_=_Batch, autoflush=True, expire_on_commit=False)
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
                    cause = error if isinstance(error, OperationalError) else error.__context__
                    if isinstance(cause, OperationalError):
                        raise cause from None
                    failed[record.student] = f"{type(error).__name__}: {error}"
            session.commit_batch()
        except OperationalError as error:
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
                raise LandingError(f"{place} cannot be written: {error.strerror}. {_SAFE}") from error
        return failed

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
        _copy(submitted, find_all_files(str(submitted), ignored), new)
        source = Path(course.format_path(course.source_directory, ".", course.assignment_id))
        kept = set(converter.exclude_overwriting.get(course.assignment_id, []))
        own = [path for path in find_all_files(str(source), ignored) if os.path.relpath(path, source) not in kept]
        _copy(source, own, new)
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


def _cannot_write(db_url: str, error: OperationalError) -> LandingError:
    shown = make_url(db_url).render_as_string(hide_password=True)
    return LandingError(f"The gradebook {shown} cannot be written: {error.orig}. {_SAFE}")


def _copy(folder: Path, paths: list[str], target: Path) -> None:
    for path in paths:
        if os.path.islink(path):
            continue  # what it leads to was not handed in
        place = target / os.path.relpath(path, folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
