"""What every master has to keep to, checked without running it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.errors import AuthoringError
from autograder.authoring.master import cell_name, pictures
from autograder.authoring.regions import HIDDEN, find_regions
from autograder.authoring.stubs import make_stub

SKIP = "skip-execution"


def lint(master: NotebookNode, file: Path) -> list[AuthoringError]:
    """Return everything that is wrong with a master, with file, cell and line."""
    found: list[AuthoringError] = []
    for position, cell in enumerate(master.cells):
        problems = _lint_cell(cell)
        found += [problem.at(file=file, cell=cell_name(cell, position)) for problem in problems]
    counts = Counter(cell.metadata.nbgrader.get("grade_id") for cell in master.cells if "nbgrader" in cell.metadata)
    for grade_id, count in counts.items():
        if count > 1:
            found.append(AuthoringError("this grade_id is given to several cells.", file=file, cell=str(grade_id)))
    for name, target in pictures(master):
        if not (file.parent / target).is_file():
            found.append(AuthoringError(f"there is no picture {target}.", file=file, cell=name))
    return found


def _lint_cell(cell: NotebookNode) -> list[AuthoringError]:
    marks = cell.metadata.get("nbgrader", {})
    graded = marks.get("grade", False) and not marks.get("solution", False)
    if cell.cell_type != "code":
        return []
    try:
        regions = find_regions(cell.source)
        if marks.get("solution", False):
            make_stub(cell.source)
    except AuthoringError as error:
        return [error]
    problems = []
    for region in regions:
        if region.kind is HIDDEN and not graded:
            problems.append(AuthoringError("hidden tests outside a grade cell reach the students.", line=region.begin))
        if region.kind is not HIDDEN and not marks.get("solution", False):
            problems.append(
                AuthoringError("a solution outside a solution cell; mark the cell as one.", line=region.begin)
            )
    if graded:
        if SKIP in cell.metadata.get("tags", []):
            problems.append(AuthoringError(f"a grade cell must not be tagged {SKIP}: it would be passed unrun."))
        visible = re.sub(r"(?ms)^\s*#+ *BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", "", cell.source)
        problems += _ends_in_statement(cell.source, "") or _ends_in_statement(visible, " without its hidden tests")
    return problems


def _ends_in_statement(source: str, version: str) -> list[AuthoringError]:
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        return [AuthoringError(f"the grade cell{version} does not parse: {error.msg}.", line=error.lineno)]
    if body and isinstance(body[-1], ast.Expr):
        return [
            AuthoringError(
                f"the grade cell{version} ends in an expression, which nbgrader takes for partial credit; "
                "end it in a statement, for example an assert.",
                line=body[-1].lineno,
            )
        ]
    return []
