"""Grade one submission as Gradescope asks for it: /autograder/submission into /autograder/results/results.json.

If the submission cannot be read, that is said in results.json with a score of 0, and the student can hand in again. If
the grader itself fails, no results are written: Gradescope then tells the instructor, and the student has no marks.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.bundle import BundleError, load
from autograder.course import Assignment, Course
from autograder.gradescope.package import SETTINGS
from autograder.grading.check import read_submission
from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.failures import GradingError
from autograder.grading.settings import read_settings
from autograder.intake.errors import IntakeError
from autograder.reporting.catalogue import read_texts
from autograder.reporting.export import gradescope_results
from autograder.reporting.feedback import told_of
from autograder.reporting.results import outcomes_of


def main(root: Path) -> int:
    """Grade what lies in `root`, which is /autograder in Gradescope's container; return the exit code."""
    settings = json.loads((root / "source" / SETTINGS).read_text(encoding="utf-8"))
    course = Course(root / "source" / "course")
    assignment = course.assignments([settings["assignment"]])[0]
    try:
        results = grade(assignment, root / "submission", settings["isolation"])
    except (GradingError, BundleError) as error:
        print(f"This submission could not be graded, and has no marks: {error}", file=sys.stderr)
        return 1
    target = root / "results" / "results.json"
    target.parent.mkdir(exist_ok=True)
    new = target.with_suffix(".new")
    new.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(new, target)
    return 0


def grade(assignment: Assignment, submission: Path, isolation: str | None) -> dict[str, Any]:
    """Return the results of what lies in a folder. Raises GradingError or BundleError if the grader fails."""
    settings = read_settings(assignment.course)
    confine = settings.confine if isolation is None else isolation != "none"
    bundle = load(assignment.course.root / "bundles" / assignment.name)
    try:
        path = find_notebook(submission, assignment.name)
        notebook = read_submission(path)
    except (GradingError, IntakeError) as error:
        return {"score": 0.0, "output": f"Nothing could be graded: {error} Hand it in again.", "visibility": "visible"}
    with Engine(bundle, assignment.name, settings.limits, confine=confine, for_many=False) as engine:
        examination = engine.examine(notebook, path.absolute().parent, carried_credit=settings.carried_credit)
        return _results(assignment, notebook, examination, engine)


def find_notebook(submission: Path, assignment: str) -> Path:
    """Return the notebook among what was handed in. Raises GradingError if there is none, or it is not clear which."""
    paths = [path for path in sorted(submission.rglob("*.ipynb")) if path.is_file() and not path.is_symlink()]
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts and "__MACOSX" not in path.parts]
    named = [path for path in paths if path.stem == assignment]
    found = named or paths
    if not found:
        raise GradingError("there is no notebook (.ipynb) in it.")
    if len(found) > 1:
        names = ", ".join(path.relative_to(submission).as_posix() for path in found)
        raise GradingError(f"there are several notebooks in it ({names}); only one can be graded.")
    return found[0]


def _results(
    assignment: Assignment, notebook: NotebookNode, examination: Examination, engine: Engine
) -> dict[str, Any]:
    masters = engine.plan.cells
    outcomes = outcomes_of(
        masters,
        notebook,
        timed_out=examination.timed_out,
        misconceptions=examination.misconceptions,
        lent=examination.lent,
        carried=examination.carried,
    )
    told = told_of(masters, notebook, outcomes, read_texts(assignment))
    return gradescope_results(told, seconds=examination.seconds, remarks=examination.repairs)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")))
