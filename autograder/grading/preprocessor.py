"""The step that replaces nbgrader's `Execute` when it autogrades; nbgrader_config.py names it.

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from autograder.grading.preprocessor import Examine

steps = Autograde.class_traits()["autograde_preprocessors"].default()
c.Autograde.autograde_preprocessors = [Examine if step is Execute else step for step in steps]
"""

from __future__ import annotations

import atexit
from collections import OrderedDict
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Enum, Float

from autograder.bundle import Bundle, BundleError, bundles_folder, load
from autograder.grading.engine import Engine
from autograder.grading.examination import TimeLimits
from autograder.grading.failures import GradingError


class Examine(NbGraderPreprocessor):
    """Run a submission in two processes: the student's cells in one, the tests in another.

    How long a cell may take is `Execute.timeout`, as ever.
    """

    submission_seconds = Float(300.0, help="How long a whole notebook may take, in seconds.").tag(config=True)
    isolation = Enum(
        ["none"], "none", help="How the student's process is confined; 'none' separates it and confines it no further."
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
        root = self.parent.parent.coursedir.root  # the exporter's converter
        bundle = load(bundles_folder(place["db_url"], Path(root)) / place["assignment"])
        agree(bundle, place["db_url"], place["assignment"], place["notebook"])
        # A cell's limit is the one that courses set already, for nbgrader's own executor.
        seconds = self.submission_seconds if stock.timeout is None else stock.timeout
        limits = TimeLimits(seconds, self.submission_seconds)
        engine = _ENGINES.get(bundle, place["notebook"], limits)
        examination = engine.examine(nb, Path(resources["metadata"]["path"] or "."))
        for grade_id, error in engine.failing_tests.items():
            self.log.warning("The solution itself does not pass %s, so nobody can: %s", grade_id, error)
        for note in [*examination.repairs, *examination.notes]:
            self.log.warning("%s: %s", place["student"], note)
        return nb, resources


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
        self._engines: OrderedDict[tuple[str, str, TimeLimits], Engine] = OrderedDict()
        atexit.register(self.close)

    def get(self, bundle: Bundle, name: str, limits: TimeLimits) -> Engine:
        """Return the engine for a notebook, a new one if there is none."""
        key = (bundle.hash, name, limits)
        if key not in self._engines:
            self._engines[key] = Engine(bundle, name, limits)
        self._engines.move_to_end(key)
        while len(self._engines) > self._most:
            self._engines.popitem(last=False)[1].close()
        return self._engines[key]

    def close(self) -> None:
        """End all."""
        while self._engines:
            self._engines.popitem()[1].close()


_ENGINES = _Engines(most=2)
