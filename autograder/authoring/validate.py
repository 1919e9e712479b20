"""Prove that an assignment is sound.

Its solution scores full marks; its release scores none and gives nothing away; its tests catch every misconception of
its catalogue and every mutant of its solution, but for those of which a reason is written down.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.authoring.build import catalogue_problems
from autograder.authoring.errors import AuthoringError
from autograder.authoring.leaks import find_leaks
from autograder.authoring.master import cell_name, read_source
from autograder.authoring.page import as_page
from autograder.authoring.tables import compare_tables
from autograder.course import Assignment
from autograder.diagnosis.catalogue import Catalogue, CatalogueError
from autograder.diagnosis.mutation import read_explanations, unexplained
from autograder.diagnosis.proof import Proof, prove
from autograder.grading.marks import FunctionMarks, failure, functions, read_marks

NOT_FILLED_IN = "not filled in yet"
EXECUTED = "build/executed"
_CELL_TIMEOUT = 1800  # seconds; a solution may train a network, on a busy machine


@dataclass(frozen=True)
class Validation:
    """The result of validating one assignment: marks of both notebooks, and everything that is wrong.

    executed -- where the solution lies with all its outputs, to be looked at; beside it lies the same as a web page
    proof -- what came of trying out mistakes, None if the solution itself fails
    """

    solution: list[FunctionMarks]
    release: list[FunctionMarks]
    problems: list[AuthoringError]
    executed: Path
    proof: Proof | None = None


def validate(assignment: Assignment, progress: Callable[[str], None]) -> Validation:
    """Run an assignment's solution and release in a real kernel and check both, then try out mistakes.

    progress -- is told what is being done
    Raises AuthoringError if one of the two notebooks is missing.
    """
    for path in (assignment.source, assignment.release):
        if not path.is_file():
            raise AuthoringError(f"not built yet; run `autograder build {assignment.name}`.", file=path)
    progress("running the solution")
    solution = execute(assignment.source)
    progress("running the release")
    release = execute(assignment.release)
    progress("looking for leaks")
    problems = [problem.at(file=assignment.source) for problem in check_solution(solution)]
    problems += [problem.at(file=assignment.release) for problem in check_release(release)]
    files = [path for path in assignment.release.parent.rglob("*") if path.is_file() and path != assignment.release]
    leaks = find_leaks(read_source(assignment.source), read_source(assignment.release), files)
    problems += [leak.at(file=assignment.release) for leak in leaks]
    executed = assignment.course.root / EXECUTED / assignment.source.name
    executed.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(solution, executed)
    executed.with_suffix(".html").write_text(as_page(solution, assignment.name), encoding="utf-8")
    misfits = catalogue_problems(assignment, solution)
    problems += misfits
    proof = None
    if not misfits and all(marks.score == marks.max_score for marks in read_marks(solution)):
        progress("trying out mistakes")
        proof = prove(
            assignment.source, Catalogue.read(assignment.catalogue) if assignment.catalogue.is_file() else None
        )
        problems += check_proof(proof, assignment)
    return Validation(read_marks(solution), read_marks(release), problems, executed, proof)


def check_proof(proof: Proof, assignment: Assignment) -> list[AuthoringError]:
    """Return what trying out mistakes has shown to be wrong with an assignment."""
    problems = [problem.at(file=assignment.catalogue) for problem in proof.problems()]
    try:
        proof.explanations = read_explanations(assignment.survivors)
    except CatalogueError as error:
        return [*problems, error]
    wrong = unexplained(proof.survivors, proof.explanations, assignment.survivors)
    return problems + [problem.at(file=assignment.source) for problem in wrong]


def execute(path: Path) -> NotebookNode:
    """Run a notebook in a kernel of its own, in a copy of its folder, and return it with its outputs.

    Errors in cells are recorded, as in Jupyter. Raises AuthoringError if the kernel dies.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory(prefix="autograder-validate-") as temporary:
        folder = Path(temporary) / path.parent.name
        shutil.copytree(path.parent, folder)
        client = NotebookClient(
            notebook,
            timeout=_CELL_TIMEOUT,
            kernel_name="python3",
            allow_errors=True,
            skip_cells_with_tag="",  # what need not run to be graded has to run all the same
            resources={"metadata": {"path": str(folder)}},
            # The kernel would warn on our stderr that its socket is not encrypted; it only listens on loopback.
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        try:
            return client.execute()
        except CellTimeoutError as error:
            raise AuthoringError(f"a cell takes longer than {_CELL_TIMEOUT} seconds: {error}", file=path) from error
        except DeadKernelError as error:
            raise AuthoringError("the kernel died while this notebook ran.", file=path) from error


def check_solution(executed: NotebookNode) -> list[AuthoringError]:
    """Return what is wrong with an executed solution: failing cells, lost points, misprinted tables."""
    problems = []
    for position, cell in enumerate(executed.cells):
        if cell.cell_type == "code" and (message := failure(cell)):
            problems.append(AuthoringError(f"the solution fails here: {message}", cell=cell_name(cell, position)))
    for marks in read_marks(executed):
        if marks.score != marks.max_score:
            problems.append(
                AuthoringError(f"the solution scores {marks.score:g} of {marks.max_score:g}.", cell=marks.name)
            )
    return problems + compare_tables(executed)


def check_release(executed: NotebookNode) -> list[AuthoringError]:
    """Return what is wrong with an executed release: points for nothing, or a stub that is not called one."""
    problems = []
    for name, cells in functions(executed).items():
        for cell in cells:
            message = failure(cell)
            if message is None:
                problems.append(
                    AuthoringError(f"an untouched {name} passes this test.", cell=cell.metadata.nbgrader.grade_id)
                )
            elif NOT_FILLED_IN not in message:
                problem = f"an untouched {name} should be called {NOT_FILLED_IN!r} here; the message is: {message}"
                problems.append(AuthoringError(problem, cell=cell.metadata.nbgrader.grade_id))
    return problems
