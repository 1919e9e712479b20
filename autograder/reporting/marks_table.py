"""Reads all marks of an assignment from the gradebook in a few queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them; nothing but the id need be there."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """The name if it is known, else the id."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.student


@dataclass
class Marks:
    """One student's marks.

    penalties -- points less for lateness, by notebook
    cells -- points by notebook and grade_id
    needs_manual -- the cells that a person has to grade still
    comments -- what persons wrote, by notebook and cell
    """

    when: datetime | None
    seconds_late: float = 0.0
    penalties: dict[str, float] = field(default_factory=dict)
    cells: dict[tuple[str, str], float] = field(default_factory=dict)
    needs_manual: set[tuple[str, str]] = field(default_factory=set)
    comments: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def penalty(self) -> float:
        """Points less for lateness, in all notebooks."""
        return sum(self.penalties.values())

    @property
    def score(self) -> float:
        """All points, before the penalty."""
        return sum(self.cells.values())


@dataclass
class MarksTable:
    """What the gradebook has of an assignment, by student."""

    people: dict[str, Person]
    marks: dict[str, Marks]


def read(gradebook: Gradebook, assignment: str) -> MarksTable:
    """Read all marks of an assignment; persons' points count before the tests', as in nbgrader."""
    people = {
        student.id: Person(
            student.id,
            student.first_name or "",
            student.last_name or "",
            student.email or "",
            student.lms_user_id or "",
        )
        for student in gradebook.db.query(Student)
    }
    submitted = gradebook.db.query(SubmittedAssignment).join(Assignment).filter(Assignment.name == assignment)
    marks = {one.student_id: Marks(one.timestamp, float(one.total_seconds_late)) for one in submitted}
    rows = (
        gradebook.db.query(
            SubmittedAssignment.student_id,
            Notebook.name,
            BaseCell.name,
            Grade.auto_score,
            Grade.manual_score,
            Grade.extra_credit,
            Grade.needs_manual_grade,
        )
        .select_from(Grade)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )
    for student, notebook, cell, auto, manual, extra, needs in rows:
        points = auto if manual is None else manual
        marks[student].cells[notebook, cell] = (points or 0.0) + (extra or 0.0)
        if needs:
            marks[student].needs_manual.add((notebook, cell))
    _read_penalties(gradebook, assignment, marks)
    return MarksTable(people, marks)


def _read_penalties(gradebook: Gradebook, assignment: str, marks: dict[str, Marks]) -> None:
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, Notebook.name, SubmittedNotebook.late_submission_penalty)
        .select_from(SubmittedNotebook)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )
    for student, notebook, penalty in rows:
        marks[student].penalties[notebook] = penalty or 0.0


def read_comments(gradebook: Gradebook, assignment: str, table: MarksTable) -> None:
    """Add what persons wrote to cells."""
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Comment.manual_comment)
        .select_from(Comment)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )
    for student, notebook, cell, text in rows:
        if text:
            table.marks[student].comments[notebook, cell] = text
