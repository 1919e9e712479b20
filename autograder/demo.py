"""A simulated class, end to end: generate the assignment, hand it in twelve times, grade it, show the marks."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.generate import generate
from autograder.course import CONFIG, Assignment, Course
from autograder.grading.marks import FunctionMarks, read_marks
from autograder.isolation.doctor import diagnose
from autograder.nbgrader_run import nbgrader_log, scripts_on_path
from autograder.reporting.terminal import class_table, say, tracked

ASSIGNMENT = "step_by_step"
FOLDER = "build/demo"


class DemoError(Exception):
    """The demo cannot run; the message says what to do first."""


@dataclass(frozen=True)
class Mistake:
    """A change to the solution that real students make.

    function -- the function it is in
    right, wrong -- what the solution says, and what the student wrote
    """

    function: str
    right: str
    wrong: str


NO_MEAN_DW = Mistake("linear_backward", "np.dot(dZ, A_prev.T) / m", "np.dot(dZ, A_prev.T)")
NO_MEAN_DB = Mistake("linear_backward", "keepdims=True) / m", "keepdims=True)")
NO_MEAN_COST = Mistake("compute_cost", "-(1 / m) * np.sum", "-np.sum")
NO_BIAS = Mistake("linear_forward", "np.dot(W, A) + b", "np.dot(W, A)")
NO_SCALE = Mistake("initialize_parameters", "np.random.randn(n_h, n_x) * 0.01", "np.random.randn(n_h, n_x)")
RANDOM_BIAS = Mistake("initialize_parameters", "np.zeros((n_h, 1))", "np.random.randn(n_h, 1) * 0.01")
FIXED_LAYER = Mistake("initialize_parameters_deep", "np.zeros((layer_dims[l], 1))", "np.zeros((layer_dims[1], 1))")
SAME_ACTIVATION = Mistake(
    "linear_activation_forward", "A, activation_cache = relu(Z)", "A, activation_cache = sigmoid(Z)"
)
ALL_SIGMOID = Mistake("L_model_forward", '"relu")', '"sigmoid")')
NO_LAST_CACHE = Mistake("L_model_forward", '"sigmoid")\n    caches.append(cache)', '"sigmoid")')
NO_KEEPDIMS = Mistake("linear_backward", "axis=1, keepdims=True", "axis=1")
WRONG_AXIS = Mistake("linear_backward", "axis=1, keepdims=True", "axis=0, keepdims=True")
MIXED_NUMBERING = Mistake("L_model_backward", 'grads["dA" + str(L - 1)]', 'grads["dA" + str(L)]')
UPHILL = Mistake("update_parameters", "- learning_rate", "+ learning_rate")
LAST_LAYER_LEFT_OUT = Mistake("update_parameters", "range(1, L + 1)", "range(1, L)")
DOES_NOT_PARSE = Mistake("compute_cost", "(1 - Y) * np.log(1 - AL))", "(1 - Y) * np.log(1 - AL)")

# A third of the class forgets to divide by m somewhere, as real classes do.
CLASS: dict[str, tuple[Mistake, ...]] = {
    "ada": (),
    "ben": (),  # hands in the release untouched
    "chandra": (NO_MEAN_DW, NO_MEAN_DB),
    "dario": (NO_MEAN_DB,),
    "elif": (NO_MEAN_DW, NO_MEAN_DB, NO_MEAN_COST),
    "femi": (NO_MEAN_COST, RANDOM_BIAS),
    "greta": (NO_BIAS,),
    "haru": (SAME_ACTIVATION, ALL_SIGMOID),
    "ines": (NO_SCALE, NO_KEEPDIMS),
    "jakub": (LAST_LAYER_LEFT_OUT, MIXED_NUMBERING),
    "kiri": (UPHILL, FIXED_LAYER),
    "lars": (DOES_NOT_PARSE,),
}
UNTOUCHED = "ben"
_FREQUENT = sorted({mistake for mistakes in CLASS.values() for mistake in mistakes}, key=str)


def run_demo(course: Course, students: int) -> None:
    """Grade a simulated class of `step_by_step` with nbgrader and print its marks.

    Leaves the course, with gradebook and graded notebooks, in build/demo. Raises DemoError if nothing is built.
    """
    assignment = course.assignments([ASSIGNMENT])[0]
    if not assignment.source.is_file():
        raise DemoError(f"{assignment.source} is missing; run `autograder build {ASSIGNMENT}` first.")
    demo = throw_away_course(assignment, course.root / FOLDER)
    say(f"A simulated class of {students} hands in {ASSIGNMENT}; nbgrader grades it.")
    confined = any(report.sound for report in diagnose())
    if not confined:
        say("This machine cannot confine a student's code; these students are known, so they are graded without.")
        say("(autograder doctor says what is missing.)")
    names = hand_in(demo, course, students)
    rows = [grade(demo, course, name, confined=confined) for name in tracked(names, "graded")]
    say(class_table(rows))
    place = demo.course.root.relative_to(course.root)
    say(f"\ngradebook:        {place / 'gradebook.db'}")
    say(f"graded notebooks: {place / 'autograded'}/<student>/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    say(f"look at them:     cd {place} && jupyter lab   (formgrader is in its menu)")


def submission(solved: NotebookNode, release: NotebookNode, mistakes: tuple[Mistake, ...]) -> NotebookNode:
    """Return what a student hands in who solves everything but makes these mistakes.

    Raises DemoError if a mistake no longer fits the solution.
    """
    solutions = {cell.metadata.nbgrader.grade_id: cell.source for cell in solved.cells if _is_solution(cell)}
    for mistake in mistakes:
        source = solutions[mistake.function]
        if mistake.right not in source:
            raise DemoError(f"{mistake.function} does not say {mistake.right!r} any more; mend autograder/demo.py.")
        solutions[mistake.function] = source.replace(mistake.right, mistake.wrong)
    handed_in: NotebookNode = nbformat.from_dict(release)
    for cell in handed_in.cells:
        if _is_solution(cell):
            cell.source = solutions[cell.metadata.nbgrader.grade_id]
    return handed_in


def mistakes_of_class(students: int) -> Iterator[tuple[str, tuple[Mistake, ...]]]:
    """Yield names and mistakes: the twelve of CLASS, then others with up to three mistakes, always the same."""
    yield from list(CLASS.items())[:students]
    draw = random.Random(12)
    for number in range(len(CLASS) + 1, students + 1):
        chosen = draw.sample(_FREQUENT, draw.choice([0, 1, 1, 2, 3]))
        one_a_function = {mistake.function: mistake for mistake in chosen}
        yield f"student{number:03d}", tuple(one_a_function.values())


def throw_away_course(assignment: Assignment, root: Path) -> Assignment:
    """Make a new course that has only this assignment's source, and return the assignment in it."""
    shutil.rmtree(root, ignore_errors=True)
    demo = Assignment(Course(root), assignment.name)
    shutil.copytree(assignment.source.parent, demo.source.parent)
    shutil.copyfile(assignment.course.root / CONFIG, root / CONFIG)
    return demo


