"""Which names of a syntax tree are global.

Python's `symtable` could tell, but not the same on every version: since 3.12 it takes a comprehension for a part of the
scope around it, so that the comprehension's variable seems to be bound there and what it looks up may be lost.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class GlobalNames:
    """Global names.

    bound -- functions, classes and variables that are bound, but not what is imported
    imported -- what is bound by importing
    read -- what is looked up, at any depth, builtins among them
    """

    bound: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()


def global_names(statements: Iterable[ast.stmt]) -> GlobalNames:
    """Return the global names of statements at the top level of a cell that Python can compile."""
    reader = _Reader()
    top = reader.scope(ast.Module([], []), None)
    reader.read(statements, top)
    read = {name for scope in reader.scopes for name in scope.read if _is_global(name, scope)}
    return GlobalNames(frozenset(top.bound - top.imported), frozenset(top.imported), frozenset(read))


@dataclass(eq=False)
class _Scope:
    """What has names of its own.

    owner -- a module, function, class or comprehension; a list of type parameters stands for their scope
    """

    owner: ast.AST | list[Any]
    around: _Scope | None
    bound: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    declared_global: set[str] = field(default_factory=set)


def _is_global(name: str, scope: _Scope) -> bool:
    """Return whether a name that is looked up in a scope is neither its own nor of one around it."""
    for seen in _seen_from(scope):
        if seen.around is None or name in seen.declared_global:
            break
        if name in seen.bound:
            return False
    return name != "__class__"  # which methods have of their class


def _seen_from(scope: _Scope) -> Iterator[_Scope]:
    """Yield the scopes whose names can be looked up in a scope, itself first."""
    yield scope
    # Functions do not see the names of a class around them, but the bounds of their type parameters do.
    sees_class = isinstance(scope.owner, list)
    outer = scope.around
    while outer is not None:
        if sees_class or not isinstance(outer.owner, ast.ClassDef):
            yield outer
        outer, sees_class = outer.around, False


class _Reader:
    """Collects the scopes of a syntax tree. Not recursive: a sum of a thousand terms is nested a thousand deep."""

    def __init__(self) -> None:
        self.scopes: list[_Scope] = []
        self._waiting: list[tuple[ast.AST, _Scope]] = []

    def scope(self, owner: ast.AST | list[Any], around: _Scope | None) -> _Scope:
        """Return a new scope."""
        self.scopes.append(_Scope(owner, around))
        return self.scopes[-1]

    def read(self, nodes: Iterable[ast.AST | None], scope: _Scope) -> None:
        """Note what nodes that are evaluated in a scope do with names, there and in the scopes inside of it."""
        self._later(nodes, scope)
        while self._waiting:
            self._note(*self._waiting.pop())

    def _later(self, nodes: Iterable[ast.AST | None], scope: _Scope) -> None:
        self._waiting += [(node, scope) for node in nodes if node is not None]

    def _note(self, node: Any, scope: _Scope) -> None:
        match node:
            case ast.Name():
                (scope.read if isinstance(node.ctx, ast.Load) else scope.bound).add(node.id)
            case ast.Import() | ast.ImportFrom():
                names = {alias.asname or alias.name.split(".")[0] for alias in node.names} - {"*"}
                scope.bound |= names
                scope.imported |= names
            case ast.Global():
                scope.declared_global.update(node.names)
            case ast.NamedExpr():
                self._later([node.value], scope)
                while isinstance(scope.owner, _Comprehension) and scope.around is not None:
                    scope = scope.around
                scope.bound.add(node.target.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node, scope)
            case ast.ClassDef():
                scope.bound.add(node.name)
                self._later(node.decorator_list, scope)
                around = self._type_parameters(node, scope)
                self._later([*node.bases, *node.keywords], around)
                self._later(node.body, self.scope(node, around))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, scope)
            case _ if hasattr(node, "type_params"):  # type X[T] = ...
                self._later([node.name], scope)
                self._later([node.value], self._type_parameters(node, scope))
            case _:
                scope.bound |= _own_names(node)
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    scope.read.add(node.target.id)
                self._later(ast.iter_child_nodes(node), scope)

    def _function(self, node: _Function, scope: _Scope) -> None:
        arguments = node.args
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self._later([*arguments.defaults, *arguments.kw_defaults], scope)
        if isinstance(node, ast.Lambda):
            inner = self.scope(node, scope)
            self._later([node.body], inner)
        else:
            scope.bound.add(node.name)
            self._later(node.decorator_list, scope)
            around = self._type_parameters(node, scope)
            self._later([node.returns, *(one.annotation for one in listed if one is not None)], around)
            inner = self.scope(node, around)
            self._later(node.body, inner)
        inner.bound |= {one.arg for one in listed if one is not None}

    def _comprehension(self, node: Any, scope: _Scope) -> None:
        first, *others = node.generators
        inner = self.scope(node, scope)
        self._later([first.iter], scope)  # as an argument of a function would be
        self._later([first.target, *first.ifs, *others], inner)
        self._later([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt], inner)

    def _type_parameters(self, node: ast.AST, scope: _Scope) -> _Scope:
        """Return the scope of the type parameters of a definition, or the scope around it if it has none."""
        parameters: list[Any] = getattr(node, "type_params", [])  # there since Python 3.12
        if not parameters:
            return scope
        inner = self.scope(parameters, scope)
        inner.bound |= {parameter.name for parameter in parameters}
        self._later(parameters, inner)
        return inner


def _own_names(node: Any) -> set[str]:
    """Return the names that a node binds and that are no nodes themselves."""
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        name = node.name
    else:
        name = node.rest if isinstance(node, ast.MatchMapping) else None
    return set() if name is None else {name}
