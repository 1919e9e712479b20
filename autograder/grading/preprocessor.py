"""This project's preprocessors in `nbgrader autograde`; nbgrader_config.py lists them.

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from autograder.grading.preprocessor import Examine, GiveRoles

traits = Autograde.class_traits()
c.Autograde.sanitize_preprocessors = [GiveRoles, *traits["sanitize_preprocessors"].default()]
steps = traits["autograde_preprocessors"].default()
c.Autograde.autograde_preprocessors = [Examine if step is Execute else step for step in steps]
"""

from __future__ import annotations

import atexit
import copy
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool, Dict, Enum, Float, Integer, Union

from autograder.gradebook import Gradebook
from autograder.grading.engine import Engine
from autograder.grading.grading_errors import GradingError
from autograder.grading.settings import ISOLATION, PROCESSES, GradingLimits, Settings, settings_in
from autograder.grading.soundness import engine_for
from autograder.intake.aliases import Aliases
from autograder.intake.companion_files import Beside, files_in
from autograder.intake.normalize import Layout
from autograder.intake.repairs import show
from autograder.notebook.specification import Specification, give_roles
from autograder.release import Bundle, BundleError, bundles_folder, load


class Examine(NbGraderPreprocessor):
    """Run a submission in two processes: the student's cells in one, the tests in another.

    How long a cell may take is `Execute.timeout`, as ever.
    """

    submission_seconds = Float(GradingLimits.submission, help="Seconds that a whole notebook may take.").tag(
        config=True
    )
    memory_bytes = Integer(GradingLimits.memory, help="Memory of the student's process.").tag(config=True)
    scratch_bytes = Integer(GradingLimits.scratch, help="Files that a submission may write.").tag(config=True)
    output_bytes = Integer(GradingLimits.output, help="What a cell may print and show.").tag(config=True)
    carried_credit = Float(
        1.0,
        min=0.0,
        max=1.0,
        help="The part of its points that a test earns which is right only with the solution's functions in place of "
        "others that the student has wrong.",
    ).tag(config=True)
    isolation = Enum(
        ISOLATION,
        "auto",
        help="'auto' confines the student's process and refuses to run it where that is not possible; "
        "'none' separates it and confines it no further.",
    ).tag(config=True)
    processes = Union(
        [Enum(PROCESSES), Dict()],
        default_value="auto",
        help="2: tests run in a process of their own, out of the students' reach; 1: in the student's, in the same "
        "sandbox, for tests that need objects with behaviour of their own; 'auto': 2 where the solution passes so, "
        "else 1. Or any of these by assignment, as a dictionary.",
    ).tag(config=True)
    hints_by_attempt = Bool(
        False,
        help="Whether hints go further with each new version that is handed in. `autograder grade` counts the "
        "versions; nbgrader autograde does not, and gives the first hint.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Run a notebook and keep its outputs in it.

        Raises BundleError if it is not known what was released, and GradingError if the grader failed; nbgrader then
        leaves the submission ungraded and goes on to the next.
        """
        stock = Execute(parent=self)
        if not stock.enabled:  # nbgrader autograde --no-execute: the instructor wants the outputs as they are
            return nb, resources
        language = nb.metadata.get("kernelspec", {}).get("language", "python")
        if language != "python":
            raise GradingError(f"Examine runs Python, not {language}; keep nbgrader's Execute for this course.")
        place = resources["nbgrader"]
        converter = self.parent.parent  # the exporter's
        root = converter.coursedir.root
        bundle = load(bundles_folder(place["db_url"], Path(root)) / place["assignment"])
        agree(bundle, place["db_url"], place["assignment"], place["notebook"])
        # A cell's limit is the one that courses set already, for nbgrader's own executor.
        config = copy.deepcopy(self.config)
        config.Execute.timeout = stock.timeout
        engine = _ENGINES.get(bundle, place["notebook"], settings_in(config))
        keep = converter.exclude_overwriting.get(place["assignment"], [])
        # Not the folder that this notebook lies in: nbgrader has put the hidden tests into its copy there.
        handed_in = converter.coursedir.format_path(
            converter.coursedir.submitted_directory, place["student"], place["assignment"]
        )
        places = files_in(Path(handed_in))
        around = Beside(bundle.files, Aliases.read(Path(root))).around(nb, places, {})
        examination = engine.examine(nb, Path(handed_in), keep=keep, around=around, carried_credit=self.carried_credit)
        for grade_id, error in engine.failing_tests.items():
            self.log.warning("The solution itself does not pass %s, so nobody can: %s", grade_id, error)
        for note in [*examination.repairs, *examination.notes]:
            self.log.warning("%s: %s", place["student"], note)
        return nb, resources


@dataclass(frozen=True)
class HandedIn:
    """What was handed in beside a notebook.

    beside -- what the assignment has there
    places -- the files in the same folder
    companions -- the files in the same archive
    repairs -- what was mended before, in words
    """

    beside: Beside
    places: Sequence[str]
    companions: Mapping[str, bytes] = field(default_factory=dict)
    repairs: Sequence[str] = ()


class GiveRoles(NbGraderPreprocessor):
    """Make a submission's cells what the assignment says they are, before nbgrader's own steps look at them.

    Those fail on a duplicated cell, that the assignment does not have (any more) or whose metadata make no
    sense, and leave the notebook ungraded, or the whole class.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Mend a notebook; what was done is in resources["repairs"], in words, and in a cell of the notebook.

        Raises BundleError as Examine does.
        """
        specification, handed_in = self.specification(resources), self.handed_in(resources)
        repairs = list(handed_in.repairs)
        repairs += Layout.of(specification).apply(nb, handed_in.beside.environment(handed_in.places))
        repairs += give_roles(nb, specification)
        repairs += handed_in.beside.around(nb, handed_in.places, handed_in.companions).repairs
        show(nb, repairs)
        resources["repairs"] = repairs
        for repair in repairs:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], repair)
        return nb, resources

    def specification(self, resources: Any) -> Specification:
        """Return what the assignment says."""
        place = resources["nbgrader"]
        root = self.parent.parent.coursedir.root  # the exporter's converter
        bundle = load(bundles_folder(place["db_url"], Path(root)) / place["assignment"])
        return Specification.read(bundle.notebook(place["notebook"]), bundle.markers_of(place["notebook"]))

    def handed_in(self, resources: Any) -> HandedIn:
        """Return what lies beside the notebook."""
        place, course = resources["nbgrader"], self.parent.parent.coursedir
        bundle = load(bundles_folder(place["db_url"], Path(course.root)) / place["assignment"])
        folder = course.format_path(course.submitted_directory, place["student"], place["assignment"])
        return HandedIn(Beside(bundle.files, Aliases.read(Path(course.root))), files_in(Path(folder)))


def agree(bundle: Bundle, db_url: str, assignment: str, notebook: str) -> None:
    """Raise BundleError unless a bundle holds what the gradebook holds."""
    with Gradebook(db_url) as gradebook:
        try:
            cells = gradebook.find_notebook(notebook, assignment).source_cells
            known = {cell.name: cell.checksum for cell in cells if cell.checksum}
        except MissingEntry:
            known = {}
    if bundle.cells.get(notebook) != known:
        raise BundleError(
            f"{bundle.folder} and the gradebook disagree about what was released as {notebook}. "
            f"Generate the assignment again: nbgrader generate_assignment {assignment} --force"
        )


class _Engines:
    """The engines in use. nbgrader makes a new preprocessor for every notebook; warm processes have to outlive it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._engines: OrderedDict[tuple[str, str, Settings], Engine] = OrderedDict()
        atexit.register(self.close)

    def get(self, bundle: Bundle, name: str, settings: Settings) -> Engine:
        """Return the engine for a notebook, a new one if there is none."""
        key = (bundle.hash, name, settings)
        if key not in self._engines:
            self._engines[key] = engine_for(bundle, name, settings, confine=settings.confine)
        self._engines.move_to_end(key)
        while len(self._engines) > self._most:
            self._engines.popitem(last=False)[1].close()
        return self._engines[key]

    def close(self) -> None:
        """End all."""
        while self._engines:
            self._engines.popitem()[1].close()


_ENGINES = _Engines(most=2)
