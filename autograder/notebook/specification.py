"""What the master says about each cell: its role, its test, and which names that test may read.

Everything here is read from the released bundle. A submission cannot change it: its cells are looked up by
grade_id, and tags, roles and tests that stand in the submission itself are never asked.
"""

from __future__ import annotations

import ast
import functools
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.hashing import sha256_of
from autograder.notebook import python_source
from autograder.notebook.cells import Cell, grade_id_of, is_test, nbgrader_metadata, owners
from autograder.notebook.dependencies import dependencies
from autograder.notebook.grade_cell import GradeCell
from autograder.notebook.markers import DEFAULTS, HIDDEN, SOLUTION, STUB, Markers, Region

if TYPE_CHECKING:
    from nbformat import NotebookNode

SKIP = "skip-execution"


@dataclass(frozen=True)
class Specification:
    """The roles of all cells of one notebook, by the master.

    cells -- the master's cells, in order
    grade_cells -- the tests, by grade_id, in order
    modules -- what the notebook imports
    markers -- by which it was released
    """

    cells: list[Cell]
    grade_cells: dict[str, GradeCell]
    modules: list[str]
    markers: Markers = DEFAULTS

    @classmethod
    def read(cls, solved: Path, markers: Markers = DEFAULTS) -> Specification:
        """Read the specification off a solved notebook.

        markers -- by which it was released
        """
        cells = read_released(solved)
        grade_cells: dict[str, GradeCell] = {}
        modules: set[str] = set()
        for cell in cells:
            if cell["cell_type"] != "code":
                continue
            modules |= python_source.imported_modules(cell["source"])
            if is_test(cell):
                grade_id = grade_id_of(cell)
                statements = list(_statements(cell["source"], markers.regions(cell["source"], HIDDEN)))
                grade_cells[grade_id] = GradeCell(
                    grade_id,
                    cell["source"],
                    reads=frozenset(_names_from_elsewhere(cell["source"])),
                    hidden_names=frozenset().union(*(one.names for one in statements if one.hidden)),
                    statements={one.first: one.names for one in statements if not one.hidden},
                )
        return cls(cells, grade_cells, sorted(modules), markers)

    @cached_property
    def dependencies(self) -> dict[str, dict[str, str]]:
        """The functions that each test's own function needs, and the solution cell that defines each, in order."""
        return dependencies(self.cells, owners(self.cells))

    @cached_property
    def tests_share_names(self) -> bool:
        """Whether a cell looks up what a test has bound; then a test cannot be run without those before it."""
        of_tests: set[str] = set()
        for cell in self.cells:
            if cell["cell_type"] != "code" or (SKIP in cell["metadata"].get("tags", []) and not is_test(cell)):
                continue
            if not of_tests.isdisjoint(_names_from_elsewhere(cell["source"])):
                return True
            bound = python_source.bound_names(cell["source"]) | python_source.imported_names(cell["source"])
            of_tests = of_tests | bound if is_test(cell) else of_tests - bound
        return False

    def script(self) -> list[dict[str, Any]]:
        """Return what the grader runs to get ready: the master's code up to its last test, as plain data."""
        steps: list[dict[str, Any]] = []
        for cell in self.cells:
            if cell["cell_type"] == "code" and is_test(cell):
                steps.append(self.grade_cells[grade_id_of(cell)].plain())
            elif cell["cell_type"] == "code" and SKIP not in cell["metadata"].get("tags", []):
                is_solution = nbgrader_metadata(cell).get("solution")
                written = {"written": written_part(cell["source"], self.markers)} if is_solution else {}
                steps.append({"source": cell["source"], **written})
        while steps and "grade_id" not in steps[-1]:
            del steps[-1]
        return steps

    def hashes(self) -> tuple[str, dict[str, str]]:
        """Return a hash of everything but the tests, and one of each test by its grade_id."""
        rest = [cell for cell in self.cells if not is_test(cell)]
        tests = {grade_id_of(cell): cell for cell in self.cells if is_test(cell)}
        return _hash(rest, self.markers.plain()), {grade_id: _hash([cell]) for grade_id, cell in tests.items()}

    def master_of(self, cell: Cell) -> Cell | None:
        """Return the master's cell that a submitted cell was made from, None if the student wrote it."""
        return self._masters.get(_identity(cell))

    @cached_property
    def _masters(self) -> dict[tuple[str, ...], Cell]:
        # What was released of an ordinary cell may lack a line that nbgrader took for a marker.
        released = [
            own | {"source": self.markers.visible(own["source"])} for own in self.cells if not nbgrader_metadata(own)
        ]
        return {_identity(own): own for own in reversed([*self.cells, *released])}

    def is_skipped(self, cell: Cell) -> bool:
        """Return whether the master says that a cell need not run to be graded; a submission's own tag says nothing."""
        own = self.master_of(cell)
        return own is not None and not is_test(own) and SKIP in own["metadata"].get("tags", [])


