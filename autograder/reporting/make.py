"""The class report and exports, into files."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Assignment
from autograder.grading.soundness import last_known
from autograder.reporting import export
from autograder.reporting.catalogue import read_texts
from autograder.reporting.feedback import Reader
from autograder.reporting.pages import write
from autograder.reporting.report import class_report
from autograder.reporting.results import Archive, ClassResults, ReportError, read_results
from autograder.reporting.soundness import how_graded

REPORTS = "reports"
EXPORTS = "exports"


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
    _write(
        path,
        class_report(
            results, read_texts(archive.bundle), feedback, folder, names=names, graded=graded if names else []
        ),
    )
    return path


def make_export(
    assignment: Assignment, form: str, output: Path | None = None, column: str | None = None
) -> tuple[Path, ClassResults]:
    """Write the marks of an assignment in a form of `export.FORMATS`; return the path and what was written.

    output -- the file; one under exports/ in the course if None
    column -- the title of Canvas's column
    Raises ReportError if there are no marks, or the file cannot be written.
    """
    archive = Archive(assignment)
    results = read_results(archive)
    path = (output or assignment.course.root / EXPORTS / f"{assignment.name}{export.FORMATS[form]}").absolute()
    if form == "csv":
        _write(path, export.to_csv(results))
    elif form == "canvas":
        _write(path, export.to_canvas(results, column))
    else:
        reader = Reader(archive)
        _write(
            path,
            export.to_gradescope(
                {
                    result.student: export.gradescope_results(
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


def _write(path: Path, content: str | bytes) -> None:
    try:
        write(path, content)
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror}.") from error
