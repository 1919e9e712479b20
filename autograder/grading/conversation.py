"""The host between a student's process and the grader's: passes messages on, and holds the clock.

Only one of the two has the word at a time. The host asks one of them to run a cell; while that runs, the one that has
the word sends a request or a reply, which is handed to the other, which then has the word. What arrives from the
student's process is never believed: a message out of turn, or one that is none, ends that process and nothing else.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any

from autograder.grading.failures import GraderProcessError
from autograder.isolation.errors import ChannelClosed, DeadlinePassed, OutOfTurn, WireError
from autograder.isolation.process import Process

GRACE = 2.0  # seconds between an interrupt and the end


@dataclass
class Turn:
    """How a cell ended.

    answer -- what the process that ran it said of it, None if it could not
    lost -- why the student's process is gone, None if it is not
    timed_out -- whether the cell was interrupted because its time was up
    """

    answer: dict[str, Any] | None = None
    lost: str | None = None
    timed_out: bool = False


class Conversation:
    """Runs cells in either process, each under a limit in seconds."""

    def __init__(self, student: Process, grader: Process) -> None:
        self.student = student
        self.grader = grader
        self._spent = {"student": 0.0, "grader": 0.0}

    def run_student(self, source: str, number: int, seconds: float) -> Turn:
        """Run a student's cell. Raises GraderProcessError if the grader's process fails."""
        return self._run("student", ["run", {"source": source, "number": number}], seconds)

    def run_test(self, grade_id: str, number: int, seconds: float, *, fresh: bool) -> Turn:
        """Run a test; `fresh` says that the student's process is another one than at the last test.

        Raises GraderProcessError if the grader's process fails, or takes too long by itself.
        """
        order = ["run", {"grade_id": grade_id, "number": number, "fresh": fresh}]
        return self._run("grader", order, seconds)

    def _run(self, runs: str, order: list[Any], seconds: float) -> Turn:
        turn = Turn()
        self._spent = {"student": 0.0, "grader": 0.0}
        limit = time.monotonic() + seconds
        speaks, message = runs, order
        while True:
            problem = self._tell(speaks, message, limit + GRACE)
            reply, problem = (None, problem) if problem else self._hear(speaks, runs, limit, turn)
            if problem is not None:
                if speaks == "grader":
                    raise GraderProcessError(f"the grader's process {problem}")
                turn.lost = problem
                if runs == "student":
                    return turn
                # The test goes on without the student's process: whatever it still asks fails at once.
                speaks, message = "grader", ["lost", problem]
                limit = max(limit, time.monotonic() + GRACE)
                continue
            assert reply is not None  # there was no problem
            if reply[0] == "done":
                turn.answer = reply[1]
                self._blame(turn)
                return turn
            speaks, message = ("grader" if speaks == "student" else "student"), reply
            if speaks == "student" and turn.lost:
                speaks, message = "grader", ["lost", turn.lost]

    def _tell(self, who: str, message: list[Any], deadline: float) -> str | None:
        """Send a message; return what kept it from arriving."""
        process = self._process(who)
        try:
            process.channel.send(message, deadline)
        except WireError as error:
            return self._why(process, error)
        return None

    def _hear(self, who: str, runs: str, limit: float, turn: Turn) -> tuple[list[Any] | None, str | None]:
        """Return what a process says, or why it says nothing; interrupt it when the time is up."""
        process, begin = self._process(who), time.monotonic()
        try:
            try:
                message: Any = process.channel.receive(limit + GRACE if turn.timed_out else limit)
            except DeadlinePassed:
                if turn.timed_out:
                    raise
                turn.timed_out = True
                process.interrupt()
                message = process.channel.receive(time.monotonic() + GRACE)
            if type(message) is not list or len(message) != 2 or message[0] not in ("request", "reply", "done"):
                raise OutOfTurn("said something that nobody understands")
            if message[0] == "done" and who != runs:
                raise OutOfTurn("claimed to have run a cell that it was not given")
            if message[0] == "done" and type(message[1]) is not dict:
                raise OutOfTurn("said something that nobody understands")
        except WireError as error:
            return None, self._why(process, error)
        finally:
            self._spent[who] += time.monotonic() - begin
        return message, None

    def _process(self, who: str) -> Process:
        return self.student if who == "student" else self.grader

    def _why(self, process: Process, error: WireError) -> str:
        """Say what happened to a process, and end it."""
        if isinstance(error, DeadlinePassed):
            what = "did not stop when it was interrupted, because its time was up"
        elif isinstance(error, ChannelClosed):
            process.wait(1.0)
            what = "hung up" if process.alive else process.how_it_ended()
        else:
            what = f"broke the protocol ({error})"
        with contextlib.suppress(TimeoutError):
            process.kill()
        return what

    def _blame(self, turn: Turn) -> None:
        """Raise GraderProcessError for a test that took its time by itself, not in the student's functions."""
        if turn.timed_out and not turn.lost and self._spent["grader"] > self._spent["student"]:
            raise GraderProcessError("needed longer than a cell may, in the test itself; make the test faster")
