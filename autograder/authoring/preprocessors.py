"""This project's preprocessors in `nbgrader generate_assignment`; nbgrader_config.py lists them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor, SaveCells
from nbgrader.utils import find_all_files
from traitlets import Bool

from autograder import release
from autograder.authoring.marker_errors import check_markers
from autograder.authoring.master import cell_name
from autograder.authoring.released_cells import CellNames, make_room
from autograder.course import Assignment, Course
from autograder.grading.configured_markers import markers_of
from autograder.grading.grading_errors import GradingError
from autograder.grading.grading_mode import remarks
from autograder.grading.settings import settings_in
from autograder.grading.soundness import soundness
from autograder.notebook.authoring_errors import AuthoringError, RegionError
from autograder.notebook.cells import nbgrader_metadata
from autograder.notebook.markers import DEFAULTS, stub_regions
from autograder.notebook.stubs import make_stub


class StubSolutions(ClearSolutions):
    """Clear solutions between START CODE HERE and END CODE HERE down to stubs.

    Cells with nbgrader's own markers, or with none, are cleared as nbgrader does it.
    """

    _markers = DEFAULTS

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Clear a notebook; the solved one is kept in the resources for StoreBundle."""
        resources["solved"] = copy.deepcopy(nb)
        language = nb.metadata.get("kernelspec", {}).get("language", "python")
        self._markers = markers_of([self, *steps_of(self)], language).of_notebook(nb.metadata)
        nb.metadata.pop("autograder", None)  # what is for the author stays with the author
        result: tuple[NotebookNode, Any] = super().preprocess(nb, resources)
        return result

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        """Clear a cell. Raises RegionError, with notebook, cell and line, if its markers would leak something."""
        place = {
            "file": f"{resources.get('nbgrader', {}).get('notebook', 'notebook')}.ipynb",
            "cell": cell_name(cell, cell_index),
        }
        try:
            for odd in check_markers(cell, self._markers, python=resources["language"] == "python"):
                self.log.warning(str(odd.at(**place)))
            result: tuple[NotebookNode, Any] = super().preprocess_cell(cell, resources, cell_index)
        except RegionError as error:
            raise error.at(**place) from error
        return result

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        stubbed = False
        if cell.cell_type == "code" and language == "python":
            stubbed = bool(stub_regions(cell.source))
            if stubbed:
                cell.source = make_stub(cell.source, self._markers)
        return super()._replace_solution_region(cell, language) or stubbed


class StoreBundle(SaveCells):
    """Save the cells to the gradebook, and beside it the bundle that grading will need."""

    examine = Bool(
        True, help="Whether solution and release are graded at once, to find out how the assignment will be graded."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Save one notebook. Runs after StubSolutions, which keeps the solved notebook in the resources."""
        course = self.parent.parent.coursedir  # the exporter's converter
        place = resources["nbgrader"]
        beside = release.bundles_folder(place["db_url"], Path(course.root)).parent
        self._history = beside / release.RESULTS / place["assignment"]
        result: tuple[NotebookNode, Any] = super().preprocess(nb, resources)
        source = Path(course.format_path(course.source_directory, ".", place["assignment"]))
        files = {
            str(Path(path).relative_to(source)): Path(path)
            for path in find_all_files(str(source), [*course.ignore, "*.ipynb"])
        }
        folder = release.bundles_folder(place["db_url"], Path(course.root)) / place["assignment"]
        # Where nbgrader's own ClearSolutions ran instead of StubSolutions, the solved notebook is in its file only.
        own = resources["solved"] or nbformat.read(source / f"{place['notebook']}.ipynb", as_version=4)
        solved = nbformat.writes(own) + "\n"
        siblings = {path.stem for path in source.glob("*.ipynb")}
        catalogue = Assignment(Course(Path(course.root)), place["notebook"]).catalogue
        stored = release.store_notebook(
            folder,
            place["notebook"],
            solved,
            _checksums(nb),
            files=files,
            siblings=siblings,
            catalogue=catalogue,
            released=nbformat.writes(nb) + "\n",
            markers=markers_of(steps_of(self), resources.get("language", "python")).of_notebook(own.metadata),
        )
        if self.examine:
            self._find_out(stored, place["notebook"], nb)
        return result

    def _find_out(self, stored: release.Bundle, name: str, nb: NotebookNode) -> None:
        """Find out how the notebook will be graded, and say what is to be known of it."""
        if nb.metadata.get("kernelspec", {}).get("language", "python") != "python":
            return  # nbgrader's own executor grades it
        settings = settings_in(self.config)
        try:
            found = soundness(stored, name, settings, confine=settings.confine)
        except (GradingError, AuthoringError) as error:
            self.log.warning("%s is stored, but how it will be graded could not be found out here: %s", name, error)
            return
        for remark in remarks(name, found):
            self.log.warning("%s", remark)

    def _create_notebook(self, nb: NotebookNode) -> None:
        try:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except MissingEntry:
            notebook = None
        if notebook is not None and notebook.submissions:
            new = CellNames(self.new_grade_cells, self.new_solution_cells, self.new_task_cells, self.new_source_cells)
            if new.by_kind() != CellNames.of(notebook).by_kind():
                self.log.warning("The cells of %s change, although it was handed in; grade it again.", self.notebook_id)
                make_room(self.gradebook, notebook, new, self._history)
        super()._create_notebook(nb)


def steps_of(step: NbGraderPreprocessor) -> list[Any]:
    """Return the steps that a step is one of, as nbgrader has configured them."""
    return list(getattr(step.parent, "_preprocessors", []))  # the exporter's; nbgrader itself changes this list


def _checksums(nb: NotebookNode) -> dict[str, str]:
    return {
        cell.metadata.nbgrader["grade_id"]: cell.metadata.nbgrader["checksum"]
        for cell in nb.cells
        if "checksum" in nbgrader_metadata(cell)
    }
