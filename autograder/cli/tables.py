"""Tables for the terminal."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from rich import box
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.intake.encodings import printable
from autograder.notebook.marks import FunctionMarks
from autograder.sandbox.layers import LAYERS

if TYPE_CHECKING:
    from autograder.authoring.validate import Validation
    from autograder.diagnosis.mutation_testing import Proof
    from autograder.sandbox.layers import Report

T = TypeVar("T")
# Behind points that a function has although another one that it needs is wrong.
CARRIED = "*"


def validation_table(name: str, validation: Validation) -> str:
    """Return the marks of a solution and its release, function by function, and the result of trying out mistakes."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{name}: the solution and the untouched release", expand=True)
    table.add_column("function", no_wrap=True)
    table.add_column("solution", justify="right", no_wrap=True)
    table.add_column("release", justify="right", no_wrap=True)
    table.add_column("what the release's check says", overflow="ellipsis", no_wrap=True, ratio=1)
    released = {marks.name: marks for marks in validation.release}
    for marks in validation.solution:
        stub = released.get(marks.name, FunctionMarks(marks.name, 0, 0, "not in the release"))
        table.add_row(
            marks.name,
            f"{marks.score:g} of {marks.max_score:g}",
            f"{stub.score:g}",
            Text((stub.message or "").split("\n")[0]),
        )
    total = [sum(marks.score for marks in part) for part in (validation.solution, validation.release)]
    table.add_section()
    table.add_row("in all", f"{total[0]:g} of {sum(m.max_score for m in validation.solution):g}", f"{total[1]:g}", "")
    return "\n".join([render(table), *_mistakes(validation.proof)])


def _mistakes(proof: Proof | None) -> list[str]:
    if proof is None:
        return ["no mistakes were tried out, because the solution itself fails or its catalogue does not fit it"]
    survivors = len(proof.survivors)
    return [
        f"misconceptions caught {proof.caught} of {proof.entries}, told apart {proof.told_apart} of {proof.diagnosed}",
        f"generic mutants killed {proof.mutants - survivors} of {proof.mutants}, "
        f"{proof.explained} explained as equivalent",
        *(f"no mutants of {name} were tried: its tests need a kernel" for name in proof.untried),
    ]


def check_table(result: dict[str, Any]) -> str:
    """Return the result of grading one notebook: a function a row, and under the table what to know about it.

    Where a misconception explains why a function fails, its id is in a column of its own.
    """
    table = Table(box=box.SIMPLE_HEAD, title=f"{result['notebook']} ({result['assignment']})", expand=True)
    table.add_column("function", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    explained = any(entry["misconception"] for entry in result["functions"])
    if explained:
        table.add_column("misconception", no_wrap=True)
    table.add_column("what the check says", ratio=1)
    for entry in result["functions"]:
        points = f"{entry['score']:g} of {entry['max_score']:g}"
        why = [(entry["misconception"] or "").replace(", ", "\n")] if explained else []
        table.add_row(entry["name"], points, entry["status"], *why, Text(entry["message"] or ""))
    table.add_section()
    table.add_row("in all", f"{result['score']:g} of {result['max_score']:g}", "")
    return printable("\n".join([render(table), *(f"note: {repair}" for repair in result["repairs"])]))


def doctor_table(reports: Sequence[Report]) -> str:
    """Return what was found about each way of confining a student's code, layer by layer, and what it comes to."""
    used = next((report for report in reports if report.sound), None)
    lines = []
    for report in reports:
        table = Table(
            box=box.SIMPLE_HEAD, title=f"with {report.way}{' (in use)' if report is used else ''}", expand=True
        )
        table.add_column("layer", no_wrap=True)
        table.add_column("holds", no_wrap=True)
        table.add_column("what it stops", ratio=1)
        table.add_column("if not: why, and what follows", ratio=1)
        for layer in LAYERS:
            if layer.name in report.held:
                table.add_row(layer.name, "yes", layer.stops, "")
            elif layer.name in report.missing:
                table.add_row(layer.name, "no", layer.stops, f"{report.missing[layer.name]}: {layer.without}")
        for leak in report.leaks:
            table.add_row("in all", "no", "", Text(leak))
        lines.append(render(table))
    if used is None:
        lines.append(
            "A student's code cannot be kept from files and network on this machine, so `check` and `nbgrader "
            "autograde` run none.\nAllow user namespaces, or use a kernel with Landlock (Linux 6.2 or newer) and "
            "seccomp. To grade without, code that you trust:\n--isolation none, or in nbgrader_config.py "
            'c.Examine.isolation = "none".'
        )
    else:
        lines.append(f"A student's code is kept from files and network here, with {used.way}.")
    return "\n\n".join(lines)


def class_table(rows: Sequence[tuple[str, Sequence[FunctionMarks] | None, str]]) -> str:
    """Return the marks of a class: a student a row, a function a column, and the first thing that went wrong.

    rows -- name, marks per function (None if the submission could not be graded), first error
    """
    names = next((list(marks) for _, marks, _ in rows if marks), [])
    table = Table(box=box.SIMPLE_HEAD, title="the class", expand=True, padding=(0, 1, 0, 0))
    table.add_column("student", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    for number, _ in enumerate(names, start=1):
        table.add_column(str(number), justify="right", no_wrap=True)
    table.add_column("first error", overflow="ellipsis", no_wrap=True, ratio=1)
    for student, marks, error in rows:
        if marks is None:
            table.add_row(student, "-", *["-"] * len(names), Text(error))
        else:
            score = f"{sum(m.score for m in marks):g}"
            points = [f"{m.score:g}{CARRIED if m.is_carried else ''}" for m in marks]
            table.add_row(student, score, *points, Text(error))
    legend = Columns([f"{number:2} {marks.name}" for number, marks in enumerate(names, start=1)], padding=(0, 3))
    parts = [render(table), render(legend)]
    if any(m.is_carried for _, marks, _ in rows for m in marks or ()):
        parts.append(f"{CARRIED} right, and tested with the solution's functions in place of others that are wrong")
    return "\n".join(parts)


def render(table: Table | Columns) -> str:
    """Return a table as text, as wide as the terminal; elsewhere wide enough to be read in a log."""
    width = max(100, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 150
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().strip("\n").split("\n"))


def say(text: str) -> None:
    """Print a line for the person at the terminal."""
    print(printable(text), flush=True)
