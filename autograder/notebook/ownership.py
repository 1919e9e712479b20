"""Whose a name is at each test: the master's, or the student's.

What solution cells bind is the student's. So is, transitively, what an ordinary cell binds after reading, calling or
importing something that is the student's; what such a cell may have changed in place counts as touched. A function or
class that an ordinary cell defines stays the master's, whatever it will call, unless the student's code runs while it
is being defined. Modules that solution cells write, and files of which a course keeps the student's own, are the
student's, too.

The answer is read off the master's cells and off what they did when the master ran; a submission says nothing here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from autograder.notebook import python_source

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_WORD = re.compile(r"[^\W\d]\w*")
_MAGIC = re.compile(r"^[ \t]*(?:[\w.,\[\] \t]+=[ \t]*)?[%!](.*)$", re.MULTILINE)
# Magics that run the rest of their line in the notebook's own namespace.
_TIMED = re.compile(r"^([ \t]*)%(?:time|prun)[ \t]+(?=[^\s-])", re.MULTILINE)
_WRITES = re.compile(r"\s*%%(?:writefile|file)(?:[ \t]+-a)?[ \t]+[\"']?([^\s\"']+)")
_CELL_MAGIC = re.compile(r"\s*%%")
# Which names such code reads and binds cannot be told from its text.
_DYNAMIC = {"exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__"}
_FILE = re.compile(r"[\w./ -]{1,200}\.\w{1,8}")


@dataclass(frozen=True)
class Step:
    """One code cell of the master, and what it did when the master ran.

    role -- "given", "solution" or "test"
    written -- of a solution cell, what the students are to write: its source without what is given
    bound -- the names that it bound then
    fixed -- the names whose values nobody can change in place
    """

    source: str
    role: str
    grade_id: str | None = None
    written: str = ""
    bound: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Owned:
    """What is the student's when a test begins.

    defined -- what solution cells bind
    derived -- what other cells have bound that the student's code had a part in
    touched -- the master's variables that the student's code may have changed in place
    imported -- what solution cells import and nothing else does: the student may lack it
    live -- the names that functions of the student's look up: what these stand for may change with every call
    modules -- the modules that are the student's
    needed -- the names that the test may look up, at any depth; None if that cannot be told
    """

    defined: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    needed: frozenset[str] | None = None

    def needs(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of these names that the test may look up."""
        return frozenset(names) if self.needed is None else frozenset(names) & self.needed


def owned(steps: Sequence[Step], given_files: Mapping[str, str], kept: Iterable[str] = ()) -> dict[str, Owned]:
    """Return what is the student's at each test, by grade_id.

    steps -- the master's code cells, in order
    given_files -- the files that the assignment brings, by their places; of modules with their content
    kept -- the names of files of which the student's own version is kept
    """
    flow = _Flow(dict(given_files), set(kept))
    found: dict[str, Owned] = {}
    for step in steps:
        cell = _Cell(step)
        if step.role == "test":
            assert step.grade_id is not None
            found[step.grade_id] = flow.at_test(cell)
        elif step.role == "solution":
            flow.after_solution(cell)
        else:
            flow.after_given(cell)
    return found


