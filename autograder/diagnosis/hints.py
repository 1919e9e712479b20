"""Adds hints to the output of the first failed test of a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from autograder.diagnosis.catalogue import Catalogue
from autograder.notebook.cells import grade_id_of, owners
from autograder.notebook.marks import failure, functions

if TYPE_CHECKING:
    from nbformat import NotebookNode

_BEGIN = "\nA hint for "


def failing(notebook: NotebookNode, cells: Iterable[Any]) -> dict[str, list[str]]:
    """Return the functions that did not pass their tests, in order, each with the grade_ids of the tests that failed.

    cells -- the assignment's own cells
    """
    found = {}
    for name, tests in functions(notebook, owners(cells)).items():
        graded = [cell for cell in tests if not cell.metadata.nbgrader.get("solution")]
        failed = [cell.metadata.nbgrader.grade_id for cell in graded if failure(cell)]
        if failed:
            found[name] = failed
    return found


def tell(
    notebook: NotebookNode,
    failed: Mapping[str, list[str]],
    found: Mapping[str, list[str]],
    catalogue: Catalogue,
    attempt: int = 1,
) -> None:
    """Write hints into the outputs of tests.

    failed -- as `failing` returns it
    found -- the misconceptions that explain it, by function
    attempt -- which of an entry's hints is told, the first being 1
    """
    tests = {grade_id_of(cell): cell for cell in notebook.cells}
    for name, misconceptions in found.items():
        text = "".join(f"{_BEGIN}{name}: {hint}\n" for hint in catalogue.hints(misconceptions, attempt))
        if text:
            output = {"output_type": "stream", "name": "stdout", "text": text}
            tests[failed[name][0]].outputs.append(_node(output))


def without_hints(outputs: Iterable[Any]) -> list[Any]:
    """Return a test's outputs without the hints that an earlier diagnosis wrote."""
    return [
        output
        for output in outputs
        if not (output["output_type"] == "stream" and "".join(output["text"]).startswith(_BEGIN))
    ]


def _node(output: dict[str, Any]) -> Any:
    from nbformat import from_dict  # noqa: PLC0415 (whoever has a notebook has imported it)

    return from_dict(output)
