"""Runs nbgrader's own steps on many submissions without its files and database in between.

The course's configured preprocessors run as they are. Of nbgrader's own, those that open the gradebook once a notebook
get what they ask for from what was read once (`Released`), or from a session that others share (`Rows`).
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    Execute,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from autograder.grading.grading_errors import GradingError
from autograder.grading.preprocessor import Examine, GiveRoles, HandedIn
from autograder.notebook.specification import Specification

Resources = dict[str, Any]
# An assignment has a few dozen kinds of cells; a student can make up more.
_MOST_KINDS = 10_000


@dataclass(frozen=True)
class Released:
    """What the gradebook says of a notebook as it was released, in the words in which nbgrader's steps ask for it."""

    notebook: SimpleNamespace
    _sources: dict[str, SimpleNamespace] = field(default_factory=dict)
    _graded: dict[str, SimpleNamespace] = field(default_factory=dict)

    @classmethod
    def read(cls, gradebook: Gradebook, name: str, assignment: str) -> Released:
        """Read one notebook of an assignment. Raises MissingEntry if there is none."""
        found = gradebook.find_notebook(name, assignment)
        sources = [
            SimpleNamespace(
                name=cell.name,
                cell_type=str(cell.cell_type),
                locked=cell.locked,
                source=cell.source,
                checksum=cell.checksum,
            )
            for cell in found.source_cells
        ]
        kinds = {
            kind: [SimpleNamespace(name=cell.name, max_score=getattr(cell, "max_score", None)) for cell in cells]
            for kind, cells in {
                "grade_cells": found.grade_cells,
                "solution_cells": found.solution_cells,
                "task_cells": found.task_cells,
            }.items()
        }
        notebook = SimpleNamespace(name=name, kernelspec=found.kernelspec, source_cells=sources, **kinds)
        graded = {cell.name: cell for cell in [*kinds["grade_cells"], *kinds["task_cells"]]}
        return cls(notebook, {cell.name: cell for cell in sources}, graded)

    def find_notebook(self, *_: str) -> SimpleNamespace:
        """As `Gradebook.find_notebook`."""
        return self.notebook

    def find_source_cell(self, name: str, *_: str) -> SimpleNamespace:
        """As `Gradebook.find_source_cell`."""
        cell: SimpleNamespace = _found(self._sources, name)
        return cell

    def find_graded_cell(self, name: str, *_: str) -> SimpleNamespace:
        """As `Gradebook.find_graded_cell`."""
        cell: SimpleNamespace = _found(self._graded, name)
        return cell


@dataclass
class Rows:
    """The rows of one submitted notebook, in the words in which nbgrader's steps ask for them."""

    gradebook: Gradebook
    notebook: SubmittedNotebook

    def __post_init__(self) -> None:
        self.db = self.gradebook.db
        self._grades: dict[str, Grade] = {grade.name: grade for grade in self.notebook.grades}
        self._comments: dict[str, Comment] = {comment.name: comment for comment in self.notebook.comments}

    def find_grade(self, name: str, *_: str) -> Grade:
        """As `Gradebook.find_grade`."""
        return _found(self._grades, name)

    def find_comment(self, name: str, *_: str) -> Comment:
        """As `Gradebook.find_comment`."""
        return _found(self._comments, name)

    def find_submission(self, *_: str) -> Any:
        """As `Gradebook.find_submission`."""
        return self.notebook.assignment

    def find_submission_notebook(self, *_: str) -> SubmittedNotebook:
        """As `Gradebook.find_submission_notebook`."""
        return self.notebook


def _found(entries: dict[str, Any], name: str) -> Any:
    if name not in entries:
        raise MissingEntry(f"No such cell: {name}")
    return entries[name]


class _Kernelspec(OverwriteKernelspec):
    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        if spec := json.loads(resources["released"].notebook.kernelspec or "null"):
            nb.metadata["kernelspec"] = spec
        return nb, resources


class _Roles(GiveRoles):
    def specification(self, resources: Resources) -> Specification:
        specification: Specification = resources["specification"]
        return specification

    def handed_in(self, resources: Resources) -> HandedIn:
        handed_in: HandedIn = resources["handed_in"]
        return handed_in


class _Cells(OverwriteCells):
    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        self.gradebook = resources["released"]
        self.notebook_id, self.assignment_id = resources["nbgrader"]["notebook"], resources["nbgrader"]["assignment"]
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        if self.add_missing_cells:
            nb, resources = self.add_missing_grade_cells(nb, resources)
            nb, resources = self.add_missing_task_cells(nb, resources)
        return nb, resources


class _AutoGrades(SaveAutoGrades):
    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        self.gradebook = resources["rows"]
        place = resources["nbgrader"]
        self.notebook_id, self.assignment_id = place["notebook"], place["assignment"]
        self.student_id = place["student"]
        result: tuple[NotebookNode, Resources] = NbGraderPreprocessor.preprocess(self, nb, resources)
        return result


