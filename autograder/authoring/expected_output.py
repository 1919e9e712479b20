"""Compares what a cell prints with the table of expected output below it.

A text cell that has the words "Expected output" and a table with the columns name and value says what the code cell
before it prints. A value stands in backticks; `<br>` separates its lines. The code cell prints `name = value`, or
`name =` with the value on the lines below. A third column says by how much each number of the value may differ: what
comes out of thousands of steps in floating point is not the same on every machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.master import cell_name
from autograder.notebook.authoring_errors import AuthoringError

_ROW = re.compile(r"^\|\s*`([^`]+)`\s*\|([^|]*)\|(?:([^|]*)\|)?\s*$", re.MULTILINE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PRINTED = re.compile(r"^([A-Za-z][^=\[\n]*?) =(.*)$")


def compare_tables(executed: NotebookNode) -> list[AuthoringError]:
    """Return the differences between the tables of an executed notebook and what its cells printed."""
    problems: list[AuthoringError] = []
    code = None
    for position, cell in enumerate(executed.cells):
        if cell.cell_type == "code":
            code = cell
        elif "Expected output" in cell.source:
            expected = expected_items(cell.source)
            printed = printed_items(_stdout(code)) if code is not None else {}
            problems += [problem.at(cell=cell_name(cell, position)) for problem in _differences(expected, printed)]
    return problems


@dataclass(frozen=True)
class Expected:
    """A value of a table, and by how much each number in it may differ."""

    value: str
    tolerance: float = 0.0

    def is_met_by(self, printed: str) -> bool:
        """Return whether what was printed is this value."""
        if not self.tolerance:
            return self.value.strip() == printed.strip()
        same_words = _NUMBER.sub("#", self.value).split() == _NUMBER.sub("#", printed).split()
        pairs = zip(_NUMBER.findall(self.value), _NUMBER.findall(printed), strict=False)
        # Decimal fractions are not exact in binary: 0.3 - 0.2 is more than 0.1.
        return same_words and all(abs(float(a) - float(b)) <= self.tolerance * (1 + 1e-9) for a, b in pairs)


def expected_items(text: str) -> dict[str, Expected]:
    """Return the values of a table of expected output by their names."""
    items = {}
    for name, value, tolerance in _ROW.findall(text):
        lines = [part.strip() for part in value.split("<br>")]
        number = _NUMBER.search(tolerance)
        items[name] = Expected("\n".join(line.strip("`") for line in lines), float(number[0]) if number else 0.0)
    return items


def printed_items(text: str) -> dict[str, str]:
    """Return the values that a cell printed by their names."""
    items: dict[str, str] = {}
    name = None
    for line in text.split("\n"):
        if match := _PRINTED.match(line):
            name = match[1]
            items[name] = match[2].strip()
        elif name is not None and line.strip():
            items[name] = f"{items[name]}\n{line}".lstrip("\n")
    return items


def _differences(expected: dict[str, Expected], printed: dict[str, str]) -> list[AuthoringError]:
    problems = []
    if not expected:
        problems.append(AuthoringError("this expected output has no table with the columns name and value."))
    for name in sorted(expected.keys() | printed.keys()):
        if name not in printed:
            problems.append(AuthoringError(f"the table expects {name}, which the cell before it does not print."))
        elif name not in expected:
            problems.append(AuthoringError(f"the cell before it prints {name}, which the table does not list."))
        elif not expected[name].is_met_by(printed[name]):
            problems.append(
                AuthoringError(f"the table says {name} = {expected[name].value}, but the cell prints {printed[name]}.")
            )
    return problems


def _stdout(cell: NotebookNode) -> str:
    return "".join(out.text for out in cell.outputs if out.output_type == "stream" and out.name == "stdout")
