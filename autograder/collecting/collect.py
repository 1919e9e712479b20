"""What is handed in where: a plan that can be looked at first, and its carrying out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.collecting.contents import CollectError, Contents, File, remove
from autograder.collecting.naming import Attribution, Owned

TIMESTAMP = "timestamp.txt"
# The files of these layouts have the time of the export, which must not count as lateness.
UNTIMED = ("canvas", "moodle")
# As nbgrader writes it.
_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


@dataclass
class Submission:
    """What one student handed in last.

    files -- by their places beside the notebook
    when -- seconds since 1970, UTC
    timed -- whether that is when it was handed in; else it is when it was exported, which only tells older from newer
    late -- whether the platform says so
    status -- "new", "newer" than what is there, "unchanged", or "older" than what is there, which then stays
    """

    student: str
    files: dict[PurePosixPath, File]
    when: float
    timed: bool = True
    late: bool = False
    status: str = "new"

    @property
    def timestamp(self) -> str:
        """The time of handing in as nbgrader writes it, empty if it is not known."""
        if not self.timed:
            return ""
        return datetime.fromtimestamp(self.when, UTC).strftime(_FORMAT)


@dataclass
class Plan:
    """What is to be collected, and what is not and why.

    layout -- by which pattern files were attributed
    earlier -- files of earlier attempts, by student
    beside -- what else a student handed in that stays out: notebooks that are not asked for, a time stamp
    nobodys -- why a file could not be attributed, by its place
    junk -- how many files were left behind by systems and tools
    """

    layout: str
    submissions: list[Submission] = field(default_factory=list)
    earlier: dict[str, list[str]] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    nobodys: dict[str, str] = field(default_factory=dict)
    junk: int = 0

    @property
    def to_write(self) -> list[Submission]:
        """The submissions that go into submitted/."""
        return [submission for submission in self.submissions if submission.status in ("new", "newer")]

    @property
    def late(self) -> list[str]:
        """The students whom the platform marks as late, and whose time it does not tell."""
        return [submission.student for submission in self.submissions if submission.late and not submission.timed]


def make_plan(
    contents: Contents,
    attribution: Attribution,
    notebooks: Sequence[str],
    folders: Mapping[str, Path],
) -> Plan:
    """Decide what is collected.

    notebooks -- the names of the assignment's notebooks, without .ipynb
    folders -- where a student's submission goes, by student; what lies there is compared
    """
    plan = Plan(attribution.layout, nobodys={**contents.left_out, **attribution.nobodys}, junk=contents.junk)
    for student in sorted({one.student for one in attribution.owned}):
        theirs = [replace(one, name=_inside(one.name)) for one in attribution.owned if one.student == student]
        # A time that a student wrote is no time of handing in.
        stamps = [one for one in theirs if str(one.name) == TIMESTAMP]
        mine = [one for one in theirs if one not in stamps]
        latest, earlier = _latest(mine)
        files, beside = _named(latest, notebooks)
        if earlier:
            plan.earlier[student] = sorted(str(one.file.path) for one in earlier)
        if stamps or beside:
            plan.beside[student] = sorted(str(one.file.path) for one in [*stamps, *beside])
        if not mine:
            continue
        submission = Submission(
            student,
            {name: one.file for name, one in files.items()},
            when=max(_when(one) for one in files.values()),
            timed=attribution.layout not in UNTIMED,
            late=any(one.late for one in files.values()),
        )
        submission.status = _compared(submission, folders[student])
        plan.submissions.append(submission)
    return plan


def carry_out(plan: Plan, folders: Mapping[str, Path]) -> None:
    """Write the submissions of a plan, each whole or not at all. Raises CollectError if one cannot be written."""
    for submission in plan.to_write:
        target = folders[submission.student]
        new, old = (target.with_name(f".{target.name}.{suffix}") for suffix in ("new", "old"))
        try:
            remove(new)
            remove(old)
            new.mkdir(parents=True)
            for name, file in submission.files.items():
                place = new / name
                place.parent.mkdir(parents=True, exist_ok=True)
                file.copy(place)
            if submission.timed:
                (new / TIMESTAMP).write_text(submission.timestamp, encoding="utf-8")
            elif (target / TIMESTAMP).is_file():  # an instructor's, since nothing of these platforms has one
                shutil.copy2(target / TIMESTAMP, new / TIMESTAMP)
            if target.exists():
                target.rename(old)
            new.rename(target)
            remove(old)
        except OSError as error:
            raise CollectError(
                f"{target} cannot be written: {error.strerror}. What was collected before it is there; mend that and "
                "run the same command again."
            ) from error
        finally:
            remove(new)


def _inside(name: PurePosixPath) -> PurePosixPath:
    """Return a file's name without what would lead out of the folder."""
    parts = [part for part in name.parts if part not in ("..", "/")]
    return PurePosixPath(*parts) if parts else PurePosixPath("unnamed")


def _when(one: Owned) -> float:
    return one.file.modified if one.when is None else one.when


def _latest(mine: list[Owned]) -> tuple[list[Owned], list[Owned]]:
    """Return each file of a student in its last version, and the earlier ones."""
    latest: dict[PurePosixPath, Owned] = {}
    earlier = []
    for one in sorted(mine, key=lambda one: (one.order, _when(one), str(one.file.path))):
        if one.name in latest:
            earlier.append(latest[one.name])
        latest[one.name] = one
    return list(latest.values()), earlier


def _named(latest: list[Owned], notebooks: Sequence[str]) -> tuple[dict[PurePosixPath, Owned], list[Owned]]:
    """Return files under the names that the assignment wants, and the notebooks that it does not have."""
    files = {one.name: one for one in latest}
    found = [one for one in latest if one.name.suffix == ".ipynb"]
    wanted = {f"{name}.ipynb" for name in notebooks}
    known = [one for one in found if str(one.name) in wanted]
    if len(wanted) > 1 or not found:
        return files, []
    # Only one notebook is asked for, so whatever it is called now, the last one is meant.
    taken = (known or sorted(found, key=lambda one: (one.order[1], _when(one))))[-1]
    beside = [one for one in found if one is not taken]
    for one in found:
        del files[one.name]
    files[PurePosixPath(next(iter(wanted)))] = taken
    return files, beside


def _compared(submission: Submission, folder: Path) -> str:
    """Return what a submission is, compared with what lies in its folder."""
    if not folder.is_dir():
        return "new"
    if all(_same(folder / name, file) for name, file in submission.files.items()):
        return "unchanged"
    return "newer" if submission.when > _time_of(folder, stamped=submission.timed) else "older"


def _same(path: Path, file: File) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with file.open() as opened:
        return path.read_bytes() == opened.read()


def _time_of(folder: Path, *, stamped: bool) -> float:
    """Return when what lies in a folder was handed in: what its time stamp says if `stamped`, else its files' time."""
    if stamped:
        try:
            text = (folder / TIMESTAMP).read_text(encoding="utf-8").strip()
            moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (OSError, ValueError):
            pass
    files = (path for path in folder.rglob("*") if path.is_file() and path != folder / TIMESTAMP)
    return max((os.stat(path).st_mtime for path in files), default=0.0)
