"""Stores the result of grading a submission in a file, under the hash of everything that it depends on.

    results/<assignment>/<student>/<key>.json     beside the gradebook; older ones are the history of the marks
    results/<assignment>/<student>/<key>.2.json   the result of examining it once more, with `--force`
    results/<assignment>/<student>/landed         the key of the one that the gradebook and autograded/ have

A record is written whole or not at all. One that cannot be read counts as none.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.files import write_whole

LANDED = "landed"


@dataclass
class Record:
    """The result of one submission.

    key -- a hash of all that the result depends on
    submission, grader -- hashes of what was handed in, and of what graded it
    base, tests -- hashes of the assignment without its tests, and of each test by notebook and grade_id
    attempt -- which of an entry's hints the student was told, where hints go further each time
    status -- "graded", or "error" if it could not be judged
    notebooks -- the examined notebooks as JSON text, by name
    scores -- points and maximum of each grade cell that needs no person, by notebook and grade_id
    owners -- the function that each grade cell belongs to, by notebook
    timed_out -- the tests that ran out of time, by notebook
    misconceptions -- what explains a function's failing, as the catalogue's ids by function, by notebook
    lent -- the functions that were lent for each test that was run again, by notebook and grade_id
    carried -- those of these tests that are right with them, by notebook
    not_judged -- the tests that a person has to judge, because the solution does not pass them either, by notebook
    unsound -- the tests that the solution itself does not pass, each with the error
    machines_fault -- whether it was the machine that could not judge it; another may be able to
    """

    student: str
    key: str
    submission: str
    grader: str
    base: str
    tests: dict[str, dict[str, str]]
    attempt: int = 1
    status: str = "error"
    error: str | None = None
    notebooks: dict[str, str] = field(default_factory=dict)
    scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    owners: dict[str, dict[str, str]] = field(default_factory=dict)
    timed_out: dict[str, list[str]] = field(default_factory=dict)
    misconceptions: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    lent: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    carried: dict[str, list[str]] = field(default_factory=dict)
    not_judged: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    seconds: float = 0.0
    unsound: dict[str, str] = field(default_factory=dict)
    machines_fault: bool = False
    when: float = field(default_factory=time.time)

    @property
    def reusable(self) -> bool:
        """Whether it may count without examining again: errors and timeouts may be somebody else's fault."""
        return self.status == "graded" and not any(self.timed_out.values())

    def carried_with(self, notebook: str) -> dict[str, list[str]]:
        """Return the functions that were lent for each test that is right with them."""
        return {grade_id: self.lent[notebook][grade_id] for grade_id in self.carried.get(notebook, [])}

    @property
    def size(self) -> int:
        """Characters of the examined notebooks."""
        return sum(map(len, self.notebooks.values()))

    @property
    def score(self) -> float:
        """The points of all grade cells that need no person."""
        return sum(points for cells in self.scores.values() for points, _ in cells.values())


class Records:
    """The records of an assignment, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, student: str, key: str) -> Record | None:
        """Return the record of that key, None if there is none."""
        return _read(self.folder / student / f"{key}.json")

    def landed(self, student: str) -> str | None:
        """Return the key of what the gradebook has of a student, None if it has nothing from here."""
        try:
            return (self.folder / student / LANDED).read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def once_more(self, student: str, key: str) -> str:
        """Return the key under which a repeated examination is stored beside the earlier one."""
        keys = itertools.chain([key], (f"{key}.{number}" for number in itertools.count(2)))
        return next(one for one in keys if not (self.folder / student / f"{one}.json").exists())

    def attempt(self, student: str, submission: str) -> int:
        """Return which version of a student's work this is, by what was examined before; the first is 1.

        submission -- the hash of what is handed in now
        """
        paths = (self.folder / student).glob("*.json")
        before = {record.submission for path in paths if (record := _read(path)) and record.status == "graded"}
        return len(before - {submission}) + 1

    def keep(self, record: Record) -> None:
        """Write a record."""
        folder = self.folder / record.student
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{record.key}.json", json.dumps(asdict(record)))

    def land(self, record: Record) -> None:
        """Note that the gradebook has this record now."""
        write_whole(self.folder / record.student / LANDED, record.key)


def is_of(landed: str, key: str) -> bool:
    """Return whether what has landed is of a key, be it of the first examination or of a later one."""
    return landed.partition(".")[0] == key


def _read(path: Path) -> Record | None:
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
