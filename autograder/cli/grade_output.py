"""Output of `autograder grade`: progress, marks that a regrade would change, and the summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import nbformat
from rich import box
from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from autograder.cli.tables import class_table, render, say
from autograder.grading.grading_mode import remarks
from autograder.intake.encodings import printable
from autograder.notebook.marks import FunctionMarks, read_marks

if TYPE_CHECKING:
    from autograder.batch.grade import ClassResult, MarksChange
    from autograder.batch.result_store import Record

# A longer table does not help on a terminal; `autograder report` makes a page.
TABLE_ROWS = 500
# On a log rather than a terminal: a line every so many seconds.
LINE_SECONDS = 5.0


def counter(total: int) -> Callable[[], object]:
    """Show progress: a bar with rate and remaining time on a terminal, and a line now and then elsewhere."""
    if not total:
        return lambda: None
    if sys.stdout.isatty():
        bar = tqdm(total=total, desc="grading", unit=" submissions", file=sys.stdout, smoothing=0.1)
        return lambda: (bar.update(), bar.close() if bar.n >= total else None)
    say(f"grading {total} submissions")
    return _Lines(total).advance


class _Lines:
    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._begin = self._last = time.monotonic()

    def advance(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._last >= LINE_SECONDS or self._done == self._total:
            self._last = now
            rate = self._done / max(now - self._begin, 1e-3)
            left = (self._total - self._done) / rate
            say(f"graded {self._done} of {self._total}, {rate:.1f} a second, {left:.0f} s left")


def agreed(yes: bool) -> Callable[[Sequence[MarksChange]], bool]:
    """Return what shows a regrade's changes and says whether they are to be written."""

    def confirm(changes: Sequence[MarksChange]) -> bool:
        if not changes:
            return True
        say(changes_table(changes))
        if yes:
            return True
        if not sys.stdin.isatty():
            say("Nothing of this was written. To write it: the same command with --yes.")
            return False
        return input("Write these changes to the gradebook? [y/N] ").strip().lower() in ("y", "yes")

    return confirm


def changes_table(changes: Sequence[MarksChange]) -> str:
    """Return who gains and who loses how much, and at which tests."""
    table = Table(box=box.SIMPLE_HEAD, title="what grading again changes", expand=True)
    table.add_column("student", no_wrap=True)
    for title in ("before", "now", "difference"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("tests", ratio=1)
    for change in sorted(changes, key=lambda change: change.now - change.before):
        cells = ", ".join(f"{name}: {_points(old)} to {_points(new)}" for name, (old, new) in change.cells.items())
        difference = f"{change.now - change.before:+g}"
        table.add_row(change.student, f"{change.before:g}", f"{change.now:g}", difference, Text(cells))
    gained = sum(change.now > change.before for change in changes)
    lost = sum(change.now < change.before for change in changes)
    return f"{render(table)}\n{gained} gain, {lost} lose."


def _points(points: float | None) -> str:
    return "none" if points is None else f"{points:g}"


def class_summary(result: ClassResult) -> str:
    """Return the marks of those who were graded now, and what is to be known of the others."""
    graded = sorted(result.graded, key=lambda one: one.student)
    parts = []
    if len(graded) <= TABLE_ROWS:
        rows = [_row(record) for one in graded if (record := result.records.find(one.student, one.key))]
        rows += [(student, None, error) for student, error in sorted(result.failed.items())]
        parts += [class_table(rows)] if rows else []
    else:
        parts.append(f"{len(graded)} students are too many for a table here; `autograder report` makes a page of them.")
        parts += [f"{student} could not be graded: {error}" for student, error in sorted(result.failed.items())]
    for one in graded:
        parts += [f"{one.student}: {remark}" for remark in one.remarks]
    for name, found in result.soundness.items():
        parts += remarks(name, found)
    counts = [f"{len(graded)} graded" if result.written else f"{len(graded)} graded, others not written"]
    if result.unchanged:
        counts.append(f"{len(result.unchanged)} unchanged since they were graded")
    if result.failed:
        counts.append(f"{len(result.failed)} could not be graded")
    if result.unchanged and not (result.graded or result.failed or result.changes):
        many = len(result.unchanged) > 1
        submissions = f"{len(result.unchanged)} submissions are" if many else "1 submission is"
        counts = [f"Nothing to do: {submissions} graded and unchanged"]
    return printable("\n".join([*parts, "; ".join(counts) + "."]))


def _row(record: Record) -> tuple[str, list[FunctionMarks] | None, str]:
    marks = [
        mark
        for name, text in record.notebooks.items()
        for mark in read_marks(nbformat.v4.reads(text), record.owners[name], record.carried_with(name))
    ]
    first = next((mark.message.split("\n")[0] for mark in marks if mark.message and not mark.is_carried), "")
    return record.student, marks, first
