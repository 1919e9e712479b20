"""Rules for masters that can be checked without running them."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.last_expression import Owners
from autograder.authoring.marker_errors import check_markers
from autograder.authoring.master import cell_name, pictures
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.markers import DEFAULTS, HIDDEN, MARK_SCHEME, SOLUTION, STUB, Markers, stub_regions
from autograder.notebook.stubs import make_stub

SKIP = "skip-execution"


def lint(master: NotebookNode, file: Path, markers: Markers = DEFAULTS) -> list[AuthoringError]:
    """Return everything that is wrong with a master, with file, cell and line.

    markers -- the course's
    """
    found: list[AuthoringError] = []
    names = Owners.read(master.cells)
    for position, cell in enumerate(master.cells):
        problems = _lint_cell(cell, markers, names)
        found += [problem.at(file=file, cell=cell_name(cell, position)) for problem in problems]
    counts = Counter(cell.metadata.nbgrader.get("grade_id") for cell in master.cells if "nbgrader" in cell.metadata)
    for grade_id, count in counts.items():
        if count > 1:
            found.append(AuthoringError("this grade_id is given to several cells.", file=file, cell=str(grade_id)))
    for name, target in pictures(master):
        if not (file.parent / target).is_file():
            found.append(AuthoringError(f"there is no picture {target}.", file=file, cell=name))
    return found


def cautions(master: NotebookNode, file: Path, markers: Markers = DEFAULTS) -> list[AuthoringError]:
    """Return what looks odd in a master that `lint` finds nothing wrong with, and gives nothing away."""
    return [
        odd.at(file=file, cell=cell_name(cell, position))
        for position, cell in enumerate(master.cells)
        for odd in check_markers(cell, markers)
    ]


def _lint_cell(cell: NotebookNode, markers: Markers, names: Owners) -> list[AuthoringError]:
    marks = cell.metadata.get("nbgrader", {})
    is_code = cell.cell_type == "code"
    try:
        check_markers(cell, markers)
        if is_code and marks.get("solution") and stub_regions(cell.source):
            make_stub(cell.source)
    except AuthoringError as error:
        return [error]
    problems = []
    solutions = (SOLUTION, STUB) if is_code else (SOLUTION,)
    if not marks.get("solution"):
        problems += [
            AuthoringError("a solution outside a solution cell; mark the cell as one.", line=region.begin)
            for region in markers.regions(cell.source, *solutions)
        ]
    if not marks.get("grade"):
        problems += [
            AuthoringError("hidden tests outside a grade cell; mark the cell as one.", line=region.begin)
            for region in markers.regions(cell.source, HIDDEN)
        ]
    if not marks.get("task"):
        problems += [
            AuthoringError("a mark scheme outside a task cell; mark the cell as one.", line=region.begin)
            for region in markers.regions(cell.source, MARK_SCHEME)
        ]
    if is_code and marks.get("grade") and not marks.get("solution"):
        if SKIP in cell.metadata.get("tags", []):
            problems.append(AuthoringError(f"a grade cell must not be tagged {SKIP}: it would be passed unrun."))
        visible = markers.visible(cell.source)
        problems += _lint_end(cell.source, "", names) or _lint_end(visible, " without its hidden tests", names)
    return problems


def _lint_end(source: str, version: str, names: Owners) -> list[AuthoringError]:
    """Return what is wrong with a version of a grade cell: it does not parse, or ends in a value."""
    tree = python_source.parse(source)
    if tree is None:
        error = python_source.syntax_error(source)
        line = error.lineno if isinstance(error, SyntaxError) else None
        return [AuthoringError(f"the grade cell{version} does not parse: {getattr(error, 'msg', error)}.", line=line)]
    body = tree.body
    if body and isinstance(body[-1], ast.Expr) and names.has_value(body[-1].value):
        return [
            AuthoringError(
                f"the grade cell{version} ends in an expression, which nbgrader takes for partial credit; "
                "end it in a statement, for example an assert.",
                line=body[-1].lineno,
            )
        ]
    return []
