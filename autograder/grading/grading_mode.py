"""Describes in words how an assignment is graded, for its author and for whoever grades with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.grading.soundness import Soundness

_MOST = 5
_ROOM = (
    ("MemoryError", "c.Examine.memory_bytes"),
    ("No space left", "c.Examine.scratch_bytes"),
    ("CellTimeoutError", "c.Execute.timeout"),
)


def remarks(name: str, found: Soundness) -> Iterator[str]:
    """Yield what is to be known of how a notebook is graded; nothing if all is as it should be."""
    if found.only_in_one:
        yield why_in_one(name, found)
    for text in faults(found).values():
        yield f"{name}: {text}"
    for test, why in found.unsolved.items():
        yield f"{name}: the solution itself does not pass {test}, so nobody can: {_short(why)}"


def how_graded(name: str, found: Soundness) -> list[str]:
    """Say how a notebook is graded, whatever there is to remark."""
    said = list(remarks(name, found))
    if not found.only_in_one:
        processes = "two processes, its tests out of the students' reach" if found.processes == 2 else "one process"
        said.insert(0, f"{name} is graded in {processes}.")
    return said


def why_in_one(name: str, found: Soundness) -> str:
    """Say that an assignment is graded in one process, what that means, and which tests need it."""
    return (
        f"{name} is graded in one process: its tests run in the student's, in the same sandbox, where the student's "
        f"code could reach them. The solution does not pass these in two: {_list(found.only_in_one)}. Tests that "
        "compare plain values can stay out of reach; docs/authoring.md says which values cross."
    )


def faults(found: Soundness) -> dict[str, str]:
    """Return what is wrong with tests where they are graded, by test: what nobody can pass, and what is given away."""
    unsound = {
        test: f"the solution passes {test} in Jupyter and not where it is graded: {_short(why)}. {_remedy(why)} Until "
        "then a person has to judge it wherever a student does not pass it."
        for test, why in found.unsound.items()
    }
    given = {
        test: f"the untouched release earns {points:g} points in {test}. Let the test judge something that students "
        "have to write."
        for test, points in found.given_away.items()
    }
    return unsound | given


def _remedy(why: str) -> str:
    setting = next((setting for word, setting in _ROOM if word in why), None)
    if setting is not None:
        return f"Raise {setting}, or let it need less."
    if "[Errno 1] Operation not permitted" in why:
        return "Neither tests nor answers can start processes where notebooks are graded, nor use the network."
    return "Change the test (docs/authoring.md says what it can do there)."


def _list(found: dict[str, str]) -> str:
    first = [f"{test} ({_short(why)})" for test, why in list(found.items())[:_MOST]]
    more = len(found) - len(first)
    return "; ".join(first) + (f"; and {more} more" if more else "")


def _short(why: str) -> str:
    line = " ".join(why.split())
    return line if len(line) <= 300 else f"{line[:300]} …"
