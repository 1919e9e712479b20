"""The unit of work: grades one submission and returns its record.

A pool on this machine and a cluster run the same function. What serves all submissions (the course's steps, what the
gradebook says, the warm processes) is made at the first call in a process and kept there.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry

from autograder.batch.nbgrader_steps import Released, Steps
from autograder.batch.notebook_text import written
from autograder.batch.prestart import Headstart
from autograder.batch.result_store import Record
from autograder.course import Course
from autograder.gradebook import Gradebook
from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.grading_errors import GraderProcessError, GradingError, UnconfinedError
from autograder.grading.preprocessor import HandedIn, agree
from autograder.grading.settings import Settings, settings_in
from autograder.grading.soundness import Soundness, engine_for, soundness
from autograder.intake.aliases import Aliases
from autograder.intake.companion_files import Beside, files_in
from autograder.intake.formats import Candidate
from autograder.intake.intake_errors import IntakeError
from autograder.intake.selection import choose, read_folder
from autograder.notebook.cells import nbgrader_metadata, owners
from autograder.notebook.score import score
from autograder.release import Bundle, BundleError, bundles_folder, load

# What nbgrader's steps say of a submission, its record says, too.
LOG = logging.Logger("autograder.steps", level=logging.CRITICAL)


@dataclass(frozen=True)
class Job:
    """A class that is graded.

    root -- the course's folder
    isolation -- instead of what the course sets, if not None
    carry_forward -- whether a test that failed because of other functions is run again without that fault
    """

    root: Path
    assignment: str
    isolation: str | None = None
    carry_forward: bool = True

    def config(self) -> Any:
        """Return nbgrader's configuration."""
        return Course(self.root).nbgrader_config()


@dataclass(frozen=True)
class Task:
    """A submission to be examined.

    record -- what is known of the result before: whose it is, and the hashes that it depends on
    folder -- what was handed in
    notebooks -- the names of the notebooks that the assignment has
    previous -- an earlier record of the same submission
    only -- the tests to run, by notebook; the outputs of the others are taken from `previous`. None for all.
    attempt -- which version of the student's work this is, for hints that go further each time
    """

    record: Record
    folder: Path
    notebooks: list[str]
    previous: Record | None = None
    only: dict[str, list[str]] | None = None
    attempt: int = 1


class Workplace:
    """What serves all submissions of a class in one process.

    config -- nbgrader's configuration, if it is not to be read from the course
    """

    def __init__(self, job: Job, config: Any = None) -> None:
        self.job = job
        self._config = job.config() if config is None else config
        self.settings: Settings = settings_in(self._config)
        self.confine = self.settings.confine if job.isolation is None else job.isolation != "none"
        self.carried_credit = self.settings.carried_credit if job.carry_forward else None
        self._engines: dict[str, Engine] = {}
        self._released: dict[str, Released] = {}

    @cached_property
    def steps(self) -> Steps:
        """The course's steps."""
        return Steps(self._config, self.job.assignment, LOG)

    @cached_property
    def bundle(self) -> Bundle:
        """What was released. Raises BundleError if that is not known."""
        db_url = self.steps.converter.coursedir.db_url
        return load(bundles_folder(db_url, self.job.root) / self.job.assignment)

    def released(self, notebook: str) -> Released:
        """Return what the gradebook says of a notebook. Raises BundleError if it and the bundle disagree."""
        if notebook not in self._released:
            db_url = self.steps.converter.coursedir.db_url
            agree(self.bundle, db_url, self.job.assignment, notebook)
            try:
                with Gradebook(db_url) as gradebook:
                    self._released[notebook] = Released.read(gradebook, notebook, self.job.assignment)
            except MissingEntry as error:
                raise BundleError(f"The gradebook does not know the notebook {notebook}: {error}") from error
        return self._released[notebook]

    @cached_property
    def beside(self) -> Beside:
        """What lies beside every submission. Raises IntakeError if the course's table of aliases is wrong."""
        return Beside(self.bundle.files, Aliases.read(self.job.root))

    def engine(self, notebook: str) -> Engine:
        """Return the warm processes for a notebook."""
        if notebook not in self._engines:
            self._engines[notebook] = engine_for(self.bundle, notebook, self.settings, confine=self.confine)
        return self._engines[notebook]

    def soundness(self, notebook: str) -> Soundness:
        """Return how a notebook is graded; it may take a while to find out. Raises GradingError if it cannot be."""
        return soundness(self.bundle, notebook, self.settings, confine=self.confine)

    def fits(self, start: Headstart) -> bool:
        """Whether warm processes were started from what this class has."""
        return (start.bundle_hash, start.settings, start.confine) == (self.bundle.hash, self.settings, self.confine)

    def adopt(self, engines: dict[str, Engine]) -> None:
        """Use these warm processes."""
        self._engines.update(engines)

    def close(self) -> None:
        """End the warm processes."""
        while self._engines:
            self._engines.popitem()[1].close()


