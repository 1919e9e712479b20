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
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import yaml

from autograder.lms.export_contents import CollectError, Contents, File

_CANVAS = re.compile(
    r"(?P<name>[^/_]+(?:_[^/_\d][^/_]*)*?)(?P<late>_(?:late|LATE))?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>[^/]+)"
)
_MOODLE = re.compile(r"(?P<name>[^/_]+)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_/?(?P<file>.*)")
_RESUBMITTED = re.compile(r"(?P<base>.+)-(?P<attempt>\d{1,3})")
_METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class AttributedFile:
    """A file whose owner is known.

    name -- what the file is called beside others of the same submission; may have folders
    attempt -- larger for a later attempt, to which all files of the earlier ones do not belong
    order -- of two files with the same name, the later one's is larger
    user -- the learning platform's own number for the student, None if it gives none
    owner -- what tells the student from everybody else on the platform, None if the platform does not say
    when -- the time of the submission, if the export says so; else the file's own time counts
    """

    student: str
    file: File
    name: PurePosixPath
    attempt: int = 0
    order: int = 0
    user: str | None = None
    owner: str | None = None
    late: bool = False
    when: float | None = None


@dataclass
class Attribution:
    """Whose the files of an export are.

    layout -- the pattern's name
    unassigned -- why a file could not be attributed, by its place
    """

    layout: str
    owned: list[AttributedFile]
    unassigned: dict[str, str]


def attribute(
    contents: Contents, assignment: str, pattern: str | None = None, own: Collection[str] = ()
) -> Attribution:
    """Find out whose the files are. Raises CollectError if `pattern` is no pattern, or the metadata cannot be read.

    pattern -- a regular expression instead of the patterns above
    own -- the names of the assignment's own files
    """
    if pattern is not None:
        return _by_pattern(contents.files, pattern)
    files = contents.files
    top = _common_folder(files, assignment)
    notebooks = [file for file in files if file.path.suffix == ".ipynb"] or files
    if any(_CANVAS.fullmatch(_below(file, top)) for file in notebooks):
        return _canvas(files, top, own or {f"{assignment}.ipynb"})
    if any(_MOODLE.fullmatch(_below(file, top)) for file in notebooks):
        return _moodle(files, top)
    metadata = contents.find(_METADATA)
    # A student may have handed in a file of this name; Gradescope's lies above all others.
    if metadata is not None and all(metadata.path.parent in file.path.parents for file in files):
        return _gradescope(files, metadata)
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


def _canvas(files: Sequence[File], top: int, own: Collection[str]) -> Attribution:
    found = Attribution("canvas", [], {})
    matches = {file: _CANVAS.fullmatch(_below(file, top)) for file in files}
    theirs: dict[str, list[str]] = {}
    for match in matches.values():
        if match is not None:
            theirs.setdefault(match["user"], []).append(match["file"])
    for file, match in matches.items():
        if match is None:
            found.unassigned[str(file.path)] = "its name is not as Canvas names files"
            continue
        user = match["user"]
        student = student_id(f"{match['name']}_{user}")
        name = PurePosixPath(_uploaded(match["file"], theirs[user], own))
        late = bool(match["late"])
        owner = f"Canvas's user {user}"
        found.owned.append(AttributedFile(student, file, name, 0, int(match["number"]), user, owner, late))
    return found


def _uploaded(name: str, theirs: Sequence[str], own: Collection[str]) -> str:
    """Return what a student called a file: its name without the number that Canvas appends if it had the name before.

    theirs -- the names of all files of this student
    own -- the names of the assignment's own files
    A number that may be the student's stays, so that data-1.csv and data-2.csv remain two files.
    """
    base = str(_attempt(PurePosixPath(name))[0])
    if name in own or base == name:
        return name
    alone = [one for one in theirs if str(_attempt(PurePosixPath(one))[0]) == base] == [name]
    again = base.endswith(".ipynb") and (base in own or base in theirs)
    return base if alone or again else name


def _moodle(files: Sequence[File], top: int) -> Attribution:
    found = Attribution("moodle", [], {})
    matches = {file: match for file in files if (match := _MOODLE.fullmatch(_below(file, top)))}
    numbers: dict[str, set[str]] = {}
    for match in matches.values():
        numbers.setdefault(student_id(match["name"]), set()).add(match["number"])
    for file in files:
        match = matches.get(file)
        if match is None or match["kind"] != "file" or not match["file"]:
            found.unassigned[str(file.path)] = (
                "text typed into Moodle is no file" if match else "its name is not as Moodle names files"
            )
            continue
        alone = len(numbers[student_id(match["name"])]) == 1 and match["name"].lower() != "participant"
        student = student_id(match["name"] if alone else f"{match['name']}_{match['number']}")
        owner = f"Moodle's number {match['number']}"
        found.owned.append(AttributedFile(student, file, PurePosixPath(match["file"]), owner=owner))
    return found