def read_released(path: Path) -> list[Cell]:
    """Return the cells of a notebook out of a bundle.

    It was valid when it was stored, and importing what validates it takes longer than everything else here.
    """
    cells: list[Cell] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        cell["source"] = "".join(cell["source"])  # a file may have it as a list of lines
    return cells


def give_roles(notebook: NotebookNode, specification: Specification) -> list[str]:
    """Give a submission's cells the roles, points and tests that the master gives them, and put back missing tests.

    Changes the notebook in place and returns what was done that its author should know, in words. A cell whose
    grade_id the master does not know, or that is in the notebook already, is an ordinary cell.
    """
    from nbformat import from_dict  # noqa: PLC0415 (whoever has a notebook to give roles to has imported it)

    done = []
    masters = {grade_id_of(own): own for own in specification.cells if grade_id_of(own)}
    seen: set[str] = set()
    for cell in notebook.cells:
        own_marks = nbgrader_metadata(cell)
        grade_id = own_marks.get("grade_id", "")
        if not own_marks:
            cell["metadata"].pop("nbgrader", None)
            continue
        if grade_id not in masters or grade_id in seen:
            del cell["metadata"]["nbgrader"]
            if grade_id in seen:
                done.append(f"a second cell called {grade_id} was treated as an ordinary cell")
            continue
        seen.add(grade_id)
        own = masters[grade_id]
        if not nbgrader_metadata(own).get("solution"):
            if cell["cell_type"] != own["cell_type"] or cell["source"].strip() not in (
                own["source"],
                released_source(own["source"], specification.markers),
            ):
                done.append(f"{grade_id} had been changed and was made what it was")
            _make(cell, own)
        checksum = {"checksum": own_marks["checksum"]} if "checksum" in own_marks else {}
        cell["metadata"]["nbgrader"] = from_dict(nbgrader_metadata(own) | checksum)
    for position, own in enumerate(specification.cells):
        if is_test(own) and grade_id_of(own) not in seen:
            missing = from_dict(own)
            missing["outputs"], missing["execution_count"] = [], None
            notebook.cells.insert(_place_after(notebook, specification.cells[:position]), missing)
            done.append(f"the test {nbgrader_metadata(own)['grade_id']} was missing and was put back")
    return done


@functools.lru_cache(maxsize=1024)
def released_source(source: str, markers: Markers) -> str:
    """Return what students see of a test or a task, without blank lines around it."""
    return markers.visible(source).strip()


def written_part(source: str, markers: Markers) -> str:
    """Return what students are to write of a solution cell: its regions, or all of it if it has none."""
    lines = source.split("\n")
    regions = markers.regions(source, STUB, SOLUTION)
    parts = [textwrap.dedent("\n".join(lines[region.begin : region.end - 1])) for region in regions]
    return "\n".join(parts) if regions else source


def _hash(cells: list[Cell], *more: object) -> str:
    told: list[object] = [*more]
    told += [
        [cell["cell_type"], cell["source"], nbgrader_metadata(cell), cell["metadata"].get("tags", [])] for cell in cells
    ]
    return sha256_of(json.dumps(told, sort_keys=True))[:32]


def _make(cell: Cell, own: Cell) -> None:
    """Make a cell what its master is."""
    cell["cell_type"], cell["source"] = own["cell_type"], own["source"]
    for key in ("attachments", "outputs", "execution_count"):
        cell.pop(key, None)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None


def _place_after(notebook: NotebookNode, before: list[Cell]) -> int:
    """Return where a missing test belongs: after the last cell that precedes it in the master."""
    known = {grade_id_of(cell) for cell in before} - {""}
    places = [n for n, cell in enumerate(notebook.cells) if grade_id_of(cell) in known]
    return max(places) + 1 if places else len(notebook.cells)


def _names_from_elsewhere(source: str) -> set[str]:
    bound = python_source.bound_names(source) | python_source.imported_names(source)
    return python_source.read_names(source) - bound


@dataclass(frozen=True)
class _Statement:
    """A top-level statement of a test: its lines, the names that it binds, and whether any of it is hidden."""

    first: int
    last: int
    names: frozenset[str]
    hidden: bool


def _statements(source: str, hidden: list[Region]) -> Iterator[_Statement]:
    """Yield the top-level statements of a test; `hidden` are its regions of hidden tests."""
    plain, tree = python_source.read(source)
    lines = plain.split("\n")
    for node in (tree or ast.Module([], [])).body:
        last = node.lineno if node.end_lineno is None else node.end_lineno
        names = python_source.bound_names("\n".join(lines[node.lineno - 1 : last]))
        touched = any(node.lineno <= region.end and region.begin <= last for region in hidden)
        yield _Statement(node.lineno, last, frozenset(names), touched)


def _identity(cell: Cell) -> tuple[str, ...]:
    """Return what tells a cell from others: its grade_id, or its content."""
    grade_id = grade_id_of(cell)
    return (grade_id,) if grade_id else (cell["cell_type"], cell["source"])
