r"""Whose a file is, by its place in an export. The first pattern that fits all of an export's notebooks is taken.

    canvas      lastnamefirst_12345_67890_name.ipynb             Doe, Jane: doejane_12345, if the roster does not say
                lastnamefirst_LATE_12345_67890_name-1.ipynb      otherwise; the numbers are the user's and the file's
    moodle      Jane Doe_1234567_assignsubmission_file_/x.ipynb  Jane_Doe; the number is another one in each
                Jane Doe_1234567_assignsubmission_file_x.ipynb   assignment, so it is used only for equal names
    gradescope  submission_1234/x.ipynb, submission_metadata.yml the submitter's sid, else the e-mail's name
    folders     jane/x.ipynb, jane/step_by_step/x.ipynb          jane
    files       jane.ipynb, jane_step_by_step.ipynb              jane

A pattern of your own is a regular expression with the group `student` (nbgrader's name for it, `student_id`, will do)
and, if you like, `file`, `attempt` and `timestamp`; it is searched for in the file's place in the export.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import yaml

from autograder.collecting.contents import CollectError, Contents, File

_CANVAS = re.compile(
    r"(?P<name>[^/_]+(?:_[^/_\d][^/_]*)*?)(?P<late>_(?:late|LATE))?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>[^/]+)"
)
_MOODLE = re.compile(r"(?P<name>[^/_]+)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_/?(?P<file>.*)")
_RESUBMITTED = re.compile(r"(?P<base>.+)-(?P<attempt>\d{1,3})")
_METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class Owned:
    """A file whose owner is known.

    name -- what the file is called beside others of the same submission; may have folders
    order -- larger for a later attempt
    user -- the learning platform's own number for the student, None if it gives none
    when -- the time of the submission, if the export says so; else the file's own time counts
    """

    student: str
    file: File
    name: PurePosixPath
    order: tuple[int, int] = (0, 0)
    user: str | None = None
    late: bool = False
    when: float | None = None


@dataclass
class Attribution:
    """Whose the files of an export are.

    layout -- the pattern's name
    nobodys -- why a file could not be attributed, by its place
    """

    layout: str
    owned: list[Owned]
    nobodys: dict[str, str]


def attribute(contents: Contents, assignment: str, pattern: str | None = None) -> Attribution:
    """Find out whose the files are. Raises CollectError if `pattern` is no pattern, or the metadata cannot be read.

    pattern -- a regular expression instead of the patterns above
    """
    if pattern is not None:
        return _by_pattern(contents.files, pattern)
    metadata = contents.find(_METADATA)
    if metadata is not None:
        return _gradescope(contents.files, metadata)
    files = contents.files
    top = _common_folder(files, assignment)
    notebooks = [file for file in files if file.path.suffix == ".ipynb"] or files
    for layout, expression in (("canvas", _CANVAS), ("moodle", _MOODLE)):
        if any(expression.fullmatch(_below(file, top)) for file in notebooks):
            maker: Callable[[Sequence[File], int], Attribution] = {"canvas": _canvas, "moodle": _moodle}[layout]
            return maker(files, top)
    if any(len(file.path.parts) > 1 + top for file in files):
        return _folders(files, top, assignment)
    return _plain_files(files, top, assignment)


def _below(file: File, top: int) -> str:
    return "/".join(file.path.parts[top:])


def _common_folder(files: Sequence[File], assignment: str) -> int:
    """Return 1 if everything lies in one folder that is not a student's own, else 0."""
    first = {file.path.parts[0] for file in files}
    if len(first) != 1 or any(len(file.path.parts) < 2 for file in files):
        return 0
    notebooks = [file for file in files if file.path.suffix == ".ipynb"] or files
    deeper = all(len(file.path.parts) > 2 and file.path.parts[1] != assignment for file in notebooks)
    named = any(_CANVAS.fullmatch(_below(file, 1)) or _MOODLE.fullmatch(_below(file, 1)) for file in files)
    single = next(iter(first))
    many = len({file.path.stem for file in files if file.path.suffix == ".ipynb"}) > 1
    return int(not _MOODLE.match(f"{single}/") and (deeper or named or many))


def _canvas(files: Sequence[File], top: int) -> Attribution:
    found = Attribution("canvas", [], {})
    for file in files:
        match = _CANVAS.fullmatch(_below(file, top))
        if match is None:
            found.nobodys[str(file.path)] = "its name is not as Canvas names files"
            continue
        name, attempt = _attempt(PurePosixPath(match["file"]))
        student = student_id(f"{match['name']}_{match['user']}")
        order = attempt, int(match["number"])
        found.owned.append(Owned(student, file, name, order, match["user"], bool(match["late"])))
    return found


def _moodle(files: Sequence[File], top: int) -> Attribution:
    found = Attribution("moodle", [], {})
    matches = {file: match for file in files if (match := _MOODLE.fullmatch(_below(file, top)))}
    numbers: dict[str, set[str]] = {}
    for match in matches.values():
        numbers.setdefault(match["name"], set()).add(match["number"])
    for file in files:
        match = matches.get(file)
        if match is None or match["kind"] != "file" or not match["file"]:
            found.nobodys[str(file.path)] = (
                "text typed into Moodle is no file" if match else "its name is not as Moodle names files"
            )
            continue
        alone = len(numbers[match["name"]]) == 1 and match["name"].lower() != "participant"
        student = student_id(match["name"] if alone else f"{match['name']}_{match['number']}")
        found.owned.append(Owned(student, file, PurePosixPath(match["file"])))
    return found


