"""A class whose results are made by hand: grading one takes seconds."""

from __future__ import annotations

from datetime import datetime

from autograder.reporting.marks_table import Person
from autograder.reporting.results import ClassResults, GradedExercise, Outcome, Result

EXERCISES = [
    GradedExercise("first", "task", {"test_first": 10.0}),
    GradedExercise("second", "task", {"test_second": 10.0}, ("first",)),
    GradedExercise("third", "task", {"test_third": 5.0}, ("second",)),
    GradedExercise("other", "task", {"test_other": 5.0}),
]
WRONG = "first: Z has the right shape, (2, 2), but wrong values."


def outcome(name: str, share: float, status: str = "", message: str | None = None, *ids: str) -> Outcome:
    """Return how a student fared with one of the exercises."""
    maximum = next(exercise.max_score for exercise in EXERCISES if exercise.name == name)
    status = status or ("passed" if share == 1 else "partial" if share else "failed")
    return Outcome(name, share * maximum, maximum, status, message, ids)


def result(student: str, *shares: float, **more) -> Result:
    """Return what came of a student's submission."""
    names = [exercise.name for exercise in EXERCISES]
    outcomes = [
        outcome(name, share, "", None if share == 1 else WRONG) for name, share in zip(names, shares, strict=False)
    ]
    score = sum(one.score for one in outcomes)
    person = more.pop("person", Person(student))
    known = {"outcomes": outcomes, "score": score, "seconds": 0.5, "when": datetime(2026, 3, 1, 12, 0)}
    return Result(student, person, bool(shares), **(known if shares else {}) | more)


def make_results() -> ClassResults:
    """Return five students: one perfect, one who fails a chain, one who fails alone, two in trouble."""
    ada = Person("ada", "Ada", "Byron <b>", "ada@example.edu", "101")
    found = [
        result("ada", 1, 1, 1, 1, person=ada),
        result("ben", 0, 0, 0, 1, notes=["the submission tried to read <script>alert(1)</script>"]),
        result("chi", 1, 1, 0, 0.4, repairs=["a test was put back"], penalty=4.0),
        result("dan", error="dan.ipynb is no notebook"),
        result("eve", 1, 1, 1, 0, timed_out=["test_other"]),
    ]
    found[1].outcomes[0] = outcome("first", 0, "failed", WRONG, "no-mean")
    found[2].outcomes[2] = outcome("third", 0, "failed", WRONG, "no-mean")
    return ClassResults("task", EXERCISES, found, [Person("zoe")], 30.0)
