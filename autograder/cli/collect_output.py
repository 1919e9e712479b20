"""Output of `autograder collect`."""

from __future__ import annotations

from collections import Counter

from rich import box
from rich.table import Table
from rich.text import Text

from autograder.cli.tables import render
from autograder.intake.encodings import printable
from autograder.lms.collect import TIMESTAMP, CollectionPlan

_LAYOUTS = {
    "canvas": "named as Canvas names files",
    "moodle": "named as Moodle names files",
    "gradescope": "by Gradescope's submission_metadata.yml",
    "folders": "by each student's folder",
    "files": "by the files' names",
    "pattern": "by your pattern",
}
_STATUS = {
    "new": "collected",
    "newer": "collected, replaces an earlier one",
    "unchanged": "there already",
    "older": "left alone: what is there is newer",
}


def collect_summary(plan: CollectionPlan, dry_run: bool) -> str:
    """Return what was collected, or would be, and everything that was not."""
    table = Table(box=box.SIMPLE_HEAD, title=f"what was handed in, {_LAYOUTS[plan.layout]}", expand=True)
    table.add_column("student", no_wrap=True)
    table.add_column("handed in (UTC)", no_wrap=True)
    table.add_column("what happens to it")
    table.add_column("files", ratio=1)
    for submission in plan.submissions:
        files = ", ".join(
            str(name) if name.name == file.path.name else f"{name} (was {file.path.name})"
            for name, file in submission.files.items()
        )
        late = " (late, says the platform)" if submission.late else ""
        when = submission.timestamp[:19] + late
        table.add_row(Text(submission.student), when, _STATUS[submission.status], Text(files))
    parts = [render(table)] if plan.submissions else []
    for student, paths in plan.earlier.items():
        parts += [f"{student}: earlier attempt, not collected: {path}" for path in paths]
    for student, paths in plan.beside.items():
        parts += [f"{student}: not asked for, not collected: {path}" for path in paths]
    parts += [f"not assigned to a student: {path}: {why}" for path, why in sorted(plan.unassigned.items())]
    counts = Counter(submission.status for submission in plan.submissions)
    told = [f"{count} {_STATUS[status]}" for status in _STATUS if (count := counts[status])]
    total = f"{len(plan.submissions)} students: {'; '.join(told)}" if told else "No student's submission was found"
    more = [f"files not assigned: {len(plan.unassigned)}"] if plan.unassigned else []
    if plan.junk:
        more.append(f"files that systems leave behind, ignored: {plan.junk}")
    parts.append("; ".join([total, *more]) + ".")
    if plan.late:
        who = ", ".join(plan.late)
        place = f"submitted/<student>/<assignment>/{TIMESTAMP}"
        parts.append(
            f"Marked late by the platform, without a time: {who}. For a late penalty, write the time into {place}."
        )
    if dry_run:
        parts.append("Nothing was written. To write it: the same command without --dry-run.")
    return printable("\n".join(parts))
