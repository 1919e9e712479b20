"""The host between the student's process and the grader process: passes messages on and keeps the time.

Only one of the two runs at a time. The host asks one of them to run a cell; whichever is running sends a request or a
reply, which the host passes to the other, and then it is the other's turn. Messages of the student's process are not
trusted: one that is malformed or out of turn ends that process and nothing else.
"""

from __future__ import annotations

import contextlib
import math
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grading.grading_errors import GraderProcessError
from autograder.processes.process import Process
from autograder.rpc.channel import kind_of, pack, unpack
from autograder.rpc.rpc_errors import (
    ChannelClosed,
    DeadlinePassed,
    MessageTooLarge,
    OutOfTurn,
    WireError,
)

Packed = bytes | memoryview

GRACE = 2.0  # seconds between an interrupt and the end
LEARNING = 30.0  # seconds that the grader may take to get ready for a diagnosis
DIAGNOSIS = 1.0  # seconds for the diagnosis of a submission


@dataclass
class Turn:
    """How a cell ended.

    answer -- what the process that ran it said of it, None if it could not
    lost -- why the student's process cannot be used any more, None if it can
    timed_out -- whether the cell's time was up
    """

    answer: dict[str, Any] | None = None
    lost: str | None = None
    timed_out: bool = False


class Conversation:
    """Runs cells in either process, each under a limit in seconds.

    grader -- None where tests run in the student's process, too
    """

    def __init__(self, student: Process, grader: Process | None) -> None:
        self.student = student
        self.grader = grader

    def run_student(self, source: str, number: int, seconds: float) -> Turn:
        """Run a student's cell. Raises GraderProcessError if the grader's process fails."""
        order = ["run", {"source": source, "number": number}]
        return _RunningCell(self, "student", seconds).run(order)

    def run_test(self, grade_id: str, number: int, seconds: float, *, fresh: bool, lend: Sequence[str] = ()) -> Turn:
        """Run a test; `fresh` says that the student's process is another one than at the last test.

        lend -- if there are some, the test is run again, with references in place of these functions
        Raises GraderProcessError if the grader's process fails, or takes too long by itself.
        """
        order = ["run", {"grade_id": grade_id, "number": number, "fresh": fresh, "lend": list(lend)}]
        return _RunningCell(self, "grader", seconds).run(order)

    def diagnose(self, functions: list[str], failed: list[str], number: int, *, fresh: bool) -> dict[str, list[str]]:
        """Return what explains functions that failed their tests: misconceptions, by function; the last thing asked.

        Raises GraderProcessError as `run_test` does.
        """
        order = {"functions": functions, "number": number, "fresh": fresh}
        # Preparing the functions does not count as the student's time.
        _RunningCell(self, "grader", LEARNING).run(["run", order | {"failed": []}])
        turn = _RunningCell(self, "grader", DIAGNOSIS).run(["run", order | {"failed": failed}])
        found: dict[str, list[str]] = (turn.answer or {}).get("misconceptions", {})
        return found


