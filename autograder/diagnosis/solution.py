"""The functions of the solved notebook in a namespace of their own, and its tests, to run on variants of them."""

from __future__ import annotations

import ast
import copy
import functools
import itertools
import linecache
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograder.diagnosis.observation import CELL_FILE, Probe
from autograder.notebook import python_source

Function = Callable[..., Any]
_NUMBERS = itertools.count()  # of the file names, which linecache keeps


class Solution:
    """The functions of a solved notebook, apart from the namespace in which it ran.

    script -- the notebook's code up to its last test, as `Plan.script` gives it
    values -- the variables that it has bound by then; without them only imports, definitions and constants are known
    """

    def __init__(self, script: Iterable[Mapping[str, Any]], values: Mapping[str, Any] | None = None) -> None:
        self.cells: dict[str, str] = {}
        self.tests: dict[str, str] = {}
        self._compiled: dict[str, tuple[Any, set[str]]] = {}
        self._data = dict(values or {})
        self._namespace: dict[str, Any] = {**self._data, "__name__": "__main__"}
        for step in script:
            if "grade_id" in step:
                self.tests[step["grade_id"]] = step["source"]
                continue
            for name in _define(step["source"], self._namespace):
                self.cells[name] = step["source"]
                self._data.pop(name, None)

    def function(self, name: str) -> Function:
        """Return the reference."""
        function: Function = self._namespace[name]
        return function

    def variant(self, name: str, source: str) -> Function:
        """Return the function that another version of its cell defines; what it calls are the references.

        Raises whatever the cell raises.
        """
        namespace = dict(self._namespace)
        _define(source, namespace)
        function: Function = namespace[name]
        return function

    def run_test(self, grade_id: str, functions: Mapping[str, Function]) -> None:
        """Run a test with these functions in place of the references. Raises what the test raises."""
        if grade_id not in self._compiled:
            source = python_source.plain_python(self.tests[grade_id])
            code = _compiled(source, f"{CELL_FILE}test {grade_id}>")
            self._compiled[grade_id] = code, python_source.read_names(source) & self._data.keys()
        code, reads = self._compiled[grade_id]
        namespace = self._namespace | dict(functions)
        # A test may fill what it was given; the next one is to find it as it was.
        for name in reads:
            namespace[name] = _copied(self._data[name])
        exec(code, namespace)

    def dependencies(self, name: str) -> set[str]:
        """Return the other functions of the notebook that the reference calls, directly or not."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            called = python_source.read_names(self.cells.get(waiting.pop(), "")) & self.cells.keys()
            waiting += called - found
            found |= called
        return found - {name}

    def probes(self, names: Iterable[str], most: int) -> dict[str, list[Probe]]:
        """Return the arguments with which the tests call each function, at most so many, as varied as they are."""
        calls: dict[str, list[Probe]] = {name: [] for name in names if name in self._namespace}
        recorders = {name: _recorder(self.function(name), calls[name]) for name in calls}
        for grade_id in self.tests:
            try:
                self.run_test(grade_id, recorders)
            except Exception:  # what was called until then was called
                continue
        return {name: _varied(found, most) for name, found in calls.items()}


def _define(source: str, namespace: dict[str, Any]) -> list[str]:
    """Run a cell's imports, definitions and constants, nothing else of it; return the names of its functions."""
    plain = python_source.plain_python(source)
    tree = python_source.parse(source) or ast.Module([], [])
    kept: list[ast.stmt] = [node for node in tree.body if _defines(node)]
    exec(_compiled(plain, f"{CELL_FILE}{next(_NUMBERS)}>", ast.Module(kept, [])), namespace)
    return [node.name for node in kept if isinstance(node, ast.FunctionDef)]


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        try:
            ast.literal_eval(node.value)
        except ValueError:
            return False
        return True
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


def _compiled(source: str, name: str, tree: ast.Module | None = None) -> Any:
    """Compile a cell so that its lines can be told from a traceback."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return compile(source if tree is None else tree, name, "exec")


def _recorder(function: Function, calls: list[Probe]) -> Function:
    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            calls.append(Probe(*copy.deepcopy((arguments, keywords))))
        except Exception:  # an argument that cannot be kept makes no probe
            return function(*arguments, **keywords)
        return function(*arguments, **keywords)

    return call


def _varied(calls: list[Probe], most: int) -> list[Probe]:
    """Return calls of as many different forms as there are: the first of each form, then the second, and so on."""
    groups: dict[str, dict[str, Probe]] = {}
    for probe in calls:
        given = (probe.arguments, dict(probe.keywords))
        groups.setdefault(_form(given), {}).setdefault(_form(given, whole=True), probe)
    rounds = itertools.zip_longest(*(group.values() for group in groups.values()))
    return [probe for group in rounds for probe in group if probe is not None][:most]


def _form(value: Any, *, whole: bool = False) -> str:
    """Return the form of a value: types, lengths, shapes, and what is short; with `whole` everything that is in it."""
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({','.join(_form(inner, whole=whole) for inner in value)})"
    if isinstance(value, dict):
        return ",".join(f"{key}:{_form(inner, whole=whole)}" for key, inner in value.items())
    if isinstance(value, np.ndarray):
        return f"array{value.shape}{value.tobytes().hex() if whole else ''}"
    return repr(value) if whole or isinstance(value, str | int | bool) else type(value).__name__


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # a module, an open file: nothing that a test fills
        return value
