"""Grades one notebook on its own, without a gradebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue
from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.grading_errors import GradingError
from autograder.grading.not_judged import NOT_JUDGED
from autograder.grading.settings import read_settings
from autograder.grading.soundness import engine_for
from autograder.grading.source_release import made_bundle
from autograder.intake.aliases import Aliases
from autograder.intake.cell_splitting import named_definitions
from autograder.intake.companion_files import Beside, files_in
from autograder.intake.exercises import untouched
from autograder.intake.formats import Candidate, read_file, receive
from autograder.intake.intake_errors import IntakeError
from autograder.intake.selection import choose
from autograder.intake.static_analysis import read_code
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.cells import nbgrader_metadata, owners
from autograder.notebook.marks import FunctionMarks, functions, read_marks
from autograder.notebook.specification import read_released
from autograder.release import Bundle, BundleError, load

if TYPE_CHECKING:
    from nbformat import NotebookNode

# What the checks of testCases.py say of a gap that was left in part.
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
        aliases = Aliases.read(course.root)
        # If it is plain whose the notebook is, the warm processes can get ready while it is read.
        by_name = [one for one in known if assignment or one.name == path.stem]
        candidates = [] if by_name else receive(read_file(path), path.name)
        owner = by_name[0] if by_name else find_assignment(known, path, [one.notebook for one in candidates])
        result["assignment"] = owner.name
        with (
            _bundle_of(owner) as bundle,
            engine_for(bundle, owner.name, settings, confine=confine, for_many=False) as engine,
        ):
            candidates = candidates or receive(read_file(path), path.name)
            exercises = engine.layout.exercises
            chosen = choose(candidates, exercises, owner.name) or _any(candidates, path, assignment)
            notebook, folder = chosen.notebook, _folder_beside(course, path, chosen)
            credit = settings.carried_credit if carry_forward else None
            examination, repairs = examine_candidate(
                engine, replace(chosen, repairs=_own_name(chosen, path)), folder, Beside(bundle.files, aliases), credit
            )
            layers, belongs, catalogue = engine.layers, owners(engine.specification.cells), engine.catalogue
            unwritten = untouched(notebook, exercises)
    except (GradingError, AuthoringError, BundleError, IntakeError) as error:
        return result | {"error": str(error)}
    cells = functions(notebook, belongs)
    carried = {grade_id: examination.lent[grade_id] for grade_id in examination.carried}
    marked = read_marks(notebook, belongs, carried)
    entries = [_entry(marks, cells[marks.name], examination, catalogue, unwritten) for marks in marked]
    return result | {
        "score": sum(entry["score"] for entry in entries),
        "max_score": sum(entry["max_score"] for entry in entries),
        "status": "graded",
        "isolation": layers,
        "seconds": round(examination.seconds, 3),
        "repairs": [*repairs, *examination.notes],
        "functions": entries,
    }


def examine_candidate(
    engine: Engine, chosen: Candidate, folder: Path | None, beside: Beside, carried_credit: float | None
) -> tuple[Examination, list[str]]:
    """Lay out and run what was handed in; outputs are written into its notebook.

    folder -- the folder whose files go with it; None if there is none
    beside -- what the assignment and the course have beside a notebook
    Returns the examination, and all that was mended, in words. Raises GradingError as `Engine.examine` does.
    """
    notebook, places = chosen.notebook, files_in(folder)
    laid_out = engine.layout.apply(notebook, beside.environment([*places, *chosen.companions]))
    around = beside.around(notebook, places, chosen.companions)
    examination = engine.examine(notebook, folder, around=around, carried_credit=carried_credit)
    return examination, [*chosen.repairs, *laid_out, *around.repairs, *examination.repairs]


def find_assignment(known: list[Assignment], path: Path, notebooks: Sequence[NotebookNode]) -> Assignment:
    """Return the assignment that notebooks belong to by what they define. Raises GradingError if there is none."""
    shared: Counter[Assignment] = Counter()
    for one in known:
        names = _graded_names(one)
        shared[one] = max((len(_defined(notebook) & names) for notebook in notebooks), default=0)
    best = shared.most_common(1)
    if not best or not best[0][1]:
        there_is = ", ".join(assignment.name for assignment in known) or "none"
        raise GradingError(
            f"{path.name} belongs to no assignment by its name, and defines no function of one. "
            f"Say which it is: --assignment NAME (there is: {there_is})."
        )
    return best[0][0]


def _defined(notebook: NotebookNode) -> set[str]:
    """Return what a notebook defines, in cells with errors too."""
    found: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            code = read_code(cell.source)
            found |= code.functions | code.others if code.runs else set(named_definitions(cell.source))
    return found


def _any(candidates: Sequence[Candidate], path: Path, assignment: str | None) -> Candidate:
    """Return the only notebook there is: it has nothing of the assignment, but somebody said whose it is."""
    if len(candidates) == 1:
        return candidates[0]
    raise IntakeError(
        f"{path.name} holds {len(candidates)} notebooks, and none has an exercise of {assignment or 'the assignment'} "
        "filled in: hand in the one that is to be graded."
    )


def _own_name(chosen: Candidate, path: Path) -> list[str]:
    """Return the repairs of a candidate, without that it has the name that the user typed."""
    return [repair for repair in chosen.repairs if repair != f"the notebook was handed in as {path.name}"]


def _folder_beside(course: Course, path: Path, chosen: Candidate) -> Path | None:
    """Return the folder whose files go with a notebook; None if these are in the archive, or the course's own.

    The course's folder holds the solutions, which no student's code may see.
    """
    folder = path.absolute().parent.resolve()
    if chosen.name != path.name or course.root.is_relative_to(folder):
        return None
    if folder.is_relative_to(course.root):
        top = folder.relative_to(course.root).parts[0]
        return folder if top in ("submitted", "release") else None
    return folder


def status_of(
    marks: FunctionMarks, cells: list[NotebookNode], timed_out: set[str], unwritten: Collection[str] = ()
) -> str:
    """Return in one word how a function fared.

    cells -- its tests
    timed_out -- the tests that ran out of time
    unwritten -- the exercises in which nothing was written, see `untouched`
    """
    message = marks.message or ""
    if any(cell.metadata.nbgrader.get("solution") for cell in cells):
        return "manual"
    if marks.is_carried or marks.score == marks.max_score:
        return "carried" if marks.is_carried else "passed"
    if any(cell.metadata.nbgrader.grade_id in timed_out for cell in cells):
        return "timeout"
    if marks.name in unwritten or message.startswith(f"{marks.name} {NOT_FILLED_IN}"):
        return "missing"
    calls_missing = message.startswith(f"{marks.name} calls ") and NOT_FILLED_IN in message
    if calls_missing or message.startswith(NOT_JUDGED):
        return "not_judged"
    return "partial" if marks.score else "failed"


def _entry(
    marks: FunctionMarks,
    cells: list[NotebookNode],
    examination: Examination,
    catalogue: Catalogue | None,
    unwritten: Collection[str],
) -> dict[str, Any]:
    found = examination.misconceptions.get(marks.name, [])
    hints = catalogue.hints(found) if catalogue else []
    message = "\n".join([marks.message, *(f"Hint: {hint}" for hint in hints)]) if marks.message else None
    return {
        "name": marks.name,
        "score": marks.score,
        "max_score": marks.max_score,
        "status": status_of(marks, cells, examination.timed_out, unwritten),
        "message": message,
        "misconception": ", ".join(found) or None,
    }


@contextmanager
def _bundle_of(assignment: Assignment) -> Iterator[Bundle]:
    """Yield what was released, or, in a course that has released nothing yet, what would be."""
    stored = assignment.course.bundles / assignment.name
    if stored.is_dir():
        yield load(stored)
        return
    with made_bundle(assignment) as made:
        yield made


def _graded_names(assignment: Assignment) -> set[str]:
    if not assignment.source.is_file():
        return set()
    cells = read_released(assignment.source)
    solutions = (cell for cell in cells if nbgrader_metadata(cell).get("solution"))
    return set().union(*(python_source.bound_names(cell["source"]) for cell in solutions))