class _RunningCell:
    """One cell on its way: whose turn it is, and how much time is left."""

    def __init__(self, talk: Conversation, runs: str, seconds: float) -> None:
        self._talk = talk
        self._runs = runs
        self._seconds = seconds
        self._limit = time.monotonic() + seconds
        self._turn = Turn()
        self._student_said = ""  # of which kind its last message was

    def run(self, order: list[Any]) -> Turn:
        """Give a process its order and pass on what the two say to each other until it is done.

        What they say is passed on as it came: whom it is for reads it with all the care that it takes.
        """
        speaks: str = self._runs
        message: Packed = pack(order)
        while True:
            if speaks == "student" and self._turn.lost is None:
                reply = self._hear_student() if self._say_to_student(message) else None
            elif speaks == "student":
                reply = None
            else:
                reply = self._ask_grader(message, order)
            if reply is None and self._runs == "student":
                return self._turn
            if reply is None:
                # The test goes on without the student's process: whatever it still asks fails at once.
                speaks, message = "grader", pack(["lost", self._turn.lost])
            elif kind_of(reply) == "done":
                self._turn.answer = unpack(reply)[1]
                return self._turn
            else:
                speaks, message = ("grader" if speaks == "student" else "student"), reply

    @property
    def _grader(self) -> Process:
        assert self._talk.grader is not None  # it is spoken to, or was just found to be there
        return self._talk.grader

    # The student's turn. Whatever goes wrong is the student's.

    def _say_to_student(self, message: Packed) -> bool:
        try:
            self._talk.student.channel.send_packed(message, self._limit + GRACE)
        except WireError as error:
            self._lose_student(error)
        return self._turn.lost is None

    def _hear_student(self) -> Packed | None:
        """Return what the student's process says. When the time is up, interrupt it; if that does not help, end it."""
        student = self._talk.student
        given_up = False
        try:
            try:
                limit = self._limit + GRACE if self._turn.timed_out else self._limit
                if given_up := self._grader_gives_up(limit):
                    limit = min(limit, time.monotonic() + GRACE)
                    student.interrupt()
                message = student.channel.receive_packed(limit)
            except DeadlinePassed:
                if given_up:
                    self._end_student("did not stop when the test no longer waited for it")
                    return None
                if self._turn.timed_out:
                    raise
                self._turn.timed_out = True
                student.interrupt()
                message = student.channel.receive_packed(self._limit + GRACE)
            allowed = ("request", "reply", "done") if self._runs == "student" else ("request", "reply")
            kind = kind_of(message)
            self._student_said = kind or "nothing"
            if kind not in allowed:
                # Garbage, or out of turn: which of the two, unpacking it tells.
                unpack(message)
                raise OutOfTurn("said something that nobody asked for")
            if kind == "done" and type(unpack(message)[1]) is not dict:
                raise OutOfTurn("said something that nobody understands")
        except WireError as error:
            self._lose_student(error)
            return None
        return message

    def _grader_gives_up(self, limit: float) -> bool:
        """Wait for the student's process; tell whether before that the test says that it does not wait any more."""
        grader = self._talk.grader
        if grader is None or self._runs == "student" or self._talk.student.channel.holds_message:
            return False
        poll = select.poll()
        poll.register(self._talk.student.channel, select.POLLIN)
        poll.register(grader.channel, select.POLLIN)
        left = max(0.0, limit - time.monotonic())
        ready = {descriptor for descriptor, _ in poll.poll(math.ceil(left * 1000))}
        if not grader.channel.holds_message and ready != {grader.channel.fileno()}:
            return False
        try:
            message = _sound(grader.channel.receive_packed(time.monotonic() + GRACE))
        except WireError as error:
            raise GraderProcessError(f"the grader's process {_why(grader, error)}") from error
        if kind_of(message) != "interrupt":
            raise GraderProcessError("the grader's process spoke although it was not its turn")
        return True

    def _end_student(self, why: str) -> None:
        with contextlib.suppress(TimeoutError):
            self._talk.student.kill()
        self._turn.lost = why

    def _lose_student(self, error: WireError) -> None:
        if isinstance(error, DeadlinePassed):
            self._turn.timed_out = True
        self._turn.lost = _why(self._talk.student, error)

    # The grader's turn. What goes wrong is the grader's, but for what the student's messages make of it.

    def _ask_grader(self, message: Packed, order: list[Any]) -> Packed | None:
        """Hand the grader a message and return what it says; None if what it was handed made no sense to it."""
        if self._talk.grader is None:
            self._lose_student(OutOfTurn("asked for somebody who is not there"))
            return None
        channel = self._grader.channel
        running = kind_of(message) == "run"
        try:
            try:
                channel.send_packed(message, time.monotonic() + self._seconds + GRACE)
            except MessageTooLarge as error:
                # It came from the student, and cannot be passed on.
                self._lose_student(error)
                return None
            began = time.monotonic()
            while True:
                reply = self._hear_grader(began)
                if not running or (kind_of(reply) == "begun" and unpack(reply)[1] == order[1]["number"]):
                    break  # what comes before that belongs to a cell that is over
            return self._hear_grader(began) if running else self._judge(reply)
        except WireError as error:
            raise GraderProcessError(f"the grader's process {_why(self._grader, error)}") from error

    def _judge(self, reply: Packed) -> Packed | None:
        if kind_of(reply) != "refused":
            return reply
        self._lose_student(OutOfTurn(str(unpack(reply)[1])))
        return None

    def _hear_grader(self, began: float) -> Packed:
        """Return what the grader says. When the time is up, end the student's process, or interrupt the grader."""
        grader = self._grader
        try:
            return self._receive_from_grader(self._limit + GRACE if self._turn.timed_out else self._limit)
        except DeadlinePassed:
            self._turn.timed_out = True
        waited = time.monotonic() - began
        if self._student_said and self._turn.lost is None and waited < self._seconds / 2:
            # The two were playing ping-pong. Without the student's process the test ends at its next call.
            self._end_student("had used up the time of the cell")
        try:
            return self._receive_from_grader(time.monotonic() + GRACE)
        except DeadlinePassed:
            grader.interrupt()
        message = self._receive_from_grader(time.monotonic() + GRACE)
        if self._turn.lost is None:
            raise GraderProcessError("a test took longer than a cell may, by itself; make the test faster")
        return message

    def _receive_from_grader(self, limit: float) -> Packed:
        while True:
            message = _sound(self._grader.channel.receive_packed(limit))
            if kind_of(message) != "interrupt":
                return message
            # The student's process had the last word: it has answered, or asked something and is not done yet.
            if self._student_said == "request" and self._turn.lost is None:
                self._talk.student.interrupt()


def _sound(message: memoryview) -> Packed:
    """Return a message of the grader's. Raises GraderProcessError if it says that it failed."""
    if kind_of(message) == "crashed":
        trace = unpack(message)[1]["traceback"]
        raise GraderProcessError(f"the grader's process failed: {trace.strip().splitlines()[-1]}")
    return message


def _why(process: Process, error: WireError) -> str:
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
