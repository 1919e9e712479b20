"""Settings of a course's nbgrader_config.py for running submissions.

c.Execute.timeout = 30             seconds for a cell; nbgrader's own setting
c.Examine.submission_seconds = 300
c.Examine.memory_bytes = 2**30
c.Examine.scratch_bytes = 2**26
c.Examine.output_bytes = 10**6
c.Examine.isolation = "auto"       or "none"
c.Examine.processes = "auto"       or 2 or 1, or by assignment: {"project": 1}
c.Examine.carried_credit = 1.0     the part of the points for a test that is right but for other functions' mistakes
c.Examine.hints_by_attempt = False  or True: hints go further with each new version that is handed in
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograder.course import CONFIG, Course, CourseError

if TYPE_CHECKING:
    from traitlets.config import Config

ISOLATION = ("auto", "none")
PROCESSES = ("auto", 2, 1)
# The settings of Examine, by the limit that each sets.
TRAITS = {
    "submission": "submission_seconds",
    "memory": "memory_bytes",
    "scratch": "scratch_bytes",
    "output": "output_bytes",
}


@dataclass(frozen=True)
class GradingLimits:
    """What a submission may use.

    cell, submission -- seconds that a cell, and all of them together, may take
    memory -- bytes, beyond what Python and the modules of the solution need
    scratch -- bytes of files that it may write
    output -- bytes that a cell may print and show; the rest is cut off
    """

    cell: float = 30.0
    submission: float = 300.0
    memory: int = 1 << 30
    scratch: int = 64 << 20
    output: int = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How submissions are run.

    isolation -- "auto" confines the student's process and refuses where that is not possible, "none" does not confine
    carried_credit -- the part of the points for a test that is right with references in place of wrong functions
    hints_by_attempt -- whether hints go further with each new version that a student hands in
    processes -- in how many processes a submission is graded, by assignment; for all others under ""
    """

    limits: GradingLimits = field(default_factory=GradingLimits)
    isolation: str = "auto"
    carried_credit: float = 1.0
    hints_by_attempt: bool = False
    processes: tuple[tuple[str, str | int], ...] = (("", "auto"),)

    def processes_for(self, assignment: str) -> str | int:
        """Return "auto", 2 or 1."""
        given = dict(self.processes)
        return given.get(assignment, given.get("", "auto"))

    @property
    def confine(self) -> bool:
        """Whether processes are confined."""
        return self.isolation != "none"


def read_settings(course: Course) -> Settings:
    """Return a course's settings. Raises CourseError if its configuration cannot be read or is wrong."""
    path = course.root / CONFIG
    try:
        if not course.may_set("Examine.", "Execute.timeout"):
            return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from error
    try:
        return settings_in(course.nbgrader_config())
    except Exception as error:  # the file can raise anything
        raise CourseError(f"{path}: {type(error).__name__}: {error}") from error


def settings_in(config: Config) -> Settings:
    """Return the settings in an nbgrader configuration. Raises ValueError if one makes no sense."""
    examine: dict[str, Any] = config.get("Examine", {})
    given = {limit: examine[trait] for limit, trait in TRAITS.items() if trait in examine}
    timeout = config.get("Execute", {}).get("timeout", GradingLimits.cell)
    isolation = examine.get("isolation", "auto")
    if isolation not in ISOLATION:
        raise ValueError(f"c.Examine.isolation is {isolation!r}; it can be one of: {', '.join(ISOLATION)}")
    credit = examine.get("carried_credit", 1.0)
    if not isinstance(credit, int | float) or isinstance(credit, bool) or not 0 <= credit <= 1:
        raise ValueError(f"c.Examine.carried_credit is {credit!r}; it has to be a number from 0 to 1")
    by_attempt = examine.get("hints_by_attempt", False)
    if not isinstance(by_attempt, bool):
        raise ValueError(f"c.Examine.hints_by_attempt is {by_attempt!r}; it has to be True or False")
    processes = examine.get("processes", "auto")
    by_assignment = dict(processes) if isinstance(processes, Mapping) else {"": processes}
    for value in by_assignment.values():
        if value not in PROCESSES or isinstance(value, bool):
            raise ValueError(f'c.Examine.processes has {value!r}; it can be "auto", 2 or 1, or these by assignment')
    given["cell"] = given.get("submission", GradingLimits.submission) if timeout is None else timeout
    names = {limit: f"c.Examine.{trait}" for limit, trait in TRAITS.items()} | {"cell": "c.Execute.timeout"}
    for limit, value in given.items():
        whole = limit in ("memory", "scratch", "output")
        if not isinstance(value, int if whole else int | float) or isinstance(value, bool) or value <= 0:
            raise ValueError(f"{names[limit]} is {value!r}; it has to be a {'whole ' if whole else ''}number above 0")
    return Settings(GradingLimits(**given), isolation, float(credit), by_attempt, tuple(sorted(by_assignment.items())))
