"""A course with one small assignment that was graded, made without running anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import nbformat
from helper import ROOT, code_cell, find_cell, grade_cell, graded_notebook, solution_cell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook

from autograder.batch.result_store import Record, Records
from autograder.course import Assignment, Course
from autograder.nbgrader_run import nbgrader_log, scripts_on_path
from autograder.release import store_notebook

HIDDEN_NUMBER = "7.25"
TEST = f"""assert check_{{0}}({{0}})
### BEGIN HIDDEN TESTS
secret_input = 31337
expect_equal({{0}}, "Z", {HIDDEN_NUMBER}, {{0}}(secret_input))
### END HIDDEN TESTS"""
CATALOGUE = """
[[misconception]]
id = "no-mean"
function = "first"
change = [{ old = "return", new = "return 2 *" }]
hint = ["Which mean is meant?", "What is divided by m?"]
cause = "It is easily forgotten."
instructor = "The mean is forgotten."
"""
RIGHT = [new_output("stream", name="stdout", text="first: Z — right.\n")]
HIDDEN = [
    *RIGHT,
    new_output("error", ename="CheckFailed", evalue=f"first: Z has the wrong shape.\n  expected: {HIDDEN_NUMBER}"),
    new_output("stream", name="stdout", text="\nA hint for first: Which mean is meant?\n"),
]


def notebook() -> NotebookNode:
    """Return the solved notebook: two functions, the second of which uses the first."""
    return graded_notebook(
        code_cell("import math"),
        solution_cell("def first(x):\n    return x", "first"),
        grade_cell(TEST.format("first"), "test_first", 10),
        code_cell("first(1)"),
        solution_cell("def second(x):\n    return first(x)", "second"),
        grade_cell(TEST.format("second"), "test_second", 5),
    )


def make(root: Path, name: str = "task", address: str | None = None) -> Assignment:
    """Make the course, or one more assignment of it; nobody has handed in yet.

    address -- the gradebook's, if it is not to be in the course's folder
    """
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    configuration = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    if address is not None:
        configuration += f"\nc.CourseDirectory.db_url = {address!r}\n"
    (root / "nbgrader_config.py").write_text(configuration, encoding="utf-8")
    (root / f"notebooks/{name}.py").write_text("# %%\n", encoding="utf-8")
    catalogue = root / f"notebooks/{name}.misconceptions.toml"
    catalogue.write_text(CATALOGUE, encoding="utf-8")
    text = nbformat.writes(notebook())
    store_notebook(root / f"bundles/{name}", name, text, {}, files={}, siblings={name}, catalogue=catalogue)
    (root / f"source/{name}").mkdir(parents=True)
    (root / f"source/{name}/{name}.ipynb").write_text(text, encoding="utf-8")
    with scripts_on_path(), nbgrader_log(), Gradebook(address or url(root)) as gradebook:
        gradebook.add_assignment(name)
        gradebook.add_notebook(name, name)
        for function, points in [("first", 10), ("second", 5)]:
            gradebook.add_solution_cell(function, name, name)
            gradebook.add_grade_cell(f"test_{function}", name, name, max_score=points, cell_type="code")
    return Assignment(Course(root), name)


def url(root: Path) -> str:
    """Return the gradebook's address."""
    return f"sqlite:///{root / 'gradebook.db'}"


def hand_in(
    assignment: Assignment, student: str, change: Callable[[NotebookNode], object] = lambda _: None, **more
) -> None:
    """Put a graded submission into the course: the solution, its outputs changed by a function.

    more -- entries of the record; `person` is what the gradebook knows of the student
    """
    root = assignment.course.root
    made = notebook()
    change(made)
    failed = [name for name in ("first", "second") if _has_error(find_cell(made, f"test_{name}"))]
    points = {
        f"test_{name}": [0.0 if name in failed else most, most] for name, most in (("first", 10.0), ("second", 5.0))
    }
    with nbgrader_log(), Gradebook(url(root)) as gradebook:
        gradebook.update_or_create_student(student, **more.pop("person", {}))
        gradebook.add_submission("task", student, timestamp=datetime(2026, 3, 1, 12, 0))
        for name, (score, _) in points.items():
            grade = gradebook.find_grade(name, "task", "task", student)
            grade.auto_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()
    for step in ("submitted", "autograded"):
        folder = root / step / student / "task"
        folder.mkdir(parents=True)
        nbformat.write(made, folder / "task.ipynb")
        (folder / "timestamp.txt").write_text("2026-03-01 12:00:00.000000 UTC", encoding="utf-8")
    owners = {f"test_{name}": name for name in ("first", "second")}
    record = Record(student, f"key-of-{student}", "", "", "", {}, status="graded", seconds=0.25)
    record.notebooks, record.scores = {"task": nbformat.writes(made)}, {"task": points}
    record.owners, record.timed_out = {"task": owners}, {"task": []}
    for name, value in more.items():
        setattr(record, name, value)
    records = Records(root / "results/task")
    records.keep(record)
    records.land(record)


def _has_error(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def fails_hidden(made: NotebookNode) -> None:
    """Let the first function fail in its hidden test, and let a later cell show what that gave it."""
    find_cell(made, "test_first").outputs = [nbformat.from_dict(output) for output in HIDDEN]
    made.cells[3].outputs = [new_output("stream", name="stdout", text="seen: 31337")]
    said = "correct; it was tested with our first, because yours does not pass its own checks\nseen: 31337\n"
    find_cell(made, "test_second").outputs = [new_output("stream", name="stdout", text=said)]


def fails_visibly(made: NotebookNode) -> None:
    """Let the second function fail in the check that students have."""
    evalue = "second: Z has the right shape, (1, 1), but wrong values.\n  expected: 0.5\n  got:      1"
    find_cell(made, "test_second").outputs = [new_output("error", ename="CheckFailed", evalue=evalue)]
