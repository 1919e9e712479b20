"""The marks of an assignment as a file for a learning platform."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Assignment
from autograder.lms import marks_export
from autograder.reporting.feedback import Reader
from autograder.reporting.results import Archive, ClassResults, read_results, write_or_say

EXPORTS = "exports"


def make_export(
    assignment: Assignment, form: str, output: Path | None = None, column: str | None = None
) -> tuple[Path, ClassResults]:
    """Write the marks of an assignment in a form of `marks_export.FORMATS`; return the path and what was written.

    output -- the file; one under exports/ in the course if None
    column -- the title of Canvas's column
    Raises ReportError if there are no marks, or the file cannot be written.
    """
    archive = Archive(assignment)
    results = read_results(archive)
    path = (output or assignment.course.root / EXPORTS / f"{assignment.name}{marks_export.FORMATS[form]}").absolute()
    if form == "csv":
        write_or_say(path, marks_export.to_csv(results))
    elif form == "canvas":
        write_or_say(path, marks_export.to_canvas(results, column))
    else:
        reader = Reader(archive)
        write_or_say(
            path,
            marks_export.to_gradescope(
                {
                    result.student: marks_export.gradescope_results(
                        [told for notebook in reader.told(result.student).values() for told in notebook],
                        penalty=result.penalty,
                        seconds=result.seconds,
                        remarks=result.repairs,
                    )
                    for result in results.graded
                }
            ),
        )
    return path, results
