"""Brings a submitted notebook into the layout that the grader expects.

Solution cells get the assignment's role, tests are where the student's code has what they need, and what is broken is
kept apart from what is not. Nothing that earns marks is ever taken from anywhere but the assignment (tests) and the
student's own text (answers).
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.intake import budget
from autograder.intake.cell_matching import Roles, give_by_definition, plain_text
from autograder.intake.cell_splitting import hold_back, inner_function, named_definitions, rescue, split
from autograder.intake.companion_files import Environment
from autograder.intake.exercises import Exercise, exercises, is_filled, is_unfilled_stub
from autograder.intake.metadata import strip_accounts
from autograder.intake.repairs import MISSING
from autograder.intake.static_analysis import read_code
from autograder.intake.test_placement import Needs, ordinary_place
from autograder.notebook.cells import (
    PARTS,
    Cell,
    code_cell,
    grade_id_of,
    is_by_hand,
    is_solution,
    is_test,
    nbgrader_metadata,
    new_id,
)
from autograder.notebook.markers import DEFAULTS, Markers
from autograder.notebook.specification import Specification, released_source

if TYPE_CHECKING:
    from nbformat import NotebookNode

_DYNAMIC = ("exec(", "%run", "globals()", "import_module")


@dataclass
class Place:
    """A cell of a submission on its way, and the assignment's cell that it is, if it is one."""

    cell: NotebookNode
    role: str | None


