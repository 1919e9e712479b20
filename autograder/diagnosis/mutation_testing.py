"""Proves that tests catch mistakes: every catalogue entry, and every mutant of the solution.

It runs in a process of its own, without a sandbox: all code in it is the author's, or made of it.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.diagnosis.catalogue import Catalogue, CatalogueError, Misconception
from autograder.diagnosis.mutants import Explanation, Mutant, defined, mutants
from autograder.diagnosis.observation import quietly
from autograder.diagnosis.solution import Function, Solution
from autograder.diagnosis.time_limit import TimeIsUp, time_limit
from autograder.diagnosis.variant_matching import told_apart
from autograder.diagnosis.variant_profiles import Knowledge, learn
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.cells import grade_id_of, owners
from autograder.notebook.ownership import Step, owned
from autograder.notebook.specification import Specification

_SECONDS = 5.0  # for the tests of one function with one mistake


@dataclass
class Proof:
    """The result of trying out mistakes.

    missed -- entries of the catalogue that pass all tests
    undiagnosed -- entries of exercises that are no plain functions: what is wrong in them is not looked into
    untried -- exercises whose tests cannot be run here, so that mutants of them were not tried
    mistaken -- entries that are diagnosed as something else, with what they are diagnosed as
    alike -- pairs of entries that no probe tells apart
    mutants -- how many there are
    survivors -- those that pass all tests
    explanations -- why some of them are no mistakes, as somebody wrote it down
    """

    entries: int = 0
    missed: list[str] = field(default_factory=list)
    undiagnosed: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    mistaken: dict[str, list[str]] = field(default_factory=dict)
    alike: list[tuple[str, str]] = field(default_factory=list)
    mutants: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)

    @property
    def caught(self) -> int:
        """How many entries fail the tests of their function."""
        return self.entries - len(self.missed)

    @property
    def told_apart(self) -> int:
        """How many entries are recognised as what they are, and as nothing else."""
        return self.diagnosed - len({*self.mistaken, *itertools.chain(*self.alike)})

    @property
    def diagnosed(self) -> int:
        """How many entries a diagnosis could name."""
        return self.entries - len(self.undiagnosed)

    @property
    def explained(self) -> int:
        """How many survivors are known to be no mistakes."""
        return sum(any(one.fits(mutant) for one in self.explanations) for mutant in self.survivors)

    def problems(self) -> list[AuthoringError]:
        """Return what is wrong with the catalogue or with the tests that it was tried on."""
        found: list[AuthoringError] = [
            CatalogueError("all tests pass with this mistake; mend the tests of its function.", cell=name)
            for name in self.missed
        ]
        for one, other in self.alike:
            problem = (
                f"no input of a test tells it from {other}. Add one to a test, or write same_as = {other!r} and why."
            )
            found.append(CatalogueError(problem, cell=one))
        for name, ids in self.mistaken.items():
            told = ", ".join(ids) or "nothing"
            found.append(CatalogueError(f"it is diagnosed as {told}.", cell=name))
        return found


class Bench:
    """The solved notebook, ready to have its functions replaced."""

    def __init__(self, specification: Specification) -> None:
        self._script = script = specification.script()
        self.solution = Solution(script, _run(script))
        self._tests: dict[str, list[str]] = {}
        marked = {grade_id_of(cell): cell for cell in specification.cells}
        steps = [Step(one["source"], _role(one), one.get("grade_id"), one.get("written", "")) for one in script]
        needs = {test: found.needs(found.derived | found.touched) for test, found in owned(steps, {}).items()}
        for grade_id, function in owners(specification.cells).items():
            if grade_id in self.solution.tests:
                self._tests.setdefault(function, []).append(grade_id)
        self.cells = {name: str(marked[name]["source"]) for name in self._tests if name in marked}
        # Tests that judge what ordinary cells make of the function see the same whatever replaces it.
        self._whole = {name for name in self._tests if any(needs.get(test) for test in self._tests[name])}

    @property
    def judged_whole(self) -> list[str]:
        """The exercises that only all cells together judge: classes, variables, what given cells make of a function."""
        return [name for name in self.cells if name not in self.functions or name in self._whole]

    def notices(self, name: str, source: str) -> bool:
        """Return whether the tests of an exercise notice that its cell says something else."""
        if name in self._runs_whole:
            return self._is_noticed(name, source)
        return name not in self.functions or self.fails_with(name, source)

    def is_tried(self, name: str) -> bool:
        """Return whether the tests of an exercise can be run here at all."""
        return name in self.functions or name in self._runs_whole

    @cached_property
    def _runs_whole(self) -> set[str]:
        return {name for name in self.judged_whole if not self._is_noticed(name, self.cells[name])}

    def _is_noticed(self, name: str, source: str) -> bool:
        """Return whether the tests of an exercise notice that its cell says something else, by running the notebook."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        waiting = list(self._tests[name])
        with quietly(), contextlib.suppress(TimeIsUp), time_limit(_SECONDS):
            for step in self._script:
                grade_id = step.get("grade_id")
                if grade_id is None:
                    text = source if step["source"] == self.cells[name] else step["source"]
                    with contextlib.suppress(Exception, SystemExit):  # as in Jupyter, the next cell still runs
                        exec(compile(python_source.plain_python(text), "<cell>", "exec"), namespace)
                elif grade_id in waiting:
                    waiting.remove(grade_id)
                    try:
                        exec(compile(python_source.plain_python(step["source"]), "<cell>", "exec"), namespace)
                    except (Exception, SystemExit):
                        return True
                    if not waiting:
                        return False
        return True

    @property
    def functions(self) -> list[str]:
        """The graded functions that are defined where their name says, in order."""
        return [name for name in self._tests if name in self.solution.cells]

    def failing(self, name: str, function: Function) -> str | None:
        """Return the first test of a function that it does not pass, None if it passes all."""
        for grade_id in self._tests[name]:
            try:
                with quietly(), time_limit(_SECONDS):
                    self.solution.run_test(grade_id, {name: function})
            except (Exception, SystemExit, TimeIsUp):  # whatever a test does that it should not, it has failed
                return grade_id
        return None

    def fails_with(self, name: str, source: str) -> bool:
        """Return whether the tests of a function notice that its cell says something else."""
        try:
            with quietly(), time_limit(_SECONDS):
                function = self.solution.variant(name, source)
        except (Exception, TimeIsUp):
            return True
        return self.failing(name, function) is not None

    def diagnosis(self, knowledge: Knowledge, entry: Misconception) -> list[str]:
        """Return as what a misconception is recognised."""
        function = self.solution.variant(entry.function, entry.apply(self.solution.cells[entry.function]))
        with quietly(), time_limit(_SECONDS):
            return knowledge.diagnose(function)


