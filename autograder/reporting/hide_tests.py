"""Hides hidden tests, their tracebacks and their values in nbgrader's own `generate_feedback`.

from nbgrader.converters import GenerateFeedback
from autograder.reporting.hide_tests import HideTests

c.GenerateFeedback.preprocessors = [HideTests, *GenerateFeedback.class_traits()["preprocessors"].default()]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from traitlets import Bool

from autograder.grading.configured_markers import markers_of
from autograder.notebook.cells import grade_id_of, owners
from autograder.notebook.markers import Markers
from autograder.release import BundleError, bundles_folder, load
from autograder.reporting.disclosure import first_hidden, test_sources, told_of_cell, told_of_test

# How a hint of the diagnosis begins.
_HINT = "\nA hint for "
_TESTED_WITH = re.compile(
    r"(correct; it was )?tested with our (?P<names>[\w, ]+?), because yours (does|do) not pass (its|their) own checks"
)


class HideTests(NbGraderPreprocessor):
    """Take out of a graded notebook all that tells of hidden tests: their source, and what was shown from them on.

    A test's outputs are replaced by what its student may know of them. Outputs of all later cells go too, because the
    student's code has seen the inputs of hidden tests by then and could show them.
    """

    keep_later_outputs = Bool(
        False, help="Show what the student's own cells printed and showed after hidden tests ran."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Change the notebook in place."""
        markers = self._markers(resources["nbgrader"])
        sources = test_sources(nb.cells)
        self._hide_outputs(nb, sources, markers)
        for cell in nb.cells:
            if grade_id_of(cell) in sources:
                cell.source = markers.visible(cell.source)
        return nb, resources

    def _markers(self, place: Mapping[str, str]) -> Markers:
        """Return the markers by which a notebook was released; those that are configured, if that is not known."""
        root = Path(self.parent.parent.coursedir.root)  # the exporter's converter
        try:
            stored = load(bundles_folder(place["db_url"], root) / place["assignment"]).markers.get(place["notebook"])
        except BundleError:
            stored = None
        return stored or markers_of([ClearHiddenTests(parent=self.parent)])

    def _hide_outputs(self, nb: NotebookNode, sources: Mapping[str, str], markers: Markers) -> None:
        begin = first_hidden(nb.cells, sources, markers)
        if begin is None:
            return
        lines = {line.strip() for cell in nb.cells for line in cell.source.split("\n")}
        owned = owners(nb.cells)
        for cell in nb.cells[begin:]:
            if cell.cell_type != "code":
                continue
            grade_id = grade_id_of(cell)
            if grade_id in sources:
                told = told_of_test(cell, sources[grade_id], owned.get(grade_id, grade_id), lines, markers)
            elif self.keep_later_outputs:
                continue
            else:
                told = told_of_cell(cell)
            texts = [_tested_with(cell, set(owned.values())), told, *_hints(cell)]
            cell.outputs = [new_output("stream", name="stdout", text=f"{text}\n") for text in texts if text]


def _tested_with(cell: NotebookNode, functions: set[str]) -> str | None:
    """Return the sentence that names functions of ours with which a test was run, which is its first line."""
    if not cell.outputs or cell.outputs[0].output_type != "stream":
        return None
    match = _TESTED_WITH.match(cell.outputs[0].text)
    return match[0] if match and set(re.split(r", | and ", match["names"])) <= functions else None


def _hints(cell: NotebookNode) -> list[str]:
    """Return the diagnosis's hints: they come after the error, where no student's code runs any more."""
    kinds = [output.output_type for output in cell.outputs]
    after = cell.outputs[kinds.index("error") + 1 :] if "error" in kinds else []
    texts = [output.text for output in after if output.output_type == "stream"]
    return [text.strip() for text in texts if text.startswith(_HINT)]