class Layout:
    """Lays out submissions of one notebook of an assignment.

    masters -- the assignment's own cells, solved
    released -- what students see of each test, by its grade_id
    markers -- the course's
    """

    def __init__(self, masters: Sequence[Cell], released: dict[str, str], markers: Markers = DEFAULTS) -> None:
        self._masters = masters
        self._roles = Roles(masters, released)
        self.exercises = exercises(masters, markers)
        self._names = frozenset().union(*(one.names for one in self.exercises))
        own = [cell for cell in masters if cell["cell_type"] == "code"]
        given = [cell for cell in own if not is_solution(cell) and not is_test(cell)]
        self._given = {plain_text(cell["source"]) for cell in given}
        statements = [one for cell in given for one in read_code(cell["source"]).statements]
        self._imports = [one for one in statements if one.modules and not one.functions]
        self._modules = frozenset().union(
            *(one.modules for cell in own for one in read_code(cell["source"]).statements)
        )

    @classmethod
    def of(cls, specification: Specification) -> Layout:
        """Return what lays out submissions as the assignment's own cells are."""
        tests = [cell for cell in specification.cells if is_test(cell)]
        released = {grade_id_of(cell): released_source(cell["source"], specification.markers) for cell in tests}
        return cls(specification.cells, released, specification.markers)

    def apply(self, notebook: NotebookNode, environment: Environment | None = None) -> list[str]:
        """Lay out a notebook in place, and return what was mended, in words."""
        given = environment or Environment()
        around = Environment(given.given | self._modules, given.handed_in)
        repairs: list[str] = []
        for cell in notebook.cells:
            cell.metadata.pop(PARTS, None)  # only intake sets this
        if any([strip_accounts(part.metadata) for part in (notebook, *notebook.cells)]):
            repairs.append("names and ids of accounts were taken out of the notebook's metadata")
        roles = self._roles.give_by_metadata(notebook)
        lost = self._roles.give_by_text(notebook, roles)
        lost += self._roles.give_by_neighbours(notebook, roles)
        taken = {str(cell.get("id", "")) for cell in notebook.cells}
        places = self._cut(notebook, roles, around, taken, repairs)
        found = self._find_solutions(places)
        if lost or found:
            repairs.append(
                f"nbgrader's notes were missing: {lost} tests were found by their text, and "
                f"{len(found)} exercises by what they define"
            )
        self._bring_out(places, taken, repairs)
        self._put_imports(places, taken, repairs)
        self._put_stubs(places, around, taken, repairs)
        for place in places:
            own = self._roles.by_id.get(place.role or "")
            if own is not None and grade_id_of(place.cell) != place.role:
                place.cell.metadata["nbgrader"] = _node(nbgrader_metadata(own))
        notebook.cells = [place.cell for place in self._place_tests(places, taken, repairs)]
        return repairs

    def _cut(
        self,
        notebook: NotebookNode,
        roles: dict[int, str],
        around: Environment,
        taken: set[str],
        repairs: list[str],
    ) -> list[Place]:
        """Return the cells, those in parts of which one could take the others along."""
        places: list[Place] = []
        defined_in = self._defined(notebook, roles)
        count = Counter(name for names in defined_in for name in names)
        everywhere = frozenset(count)
        length = 0
        for position, cell in enumerate(notebook.cells):
            role = roles.get(position)
            length += len(cell.source)
            if cell.cell_type != "code" or length > budget.CODE:
                places.append(Place(cell, role))
                continue
            if role is not None and is_test(self._roles.by_id[role]):
                places += self._answers_in_test(cell, role, taken, repairs)
                continue
            own = {name for name in defined_in[position] if count[name] == 1}
            elsewhere = everywhere - own if own else everywhere
            places += self._parts(cell, role, f"cell {position + 1}", elsewhere, around, taken, repairs)
        return places

    def _defined(self, notebook: NotebookNode, roles: dict[int, str]) -> list[set[str]]:
        """Return what each cell defines that Python can compile; an exercise that was left empty defines nothing."""
        found: list[set[str]] = []
        for position, cell in enumerate(notebook.cells):
            role = roles.get(position)
            if cell.cell_type != "code" or (role is not None and is_test(self._roles.by_id[role])):
                found.append(set())
                continue
            code = read_code(cell.source)
            names = set(code.functions - self._names)
            for exercise in self.exercises:
                if is_filled(cell.source, exercise):
                    names |= exercise.names & (code.functions | code.others)
            found.append(names)
        return found

    def _answers_in_test(self, cell: NotebookNode, role: str, taken: set[str], repairs: list[str]) -> list[Place]:
        """Return a test, and before it what its place defines that is the student's."""
        source = cell.source
        if self._roles.test_by_text(source) == role or not read_code(source).functions:
            return [Place(cell, role)]
        repairs.append(f"the code that stood in the place of the test {role} was kept as a cell of its own")
        return [Place(code_cell(source, cell, taken), None), Place(cell, role)]

    def _parts(
        self,
        cell: NotebookNode,
        role: str | None,
        name: str,
        elsewhere: frozenset[str],
        around: Environment,
        taken: set[str],
        repairs: list[str],
    ) -> list[Place]:
        """Return a cell with what may run of it if a part fails, or in parts if Python cannot read it as a whole.

        elsewhere -- what other cells define. A kernel never ran what this cell defines behind an error, so that counts
        only where there is nothing else.
        """
        source = cell.source
        if role is not None and is_by_hand(self._roles.by_id[role]):
            return [Place(cell, role)]  # a person reads it as it is
        if read_code(source).runs:
            parts = split(source, self._names, around.is_there, elsewhere)
            if len(parts) > 1:
                cell.metadata[PARTS] = [list(part) for part in parts]
            return [Place(cell, role)]
        whole = rescue(source)
        if len(whole) > 1:
            whole = hold_back(whole, elsewhere) or [source]
        if whole == [source]:
            return [Place(cell, role)]
        pieces: list[str] = []
        for one in whole:
            runs = read_code(one).runs
            pieces += [text for _, text in split(one, self._names, around.is_there, elsewhere)] if runs else [one]
        if len(pieces) > 1 or not read_code(pieces[0]).runs:
            names = sorted(self._names & frozenset().union(*(read_code(part).functions for part in pieces)))
            kept = f" ({', '.join(names)})" if names else ""
            repairs.append(f"{name} has a syntax error; what of it can be read on its own was kept{kept}")
        else:
            repairs.append(f"{name} was indented as a whole, and was moved to the left")
        holder = self._holder(pieces, role)
        places = []
        for number, part in enumerate(pieces):
            if number == holder:
                cell.source = part
                places.append(Place(cell, role))
            else:
                places.append(Place(code_cell(part, cell, taken), None))
        return places

    def _holder(self, parts: Sequence[str], role: str | None) -> int:
        """Return the part of a cell that has its role."""
        names = next((one.names for one in self.exercises if one.grade_id == role), frozenset[str]())
        good = [n for n, part in enumerate(parts) if names & (read_code(part).functions | read_code(part).others)]
        bad = [n for n, part in enumerate(parts) if names & set(named_definitions(part))]
        return (good or bad or [0])[-1]

    def _find_solutions(self, places: list[Place]) -> list[str]:
        roles = {n: place.role for n, place in enumerate(places) if place.role is not None}
        found = give_by_definition(_sources(places), self.exercises, roles)
        for position, role in roles.items():
            places[position].role = role
        return found

    def _bring_out(self, places: list[Place], taken: set[str], repairs: list[str]) -> None:
        """Give functions that are defined inside of another one a cell of their own, if they are nowhere else."""
        bound = _bound(places)
        for exercise in self.exercises:
            names = exercise.names & read_code(exercise.cell["source"]).functions
            for name in sorted(names - bound):
                for position, place in enumerate(places):
                    inner = inner_function(place.cell.source, name) if _mentions(place, f"def {name}") else None
                    if inner is not None:
                        role = exercise.grade_id if all(one.role != exercise.grade_id for one in places) else None
                        places.insert(position + 1, Place(code_cell(inner, place.cell, taken), role))
                        repairs.append(f"{name} was defined inside of another function and was taken out of it")
                        break

    def _put_imports(self, places: list[Place], taken: set[str], repairs: list[str]) -> None:
        """Put imports that the assignment gives, and that are gone, before everything else."""
        codes = [read_code(source) for source in _sources(places) if source is not None]
        read = frozenset().union(*(one.reads for code in codes for one in code.statements))
        missing = read - _bound(places) - frozenset(dir(builtins))
        if not missing:
            return
        stars = any(one.stars for code in codes for one in code.statements)
        needed = [one for one in self._imports if one.others & missing or (one.stars and not stars)]
        if not any(one.others & missing for one in needed):
            return
        text = "\n".join(one.text.strip("\n") for one in needed)
        like = _node({"id": "imports", "metadata": {}})
        places.insert(0, Place(code_cell(text, like, taken), None))
        names = sorted(frozenset().union(*(one.others & missing for one in needed)))
        repairs.append(
            f"the notebook did not import {', '.join(names)} any more; the assignment's imports were put back"
        )

    def _put_stubs(self, places: list[Place], around: Environment, taken: set[str], repairs: list[str]) -> None:
        """Put empty exercises where nothing was filled in, so that their tests say so."""
        codes = [read_code(source) for source in _sources(places) if source is not None]
        stars = {star for code in codes for one in code.statements for star in one.stars}
        written = [place for place in places if plain_text(place.cell.source) not in self._given]
        hidden = around.may_define_answers(stars) or any(_mentions(place, *_DYNAMIC) for place in written)
        bound = _bound(places)
        for exercise in self.exercises:
            if exercise.stub is None or exercise.names & bound:
                continue
            own = next((place for place in places if place.role == exercise.grade_id), None)
            if own is None and not hidden and not self._is_written(exercise, places):
                cells = [_with_role(place) for place in places]
                position = ordinary_place(cells, self._masters, exercise.grade_id) + 1
                like = _node({"id": exercise.grade_id, "metadata": {}})
                places.insert(position, Place(code_cell(exercise.stub, like, taken), exercise.grade_id))
                repairs.append(f"{exercise.grade_id} was not in the notebook; its empty exercise was put in")
            elif own is not None and own.cell.cell_type == "code" and is_unfilled_stub(own.cell.source):
                own.cell.source = exercise.stub
                repairs.append(f"{exercise.grade_id} was not filled in and no Python; it was made the empty exercise")

    def _is_written(self, exercise: Exercise, places: list[Place]) -> bool:
        """Return whether there is at least a broken attempt at an exercise."""
        return any(exercise.names & set(named_definitions(source or "")) for source in _sources(places))

    def _place_tests(self, places: list[Place], taken: set[str], repairs: list[str]) -> list[Place]:
        """Return the cells with all tests of the exercises, each behind what it needs."""
        needs = Needs(_sources([place if not self._is_test(place) else None for place in places]))
        at = {place.role: n for n, place in enumerate(places) if place.role is not None}
        behind: dict[int, list[Place]] = {}
        moved: set[int] = set()
        for exercise in self.exercises:
            for grade_id in exercise.tests:
                given = at.get(grade_id)
                target = needs.place(exercise, given)
                if given is not None and (target is None or target == given):
                    continue
                if given is not None:
                    moved.add(given)
                    test = places[given]
                    repairs.append(f"the test {grade_id} was moved behind what it tests")
                else:
                    test = self._missing_test(grade_id, taken)
                    repairs.append(f"the test {grade_id} {MISSING}")
                if target is None:
                    cells = [_with_role(place) for place in places]
                    target = ordinary_place(cells, self._masters, grade_id)
                behind.setdefault(target, []).append(test)
        laid = list(behind.get(-1, []))
        for position, place in enumerate(places):
            if position not in moved:
                laid.append(place)
            laid += behind.get(position, [])
        return laid

    def _is_test(self, place: Place) -> bool:
        return place.role is not None and is_test(self._roles.by_id[place.role])

    def _missing_test(self, grade_id: str, taken: set[str]) -> Place:
        own = self._roles.by_id[grade_id]
        cell = _node({"cell_type": "code", "id": new_id(str(own.get("id", grade_id)), taken), "metadata": {}})
        cell.source, cell.outputs, cell.execution_count = own["source"], [], None
        cell.metadata = _node(own["metadata"])
        return Place(cell, grade_id)


def _sources(places: Iterable[Place | None]) -> list[str | None]:
    return [place.cell.source if place is not None and place.cell.cell_type == "code" else None for place in places]


def _bound(places: Iterable[Place]) -> frozenset[str]:
    """Return all names that cells bind."""
    codes = [read_code(source) for source in _sources(places) if source is not None]
    return frozenset().union(*(code.functions | code.others for code in codes))


def _mentions(place: Place, *words: str) -> bool:
    return place.cell.cell_type == "code" and any(word in place.cell.source for word in words)


def _with_role(place: Place) -> Any:
    """Return a cell as it will be noted, for looking where others belong."""
    noted = {"nbgrader": {"grade_id": place.role}} if place.role else {}
    return _node({"source": place.cell.source, "metadata": noted})


def _node(plain: Any) -> Any:
    from nbformat import from_dict  # noqa: PLC0415 (whoever has a notebook has imported it)

    return from_dict(plain)
