"""Grade one notebook on its own, without a gradebook."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import python_cells
from autograder.authoring.errors import AuthoringError
from autograder.bundle import Bundle, BundleError, load, store_notebook
from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue
from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.failures import GradingError
from autograder.grading.marks import FunctionMarks, functions, owners, read_marks
from autograder.grading.plan import read_released
from autograder.grading.settings import read_settings

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOT_FILLED_IN = "is not filled in yet"


def check(
    course: Course,
    path: Path,
    assignment: str | None = None,
    isolation: str | None = None,
    *,
    carry_forward: bool = True,
) -> dict[str, Any]:
    """Grade a notebook and return the result, which `autograder check --json` prints as it is.

    assignment -- whose it is; found from the file's name, else from what it defines, if None
    isolation -- "auto" or "none"; what the course sets, if None
    carry_forward -- whether a test that failed because of other functions is run again without that fault
    Raises CourseError if the named assignment does not exist or the course's configuration is wrong. Everything else
    that can go wrong is in the result, with the status "error".
    """
    result: dict[str, Any] = {
        "assignment": assignment,
        "notebook": path.name,
        "score": 0.0,
        "max_score": 0.0,
        "status": "error",
        "error": None,
        "isolation": [],
        "seconds": 0.0,
        "repairs": [],
        "functions": [],
    }
    known = course.assignments([assignment] if assignment else ())
    settings = read_settings(course)
    confine = settings.confine if isolation is None else isolation != "none"
    try:
        # If it is plain whose the notebook is, the warm processes can get ready while it is read.
        by_name = [one for one in known if assignment or one.name == path.stem]
        owner = by_name[0] if by_name else find_assignment(known, path, read_submission(path))
        result["assignment"] = owner.name
        with (
            _bundle_of(owner) as bundle,
            Engine(bundle, owner.name, settings.limits, confine=confine, for_many=False) as engine,
        ):
            notebook = read_submission(path)
            credit = settings.carried_credit if carry_forward else None
            examination = engine.examine(notebook, path.absolute().parent, carried_credit=credit)
            layers, belongs, catalogue = engine.layers, owners(engine.plan.cells), engine.catalogue
    except (GradingError, AuthoringError, BundleError) as error:
        return result | {"error": str(error)}
    cells = functions(notebook, belongs)
    carried = {grade_id: examination.lent[grade_id] for grade_id in examination.carried}
    marked = read_marks(notebook, belongs, carried)
    entries = [_entry(marks, cells[marks.name], examination, catalogue) for marks in marked]
    return result | {
        "score": sum(entry["score"] for entry in entries),
        "max_score": sum(entry["max_score"] for entry in entries),
        "status": "graded",
        "isolation": layers,
        "seconds": round(examination.seconds, 3),
        "repairs": [*examination.repairs, *examination.notes],
        "functions": entries,
    }


def find_assignment(known: list[Assignment], path: Path, notebook: NotebookNode) -> Assignment:
    """Return the assignment that a notebook belongs to by what it defines. Raises GradingError if it is none."""
    defined = set().union(*(python_cells.bound_names(cell.source) for cell in _code(notebook)))
    shared = Counter({one: len(defined & _graded_names(one)) for one in known})
    best = shared.most_common(1)
    if not best or not best[0][1]:
        names = ", ".join(assignment.name for assignment in known) or "none"
        raise GradingError(
            f"{path.name} belongs to no assignment by its name, and defines no function of one. "
            f"Say which it is: --assignment NAME (there is: {names})."
        )
    return best[0][0]


def status_of(marks: FunctionMarks, cells: list[NotebookNode], timed_out: set[str]) -> str:
    """Return in one word how a function fared."""
    message = marks.message or ""
    if any(cell.metadata.nbgrader.get("solution") for cell in cells):
        return "manual"
    if marks.is_carried or marks.score == marks.max_score:
        return "carried" if marks.is_carried else "passed"
    if any(cell.metadata.nbgrader.grade_id in timed_out for cell in cells):
        return "timeout"
    if message.startswith(f"{marks.name} {NOT_FILLED_IN}"):
        return "missing"
    if message.startswith(f"{marks.name} calls ") and NOT_FILLED_IN in message:
        return "not_judged"
    return "partial" if marks.score else "failed"


def _entry(
    marks: FunctionMarks, cells: list[NotebookNode], examination: Examination, catalogue: Catalogue | None
) -> dict[str, Any]:
    found = examination.misconceptions.get(marks.name, [])
    hints = catalogue.hints(found) if catalogue else []
    message = "\n".join([marks.message, *(f"Hint: {hint}" for hint in hints)]) if marks.message else None
    return {
        "name": marks.name,
        "score": marks.score,
        "max_score": marks.max_score,
        "status": status_of(marks, cells, examination.timed_out),
        "message": message,
        "misconception": ", ".join(found) or None,
    }


def read_submission(path: Path) -> NotebookNode:
    """Return a notebook with valid cell ids and no outputs. Raises GradingError if it is none."""
    import nbformat  # noqa: PLC0415 (while the warm processes get ready)

    try:
        text = path.read_text(encoding="utf-8-sig")
        notebook: NotebookNode = nbformat.reads(text, as_version=4)
        nbformat.validator.normalize(notebook)
        nbformat.validate(notebook)
    except FileNotFoundError as error:
        raise GradingError(f"There is no file {path}.") from error
    except OSError as error:
        raise GradingError(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises whatever json, its validators and converters raise
        raise GradingError(f"{path.name} is no notebook that can be read: {type(error).__name__}.") from error
    for cell in _code(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


@contextmanager
def _bundle_of(assignment: Assignment) -> Iterator[Bundle]:
    """Yield what was released, or, in a course that has released nothing yet, what would be."""
    stored = assignment.course.root / "bundles" / assignment.name
    if stored.is_dir():
        yield load(stored)
        return
    if not assignment.source.is_file():
        raise BundleError(f"{assignment.source} is missing; run `autograder build {assignment.name}` first.")
    folder = assignment.source.parent
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    del files[assignment.source.name]
    with tempfile.TemporaryDirectory(prefix="autograder-bundle-") as temporary:
        solved = assignment.source.read_text(encoding="utf-8")
        target = Path(temporary) / assignment.name
        name, catalogue = assignment.name, assignment.catalogue
        yield store_notebook(target, name, solved, {}, files=files, siblings={name}, catalogue=catalogue)


def _graded_names(assignment: Assignment) -> set[str]:
    if not assignment.source.is_file():
        return set()
    cells = read_released(assignment.source)
    solutions = (cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution"))
    return set().union(*(python_cells.bound_names(cell["source"]) for cell in solutions))


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