def hand_in(demo: Assignment, configured_by: Course, students: int) -> list[str]:
    """Release the assignment in the throw-away course, hand in the class's notebooks, and return the names."""
    generate(demo, configured_by)
    solved = nbformat.read(demo.source, as_version=4)
    release = nbformat.read(demo.release, as_version=4)
    names = []
    for name, mistakes in mistakes_of_class(students):
        notebook = release if name == UNTOUCHED else submission(solved, release, mistakes)
        folder = demo.course.root / "submitted" / name / demo.name
        shutil.copytree(demo.release.parent, folder)
        nbformat.write(notebook, folder / demo.release.name)
        names.append(name)
    return names


def grade(
    demo: Assignment, configured_by: Course, student: str, *, confined: bool = True
) -> tuple[str, list[FunctionMarks] | None, str]:
    """Run nbgrader's autograde on one student, as configured or not `confined`; return name, marks and first error."""
    from nbgrader.converters import Autograde  # noqa: PLC0415 (takes seconds to import)
    from nbgrader.converters.base import NbGraderException  # noqa: PLC0415
    from nbgrader.coursedir import CourseDirectory  # noqa: PLC0415

    config = configured_by.nbgrader_config(demo.course.root)
    config.CourseDirectory.assignment_id = demo.name
    config.CourseDirectory.student_id = student
    if not confined:
        config.Examine.isolation = "none"
    with nbgrader_log() as (log, messages), scripts_on_path():
        try:
            Autograde(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
        except NbGraderException as error:
            return student, None, (messages or [str(error)])[0]
    graded = demo.course.root / "autograded" / student / demo.name / demo.release.name
    marks = read_marks(nbformat.read(graded, as_version=4))
    errors = [mark.message.split("\n")[0] for mark in marks if mark.message]
    return student, marks, errors[0] if errors else ""


def _is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))