def _gradescope(files: Sequence[File], metadata: File) -> Attribution:
    found = Attribution("gradescope", [], {})
    submissions = _read_metadata(metadata)
    depth = len(metadata.path.parts) - 1
    everybody = {
        _submitter(one)
        for entry in submissions.values()
        for one in _get(entry, "submitters") or []
        if isinstance(one, Mapping)
    }
    ids = Counter(student for student, owner in everybody if owner)
    for file in files:
        if file is metadata:
            continue
        parts = file.path.parts[depth:]
        entry = submissions.get(parts[0])
        if entry is None or len(parts) < 2:
            found.unassigned[str(file.path)] = f"{_METADATA} does not say whose it is"
            continue
        submitters = [_submitter(one) for one in _get(entry, "submitters") or [] if isinstance(one, Mapping)]
        if not any(owner for _, owner in submitters):
            found.unassigned[str(file.path)] = f"{_METADATA} names neither sid nor e-mail for it"
        when = _timestamp(_get(entry, "created_at"))
        name = PurePosixPath(*parts[1:])
        for student, owner in submitters:
            if owner:
                # Two people whose ids are the same otherwise have the whole address.
                unique = student_id(owner) if ids[student] > 1 else student
                found.owned.append(AttributedFile(unique, file, name, owner=owner, when=when))
    return found


def _folders(files: Sequence[File], top: int, assignment: str) -> Attribution:
    found = Attribution("folders", [], {})
    for file in files:
        student, *rest = file.path.parts[top:]
        if len(rest) > 1 and rest[0] == assignment:
            rest = rest[1:]
        if not rest:
            found.unassigned[str(file.path)] = "it lies in no student's folder"
        else:
            found.owned.append(AttributedFile(student_id(student), file, PurePosixPath(*rest)))
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
            found.unassigned[str(file.path)] = "its name does not say whose it is"
        else:
            name = PurePosixPath(assignment).with_suffix(file.path.suffix)
            found.owned.append(AttributedFile(student_id(student), file, name, order=attempt))
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
            found.unassigned[str(file.path)] = "the pattern does not fit it"
            continue
        name = given.get("file") or given.get("file_id") or file.path.name
        attempt = given.get("attempt") or ""
        if name == given.get("file_id"):
            name += file.path.suffix
        number = int(attempt) if attempt.isdecimal() else 0
        when = _timestamp(given.get("timestamp"))
        found.owned.append(AttributedFile(student_id(student), file, PurePosixPath(name), number, when=when))
    return found


def _attempt(name: PurePosixPath) -> tuple[PurePosixPath, int]:
    """Return a file's name without the number that Canvas and browsers append, and this number."""
    match = _RESUBMITTED.fullmatch(name.stem)
    return (name.with_name(match["base"] + name.suffix), int(match["attempt"])) if match else (name, 0)


def student_id(name: str) -> str:
    """Return what nbgrader can use for a student's id: a single name without spaces, of a folder of its own."""
    return re.sub(r"[\s/\\+:*?\"<>|\0-\x1f\x7f-\x9f\ud800-\udfff]+", "_", name.strip()).strip(".") or "_"


def _read_metadata(file: File) -> Mapping[str, Any]:
    text = b"".join(file.blocks())
    try:
        data = yaml.safe_load(text)
    # A date that no calendar has is a ValueError, and so is what is no text.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise CollectError(
            f"{file.path} cannot be read, so nobody's files can be told apart: {why}. Export from Gradescope again, or "
            "say with --pattern whose a file is."
        ) from error
    if not isinstance(data, Mapping):
        raise CollectError(
            f"{file.path} does not list submissions as Gradescope does. Export from Gradescope again, or say with "
            "--pattern whose a file is."
        )
    return {str(key): value for key, value in data.items()}


def _submitter(entry: Mapping[Any, Any]) -> tuple[str, str]:
    """Return a student's id, and the sid or e-mail that it is made of; both are empty if there is neither."""
    given = (_get(entry, key) for key in ("sid", "email"))
    sid, email = ("" if value is None else str(value).strip() for value in given)
    found = sid or email.split("@")[0]
    return (student_id(found), sid or email.lower()) if found else ("", "")


def _get(entry: Any, key: str) -> Any:
    """Return a value; Gradescope writes keys with a colon before them."""
    return entry.get(f":{key}", entry.get(key)) if isinstance(entry, Mapping) else None


def _timestamp(value: Any) -> float | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def with_roster(owned: Iterable[AttributedFile], roster: Mapping[str, str]) -> list[AttributedFile]:
    """Return files with the ids that the roster has for the platform's own numbers.

    roster -- student ids by the platform's numbers
    """
    return [replace(one, student=roster.get(one.user or "", one.student)) for one in owned]
