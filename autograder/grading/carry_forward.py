"""Error carried forward: reruns a test that failed because of another function, with a reference in its place.

Examiners call it error carried forward. When all cells have run, a test that did not earn its points, and whose
function depends on others that failed, is run again in a student's process of its own, in which references stand in
for the failed ones. What depends on what, and in which order it is looked at, is the master's. What a process has been
lent once, it can remember: so it serves for a further test only if that test lends it the same and perhaps more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from autograder.grading.grading_errors import GradingError
from autograder.grading.relay import Conversation
from autograder.kernel.outputs import Output, merged, result_output, stream_output
from autograder.notebook.cells import is_test, owners
from autograder.notebook.marks import tested_with
from autograder.notebook.score import score
from autograder.notebook.specification import Specification
from autograder.processes.process import Process


@dataclass(frozen=True)
class Ran:
    """A student's cell that ran: its position, its number and its source."""

    position: int
    number: int
    source: str


@dataclass
class Retests:
    """The result of running tests again.

    lent -- the functions that were lent, for each test whose outputs are now those of the second run
    right -- those of these tests that earned all their points then
    stopped -- why no more tests were run again, if something stood in the way
    timed_out -- the tests whose second run was stopped, because its time was up
    """

    lent: dict[str, list[str]] = field(default_factory=dict)
    right: set[str] = field(default_factory=set)
    stopped: str | None = None
    timed_out: set[str] = field(default_factory=set)


@dataclass
class _Session:
    """A student's process with the cells up to a position, and what it has been lent."""

    process: Process
    position: int = -1
    lent: frozenset[str] = frozenset()
    is_new: bool = True


class CarryForward:
    """Runs tests of one submission again.

    fork_student -- gives a new process for the student's cells
    grader -- the process that has run all tests of the submission
    seconds_left -- how many seconds the next cell may take
    end_student -- ends a student's process, noting what it tried
    credit -- the part of the points that a test earns which is right with what it was lent
    """

    def __init__(
        self,
        specification: Specification,
        fork_student: Callable[[], Process],
        grader: Process,
        *,
        seconds_left: Callable[[], float],
        end_student: Callable[[Process], None],
        credit: float,
    ) -> None:
        self._specification = specification
        self._fork_student = fork_student
        self._grader = grader
        self._seconds_left = seconds_left
        self._end_student = end_student
        self._credit = credit
        self._owners = owners(specification.cells)
        self._session: _Session | None = None

    def run(self, notebook: NotebookNode, ran: Sequence[Ran]) -> Retests:
        """Run again what failed because of something else, and write the outputs into the notebook.

        ran -- the student's cells that ran, in order
        """
        result = Retests()
        where = {
            cell.metadata.nbgrader.grade_id: (position, cell)
            for position, cell in enumerate(notebook.cells)
            if is_test(cell)
        }
        full = {grade_id for grade_id, (_, cell) in where.items() if _is_full(cell)}
        try:
            for grade_id, needed in self._specification.dependencies.items():
                failed = {self._owners[other] for other in where if other not in full}
                lend = sorted(name for name, solution in needed.items() if solution in failed)
                if grade_id in full or not lend or grade_id not in where:
                    continue
                position, cell = where[grade_id]
                outputs = self._run_again(grade_id, cell, position, lend, ran, result)
                if outputs is not None and self._keep(cell, outputs, lend, result):
                    full |= result.right
        except GradingError as error:
            # All tests have run before; that result stands.
            result.stopped = f"tests were not run again with our functions: {error}"
        finally:
            self._end_session()
        return result

    def _run_again(
        self,
        grade_id: str,
        cell: NotebookNode,
        position: int,
        lend: list[str],
        ran: Sequence[Ran],
        result: Retests,
    ) -> list[Output] | None:
        """Return the outputs of a test for which functions are lent; None if the student's process did not hold."""
        session = self._session_for(position, frozenset(lend))
        talk = Conversation(session.process, self._grader)
        for step in ran:
            if session.position < step.position < position:
                turn = talk.run_student(step.source, step.number, self._seconds_left())
                if turn.lost is not None or turn.timed_out:
                    if turn.timed_out:
                        result.timed_out.add(grade_id)
                    self._end_session()
                    return None
        session.position = position
        if (seconds := self._seconds_left()) <= 0:
            result.timed_out.add(grade_id)
            return None
        turn = talk.run_test(grade_id, cell.execution_count, seconds, fresh=session.is_new, lend=lend)
        session.is_new = False
        if turn.timed_out:
            result.timed_out.add(grade_id)
        if turn.lost is not None or turn.timed_out or turn.answer is None or turn.answer["broken"]:
            self._end_session()
            return None
        outputs: list[Output] = turn.answer["outputs"]
        return outputs

    def _session_for(self, position: int, lend: frozenset[str]) -> _Session:
        session = self._session
        if session is not None and session.position < position and session.lent <= lend:
            session.lent = lend
            return session
        self._end_session()
        self._session = _Session(self._fork_student(), lent=lend)
        return self._session

    def _end_session(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            self._end_student(session.process)

    def _keep(self, cell: NotebookNode, outputs: list[Output], lend: list[str], result: Retests) -> bool:
        """Put the second run's outputs into a cell unless it earned more before; return whether all is right now."""
        again: NotebookNode = nbformat.from_dict(cell | {"outputs": outputs})
        before, maximum = score(cell)
        earned, _ = score(again)
        points = (earned or 0.0) * self._credit
        if points < (before or 0.0):
            return False
        right = earned == maximum
        said = stream_output("stdout", f"{tested_with(lend, right=right)}\n")
        if earned and self._credit < 1:
            # A number as the result is how nbgrader reads partial credit.
            outputs = [output for output in outputs if output["output_type"] != "execute_result"]
            outputs.append(result_output({"text/plain": repr(points)}, {}, cell.execution_count))
        cell.outputs = [nbformat.from_dict(output) for output in merged([said, *outputs])]
        grade_id = cell.metadata.nbgrader.grade_id
        result.lent[grade_id] = lend
        if right:
            result.right.add(grade_id)
        return right


def _is_full(cell: NotebookNode) -> bool:
    points, maximum = score(cell)
    return points == maximum
