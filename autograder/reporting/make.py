"""The class report, into a file."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Assignment
from autograder.reporting.catalogue import read_texts
from autograder.reporting.pages import write
from autograder.reporting.report import class_report
from autograder.reporting.results import Archive, ReportError, read_results
from autograder.reporting.terminal import say

FOLDER = "reports"


def make_report(assignment: Assignment, output: Path | None = None, *, names: bool = True) -> Path:
    """Write the report of an assignment and return its path.

    output -- the folder; reports/ in the course if None
    names -- whether students are named
    Raises ReportError if there is nothing to report on, or the folder cannot be written.
    """
    say(f"Reading the marks of {assignment.name} ...")
    archive = Archive(assignment)
    results = read_results(archive)
    folder = (output or assignment.course.root / FOLDER).absolute()
    feedback = {
        result.student: archive.folder(archive.course.feedback_directory, result.student) / f"{page}.html"
        for result in results.results
        for page in [next(iter(archive.cells))]
    }
    path = folder / (f"{assignment.name}.html" if names else f"{assignment.name}-anonymous.html")
    text = class_report(results, read_texts(assignment), feedback, folder, names=names)
    try:
        write(path, text)
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror}.") from error
    return path
