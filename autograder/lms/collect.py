"""Plans which file is submitted where, so that the plan can be looked at first, and carries it out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.lms.attribution import AttributedFile, Attribution
from autograder.lms.export_contents import CollectError, Contents, File, remove

TIMESTAMP = "timestamp.txt"
# The files of these layouts have the time of the export, or may have it, which must not count as lateness.
UNTIMED = ("canvas", "moodle", "pattern")
# As nbgrader writes it.
_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


@dataclass
class Submission:
    """What one student handed in last.

    files -- by their places beside the notebook
    when -- seconds since 1970, UTC
    timed -- whether that is when it was handed in; else it is when it was exported, which only tells older from newer
    late -- whether the platform says so
    owner -- what tells the student from everybody else on the platform, None if the platform does not say
    status -- "new", "newer" than what is there, "unchanged", or "older" than what is there, which then stays
    """

    student: str
    files: dict[PurePosixPath, File]
    when: float
    timed: bool = True
    late: bool = False
    owner: str | None = None
    status: str = "new"

    @property
    def timestamp(self) -> str:
        """The time of handing in as nbgrader writes it, empty if it is not known."""
        if not self.timed:
            return ""
        return datetime.fromtimestamp(self.when, UTC).strftime(_FORMAT)


@dataclass
class CollectionPlan:
    """What is to be collected, and what is not and why.

    layout -- by which pattern files were attributed
    earlier -- files of earlier attempts, by student
    beside -- what else a student handed in that stays out: a time stamp, and what is in the way of other files
    unassigned -- why a file could not be attributed, by its place
    junk -- how many files were left behind by systems and tools
    """

    layout: str
    submissions: list[Submission] = field(default_factory=list)
    earlier: dict[str, list[str]] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    unassigned: dict[str, str] = field(default_factory=dict)
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
) -> CollectionPlan:
    """Decide what is collected.

    notebooks -- the names of the assignment's notebooks, without .ipynb
    folders -- where a student's submission goes, by student; what lies there is compared
    """
    plan = CollectionPlan(
        attribution.layout, unassigned={**contents.left_out, **attribution.unassigned}, junk=contents.junk
    )
    for student in sorted({one.student for one in attribution.owned}):
        theirs = [replace(one, name=_inside(one.name)) for one in attribution.owned if one.student == student]
        owners = sorted({one.owner for one in theirs if one.owner is not None})
        why = _not_theirs(student, owners, folders[student])
        if why:
            plan.unassigned.update({str(one.file.path): why for one in theirs})
            continue
        latest, earlier = _latest(theirs)
        files, beside = _placed(latest)
        # A time that a student wrote is no time of handing in.
        stamp = files.pop(PurePosixPath(TIMESTAMP), None)
        if stamp is not None:
            beside.append(stamp)
        files = _named(files, notebooks)
        if earlier:
            plan.earlier[student] = sorted(str(one.file.path) for one in earlier)
        if beside:
            plan.beside[student] = sorted(str(one.file.path) for one in beside)
        if not files:
            continue
        submission = Submission(
            student,
            {name: one.file for name, one in files.items()},
            when=max(_when(one) for one in files.values()),
            timed=attribution.layout not in UNTIMED or all(one.when is not None for one in files.values()),
            late=any(one.late for one in files.values()),
            owner=owners[0] if owners else None,
        )
        submission.status = _compared(submission, folders[student])
        plan.submissions.append(submission)
    return plan


def carry_out(plan: CollectionPlan, folders: Mapping[str, Path]) -> None:
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
            elif (target / TIMESTAMP).is_file():  # an instructor's, since these layouts have none
                shutil.copy2(target / TIMESTAMP, new / TIMESTAMP)
            if submission.owner is not None:
                _record(target).write_text(submission.owner + "\n", encoding="utf-8")
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


def _when(one: AttributedFile) -> float:
    return one.file.modified if one.when is None else one.when


def _record(folder: Path) -> Path:
    """Return the file that says whose a submission is. It lies beside the folder, since all in it was handed in."""
    return folder.with_name(f".{folder.name}.owner")


def _not_theirs(student: str, owners: Sequence[str], folder: Path) -> str:
    """Return why files cannot go into a folder, because they or what is there are somebody else's; else nothing.

    owners -- whose the files are, as far as the platform says so
    """
    if len(owners) > 1:
        return (
            f"{' and '.join(owners)} would both be {student}; say with --pattern who is who, so that they "
            "get different names"
        )
    try:
        there = _record(folder).read_text(encoding="utf-8").strip() if folder.is_dir() else ""
    except (OSError, UnicodeDecodeError):
        there = ""
    if not there or not owners or there == owners[0]:
        return ""
    return (
        f"{folder} has the work of {there}, and this is of {owners[0]}. If both are one person, remove "
        f"{_record(folder)} and collect again; if not, collect this export with a --pattern that gives other names"
    )


def _latest(mine: list[AttributedFile]) -> tuple[list[AttributedFile], list[AttributedFile]]:
    """Return the files of a student's last attempt, each in its last version, and the earlier ones."""
    last = max(one.attempt for one in mine)
    latest: dict[PurePosixPath, AttributedFile] = {}
    earlier = [one for one in mine if one.attempt < last]
    for one in sorted(mine, key=lambda one: (one.order, _when(one), str(one.file.path))):
        if one.attempt < last:
            continue
        if one.name in latest:
            earlier.append(latest[one.name])
        latest[one.name] = one
    return list(latest.values()), earlier


def _placed(latest: list[AttributedFile]) -> tuple[dict[PurePosixPath, AttributedFile], list[AttributedFile]]:
    """Return files by their places, and the ones that are in the way of others.

    If all notebooks lie in one folder, what is in it moves up with them: they run at the top, and need it beside them.
    """
    notebooks = [one.name for one in latest if one.name.suffix == ".ipynb"]
    folder = PurePosixPath(os.path.commonpath([name.parent for name in notebooks])) if notebooks else PurePosixPath()
    files = {one.name.relative_to(folder): one for one in latest if one.name.is_relative_to(folder)}
    taken = set(files).union(*(name.parents for name in files)) - {PurePosixPath()}
    beside = []
    for one in latest:
        if one.name.is_relative_to(folder):
            continue
        if one.name in taken or not files.keys().isdisjoint(one.name.parents):
            beside.append(one)
        else:
            files[one.name] = one
    return files, beside


def _named(files: dict[PurePosixPath, AttributedFile], notebooks: Sequence[str]) -> dict[PurePosixPath, AttributedFile]:
    """Return files with the name that the assignment wants, if it wants one notebook and there is one.

    Of several, grading takes the one with most of the exercises filled in.
    """
    found = [name for name in files if name.suffix == ".ipynb"]
    if len(notebooks) != 1 or len(found) != 1:
        return files
    wanted = PurePosixPath(f"{notebooks[0]}.ipynb")
    return {wanted if name == found[0] else name: one for name, one in files.items()}


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
    return path.read_bytes() == b"".join(file.blocks())


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
