"""Inputs that tell variants of a function apart, and what each variant does with them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagnosis.catalogue import Misconception
from autograder.diagnosis.observation import (
    Behaviour,
    Probe,
    TooMuchError,
    deviation,
    drawn,
    observe,
    quietly,
    same_items,
    seed,
)
from autograder.diagnosis.solution import Solution
from autograder.diagnosis.time_limit import TimeIsUp, time_limit
from autograder.diagnosis.variant_matching import Deviations, explain, hopeless

MOST_PROBES = 12
# So many probes have to agree before a diagnosis counts, if there are so many.
LEAST_PROBES = 4
_SECONDS = 2.0  # for a variant on all probes


@dataclass(frozen=True)
class Knowledge:
    """What is known of one function.

    probes -- in the order in which they tell most
    reference -- what the reference does with each
    variants -- how each variant deviates from that, by the misconception's id
    draws -- whether any of them touches the global random generators
    """

    probes: Sequence[Probe]
    reference: Sequence[Behaviour]
    variants: Mapping[str, Deviations]
    draws: bool = True

    def diagnose(self, function: Callable[..., Any]) -> list[str]:
        """Return the misconceptions that explain what a function does wrong; none if that is unclear.

        Raises WireError if the function lives in another process that has gone, and KeyboardInterrupt.
        """
        seen: list[Behaviour] = []
        found: list[str] = []
        for probe, reference in zip(self.probes, self.reference, strict=True):
            try:
                seen.append(deviation(observe(function, probe, seeded=self.draws), reference))
            except TooMuchError:
                return []
            if not any(seen):
                if all(any(deviations[: len(seen)]) for deviations in self.variants.values()):
                    break  # every misconception would have shown by now
                continue
            found = explain(seen, self.variants)
            if (found and len(seen) >= LEAST_PROBES) or hopeless(seen, self.variants):
                break
        return found


def learn(solution: Solution, entries: Iterable[Misconception]) -> dict[str, Knowledge]:
    """Return what is known of each function that has an entry."""
    by_function: dict[str, list[Misconception]] = {}
    for entry in entries:
        by_function.setdefault(entry.function, []).append(entry)
    with quietly():
        probes = solution.probes(by_function, MOST_PROBES)
        return {name: learn_function(solution, name, by_function[name], found) for name, found in probes.items()}


def learn_function(
    solution: Solution, name: str, entries: Iterable[Misconception], probes: Sequence[Probe]
) -> Knowledge:
    """Return what is known of one function; the probes that tell no more than others are left out."""
    seed()
    begin = drawn()
    reference = [observe(solution.function(name), probe) for probe in probes]
    draws = drawn() != begin
    variants: dict[str, Deviations] = {}
    for entry in entries:
        # One that hangs, or does not fit, is the author's to mend (`autograder validate` says so), and no reason not
        # to grade.
        with contextlib.suppress(TimeIsUp, Exception), time_limit(_SECONDS):
            function = solution.variant(name, entry.apply(solution.cells[name]))
            variants[entry.id] = [
                deviation(observe(function, probe), right) for probe, right in zip(probes, reference, strict=True)
            ]
        draws |= drawn() != begin
    order = _most_telling(variants, len(probes))
    return Knowledge(
        [probes[n] for n in order],
        [reference[n] for n in order],
        {name: [deviations[n] for n in order] for name, deviations in variants.items()},
        draws,
    )


def _most_telling(variants: Mapping[str, Deviations], count: int) -> list[int]:
    """Return which probes to use, in which order, to tell variants from each other and from the reference.

    First comes what shows most variants to be wrong at all. What is said rests on some more calls than are needed to
    tell the variants: a function may be wrong in the same way here and there only.
    """
    shown = [sum(bool(deviations[n]) for deviations in variants.values()) for n in range(count)]
    groups = [_alike([deviations[n] for deviations in variants.values()] + [{}]) for n in range(count)]
    left = {(i, j) for i in range(len(variants) + 1) for j in range(i)}
    order: list[int] = []
    while len(order) < count:
        rest = [n for n in range(count) if n not in order]
        told = {n: {pair for pair in left if groups[n][pair[0]] != groups[n][pair[1]]} for n in rest}
        best = max(rest, key=lambda n: (len(told[n]), shown[n]) if order else (shown[n], len(told[n])))
        order.append(best)
        if not told[best] and len(order) >= LEAST_PROBES:
            break
        left -= told[best]
    return order


def _alike(behaviours: Sequence[Behaviour]) -> list[int]:
    """Return a number for each behaviour, the same for those that are the same."""
    kinds: list[Behaviour] = []
    numbers = []
    for behaviour in behaviours:
        number = next((n for n, kind in enumerate(kinds) if same_items(kind, behaviour)), len(kinds))
        if number == len(kinds):
            kinds.append(behaviour)
        numbers.append(number)
    return numbers
