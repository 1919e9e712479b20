"""Proves that an assignment is sound.

Its solution scores full marks; its release scores none and gives nothing away; both in a kernel, as students run them,
and by the engine that grades them. Its tests catch every misconception of its catalogue and every mutant of its
solution, but for those of which a reason is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.build import catalogue_problems
from autograder.authoring.expected_output import compare_tables
from autograder.authoring.graded_mistakes import missed
from autograder.authoring.leaks import find_leaks
from autograder.authoring.master import cell_name, read_source
from autograder.authoring.web_page import as_page
from autograder.course import Assignment
from autograder.diagnosis.catalogue import Catalogue, CatalogueError
from autograder.diagnosis.mutants import read_explanations, unexplained
from autograder.diagnosis.mutation_testing import Proof, prove
from autograder.grading.grading_mode import faults
from autograder.grading.jupyter_kernel import run_in_kernel
from autograder.grading.settings import read_settings
from autograder.grading.soundness import Soundness, soundness
from autograder.grading.source_release import made_bundle
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.cells import is_test
from autograder.notebook.marks import FunctionMarks, failure, read_marks
from autograder.notebook.score import score

EXECUTED = "build/executed"


@dataclass(frozen=True)
class Validation:
    """The result of validating one assignment: marks of both notebooks, and everything that is wrong.

    executed -- where the solution lies with all its outputs, to be looked at; beside it lies the same as a web page
    graded -- the result of both by the engine that grades students
    proof -- the result of trying out mistakes, None if the solution itself fails
    """

    solution: list[FunctionMarks]
    release: list[FunctionMarks]
    problems: list[AuthoringError]
    executed: Path
    graded: Soundness
    proof: Proof | None = None


def validate(assignment: Assignment, progress: Callable[[str], None]) -> Validation:
    """Run an assignment's solution and release in a real kernel and by the engine, then try out mistakes.

    progress -- is told what is being done
    Raises AuthoringError if one of the two notebooks is missing, GradingError if nothing can be graded on this machine.
    """
    for path in (assignment.source, assignment.release):
        if not path.is_file():
            raise AuthoringError(f"not built yet; run `autograder build {assignment.name}`.", file=path)
    progress("running the solution")
    solution = execute(assignment.source)
    progress("running the release")
    release = execute(assignment.release)
    progress("grading both")
    settings = read_settings(assignment.course)
    with made_bundle(assignment) as bundle:
        graded = soundness(bundle, assignment.name, settings, confine=settings.confine)
    progress("looking for leaks")
    problems = [problem.at(file=assignment.source) for problem in check_solution(solution)]
    problems += [problem.at(file=assignment.release) for problem in check_release(release)]
    problems += [problem.at(file=assignment.source) for problem in check_graded(graded)]
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
    if not misfits and all(score(cell)[0] == score(cell)[1] for cell in _tests(solution)):
        progress("trying out mistakes")
        catalogue = Catalogue.read(assignment.catalogue) if assignment.catalogue.is_file() else None
        proof = prove(assignment.source, catalogue)
        if catalogue is not None:
            progress("grading mistakes")
            with made_bundle(assignment) as bundle:
                proof.missed = missed(bundle, assignment.name, settings, catalogue)
        problems += check_proof(proof, assignment)
    return Validation(read_marks(solution), read_marks(release), problems, executed, graded, proof)


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
    return run_in_kernel(nbformat.read(path, as_version=4), path.parent, path)


def check_solution(executed: NotebookNode) -> list[AuthoringError]:
    """Return what is wrong with an executed solution: failing cells, lost points, misprinted tables."""
    problems = []
    for position, cell in enumerate(executed.cells):
        if cell.cell_type == "code" and (message := failure(cell)):
            problems.append(AuthoringError(f"the solution fails here: {message}", cell=cell_name(cell, position)))
    for cell in _tests(executed):
        earned, possible = score(cell)
        if earned != possible:
            problem = f"the solution scores {earned:g} of {possible:g}."
            problems.append(AuthoringError(problem, cell=cell.metadata.nbgrader.grade_id))
    return problems + compare_tables(executed)


def check_release(executed: NotebookNode) -> list[AuthoringError]:
    """Return what is wrong with an executed release: points for nothing."""
    return [
        AuthoringError("an untouched release passes this test.", cell=cell.metadata.nbgrader.grade_id)
        for cell in _tests(executed)
        if score(cell)[0] and score(cell)[1]
    ]


def check_graded(graded: Soundness) -> list[AuthoringError]:
    """Return what nobody can pass where it is graded although it is right in a kernel, and what everybody is given."""
    return [AuthoringError(text, cell=test) for test, text in faults(graded).items()]


def _tests(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if is_test(cell)]