def _gradescope(files: Sequence[File], metadata: File) -> Attribution:
    found = Attribution("gradescope", [], {})
    submissions = _read_metadata(metadata)
    depth = len(metadata.path.parts) - 1
    for file in files:
        if file is metadata:
            continue
        parts = file.path.parts[depth:]
        entry = submissions.get(parts[0])
        if entry is None or len(parts) < 2:
            found.nobodys[str(file.path)] = f"{_METADATA} does not say whose it is"
            continue
        students = [_submitter(one) for one in _get(entry, "submitters") or [] if isinstance(one, Mapping)]
        if not any(students):
            found.nobodys[str(file.path)] = f"{_METADATA} names neither sid nor e-mail for it"
        when = _timestamp(_get(entry, "created_at"))
        name = PurePosixPath(*parts[1:])
        found.owned += [Owned(student, file, name, when=when) for student in students if student]
    return found


def _folders(files: Sequence[File], top: int, assignment: str) -> Attribution:
    found = Attribution("folders", [], {})
    for file in files:
        student, *rest = file.path.parts[top:]
        if len(rest) > 1 and rest[0] == assignment:
            rest = rest[1:]
        if not rest:
            found.nobodys[str(file.path)] = "it lies in no student's folder"
        else:
            found.owned.append(Owned(student_id(student), file, PurePosixPath(*rest)))
    return found


def _plain_files(files: Sequence[File], top: int, assignment: str) -> Attribution:
    found = Attribution("files", [], {})
    there = {_below(file, top) for file in files}
    for file in files:
        stem, attempt = _attempt(PurePosixPath(_below(file, top)))
        if str(stem) not in there:  # student-1 and student-2 are two students
            stem, attempt = PurePosixPath(_below(file, top)), 0
        student = re.sub(rf"[\s_.-]*{re.escape(assignment)}[\s_.-]*", "", stem.stem, flags=re.IGNORECASE)
        if not student:
            found.nobodys[str(file.path)] = "its name does not say whose it is"
        else:
            name = PurePosixPath(assignment).with_suffix(file.path.suffix)
            found.owned.append(Owned(student_id(student), file, name, (attempt, 0)))
    return found


def _by_pattern(files: Sequence[File], pattern: str) -> Attribution:
    found = Attribution("pattern", [], {})
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise CollectError(f"{pattern!r} is no regular expression: {error}.") from error
    groups = set(expression.groupindex)
    if not groups & {"student", "student_id"}:
        raise CollectError(f"{pattern!r} has no group (?P<student>...), so it cannot say whose a file is.")
    for file in files:
        match = expression.search(str(file.path))
        given = match.groupdict() if match else {}
        student = given.get("student") or given.get("student_id")
        if not student:
            found.nobodys[str(file.path)] = "the pattern does not fit it"
            continue
        name = given.get("file") or given.get("file_id") or file.path.name
        attempt = given.get("attempt") or ""
        if name == given.get("file_id"):
            name += file.path.suffix
        order = (int(attempt) if attempt.isdecimal() else 0, 0)
        found.owned.append(
            Owned(student_id(student), file, PurePosixPath(name), order, when=_timestamp(given.get("timestamp")))
        )
    return found


def _attempt(name: PurePosixPath) -> tuple[PurePosixPath, int]:
    """Return a file's name without the number that Canvas appends for another attempt, and this number."""
    match = _RESUBMITTED.fullmatch(name.stem)
    return (name.with_name(match["base"] + name.suffix), int(match["attempt"])) if match else (name, 0)


def student_id(name: str) -> str:
    """Return what nbgrader can use for a student's id: a single name without spaces, of a folder of its own."""
    return re.sub(r"[\s/\\+:*?\"<>|\0]+", "_", name.strip()).strip(".") or "_"


def _read_metadata(file: File) -> Mapping[str, Any]:
    with file.open() as opened:
        text = opened.read()
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CollectError(f"{file.path} cannot be read, so nobody's files can be told apart: {error}") from error
    if not isinstance(data, Mapping):
        raise CollectError(f"{file.path} does not list submissions as Gradescope does.")
    return {str(key): value for key, value in data.items()}


def _submitter(entry: Mapping[Any, Any]) -> str:
    sid, email = _get(entry, "sid"), _get(entry, "email")
    found = str(sid).strip() if sid not in (None, "") else str(email or "").split("@")[0]
    return student_id(found) if found else ""


def _get(entry: Any, key: str) -> Any:
    """Return a value; Gradescope writes keys with a colon before them."""
    return entry.get(f":{key}", entry.get(key)) if isinstance(entry, Mapping) else None


def _timestamp(value: Any) -> float | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def with_roster(owned: Iterable[Owned], roster: Mapping[str, str]) -> list[Owned]:
    """Return files with the ids that the roster has for the platform's own numbers.

    roster -- student ids by the platform's numbers
    """
    return [
        Owned(roster.get(one.user or "", one.student), one.file, one.name, one.order, one.user, one.late, one.when)
        for one in owned
    ]