class _LatePenalties(AssignLatePenalties):
    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        rows: Rows = resources["rows"]
        submission = rows.find_submission()
        rows.notebook.late_submission_penalty = None
        if submission.total_seconds_late > 0:
            self.init_plugin()
            rows.db.flush()
            rows.db.refresh(rows.notebook)  # its score is computed by the database
            penalty = self.plugin_inst.late_submission_penalty(
                resources["nbgrader"]["student"], rows.notebook.score, submission.total_seconds_late
            )
            if penalty is not None:
                rows.notebook.late_submission_penalty = self._check_late_penalty(rows.notebook, penalty)
        return nb, resources


class _Validator(MetadataValidator):
    """nbgrader's, which takes a millisecond a cell; here each kind of cell is looked at once."""

    def __init__(self) -> None:
        super().__init__()
        self._valid: set[tuple[str, str]] = set()

    def validate_cell(self, cell: NotebookNode) -> None:
        marks = (cell.cell_type, json.dumps(cell.metadata.get("nbgrader"), sort_keys=True, default=repr))
        if marks not in self._valid:
            super().validate_cell(cell)
            if len(self._valid) < _MOST_KINDS:
                self._valid.add(marks)


class _Metadata(CheckCellMetadata):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._validator = _Validator()

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        self._validator.validate_nb(nb)
        return nb, resources


_SHARING = {
    CheckCellMetadata: _Metadata,
    GiveRoles: _Roles,
    OverwriteKernelspec: _Kernelspec,
    OverwriteCells: _Cells,
    SaveAutoGrades: _AutoGrades,
    AssignLatePenalties: _LatePenalties,
}

Step = Callable[[NotebookNode, Resources], tuple[NotebookNode, Resources]]


class Steps:
    """A course's steps for autograding, made once.

    converter -- nbgrader's own command, configured; it also knows where files belong
    """

    def __init__(self, config: Any, assignment: str, log: logging.Logger) -> None:
        course = CourseDirectory(config=config, log=log)
        course.assignment_id = assignment
        self.converter = Autograde(coursedir=course, config=config, log=log)
        self.converter.exporter = self.converter.exporter_class(parent=self.converter, config=self.converter.config)
        self._sanitize = [self._make(kind) for kind in self.converter.sanitize_preprocessors]
        kinds = [_resolved(kind) for kind in self.converter.autograde_preprocessors]
        if Examine not in kinds:
            execute = " in place of nbgrader's Execute" if Execute in kinds else ""
            raise GradingError(
                f"nbgrader_config.py does not name autograder.grading.preprocessor.Examine{execute} among "
                "c.Autograde.autograde_preprocessors; its first lines say how."
            )
        examining = kinds.index(Examine)
        saving = next((n for n, kind in enumerate(kinds) if issubclass(kind, SaveAutoGrades)), len(kinds))
        self._before = [self._make(kind) for kind in kinds[:examining]]
        self._after = [self._make(kind) for kind in kinds[examining + 1 : saving]]
        self._save = [self._make(kind) for kind in kinds[saving:]]

    def _make(self, kind: Any) -> Step:
        kind = _resolved(kind)
        step: Step = _SHARING.get(kind, kind)(parent=self.converter.exporter)
        return step

    def resources(self, student: str, notebook: str, **more: Any) -> Resources:
        """Return what nbgrader tells a step about the notebook that it works on."""
        course = self.converter.coursedir
        place = {"student": student, "assignment": course.assignment_id, "notebook": notebook}
        return {
            "unique_key": notebook,
            "output_files_dir": f"{notebook}_files",
            "nbgrader": place | {"db_url": course.db_url},
            **more,
        }

    def examine(
        self,
        notebook: NotebookNode,
        resources: Resources,
        run: Callable[[NotebookNode], None],
    ) -> NotebookNode:
        """Take a submitted notebook through the steps up to the marks; `run` runs its cells."""
        notebook, resources = _through([*self._sanitize, *self._before], notebook, resources)
        run(notebook)
        return _through(self._after, notebook, resources)[0]

    def save(self, notebook: NotebookNode, resources: Resources) -> None:
        """Take an examined notebook through the steps that give marks, with its rows in resources["rows"]."""
        _through(self._save, notebook, resources)

    def folder(self, directory: str, student: str) -> Path:
        """Return where the course keeps a student's files, in a directory as nbgrader calls it."""
        course = self.converter.coursedir
        return Path(course.format_path(directory, student, course.assignment_id))


def _through(steps: Iterable[Step], notebook: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
    for step in steps:
        notebook, resources = step(notebook, resources)
    return notebook, resources


def _resolved(kind: Any) -> Any:
    """Return a class that a configuration gives as such or by its name."""
    if not isinstance(kind, str):
        return kind
    module, _, name = kind.rpartition(".")
    return getattr(importlib.import_module(module), name)
