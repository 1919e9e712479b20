"""Examines one submission: student cells run in the student's process, tests in the grader process.

An assignment whose tests need more of a student's objects than crosses between two processes has one: its tests run in
the student's process, in the same sandbox. No test is run again there, and nothing is diagnosed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.hints import failing, tell, without_hints
from autograder.grading.carry_forward import CarryForward, Ran
from autograder.grading.grading_errors import GraderProcessError
from autograder.grading.relay import Conversation, Turn
from autograder.grading.settings import GradingLimits
from autograder.intake.exercises import Exercise, untouched
from autograder.kernel.outputs import CUT, Output, cost_of, error_output, sanitise, stream_output, without_stderr
from autograder.notebook.cells import PARTS, is_test
from autograder.notebook.specification import Specification, give_roles
from autograder.processes.process import Process

STUDENT_FAILED = "StudentProcessFailed"
TIME_IS_UP = "CellTimeoutError"
# What all cells of the student may show together, in cells that each show as much as one may.
CELLS_SHOWN = 20


@dataclass
class Examination:
    """The result of examining a submission; the outputs are in the notebook.

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


class Examiner:
    """Examines one submission.

    specification -- what the master says about the cells
    exercises -- what students are to write
    fork_student -- gives a new process for the student's cells
    grader -- the process that runs the tests; None to run them in the student's
    carried_credit -- the part of the points that a test earns which is right only with references in place of functions
        that are wrong; None to run no test again
    catalogue -- what wrong answers are recognised by, None if there is no catalogue
    """

    def __init__(
        self,
        specification: Specification,
        exercises: Sequence[Exercise],
        fork_student: Callable[[], Process],
        grader: Process | None,
        limits: GradingLimits,
        carried_credit: float | None = 1.0,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._specification = specification
        self._exercises = exercises
        self._carried_credit = carried_credit
        self._catalogue = catalogue
        self._fork_student = fork_student
        self._limits = limits
        self._talk = Conversation(fork_student(), grader)
        self._ran: list[Ran] = []  # the student's cells so far, without those that killed or hung their process
        self._fresh = False
        self._examination = Examination()
        self._end = 0.0
        self._room = CELLS_SHOWN * limits.output

    def examine(
        self, notebook: NotebookNode, known: Mapping[str, list[Output]] | None = None, attempt: int = 1
    ) -> Examination:
        """Run a submission and write outputs and counters into it; roles and tests become the master's.

        known -- the outputs of tests that need not run again, by grade_id
        attempt -- which of an entry's hints is told
        Raises GradingError if it could not be judged through no fault of the student's.
        """
        known = {grade_id: without_hints(outputs) for grade_id, outputs in (known or {}).items()}
        begin = time.monotonic()
        self._end = begin + self._limits.submission
        self._examination.repairs += give_roles(notebook, self._specification)
        number = 0
        try:
            for position, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                cell.outputs, cell.execution_count = [], None
                if self._specification.is_skipped(cell) or not cell.source.strip():
                    continue
                number += 1
                cell.execution_count = number
                if is_test(cell):
                    grade_id = cell.metadata.nbgrader.grade_id
                    run = self._test if self._talk.grader is not None else self._test_in_students
                    outputs = known[grade_id] if grade_id in known else run(cell, position, number)
                else:
                    parts = cell.metadata.pop(PARTS, [])
                    outputs = self._student_cell(Ran(position, number, cell.source), parts)
                cell.outputs = [nbformat.from_dict(output) for output in outputs]
            misconceptions = self._diagnose(notebook, number + 1)
        finally:
            self._end_student(self._talk.student)
        if self._talk.grader is not None:
            if self._carried_credit is not None:
                self._carry_forward(notebook, self._talk.grader, self._carried_credit)
            # Diagnosis and second runs go without a grader that has died; see there.
            self._examination.disturbed |= self._talk.grader.killed_by_others
        self._tell(notebook, misconceptions, attempt)
        self._examination.seconds = time.monotonic() - begin
        return self._examination

    def _carry_forward(self, notebook: NotebookNode, grader: Process, credit: float) -> None:
        """Run the tests again that may have failed because of another function."""
        retests = CarryForward(
            self._specification,
            self._fork_student,
            grader,
            seconds_left=self._seconds_left,
            end_student=self._end_student,
            credit=credit,
        ).run(notebook, self._ran)
        self._examination.lent, self._examination.carried = retests.lent, retests.right
        self._examination.timed_out -= retests.right
        self._examination.timed_out |= retests.timed_out
        if retests.stopped is not None:
            self._examination.disturbed = True
            self._note(retests.stopped)

    def _student_cell(self, cell: Ran, parts: Sequence[Sequence[Any]]) -> list[Output]:
        """Run a cell; if it fails, run what does not depend on that.

        parts -- the first line and the text of each part of the cell that may run although another one has failed
        """
        outputs, failed = self._run_whole(cell)
        if failed is None or not parts:
            return outputs
        rest = [text for line, text in parts if line > failed]
        if rest:
            self._note_repair(f"cell {cell.number} fails at line {failed}; what follows it was run on its own")
        for text in rest:
            outputs += self._run_whole(replace(cell, source=text))[0]
        return outputs

    def _run_whole(self, cell: Ran) -> tuple[list[Output], int | None]:
        """Run a cell; return its outputs and the line of the statement that failed, if one did and can be told."""
        if (seconds := self._seconds_left()) <= 0:
            return [self._out_of_time()], None
        number = cell.number
        turn = self._talk.run_student(cell.source, number, seconds)
        if turn.lost is None and not turn.timed_out:
            self._ran.append(cell)
        if turn.lost is None and turn.timed_out:
            self._note(f"cell {number} was stopped, because its {seconds:.3g} seconds were up")
        outputs = sanitise((turn.answer or {}).get("outputs", []))
        if any(CUT in output.get("text", "") for output in outputs):
            self._note(f"cell {number} printed or showed more than a cell may; the rest is left out")
        outputs = self._with_room(outputs, number)
        if turn.lost is not None:
            return [*outputs, self._lost(turn, f"cell {number}")], None
        line = (turn.answer or {}).get("line")
        return outputs, line if type(line) is int else None

    def _with_room(self, outputs: list[Output], number: int) -> list[Output]:
        """Return a cell's outputs if there is still room for them in the notebook, else a note that there is not.

        A notebook has thousands of cells if its author likes, and each result is kept, sent and read as a whole.
        """
        cost = sum(map(cost_of, outputs))
        if cost <= self._room:
            self._room -= cost
            return outputs
        self._note(f"what cell {number} printed or showed is left out: the notebook shows more than one may")
        return [stream_output("stdout", f"{CUT}: the cells of a notebook show too much]\n")]

    def _test_in_students(self, cell: NotebookNode, position: int, number: int) -> list[Output]:
        """Run a test in the student's process; what it says of it can be forged there."""
        grade_id = cell.metadata.nbgrader.grade_id
        if (seconds := self._seconds_left()) <= 0:
            self._examination.timed_out.add(grade_id)
            return [self._out_of_time()]
        turn = self._talk.run_student(cell.source, number, seconds)
        answer = turn.answer or {}
        outputs = [without_stderr(output) for output in sanitise(answer.get("outputs", []))]
        has_error = any(output["output_type"] == "error" for output in outputs)
        if turn.timed_out:
            self._examination.timed_out.add(grade_id)
        if turn.lost is not None:
            return [*outputs, self._lost(turn, grade_id)]
        self._ran.append(Ran(position, number, cell.source))
        if turn.timed_out:
            self._note(f"{grade_id} was stopped, because its {seconds:.3g} seconds were up")
        if turn.timed_out and not has_error:
            outputs = [*outputs, error_output(TIME_IS_UP, "The time for this cell was up.", [])]
        elif answer.get("ename") is not None and not has_error:
            # IPython prints some errors, groups of exceptions among them, and records none.
            name, text = str(answer["ename"]), str(answer.get("evalue") or "")
            outputs = [*outputs, *sanitise([error_output(name, text, [f"{name}: {text}"])])]
        return outputs

    def _test(self, cell: NotebookNode, position: int, number: int) -> list[Output]:
        grade_id = cell.metadata.nbgrader.grade_id
        if (seconds := self._seconds_left()) <= 0:
            self._examination.timed_out.add(grade_id)
            return [self._out_of_time()]
        turn = self._talk.run_test(grade_id, number, seconds, fresh=self._fresh)
        self._fresh = False
        answer: dict[str, Any] = turn.answer or {}
        outputs: list[Output] = answer["outputs"]
        if turn.timed_out:
            self._examination.timed_out.add(grade_id)
            if turn.lost is None:
                # It was interrupted somewhere in the middle of a call; the next test gets one that was not.
                self._start_again()
        if answer["broken"] and turn.lost is None:
            # The grader noticed what the host cannot see: the message was one, but said nothing that makes sense.
            turn.lost = f"broke the protocol ({answer['broken']})"
        if turn.lost is not None:
            outputs = [*outputs, self._lost(turn, grade_id)]
        elif turn.timed_out:
            self._note(f"{grade_id} was stopped, because its {seconds:.3g} seconds were up")
        if turn.lost is None and turn.timed_out and not any(output["output_type"] == "error" for output in outputs):
            outputs = [*outputs, error_output(TIME_IS_UP, "The time for this cell was up.", [])]
        return outputs

    def _diagnose(self, notebook: NotebookNode, number: int) -> dict[str, list[str]]:
        """Return why functions fail: misconceptions by function. Nothing that happens here changes a mark."""
        failed = failing(notebook, self._specification.cells)
        if self._catalogue is None or self._talk.grader is None or not failed or self._seconds_left() <= 0:
            return {}
        left_out = untouched(notebook, self._exercises)
        left_out |= {name for name, cells in failed.items() if not self._examination.timed_out.isdisjoint(cells)}
        asked = [name for name in failed if name not in left_out]
        if not asked:
            return {}
        try:
            return self._talk.diagnose(asked, list(failed), number, fresh=self._fresh)
        except GraderProcessError as error:
            self._note(f"why functions failed could not be found out: {error}")
            return {}

    def _tell(self, notebook: NotebookNode, misconceptions: dict[str, list[str]], attempt: int) -> None:
        """Write hints into the tests of the functions that fail on their own merit."""
        failed = failing(notebook, self._specification.cells)
        self._examination.misconceptions = {name: found for name, found in misconceptions.items() if name in failed}
        if self._catalogue is not None:
            tell(notebook, failed, self._examination.misconceptions, self._catalogue, attempt)

    def _lost(self, turn: Turn, where: str) -> Output:
        """Replace the student's process, and return the output that says why the cell has failed."""
        self._examination.notes.append(f"{where}: the student's process {turn.lost}")
        self._start_again()
        text = f"The process that runs the student's code {turn.lost}, so this cell has failed."
        return error_output(TIME_IS_UP if turn.timed_out else STUDENT_FAILED, text, [text])

    def _start_again(self) -> None:
        """Fork a new process for the student and run again what had run, so that later cells find what they need."""
        done: list[Ran] = []
        waiting = list(self._ran)
        self._end_student(self._talk.student)
        self._talk.student = self._fork_student()
        self._fresh = True
        while waiting and (seconds := self._seconds_left()) > 0:
            cell = waiting.pop(0)
            turn = self._talk.run_student(cell.source, cell.number, seconds)
            if turn.lost is None and not turn.timed_out:
                done.append(cell)
                continue
            if turn.lost is not None:
                # It did not do that the first time. Without it, from the beginning.
                self._end_student(self._talk.student)
                self._talk.student = self._fork_student()
                waiting, done = [*done, *waiting], []
        self._ran = done

    def _end_student(self, student: Process) -> None:
        """End a student's process, and note what it tried."""
        student.kill()
        self._examination.disturbed |= student.killed_by_others
        for notice in student.notices:
            self._note(f"the submission {notice}")

    def _note_repair(self, repair: str) -> None:
        self._examination.repairs.append(repair)

    def _note(self, note: str) -> None:
        if note not in self._examination.notes:
            self._examination.notes.append(note)

    def _seconds_left(self) -> float:
        return min(self._limits.cell, self._end - time.monotonic())

    def _out_of_time(self) -> Output:
        text = f"Not run: the submission had used up its {self._limits.submission:g} seconds."
        return error_output(TIME_IS_UP, text, [text])
