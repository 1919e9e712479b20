"""The class report as a file."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Assignment
from autograder.grading.grading_mode import how_graded
from autograder.grading.soundness import last_known
from autograder.reporting.released_catalogue import read_entries
from autograder.reporting.report import class_report
from autograder.reporting.results import Archive, read_results, write_or_say

REPORTS = "reports"


def make_report(assignment: Assignment, output: Path | None = None, *, names: bool = True) -> Path:
    """Write the report of an assignment and return its path.

    output -- the folder; reports/ in the course if None
    names -- whether students are named
    Raises ReportError if there is nothing to report on, or the folder cannot be written.
    """
    archive = Archive(assignment)
    results = read_results(archive)
    folder = (output or assignment.course.root / REPORTS).absolute()
    first = next(iter(archive.cells))
    feedback = {
        result.student: archive.folder(archive.course.feedback_directory, result.student) / f"{first}.html"
        for result in results.results
    }
    path = folder / (f"{assignment.name}.html" if names else f"{assignment.name}-anonymous.html")
    graded = [line for name, found in last_known(archive.bundle.folder).items() for line in how_graded(name, found)]
    write_or_say(
        path,
        class_report(
            results, read_entries(archive.bundle), feedback, folder, names=names, graded=graded if names else []
        ),
    )
    return path