@lru_cache(maxsize=1)
def workplace(job: Job) -> Workplace:
    """Return this process's workplace for a job."""
    return Workplace(job)


def examine(job: Job, task: Task) -> Record:
    """Examine a submission and return its record; whatever goes wrong is in the record."""
    return examine_at(lambda: workplace(job), task)


def examine_at(find: Callable[[], Workplace], task: Task) -> Record:
    """Examine a submission at the workplace that `find` returns, and return its record."""
    record = task.record
    record.when = time.time()
    try:
        place = find()
        for name, handed_in in _chosen(place, task).items():
            notebook, examination = _examine_notebook(place, task, name, handed_in)
            record.scores[name] = _scores(notebook)
            # Not `nbformat.writes`, which validates what has been valid since it was read.
            record.notebooks[name] = written(notebook)
            record.owners[name] = owners(place.engine(name).specification.cells)
            record.timed_out[name] = sorted(examination.timed_out)
            record.misconceptions[name] = examination.misconceptions
            record.lent[name] = examination.lent
            record.carried[name] = sorted(examination.carried)
            record.not_judged[name] = sorted(examination.not_judged)
            record.notes += examination.notes
            record.repairs += examination.repairs
            record.layers = place.engine(name).layers
            record.unsound |= place.engine(name).failing_tests
            record.seconds += examination.seconds
        record.status = "graded"
    except Exception as error:  # whatever a submission brings about must not stop the class
        foreseen = isinstance(error, GradingError | BundleError | IntakeError)
        record.error = str(error) if foreseen else f"{type(error).__name__}: {str(error)[:500]}"
        record.machines_fault = isinstance(error, GraderProcessError | UnconfinedError | OSError)
    return record


def _chosen(place: Workplace, task: Task) -> dict[str, Candidate]:
    """Return what was handed in for each notebook of the assignment; what was not handed in earns nothing.

    Raises IntakeError if something was, and none of it can be graded.
    """
    offer = read_folder(task.folder, place.beside.given)
    others = [f"{error} It was not graded." for error in offer.refused]
    chosen = {}
    for name in task.notebooks:
        wanted = place.engine(name).layout.exercises
        best = choose(offer.candidates, wanted, name, [other for other in task.notebooks if other != name])
        if best is not None:
            chosen[name] = replace(best, repairs=[*best.repairs, *others])
    if not chosen and offer.refused:
        raise offer.refused[0]
    if not chosen and not all(one.is_script for one in offer.candidates):
        names = ", ".join(one.name for one in offer.candidates[:5])
        raise IntakeError(f"None of {names} has anything of this assignment: have the right notebook handed in.")
    if not chosen:
        task.record.notes.append("no notebook was handed in")
    return chosen


def _examine_notebook(place: Workplace, task: Task, name: str, chosen: Candidate) -> tuple[NotebookNode, Examination]:
    steps = place.steps
    student = task.record.student
    keep: Collection[str] = steps.converter.exclude_overwriting.get(place.job.assignment, [])
    known = _known_outputs(task, name)
    examined: list[Examination] = []

    def run(notebook: NotebookNode) -> None:
        examined.append(
            place.engine(name).examine(
                notebook,
                task.folder,
                keep=keep,
                known=known,
                around=place.beside.around(notebook, places, chosen.companions),
                carried_credit=place.carried_credit,
                attempt=task.attempt,
            )
        )

    places = files_in(task.folder)
    resources = steps.resources(
        student,
        name,
        specification=place.engine(name).specification,
        released=place.released(name),
        metadata={"path": os.fspath(task.folder)},
        handed_in=HandedIn(place.beside, places, chosen.companions, chosen.repairs),
    )
    notebook = steps.examine(chosen.notebook, resources, run)
    examined[0].repairs = [*resources.get("repairs", []), *examined[0].repairs]
    return notebook, examined[0]


def _known_outputs(task: Task, name: str) -> dict[str, list[Any]]:
    """Return the outputs of the tests that need not run again."""
    if task.only is None or task.previous is None:
        return {}
    notebook = nbformat.v4.reads(task.previous.notebooks[name])
    return {
        cell.metadata.nbgrader.grade_id: cell.outputs
        for cell in notebook.cells
        if nbgrader_metadata(cell).get("grade")
        and cell.cell_type == "code"
        and cell.metadata.nbgrader.grade_id not in task.only.get(name, [])
    }


def _scores(notebook: NotebookNode) -> dict[str, list[float]]:
    scores = {}
    for cell in notebook.cells:
        if nbgrader_metadata(cell).get("grade"):
            points, maximum = score(cell)
            if points is not None:
                scores[cell.metadata.nbgrader.grade_id] = [points, maximum]
    return scores
