"""Writes a feedback page for each student and notebook, where nbgrader puts feedback.

A page has nothing of hidden tests, nothing that code after them has shown, and nothing of other students; what is told
of a test is decided in `disclosure.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.diagnosis.catalogue import Misconception
from autograder.files import write_whole
from autograder.notebook.cells import Cell, nbgrader_metadata, owners
from autograder.notebook.markers import DEFAULTS, Markers
from autograder.notebook.marks import functions
from autograder.reporting import marks_table
from autograder.reporting.disclosure import test_sources, told_of_cell, told_of_test
from autograder.reporting.exercise_words import STATUS_WORDS
from autograder.reporting.pages import page
from autograder.reporting.released_catalogue import read_entries
from autograder.reporting.results import Archive, Outcome, ReportError, with_marks

# What nbgrader's release_feedback needs beside the pages.
_BESIDE = ("timestamp.txt", "submission_secret.txt")


@dataclass
class Told:
    """What a student reads of one function.

    messages -- what its tests say
    hints -- what to think about, where the mistake is a known one
    comments -- what a person wrote
    code -- the student's own
    """

    outcome: Outcome
    messages: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    code: str = ""

    @property
    def tested_with(self) -> str:
        """A sentence for a function that was tested with others of ours; nothing for any other."""
        names = list(self.outcome.lent)
        if not names:
            return ""
        listed = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
        why = "yours do not pass their own checks" if len(names) > 1 else "yours does not pass its own checks"
        right = "Correct. " if self.outcome.status == "carried" else ""
        return f"{right}It was tested with our {listed}, because {why}."

    @property
    def has_more(self) -> bool:
        """Whether there is more to say than the points."""
        return bool(self.messages or self.hints or self.comments or self.outcome.lent)


@dataclass
class Written:
    """The result of writing feedback: for how many students, and why not for the others."""

    students: list[str] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)


def write_feedback(archive: Archive, students: Collection[str] = ()) -> Written:
    """Write the feedback of everybody, or of these students. Raises ReportError if it cannot be written.

    Where a student's submission has no marks there is no feedback, and the result says why.
    """
    reader = Reader(archive)
    done = Written()
    for student in sorted(students or reader.table.marks.keys() | archive.handed_in()):
        notebooks = reader.told(student)
        if not notebooks:
            done.without[student] = archive.error(student) or "nothing of theirs is graded"
            continue
        record = archive.record(student)
        try:
            for name, told in notebooks.items():
                text = feedback_page(
                    archive.assignment.name,
                    name,
                    reader.table.people[student],
                    reader.table.marks[student],
                    told,
                    record.repairs if record is not None else [],
                )
                write_whole(archive.folder(archive.course.feedback_directory, student) / f"{name}.html", text)
            _copy_beside(archive, student)
        except OSError as error:
            raise ReportError(f"{error.filename} cannot be written: {error.strerror}.") from error
        done.students.append(student)
    return done


class Reader:
    """Reads what each student of an assignment may be told."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._exercises = archive.exercises()
        self._texts = read_entries(archive.bundle)
        with archive.gradebook() as gradebook:
            self.table = marks_table.read(gradebook, archive.assignment.name)
            marks_table.read_comments(gradebook, archive.assignment.name, self.table)

    def told(self, student: str) -> dict[str, list[Told]]:
        """Return what a student is told, by notebook; nothing if the student has no marks."""
        archive = self._archive
        if student not in self.table.marks:
            return {}
        marks, record = self.table.marks[student], archive.record(student)
        found = {}
        for name, notebook in archive.notebooks(student, record).items():
            ran = {outcome.name: outcome for outcome in archive.outcomes(notebook, name, record)}
            own = [exercise for exercise in self._exercises if exercise.notebook == name]
            outcomes = [with_marks(exercise, marks, ran.get(exercise.name)) for exercise in own]
            comments = {cell: text for (where, cell), text in marks.comments.items() if where == name}
            attempt = record.attempt if record is not None else 1
            markers = archive.bundle.markers_of(name)
            found[name] = told_of(archive.cells[name], notebook, outcomes, self._texts, comments, attempt, markers)
        return found


def told_of(
    cells: Collection[Cell],
    notebook: NotebookNode,
    outcomes: Iterable[Outcome],
    texts: Mapping[str, Misconception],
    comments: Mapping[str, str] | None = None,
    attempt: int = 1,
    markers: Markers = DEFAULTS,
) -> list[Told]:
    """Return what a student reads of each function of a graded notebook.

    cells -- the assignment's own, hidden tests included
    outcomes -- of the functions of this notebook
    texts -- what is said of misconceptions, by id
    comments -- what persons wrote, by cell
    attempt -- which of an entry's hints is told, the first being 1
    markers -- by which the notebook was released
    """
    sources = test_sources(cells)
    owned = owners(cells)
    graded = functions(notebook, owned)
    solutions = {
        cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if nbgrader_metadata(cell).get("solution")
    }
    lines = {line.strip() for cell in solutions.values() for line in cell.source.split("\n")}
    found = []
    for outcome in outcomes:
        own = solutions.get(outcome.name)
        told = Told(outcome, code="" if own is None else own.source)
        failed = [
            message
            for cell in graded.get(outcome.name, [])
            if (source := sources.get(cell.metadata.nbgrader.grade_id)) is not None
            and (message := told_of_test(cell, source, outcome.name, lines, markers))
        ]
        stopped = told_of_cell(own) if own is not None and failed else None
        if outcome.status not in ("passed", "carried"):
            told.messages = [f"{outcome.name}: {stopped}"] if stopped else list(dict.fromkeys(failed))
            known = [texts[one].hint(attempt) for one in outcome.misconceptions if one in texts]
            told.hints = [hint for hint in known if hint]
        names = {outcome.name, *(grade_id for grade_id, owner in owned.items() if owner == outcome.name)}
        told.comments = [text for cell, text in (comments or {}).items() if cell in names]
        found.append(told)
    return found


def feedback_page(
    assignment: str,
    notebook: str,
    person: marks_table.Person,
    marks: marks_table.Marks,
    told: list[Told],
    repairs: list[str],
) -> str:
    """Return one student's page."""
    maximum = sum(one.outcome.max_score for one in told)
    score = sum(one.outcome.score for one in told)
    penalty = marks.penalties.get(notebook, 0.0)
    values: dict[str, Any] = {
        "title": f"{notebook}: feedback for {person.name}",
        "assignment": assignment,
        "notebook": notebook,
        "person": person,
        "score": f"{max(0.0, score - penalty):g}",
        "maximum": f"{maximum:g}",
        "penalty": f"{penalty:g}" if penalty else "",
        "when": f"{marks.when:%Y-%m-%d %H:%M} UTC" if marks.when else "",
        "waiting": any(where == notebook for where, _ in marks.needs_manual),
        "words": STATUS_WORDS,
        "told": told,
        "repairs": repairs,
    }
    return page("feedback.html", **values)


def _copy_beside(archive: Archive, student: str) -> None:
    target = archive.folder(archive.course.feedback_directory, student)
    for step in (archive.course.submitted_directory, archive.course.autograded_directory):
        for name in _BESIDE:
            path = archive.folder(step, student) / name
            if path.is_file() and not path.is_symlink():
                shutil.copyfile(path, target / name)
