"""Whether an attack was contained."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from attacks.attack import Attack
from attacks.host import Host
from attacks.roads import Graded, NotGradedError
from attacks.target import FUNCTIONS, SECRET, Target
from helper import code_cell

BREACH = "BREACH:"


class Road(Protocol):
    """A way by which a notebook is graded."""

    def grade(self, path: Path) -> Graded:
        """Grade what was handed in."""


@dataclass(frozen=True)
class Outcome:
    """What came of an attack.

    problems -- what should not have happened, in words; contained if there is none
    sentence -- what the result says about it
    shown -- what the attacker's notebook shows
    """

    attack: Attack
    problems: list[str]
    sentence: str | None
    shown: list[str]
    seconds: float

    @property
    def contained(self) -> bool:
        """Whether nothing happened that should not."""
        return not self.problems


def run_attack(attack: Attack, target: Target, road: Road, next_road: Road | None = None) -> Outcome:
    """Have an attack graded, then an honest notebook, on another road if one is given, and look at everything."""
    begin = time.monotonic()
    host = Host(target)
    problems: list[str] = []
    sentence, shown = None, []
    with tempfile.TemporaryDirectory(prefix="handed-in-") as folder:
        path = target.hand_in(target.attacking(attack), Path(folder) / "attack", attack)
        try:
            graded = road.grade(path)
        except NotGradedError as error:
            problems.append(f"the attack kept the grader from grading: {error}")
        else:
            shown = graded.shown
            sentence = find_sentence(attack, graded)
            problems += judge(attack, graded, target)
        problems += host.changes()
        try:
            honest = (next_road or road).grade(target.hand_in(target.honest(), Path(folder) / "honest"))
        except NotGradedError as error:
            problems.append(f"the next submission could not be graded: {error}")
        else:
            problems += judge_next(honest)
    return Outcome(attack, problems, sentence, shown, time.monotonic() - begin)


def judge(attack: Attack, graded: Graded, target: Target) -> Iterator[str]:
    """Yield what is wrong with the result of an attack."""
    for name, part in graded.marks.items():
        deserved = 0.0 if name in attack.lost else 1.0
        if part != deserved:
            yield f"{name} earned {part:g} of its marks and deserves {deserved:g}"
    if graded.marks.keys() != FUNCTIONS.keys():
        yield f"the result has marks for {', '.join(graded.marks)}"
    for text in [*graded.said, *graded.shown]:
        stolen = [what for what, secret in target.secrets.items() if secret in text]
        yield from (f"the secret of {what} came out" for what in stolen)
        yield from (line for line in text.splitlines() if line.startswith(BREACH))
    if find_sentence(attack, graded) is None:
        yield f"the result says nothing like {attack.sentence!r}: {graded.said}"


def judge_next(graded: Graded) -> Iterator[str]:
    """Yield what is wrong with the result of an honest notebook that was graded after an attack."""
    if graded.marks != dict.fromkeys(FUNCTIONS, 1.0):
        yield f"the next submission earned {graded.marks}: {graded.said}"
    yield from (f"the next submission: {text.strip()}" for text in graded.shown if BREACH in text)


def find_sentence(attack: Attack, graded: Graded) -> str | None:
    """Return the line that says what an attack looks for, from the result itself if it is there, else as shown."""
    lines = [line for text in [*graded.said, *graded.shown] for line in text.splitlines()]
    return next((line for line in lines if re.search(attack.sentence, line)), None)


def is_confined(target: Target, road: Road) -> bool:
    """Return whether a student's code is kept from the host's files, by trying to read one."""
    notebook = target.honest()
    look = f"try:\n    print(open({target.known['canary']!r}).read())\nexcept OSError as error:\n    print(error)"
    notebook.cells.insert(0, code_cell(look))
    with tempfile.TemporaryDirectory(prefix="handed-in-") as folder:
        graded = road.grade(target.hand_in(notebook, Path(folder) / "look"))
    return not any(SECRET.search(text) for text in graded.shown)
