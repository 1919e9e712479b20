"""Item statistics: what the marks of a class say about its exercises.

difficulty      the mean share of its points that a function earned: 1 is easy, 0 is hard
discrimination  the correlation of its points with the points of all other functions: whether those who do well
                elsewhere do well here
alpha           Cronbach's alpha: how far the functions measure the same thing
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.reporting.results import ClassResults, GradedExercise, Outcome

# Below this number of submissions an item's figures are chance.
FEW = 20
RIGHT = ("passed", "carried")


@dataclass(frozen=True)
class Item:
    """A function's figures; `discrimination` is None where it cannot be computed, `varies` if not all have the same."""

    name: str
    difficulty: float
    discrimination: float | None
    varies: bool = False

    @property
    def reading(self) -> str:
        """What the figures say, in words."""
        if self.difficulty >= 0.95:
            return "nearly everybody has it"
        if self.discrimination is None:
            return "all other points are the same" if self.varies else "everybody has the same points"
        if self.discrimination < 0.0:
            return "those who do well elsewhere fail here: look at its test"
        if self.discrimination < 0.2:
            return "says little about who has understood the rest"
        return "very hard" if self.difficulty < 0.3 else "tells well who has understood it"


@dataclass(frozen=True)
class Dependence:
    """How a function's failures go with those of the functions that it uses.

    failed -- how many did not get it right
    after -- of them, how many had not got right something that it uses either
    """

    name: str
    needs: tuple[str, ...]
    failed: int
    after: int

    @property
    def alone(self) -> int:
        """How many failed it with all that it uses right."""
        return self.failed - self.after


def items(results: ClassResults) -> list[Item]:
    """Return the figures of each function."""
    table = _points(results)
    found = []
    for number, exercise in enumerate(results.exercises):
        own = [row[number] for row in table]
        rest = [sum(row) - row[number] for row in table]
        difficulty = statistics.fmean(own) / exercise.max_score if table and exercise.max_score else 0.0
        found.append(Item(exercise.name, difficulty, correlation(own, rest), len(set(own)) > 1))
    return found


def alpha(results: ClassResults) -> float | None:
    """Return Cronbach's alpha; None where it cannot be computed."""
    table = _points(results)
    count = len(results.exercises)
    if len(table) < 2 or count < 2:
        return None
    total = statistics.variance([sum(row) for row in table])
    parts = sum(statistics.variance(column) for column in zip(*table, strict=True))
    return None if total == 0 else count / (count - 1) * (1 - parts / total)


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None if one of the two does not vary."""
    if len(first) < 2 or len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return statistics.correlation(first, second)


def statuses(results: ClassResults) -> dict[str, Counter[str]]:
    """Return how many fared how, by function."""
    found: dict[str, Counter[str]] = {exercise.name: Counter() for exercise in results.exercises}
    for result in results.graded:
        for outcome in result.outcomes:
            found[outcome.name][outcome.status] += 1
    return found


def misconceptions(results: ClassResults) -> Counter[str]:
    """Return how many students have each misconception."""
    return Counter(
        name
        for result in results.graded
        for name in {name for outcome in result.outcomes for name in outcome.misconceptions}
    )


def dependences(results: ClassResults) -> list[Dependence]:
    """Return how failures go with the failures of what a function uses, directly or through others."""
    by_name = {exercise.name: exercise for exercise in results.exercises}
    found = []
    for exercise in results.exercises:
        used = _all_needs(exercise, by_name)
        failed = after = 0
        for result in results.graded:
            wrong = {outcome.name for outcome in result.outcomes if not _is_right(outcome)}
            if exercise.name in wrong:
                failed += 1
                after += bool(wrong & used)
        found.append(Dependence(exercise.name, exercise.needs, failed, after))
    return found


def _is_right(outcome: Outcome) -> bool:
    by_hand = outcome.status == "manual" and outcome.score >= outcome.max_score
    return outcome.status in RIGHT or by_hand


def _all_needs(exercise: GradedExercise, by_name: dict[str, GradedExercise]) -> set[str]:
    found: set[str] = set()
    waiting = list(exercise.needs)
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found.add(name)
            waiting += by_name[name].needs
    return found - {exercise.name}


def _points(results: ClassResults) -> list[list[float]]:
    return [[outcome.score for outcome in result.outcomes] for result in results.graded]
