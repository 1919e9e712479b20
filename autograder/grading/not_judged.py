"""Withdraws verdicts of tests that the solution itself does not pass: a person has to judge these."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from autograder.kernel.outputs import error_output
from autograder.notebook.cells import grade_id_of, is_test
from autograder.notebook.score import score

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOT_JUDGED = "NotJudged"
_TEXT = (
    "This test could not be judged: the assignment's own solution does not pass it where it is graded. That says "
    "nothing about your answer; your teacher will look at it."
)


def take_back(notebook: NotebookNode, unsound: Collection[str]) -> set[str]:
    """Take back the verdicts of these tests where they are against the student; return those that a person must judge.

    unsound -- the tests that the solution does not pass, by grade_id
    """
    from nbformat import from_dict  # noqa: PLC0415 (whoever has a notebook has imported it)

    found = set()
    for cell in notebook.cells if unsound else ():
        grade_id = grade_id_of(cell)
        if grade_id in unsound and is_test(cell):
            earned, possible = score(cell)
            if earned != possible:
                cell.outputs = [from_dict(error_output(NOT_JUDGED, _TEXT, [_TEXT]))]
                found.add(grade_id)
    return found