class _Cell:
    """What a cell's source tells."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.writes = match[1] if (match := _WRITES.match(step.source)) else None
        self._source = "" if self.writes else _TIMED.sub(r"\1", step.source)
        self.tree = python_source.parse(self._source) or ast.Module([], [])

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """The functions and classes that it defines."""
        return {node.name: node for node in _at_cell_time(self.tree) if isinstance(node, _DEFINITIONS)}

    @cached_property
    def imported(self) -> dict[str, str]:
        """The names that it imports, each with the module that it comes from."""
        found = _imports(self.tree)
        stars = found.pop("*", None)
        if stars is not None:
            found |= dict.fromkeys(self.step.bound - self.binds - found.keys(), stars)
        return found

    @cached_property
    def imports(self) -> frozenset[str]:
        """The modules that it imports while it runs."""
        return frozenset(_imports(self.tree).values())

    @cached_property
    def bound(self) -> frozenset[str]:
        """What it binds, imports aside."""
        return (self.binds | self.step.bound) - self.imported.keys()

    @cached_property
    def binds(self) -> frozenset[str]:
        """What its text binds, imports aside."""
        return frozenset(python_source.bound_names(self._source) | _declared_global(self.tree))

    @cached_property
    def runs(self) -> frozenset[str]:
        """The names that it looks up while it runs, not only when what it defines is called."""
        shallow = ast.fix_missing_locations(_Hollow().visit(ast.parse(ast.unparse(self.tree))))
        return frozenset(python_source.read_names(ast.unparse(shallow))) | self._in_magics

    @cached_property
    def looks_up(self) -> frozenset[str]:
        """The names that it looks up at any depth."""
        return frozenset(python_source.read_names(self._source)) | self._in_magics

    @cached_property
    def is_dynamic(self) -> bool:
        """Whether it may look up and bind anything."""
        return bool(self.looks_up & _DYNAMIC) or "%run" in self.step.source

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of files that stand in it."""
        values = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant)]
        texts = {value for value in values if isinstance(value, str)}
        words = {word for line in _MAGIC.findall(self.step.source) for word in line.split()}
        named = {text for text in texts | words if _FILE.fullmatch(text)}
        return frozenset(named | ({self.writes} if self.writes else set()))

    @cached_property
    def _in_magics(self) -> frozenset[str]:
        if self.writes:
            return frozenset()
        text = self._source if _CELL_MAGIC.match(self._source) else "\n".join(_MAGIC.findall(self._source))
        return frozenset(_WORD.findall(text))


