"""What an assignment asks students to write, and whether a notebook has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from autograder.intake import budget
from autograder.intake.cell_splitting import rescue
from autograder.intake.static_analysis import Code, read_code
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import RegionError
from autograder.notebook.cells import Cell, grade_id_of, is_solution, is_test, nbgrader_metadata
from autograder.notebook.markers import DEFAULTS, Markers, stub_regions
from autograder.notebook.stubs import released_solution

if TYPE_CHECKING:
    from nbformat import NotebookNode

_BEGIN = re.compile(r"#.*\bSTART\b.*\bCODE\b", re.IGNORECASE)
_END = re.compile(r"#.*\bEND\b.*\bCODE\b", re.IGNORECASE)
_UNFILLED = re.compile(r"(#.*|None|pass|\.\.\.|[\w\[\]\"'+\-*/(), .]+=\s*(None)?\s*(#.*)?)?")

# No stub has a longer line, and the expressions above take long on long lines.
_LINE = 200


@dataclass(frozen=True)
class Exercise:
    """A cell in which students write.

    cell -- the assignment's own, solved
    names -- what it defines
    tests -- the grade_ids of the tests that belong to it
    markers -- the course's
    """

    cell: Cell
    names: frozenset[str]
    tests: tuple[str, ...]
    markers: Markers = DEFAULTS

    @property
    def grade_id(self) -> str:
        """The cell's name."""
        return grade_id_of(self.cell)

    @cached_property
    def released(self) -> str | None:
        """What students find in the cell; None if that cannot be derived from the solution."""
        if self.cell["cell_type"] != "code":
            return None
        try:
            return released_solution(self.cell["source"], self.markers)
        except RegionError:
            return None

    @cached_property
    def stub(self) -> str | None:
        """What students find in the cell if it has a gap of this project, one that can be run; None if it has none."""
        source = self.cell["source"]
        return self.released if stub_regions(source) and self.released != source else None

    @cached_property
    def stub_shapes(self) -> frozenset[tuple[str, str]]:
        """What the definitions in the stub do."""
        return shapes(read_code(self.stub)) if self.stub else frozenset()


def exercises(masters: Iterable[Cell], markers: Markers = DEFAULTS) -> list[Exercise]:
    """Return the exercises of an assignment, by its own cells in their order.

    markers -- the course's
    """
    found: list[tuple[Cell, list[str]]] = []
    for cell in masters:
        if is_solution(cell):
            found.append((cell, []))
        elif is_test(cell) and found:
            found[-1][1].append(grade_id_of(cell))
    return [Exercise(cell, _names(cell), tuple(tests), markers) for cell, tests in found]


def _names(cell: Cell) -> frozenset[str]:
    if cell["cell_type"] != "code":
        return frozenset()
    code = read_code(cell["source"])
    return code.functions | frozenset().union(*(one.others - one.modules for one in code.statements))


def shapes(code: Code) -> frozenset[tuple[str, str]]:
    """Return what the definitions of a cell do, with their names."""
    return frozenset(shape for one in code.statements for shape in one.shapes)


def is_filled(source: str, exercise: Exercise) -> bool:
    """Return whether a cell defines something of an exercise, and more than was there before."""
    code = read_code(source)
    defined = (code.functions | code.others) & exercise.names
    if not defined:
        return False
    own = {shape for shape in shapes(code) if shape[0] in exercise.names}
    if own and own <= exercise.stub_shapes:
        return False
    return not is_unfilled_stub(source) or any(
        name == given and _has_more(text, stub) for name, text in own for given, stub in exercise.stub_shapes
    )


def _has_more(text: str, stub: str) -> bool:
    """Return whether a function is what was released, and something more: an answer outside the markers, for instance.

    text, stub -- what the function does, and what it did as released
    A function that lacks a line that was given is of another release, so what it has more may have been given there.
    """
    return _written(stub) < _written(text)


def _written(text: str) -> set[str]:
    """Return the lines of a function but for those that only wait for an answer."""
    lines = text.split("\n")
    return {line for line in lines if not _waits(line)}


def _waits(line: str) -> bool:
    """Return whether a line only waits for an answer: nothing, a comment, an assignment of None."""
    if len(line) >= _LINE:
        return False
    if _UNFILLED.fullmatch(line):
        return True
    if "None" not in line or "=" not in line:
        return False
    match (python_source.parse(line) or ast.Module([], [])).body:
        case [ast.Assign(value=value)] | [ast.AnnAssign(value=ast.expr() as value)]:
            return _is_none(value)
    return False


def _is_none(value: ast.expr) -> bool:
    """Return whether a value is None, or a tuple of nothing else."""
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(map(_is_none, value.elts))
    return isinstance(value, ast.Constant) and value.value is None


def is_unfilled_stub(source: str) -> bool:
    """Return whether nothing was written between the markers of a cell, of whatever release it is."""
    inside = any_region = False
    for line in source.split("\n"):
        short = line.strip()[:_LINE]
        if _END.search(short):
            inside = False
        elif _BEGIN.search(short):
            inside = any_region = True
        elif inside and not _waits(short):
            return False
    return any_region


def untouched(notebook: NotebookNode, wanted: Iterable[Exercise]) -> set[str]:
    """Return the exercises, by grade_id, in which nothing was written: there is nothing in them to be explained."""
    handed_in = [cell for cell in notebook.cells if cell.cell_type == "code"]
    sources = {grade_id_of(cell): cell.source for cell in handed_in}
    own = [cell.source for cell in handed_in if not nbgrader_metadata(cell)]
    return {
        one.grade_id
        for one in wanted
        if one.grade_id in sources
        and _nothing_written(sources[one.grade_id], one)
        and not any(_binds(source, one.names) and not _nothing_written(source, one) for source in own)
    }


def _nothing_written(source: str, exercise: Exercise) -> bool:
    """Return whether a cell has nothing but what was released, in this or another version, and comments."""
    if exercise.released is None:
        return False
    released = iter(_code_lines(exercise.released))
    if all(line in released for line in _code_lines(source)):  # in this order
        return True
    return is_unfilled_stub(source) and read_code(source).runs and not is_filled(source, exercise)


def _binds(source: str, names: frozenset[str]) -> bool:
    if len(source) > budget.SOURCE:
        return True  # as far as anybody looks
    code = read_code(source)
    return not names.isdisjoint(code.functions | code.others)


def _code_lines(source: str) -> list[str]:
    """Return the lines of a cell that are neither blank nor comments."""
    lines = [line.strip() for line in source.split("\n")]
    return [line for line in lines if line and not line.startswith("#")]


def fullness(notebook: NotebookNode, wanted: Iterable[Exercise]) -> int:
    """Return how many exercises a notebook has filled in; broken cells count for what can be rescued of them."""
    sources: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            sources += [cell.source] if read_code(cell.source).runs else rescue(cell.source)
    return sum(any(is_filled(source, exercise) for source in sources) for exercise in wanted)
