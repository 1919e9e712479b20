"""One grader under attack, and how to see whether an attack succeeded."""

from __future__ import annotations

import contextlib
import os
import shutil
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from exercise import EXERCISES, FULL, POINTS, digest, function, honest, write_notebook
from host import kill
from peers import Graded, Peer


@dataclass(frozen=True)
class Attack:
    """A dishonest submission.

    first -- code before the first function, the same for all graders or by grader; a grader that is missing has nothing
    of the kind. $-names are put in, see `place`.
    functions -- what differs from the usual: `flip` right if `first` ran to its end, as the witness of it and of the
    grading, and the others wrong
    judge -- how to see whether it succeeded
    """

    name: str
    title: str
    first: str | dict[str, str]
    judge: Callable[[Bench, Graded], Verdict]
    functions: dict[str, str] = field(default_factory=dict)
    tags: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether an attack succeeded, None if it could not be told; and why in a word."""

    succeeded: bool | None
    why: str

    def __str__(self) -> str:
        return {True: "**succeeded**", False: "contained", None: "?"}[self.succeeded] + f" ({self.why})"


class Bench:
    """One grader under attack."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.prey = peer.prey
        self.library = peer.numpy.read_bytes()
        self.blank = peer.prepare()

    def hand_in(self, student: str, functions: dict[str, str], first: str = "", tags: bool = False) -> int:
        """Hand in a submission; return the number of tests in it that were tagged to be skipped."""
        cells, tagged = self.peer.fill_in(self.blank, functions, first, tags)
        write_notebook(self.peer.submission(student), cells)
        return tagged

    def grade(self, student: str, functions: dict[str, str], first: str = "") -> Graded:
        """Hand in a submission and grade it."""
        self.hand_in(student, functions, first)
        return self.peer.grade(student)

    def place(self, code: str, student: str) -> str:
        """Put in what the attacker may know: where things are, and how to tell that a secret was found."""
        known = {
            "course": self.peer.course,
            "home": self.peer.home,
            "numpy": self.peer.numpy,
            "student": student,
            "hidden": digest(self.prey.hidden),
            "other": digest(self.prey.other),
            "secret": digest(self.prey.secret),
            "passwd": digest(Path("/etc/passwd").read_text(encoding="utf-8")),
            "port": self.prey.listener.port,
            "message": self.prey.message,
            "pid": self.prey.fresh_process(),
            "orphan": self.prey.orphan,
            "attacker": os.getpid(),
        }
        return string.Template(code).substitute(known)

    def attack(self, attack: Attack) -> Verdict | None:
        """Try an attack; return None if there is nothing of the kind in this grader."""
        first = attack.first.get(self.peer.name) if isinstance(attack.first, dict) else attack.first
        if first is None:
            return None
        functions = honest() | {"flip": function("flip", "x[::-1] if ready else None")} | attack.functions
        placed = {name: self.place(source, attack.name) for name, source in functions.items()}
        tagged = self.hand_in(attack.name, placed, self.place(first + "ready = True\n", attack.name), attack.tags)
        if attack.tags and not tagged:
            return None
        self.prey.listener.heard = b""
        graded = self.peer.grade(attack.name)
        try:
            return attack.judge(self, graded)
        finally:
            kill(self.prey.left_over())

    def baseline(self) -> bool:
        """Grade honest submissions; return whether right ones get all points and wrong ones none."""
        self.hand_in("ada", honest(*EXERCISES), f"# {self.prey.other}\n")
        self.right = self.peer.grade("ada")
        self.wrong = self.grade("ben", honest())
        return self.right.points == FULL and self.wrong.points == 0


def by_marks(bench: Bench, graded: Graded) -> Verdict:
    """Judge: more points than the witness earned."""
    if graded.points is None or graded.points < POINTS:
        return Verdict(None, str(graded))
    return Verdict(graded.points > POINTS, str(graded))


def by_any_marks(bench: Bench, graded: Graded) -> Verdict:
    """Judge where the attack may cost the witness, too."""
    return Verdict((graded.points or 0) > POINTS, str(graded))


def by_theft(bench: Bench, graded: Graded) -> Verdict:
    """Judge: the functions are right only if the secret was found, so the marks tell."""
    verdict = by_marks(bench, graded)
    if verdict.succeeded is None:
        return verdict
    return Verdict(verdict.succeeded, "read" if verdict.succeeded else "not found")


def seen(effect: Callable[[Bench], bool], yes: str, no: str) -> Callable[[Bench, Graded], Verdict]:
    """Return a judge that looks for an effect outside; the witness tells that the code ran at all."""

    def judge(bench: Bench, graded: Graded) -> Verdict:
        if effect(bench):
            return Verdict(True, yes)
        ran = graded.points is not None and graded.points >= POINTS
        return Verdict(False, no) if ran else Verdict(None, str(graded))

    return judge


def was_called(bench: Bench) -> bool:
    """Return whether the listener was told what only the submission knew."""
    time.sleep(0.5)
    return bench.prey.message.encode() in bench.prey.listener.heard


def was_killed(bench: Bench) -> bool:
    """Return whether the process that waited has ended."""
    time.sleep(0.5)
    assert bench.prey.process is not None
    return bench.prey.process.poll() is not None


def left_a_process(bench: Bench) -> bool:
    """Return whether a process is there a second after grading has ended."""
    time.sleep(1)
    names = []
    for pid in bench.prey.left_over():
        with contextlib.suppress(OSError):
            names.append(Path(f"/proc/{pid}/comm").read_text().strip())
    return bench.prey.orphan in names


def spoiled_the_library(bench: Bench) -> bool:
    """Return whether the next student gets points for wrong answers; put the library right again."""
    original = bench.library
    try:
        return bool(bench.grade("after_library", honest()).points)
    finally:
        bench.peer.numpy.write_bytes(original)


def spoiled_the_home(bench: Bench) -> bool:
    """Return whether the next student gets points for wrong answers; empty the home."""
    try:
        return bool(bench.grade("after_home", honest()).points)
    finally:
        shutil.rmtree(bench.peer.home / ".ipython", ignore_errors=True)


def by_the_clock(bench: Bench, graded: Graded) -> Verdict:
    """Judge an endless loop: the grader had to be killed; else, what is left of the other functions' points."""
    return Verdict(True, "hangs") if graded.hung else Verdict(False, f"stopped, {graded}")


# A submission that looks for a secret: its functions are right only if the code before them has found it.