class _Flow:
    """What is whose, from one cell to the next."""

    def __init__(self, files: dict[str, str], kept: set[str]) -> None:
        self._texts = files  # of modules beside the notebook, by place
        self._files = set(kept)  # the student's
        self._modules = {_module(name) for name in kept if name.endswith(".py")}
        self._defined: set[str] = set()
        self._derived: set[str] = set()
        self._touched: set[str] = set()
        self._by_solution: set[str] = set()  # imported by solution cells only
        self._by_others: set[str] = set()
        self._live: set[str] = set()
        self._variables: set[str] = set()  # what ordinary cells and tests have bound
        self._definitions: dict[str, frozenset[str]] = {}  # of ordinary cells and tests: what each looks up

    def after_solution(self, cell: _Cell) -> None:
        """Go on behind a cell that students write."""
        self._note_files(cell)
        written = _imports(python_source.parse(cell.step.written) or ast.Module([], []))
        self._by_solution |= written.keys() - self._by_others
        self._touch(cell.looks_up, cell.step.fixed)
        for node in cell.definitions.values():
            self._live |= python_source.read_names(ast.unparse(node)) | _declared_global(node)
        names = cell.bound
        self._forget(names)
        self._defined |= names
        self._derived |= {name for name, module in cell.imported.items() if module in self._student_modules()}

    def after_given(self, cell: _Cell) -> None:
        """Go on behind an ordinary cell."""
        modules = self._student_modules()
        if cell.writes:
            self._texts[cell.writes] = cell.step.source.partition("\n")[2]
            return
        part = self._has_part(cell, modules)
        self._by_others |= cell.imported.keys()
        self._by_solution -= cell.imported.keys()
        theirs = {name for name, node in cell.definitions.items() if self._is_theirs(_when_defined(node))}
        own = cell.definitions.keys() - theirs
        if part:
            self._note_files(cell)
            self._touch(self._reached(cell.runs), cell.step.fixed)
        self._forget(cell.bound)
        self._defined -= cell.bound
        for name in own:
            self._definitions[name] = frozenset(python_source.read_names(ast.unparse(cell.definitions[name])))
        self._variables |= cell.bound - own
        self._derived |= {name for name, module in cell.imported.items() if module in modules}
        if part:
            self._derived |= cell.bound - own

    def at_test(self, cell: _Cell) -> Owned:
        """Return what is the student's as a test begins, and go on behind it."""
        modules = self._student_modules()
        before = Owned(
            frozenset(self._defined),
            frozenset(self._derived),
            frozenset(self._touched),
            frozenset(self._by_solution),
            frozenset(self._live),
            frozenset(modules),
            None if cell.is_dynamic else self._reached(cell.looks_up | cell.bound),
        )
        # What it binds is its own from here on, but for what solution cells have defined. What its calls have bound
        # when the master ran is not: they were calls of the student's functions.
        bound = (cell.bound if cell.is_dynamic else cell.binds) - self._defined
        self._forget(bound)
        self._by_others |= cell.imported.keys()
        self._by_solution -= cell.imported.keys()
        self._variables |= bound - cell.definitions.keys()
        for name, node in cell.definitions.items():
            self._definitions[name] = frozenset(python_source.read_names(ast.unparse(node)))
        return before

    def _has_part(self, cell: _Cell, modules: set[str]) -> bool:
        """Return whether anything of the student's is read, called or imported while a cell runs."""
        anything = self._defined | self._derived | self._touched | modules | self._files
        if cell.is_dynamic and anything:
            return True
        return (
            self._is_theirs(cell.runs) or not modules.isdisjoint(cell.imports) or not self._files.isdisjoint(cell.files)
        )

    def _is_theirs(self, names: Iterable[str]) -> bool:
        return not (self._defined | self._derived | self._touched).isdisjoint(self._reached(names))

    def _reached(self, names: Iterable[str]) -> frozenset[str]:
        """Return these names and all that what they stand for looks up."""
        reached: set[str] = set()
        waiting = set(names)
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting |= self._definitions.get(name, frozenset()) - reached
        return frozenset(reached)

    def _touch(self, names: Iterable[str], fixed: frozenset[str]) -> None:
        self._touched |= {name for name in names if name in self._variables and name not in fixed} - self._defined

    def _forget(self, names: Iterable[str]) -> None:
        """Forget what names stood for: they are bound anew."""
        for name in names:
            self._derived.discard(name)
            self._touched.discard(name)
            self._variables.discard(name)
            self._definitions.pop(name, None)
            self._by_solution.discard(name)

    def _note_files(self, cell: _Cell) -> None:
        """Note which files the student's code may have written: what it names and the assignment does not bring."""
        named = cell.files - (self._texts.keys() - {cell.writes})
        self._files |= named
        self._modules |= {_module(name) for name in named if name.endswith(".py")}

    def _student_modules(self) -> set[str]:
        """Return the modules that are the student's, or import something that is."""
        found = set(self._modules)
        needs = {_module(place): _imported_by(text) for place, text in self._texts.items() if place.endswith(".py")}
        while more := {module for module, imports in needs.items() if imports & found} - found:
            found |= more
        return found


class _Hollow(ast.NodeTransformer):
    """Takes the bodies of functions away, which do not run where they are defined."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return _hollow(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return _hollow(node)


def _hollow(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
    node.body = [ast.Pass()]
    return node


def _when_defined(node: ast.stmt) -> set[str]:
    """Return the names that a definition looks up while it is made: decorators, defaults, a class's body."""
    copy = ast.parse(ast.unparse(node))
    return python_source.read_names(ast.unparse(ast.fix_missing_locations(_Hollow().visit(copy))))


def _at_cell_time(tree: ast.AST) -> Iterable[ast.AST]:
    """Yield the nodes of a cell that run with it, in the cell's own scope."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            yield from _at_cell_time(node)


def _imports(tree: ast.AST) -> dict[str, str]:
    """Return the names that are imported, each with the top-level module that it comes from; all of one as "*"."""
    found: dict[str, str] = {}
    for node in _at_cell_time(tree):
        if isinstance(node, ast.Import):
            found |= {one.asname or one.name.split(".")[0]: one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {one.asname or one.name: node.module.split(".")[0] for one in node.names}
    return found


def _declared_global(tree: ast.AST) -> set[str]:
    """Return what functions declare as global: calling them binds it."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def _imported_by(text: str) -> set[str]:
    return python_source.imported_modules(text)


def _module(place: str) -> str:
    """Return the top-level module that a file belongs to."""
    return PurePosixPath(place).parts[0].removesuffix(".py") if place else ""
