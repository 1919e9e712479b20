"""A simulated class, end to end: generate the assignments, submit, grade, write report and feedback."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from autograder.authoring.generate import generate
from autograder.cli.grade_output import class_summary, counter
from autograder.cli.tables import say
from autograder.course import CONFIG, Assignment, Course
from autograder.diagnosis.catalogue import Catalogue, Misconception
from autograder.notebook.cells import nbgrader_metadata
from autograder.sandbox.doctor import diagnose

if TYPE_CHECKING:
    from autograder.batch.grade import ClassResult

FOLDER = "build/demo"
ASSIGNMENT = "step_by_step"  # the one that is meant if nothing is said
# The end of its configuration, so that it has folders and a gradebook of its own, whatever the course has.
_OWN_PLACES = '\nc.pop("CourseDirectory", None)  # a throw-away course: nothing of the real one is touched\n'


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

UNTOUCHED = "ben"  # hands in the releases as they are
# The misconceptions of each student. A third of the class forgets to divide by m somewhere, as real classes do.
CLASS: dict[str, tuple[str, ...]] = {
    "ada": (),
    UNTOUCHED: (),
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
# The same students in the second assignment, where a third records costs only while they are shown.
CLASSES = {
    ASSIGNMENT: CLASS,
    "application": {
        "ada": (),
        UNTOUCHED: (),
        "chandra": ("two-rate-fixed",),
        "dario": ("two-costs-when-shown",),
        "elif": ("two-costs-when-shown", "deep-costs-when-shown"),
        "femi": ("two-same-gradient",),
        "greta": ("deep-small-weights",),
        "haru": ("two-sigmoid-hidden",),
        "ines": ("deep-costs-when-shown",),
        "jakub": ("two-costs-late", "deep-costs-late"),
        "kiri": ("deep-early-return",),
        "lars": ("two-costs-when-shown",),
    },
}


def run_demo(course: Course, students: int) -> None:
    """Grade a simulated class in each assignment that it has mistakes for, and print marks and where to look.

    Leaves the course, with gradebook, graded notebooks, reports and feedback, in build/demo. Raises DemoError if
    nothing is built.
    """
    assignments = [one for one in course.assignments() if one.name in CLASSES]
    for assignment in assignments:
        if not assignment.source.is_file():
            raise DemoError(f"{assignment.source} is missing; run `autograder build {assignment.name}` first.")
        if not assignment.catalogue.is_file():
            raise DemoError(f"{assignment.catalogue} is missing; the class makes the mistakes that it has.")
    confined = any(report.sound for report in diagnose())
    if not confined:
        say("This machine cannot confine a student's code; these students are known, so they are graded without.")
        say("(autograder doctor says what is missing.)")
    demo = throw_away_course(assignments, course.root / FOLDER)
    # The first assignment of the course first, whatever its name.
    for assignment in sorted(demo.assignments(), key=lambda one: list(CLASSES).index(one.name)):
        say(f"A simulated class of {students} hands in {assignment.name}.")
        names = hand_in(assignment, students)
        say(class_summary(grade(assignment, names, confined=confined)))
        for what, path in write_pages(assignment).items():
            say(f"{what}: {path.relative_to(course.root)}")
        say("")
    place = demo.root.relative_to(course.root)
    say(f"gradebook: {place / 'gradebook.db'}")
    say(f"look at it all: cd {place} && jupyter lab   (formgrader is in its menu)")


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


def mistakes_of_class(
    students: int, catalogue: Catalogue, assignment: str = ASSIGNMENT
) -> Iterator[tuple[str, list[Misconception]]]:
    """Yield names and mistakes: the twelve of the class, then others with up to three mistakes, always the same."""
    known = CLASSES[assignment]
    for name in list(known)[:students]:
        yield name, mistakes_of(name, catalogue, assignment)
    frequent = sorted({one.id: one for name in known for one in mistakes_of(name, catalogue, assignment)}.items())
    draw = random.Random(12)
    for number in range(len(known) + 1, students + 1):
        chosen = draw.sample(frequent, draw.choice([0, 1, 1, 2, 3]))
        one_a_function = {entry.function: entry for _, entry in chosen}
        yield f"student{number:03d}", list(one_a_function.values())


def mistakes_of(name: str, catalogue: Catalogue, assignment: str = ASSIGNMENT) -> list[Misconception]:
    """Return the mistakes of a student of the class. Raises DemoError if the catalogue does not have one of them."""
    known = {**catalogue.entries, DOES_NOT_PARSE.id: DOES_NOT_PARSE}
    for mistake in CLASSES[assignment][name]:
        if mistake not in known:
            raise DemoError(f"The catalogue has no misconception {mistake!r} any more; mend autograder/demo.py.")
    return [known[mistake] for mistake in CLASSES[assignment][name]]


def throw_away_course(assignments: Iterable[Assignment], root: Path) -> Course:
    """Make a new course that has what grading these assignments needs, and nothing else."""
    shutil.rmtree(root, ignore_errors=True)
    demo = Course(root)
    demo.masters.mkdir(parents=True)
    for assignment in assignments:
        shutil.copytree(assignment.source.parent, root / "source" / assignment.name)
        shutil.copyfile(assignment.master, demo.masters / assignment.master.name)
        shutil.copyfile(assignment.catalogue, demo.masters / assignment.catalogue.name)
        config = (assignment.course.root / CONFIG).read_text(encoding="utf-8")
        (root / CONFIG).write_text(config + _OWN_PLACES, encoding="utf-8")
    return demo


def hand_in(demo: Assignment, students: int) -> list[str]:
    """Release the assignment in the throw-away course, hand in the class's notebooks, and return the names."""
    generate(demo)
    solved = nbformat.read(demo.source, as_version=4)
    release = nbformat.read(demo.release, as_version=4)
    catalogue = Catalogue.read(demo.catalogue)
    names = []
    for name, mistakes in mistakes_of_class(students, catalogue, demo.name):
        notebook = release if name == UNTOUCHED else submission(solved, release, mistakes)
        folder = demo.course.root / "submitted" / name / demo.name
        shutil.copytree(demo.release.parent, folder)
        nbformat.write(notebook, folder / demo.release.name)
        names.append(name)
    return names


def grade(demo: Assignment, names: Sequence[str], *, confined: bool = True) -> ClassResult:
    """Grade what was handed in, as `autograder grade` does.

    confined -- whether to run the students' code as the course is configured, or unconfined
    """
    from autograder.batch.grade import ClassGrading  # noqa: PLC0415 (imports all of nbgrader)
    from autograder.batch.pool import LocalPool  # noqa: PLC0415 (the same)
    from autograder.batch.worker import Job  # noqa: PLC0415 (the same)

    job = Job(demo.course.root, demo.name, None if confined else "none")
    with LocalPool(job, len(os.sched_getaffinity(0))) as pool:
        grading = ClassGrading(job)
        return grading.grade(grading.submissions(names), pool, progress=counter)


def write_pages(demo: Assignment) -> dict[str, Path]:
    """Write the class report and the students' feedback, and return where they are."""
    from autograder.reporting.feedback import write_feedback  # noqa: PLC0415 (imports all of nbgrader)
    from autograder.reporting.report_file import make_report  # noqa: PLC0415 (the same)
    from autograder.reporting.results import Archive  # noqa: PLC0415 (the same)

    write_feedback(Archive(demo), ())
    return {"class report": make_report(demo, None), "feedback": demo.course.root / "feedback"}


def _is_solution(cell: NotebookNode) -> bool:
    return bool(nbgrader_metadata(cell).get("solution"))
