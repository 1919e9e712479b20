"""Grades one submission in Gradescope's container: /autograder/submission to /autograder/results/results.json.

If the submission cannot be read, that is said in results.json with a score of 0, and the student can hand in again. If
the grader itself fails, no results are written: Gradescope then tells the instructor, and the student has no marks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.course import Assignment, Course
from autograder.files import write_whole
from autograder.gradescope.package import SETTINGS
from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.grading_errors import GradingError
from autograder.grading.settings import read_settings
from autograder.grading.single import examine_candidate
from autograder.grading.soundness import engine_for
from autograder.intake.aliases import Aliases
from autograder.intake.companion_files import Beside
from autograder.intake.exercises import Exercise, untouched
from autograder.intake.formats import Candidate
from autograder.intake.intake_errors import IntakeError
from autograder.intake.selection import choose, read_folder
from autograder.lms.marks_export import gradescope_results
from autograder.release import Bundle, BundleError, load
from autograder.reporting.feedback import Told, told_of
from autograder.reporting.released_catalogue import read_entries
from autograder.reporting.results import outcomes_of


def main(root: Path) -> int:
    """Grade what lies in `root`, which is /autograder in Gradescope's container; return the exit code."""
    settings = json.loads((root / "source" / SETTINGS).read_text(encoding="utf-8"))
    course = Course(root / "source" / "course")
    assignment = course.assignments([settings["assignment"]])[0]
    try:
        results = grade(assignment, root / "submission", settings["isolation"])
    except (GradingError, BundleError, IntakeError) as error:
        print(f"This submission could not be graded, and has no marks: {error}", file=sys.stderr)
        return 1
    text = json.dumps(results, indent=1, ensure_ascii=False)
    write_whole(root / "results" / "results.json", f"{text}\n")
    return 0


def grade(assignment: Assignment, submission: Path, isolation: str | None) -> dict[str, Any]:
    """Return the results of what lies in a folder.

    Raises GradingError or BundleError if the grader fails, IntakeError if the course's aliases cannot be read."""
    settings = read_settings(assignment.course)
    confine = settings.confine if isolation is None else isolation != "none"
    bundle = load(assignment.course.root / "bundles" / assignment.name)
    beside = Beside(bundle.files, Aliases.read(assignment.course.root))
    with engine_for(bundle, assignment.name, settings, confine=confine, for_many=False) as engine:
        try:
            chosen = find_submission(submission, assignment.name, engine.layout.exercises, beside)
        except IntakeError as error:
            text = f"Nothing could be graded: {error} Hand it in again."
            return {"score": 0.0, "output": text, "visibility": "visible"}
        folder = _folder_of(submission.absolute(), chosen)
        examination, repairs = examine_candidate(engine, chosen, folder, beside, settings.carried_credit)
        told = _told(bundle, chosen.notebook, examination, engine)
    return gradescope_results(told, seconds=examination.seconds, remarks=repairs)


def find_submission(submission: Path, name: str, wanted: Sequence[Exercise], beside: Beside) -> Candidate:
    """Return what is to be graded among what was handed in.

    wanted -- the assignment's exercises
    Raises IntakeError if there is nothing that could be; the message is one sentence or two.
    """
    offer = read_folder(submission, beside.given)
    chosen = choose(offer.candidates, wanted, name)
    if chosen is not None:
        others = [f"{error} It was not graded." for error in offer.refused]
        return replace(chosen, repairs=[*chosen.repairs, *others])
    if offer.refused:
        raise offer.refused[0]
    names = ", ".join(one.name for one in offer.candidates[:5] if not one.is_script)
    raise IntakeError(
        f"none of {names} has anything of this assignment." if names else "there is no notebook (.ipynb) in it."
    )


def _folder_of(submission: Path, chosen: Candidate) -> Path:
    """Return the folder that a notebook lay in, or the archive that it came in."""
    return next(folder for folder in (submission / chosen.name).parents if folder.is_dir())


def _told(bundle: Bundle, notebook: NotebookNode, examination: Examination, engine: Engine) -> list[Told]:
    masters = engine.specification.cells
    outcomes = outcomes_of(
        masters,
        notebook,
        timed_out=examination.timed_out,
        misconceptions=examination.misconceptions,
        lent=examination.lent,
        carried=examination.carried,
        unwritten=untouched(notebook, engine.layout.exercises),
    )
    return told_of(masters, notebook, outcomes, read_entries(bundle), markers=engine.specification.markers)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")))