def prove(notebook: Path, catalogue: Catalogue | None) -> Proof:
    """Try out an assignment's misconceptions and mutants, in another process.

    notebook -- the solved notebook, in the folder with its files
    Raises AuthoringError if the process dies.
    """
    # Not a fork: whoever asks may have threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(prove_here, notebook, catalogue).result()
        except BrokenProcessPool as error:
            raise AuthoringError("a mistake that was tried out ended its process.", file=notebook) from error


def prove_here(notebook: Path, catalogue: Catalogue | None) -> Proof:
    """Do what `prove` does, in this process."""
    proof = Proof()
    with in_folder(notebook.parent):
        bench = Bench(Specification.read(notebook))
        if catalogue is not None:
            _try_entries(bench, catalogue, proof)
        whole = set(bench.judged_whole)
        for name in [name for name in bench.functions if name not in whole]:
            for mutant in mutants(name, bench.solution.cells[name]):
                proof.mutants += 1
                if not bench.fails_with(name, mutant.source):
                    proof.survivors.append(mutant)
        for name in bench.judged_whole:
            _try_whole(bench, name, proof)
    return proof


def _try_whole(bench: Bench, name: str, proof: Proof) -> None:
    source = bench.cells[name]
    if not bench.is_tried(name):
        proof.untried.append(name)
        return
    for definition in defined(source):
        for mutant in mutants(definition, source, whole_cell=True):
            proof.mutants += 1
            if not bench.notices(name, mutant.source):
                proof.survivors.append(mutant)


def _role(step: Mapping[str, Any]) -> str:
    return "test" if "grade_id" in step else "solution" if "written" in step else "given"


def _try_entries(bench: Bench, catalogue: Catalogue, proof: Proof) -> None:
    entries = [entry for entry in catalogue.entries.values() if entry.function in bench.functions]
    others = [entry for entry in catalogue.entries.values() if entry.function not in bench.functions]
    proof.entries = len(catalogue.entries)
    proof.undiagnosed = [entry.id for entry in others]
    for entry in others:
        if entry.function not in bench.cells or not bench.notices(
            entry.function, entry.apply(bench.cells[entry.function])
        ):
            proof.missed.append(entry.id)
    knowledge = learn(bench.solution, [entry for entry in entries if entry.same_as is None])
    for known in knowledge.values():
        pairs = itertools.combinations(known.variants.items(), 2)
        proof.alike += [(b, a) for (a, one), (b, other) in pairs if not told_apart(one, other)]
    unclear = set(itertools.chain(*proof.alike))
    for entry in entries:
        if not bench.notices(entry.function, entry.apply(bench.solution.cells[entry.function])):
            proof.missed.append(entry.id)
            continue
        found = bench.diagnosis(knowledge[entry.function], entry)
        if found != [entry.same_as or entry.id] and entry.id not in unclear:
            proof.mistaken[entry.id] = found


def _run(script: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Run a solved notebook's own cells, without its tests, and return its variables."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with quietly():
        for step in script:
            if "grade_id" not in step:
                exec(compile(python_source.plain_python(step["source"]), "<cell>", "exec"), namespace)
    namespace.pop("__builtins__", None)
    return namespace


@contextlib.contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Run what is inside in a copy of a notebook's folder, without figures that somebody would see."""
    before = (Path.cwd(), sys.path[:], os.environ.get("MPLBACKEND"))
    with tempfile.TemporaryDirectory(prefix="autograder-proof-") as temporary:
        copy = shutil.copytree(folder.absolute(), Path(temporary) / folder.name)
        os.environ["MPLBACKEND"] = "Agg"
        sys.path.insert(0, str(copy))
        os.chdir(copy)
        try:
            yield
        finally:
            os.chdir(before[0])
            sys.path[:] = before[1]
            os.environ.pop("MPLBACKEND")
            if before[2] is not None:
                os.environ["MPLBACKEND"] = before[2]
