"""What an examination is given, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass
class Examination:
    """What came of walking through a submission; the outputs are in the notebook.

    repairs -- what had to be mended in the notebook before
    notes -- what happened on the way that a reader of the result should know
    timed_out -- the tests during which the student's code ran out of time
    misconceptions -- what explains a function's failing: entries of the catalogue, by function
    lent -- for each test that was run again with references in place of other functions: which functions
    carried -- those of these tests that are right with them
    not_judged -- the tests that a person has to judge, because the solution itself does not pass them here
    disturbed -- whether something went wrong that need not be the submission's doing: a process was killed, and not by
        us, or the grader did not answer in time
    """

    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    timed_out: set[str] = field(default_factory=set)
    misconceptions: dict[str, list[str]] = field(default_factory=dict)
    lent: dict[str, list[str]] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)
    not_judged: set[str] = field(default_factory=set)
    disturbed: bool = False
    seconds: float = 0.0
