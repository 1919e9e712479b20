"""A simulated class, end to end: generate the assignment, hand it in twelve times, grade it, show the marks."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.generate import generate
from autograder.course import CONFIG, Assignment, Course
from autograder.diagnosis.catalogue import Catalogue, Misconception
from autograder.grading.marks import FunctionMarks, read_marks
from autograder.isolation.doctor import diagnose
from autograder.nbgrader_run import nbgrader_log, scripts_on_path
from autograder.reporting.terminal import class_table, say, tracked

ASSIGNMENT = "step_by_step"
FOLDER = "build/demo"


class DemoError(Exception):
    """The demo cannot run; the message says what to do first."""


# What no catalogue has, because it is no wrong answer but no Python: a bracket that is not closed.
DOES_NOT_PARSE = Misconception(
    "does-not-parse",
    "compute_cost",
    (("(1 - Y) * np.log(1 - AL))", "(1 - Y) * np.log(1 - AL)"),),
    hints=("Which bracket is not closed?",),
    cause="A slip of the pen.",
    instructor="The cell is no Python.",
)

# The misconceptions of each student. A third of the class forgets to divide by m somewhere, as real classes do.
CLASS: dict[str, tuple[str, ...]] = {
    "ada": (),
    "ben": (),  # hands in the release untouched
    "chandra": ("lb-no-mean",),
    "dario": ("lb-no-mean-db",),
    "elif": ("lb-no-mean", "cost-no-mean"),
    "femi": ("cost-no-mean", "init2-random-bias"),
    "greta": ("linear-no-bias",),
    "haru": ("laf-sigmoid-both", "lmf-all-sigmoid"),
    "ines": ("init2-no-scale", "lb-no-keepdims"),
    "jakub": ("up-last-layer-left-out", "lmb-mixed-numbering"),
    "kiri": ("up-plus", "deep-fixed-layer-bias"),
    "lars": (DOES_NOT_PARSE.id,),
}
UNTOUCHED = "ben"


def run_demo(course: Course, students: int) -> None:
    """Grade a simulated class of `step_by_step` with nbgrader and print its marks.

    Leaves the course, with gradebook and graded notebooks, in build/demo. Raises DemoError if nothing is built.
    """
    assignment = course.assignments([ASSIGNMENT])[0]
    if not assignment.source.is_file():
        raise DemoError(f"{assignment.source} is missing; run `autograder build {ASSIGNMENT}` first.")
    if not assignment.catalogue.is_file():
        raise DemoError(f"{assignment.catalogue} is missing; the class makes the mistakes that it has.")
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


def submission(solved: NotebookNode, release: NotebookNode, mistakes: Iterable[Misconception]) -> NotebookNode:
    """Return what a student hands in who solves everything but makes these mistakes.

    Raises CatalogueError if a mistake no longer fits the solution.
    """
    changed = {cell.metadata.nbgrader.grade_id: cell.source for cell in solved.cells if _is_solution(cell)}
    for mistake in mistakes:
        changed[mistake.function] = mistake.apply(changed[mistake.function])
    handed_in: NotebookNode = nbformat.from_dict(release)
    for cell in handed_in.cells:
        if _is_solution(cell):
            cell.source = changed[cell.metadata.nbgrader.grade_id]
    return handed_in


def mistakes_of_class(students: int, catalogue: Catalogue) -> Iterator[tuple[str, list[Misconception]]]:
    """Yield names and mistakes: the twelve of CLASS, then others with up to three mistakes, always the same."""
    for name in list(CLASS)[:students]:
        yield name, mistakes_of(name, catalogue)
    frequent = sorted({entry.id: entry for name in CLASS for entry in mistakes_of(name, catalogue)}.items())
    draw = random.Random(12)
    for number in range(len(CLASS) + 1, students + 1):
        chosen = draw.sample(frequent, draw.choice([0, 1, 1, 2, 3]))
        one_a_function = {entry.function: entry for _, entry in chosen}
        yield f"student{number:03d}", list(one_a_function.values())


def mistakes_of(name: str, catalogue: Catalogue) -> list[Misconception]:
    """Return the mistakes of a student of CLASS. Raises DemoError if the catalogue does not have one of them."""
    known = {**catalogue.entries, DOES_NOT_PARSE.id: DOES_NOT_PARSE}
    for mistake in CLASS[name]:
        if mistake not in known:
            raise DemoError(f"The catalogue has no misconception {mistake!r} any more; mend autograder/demo.py.")
    return [known[mistake] for mistake in CLASS[name]]


def throw_away_course(assignment: Assignment, root: Path) -> Assignment:
    """Make a new course that has only this assignment's source and catalogue, and return the assignment in it."""
    shutil.rmtree(root, ignore_errors=True)
    demo = Assignment(Course(root), assignment.name)
    shutil.copytree(assignment.source.parent, demo.source.parent)
    demo.catalogue.parent.mkdir()
    shutil.copyfile(assignment.catalogue, demo.catalogue)
    shutil.copyfile(assignment.course.root / CONFIG, root / CONFIG)
    return demo


def hand_in(demo: Assignment, configured_by: Course, students: int) -> list[str]:
    """Release the assignment in the throw-away course, hand in the class's notebooks, and return the names."""
    generate(demo, configured_by)
    solved = nbformat.read(demo.source, as_version=4)
    release = nbformat.read(demo.release, as_version=4)
    catalogue = Catalogue.read(demo.catalogue)
    names = []
    for name, mistakes in mistakes_of_class(students, catalogue):
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
