"""Which misconceptions explain what a function does: comparisons only, nothing is called.

Each probe gives a deviation: the items in which the function differs from the reference (behaviour.py). A misconception
is possible if, wherever its own deviation can be seen, the student's function deviates in the same way. The fewest
possible misconceptions that account for everything wrong are the diagnosis, if there is one such set only.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from autograder.diagnosis.observation import ABSENT, ARGUMENT, RAISES, Behaviour, same_items, same_value

# The deviations of one function, probe by probe.
Deviations = Sequence[Behaviour]
Wrong = frozenset[tuple[int, str]]

MOST_AT_ONCE = 3


def explain(student: Deviations, variants: Mapping[str, Deviations]) -> list[str]:
    """Return the names of the variants that account for what a student's function does wrong; none if unclear.

    student -- its deviations on the first so many probes
    variants -- the deviations of each variant on all probes, by name
    """
    found = _covers(student, variants)
    if not found and any(_is_result(name) for items in student for name in items):
        # Whether arguments are changed along the way may be a matter of style; the results decide then.
        results = {name: [_results(items) for items in deviations] for name, deviations in variants.items()}
        found = _covers([_results(items) for items in student], results)
    return sorted(found[0]) if len(found) == 1 else []


def possible(student: Deviations, variants: Mapping[str, Deviations]) -> dict[str, Wrong]:
    """Return the variants that nothing speaks against, each with what it accounts for of what is wrong."""
    found = {}
    for name, deviations in variants.items():
        parts = [_accounted(mine, theirs) for mine, theirs in zip(student, deviations, strict=False)]
        if all(part is not None for part in parts):
            accounted = frozenset((n, item) for n, part in enumerate(parts) for item in part or ())
            if accounted:
                found[name] = accounted
    return found


def hopeless(student: Deviations, variants: Mapping[str, Deviations]) -> bool:
    """Return whether no further probe can make any variant explain what is wrong."""
    results = {name: [_results(items) for items in deviations] for name, deviations in variants.items()}
    return not possible(student, variants) and not possible([_results(items) for items in student], results)


def told_apart(one: Deviations, other: Deviations) -> bool:
    """Return whether two variants differ on any probe."""
    return not all(itertools.starmap(same_items, zip(one, other, strict=True)))


def _covers(student: Deviations, variants: Mapping[str, Deviations]) -> list[tuple[str, ...]]:
    """Return the smallest sets of variants that account for everything that is wrong."""
    wrong = frozenset((n, item) for n, items in enumerate(student) for item in items)
    if not wrong:
        return []
    candidates = possible(student, variants)
    for size in range(1, MOST_AT_ONCE + 1):
        sets = itertools.combinations(sorted(candidates), size)
        if found := [chosen for chosen in sets if frozenset().union(*(candidates[name] for name in chosen)) == wrong]:
            return found
    return []


def _accounted(student: Behaviour, variant: Behaviour) -> list[str] | None:
    """Return the items of one probe that a variant accounts for; None if the student's function shows otherwise."""
    if RAISES in student and RAISES not in variant and student[RAISES] != ABSENT:
        return []  # the error hides what this variant would show
    for name, value in variant.items():
        if name not in student or not same_value(student[name], value):
            return None
    return list(variant)


def _is_result(name: str) -> bool:
    return not name.startswith(ARGUMENT)


def _results(items: Behaviour) -> Behaviour:
    return {name: value for name, value in items.items() if _is_result(name)}
