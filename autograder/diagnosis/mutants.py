"""Small mechanical changes to a solution; those that pass all tests show where the tests are weak.

The changes are those of slips and misreadings, whatever the exercise is: another operator, a constant one off, a
statement or keyword left out, arguments swapped, another name. Asserts that are given to students are not changed, for
they only stop earlier what the tests find anyway.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from autograder.diagnosis.catalogue import CatalogueError
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import AuthoringError

_OPERATORS: dict[type[ast.operator], list[type[ast.operator]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Mult],
    ast.Mod: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
# Functions that are taken for one another.
_SIBLINGS = {
    "dot": "multiply",
    "multiply": "dot",
    "divide": "multiply",
    "sum": "mean",
    "mean": "sum",
    "zeros": "ones",
    "log": "log10",
    "randn": "rand",
    "sigmoid": "relu",
    "relu": "sigmoid",
    "sigmoid_backward": "relu_backward",
    "relu_backward": "sigmoid_backward",
    "append": "extend",
}
_DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
_COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try)


@dataclass(frozen=True)
class Mutant:
    """A changed solution.

    function -- the graded function
    before, after -- the statement that was changed, as Python writes it; of a compound statement its first line
    source -- the function with the change
    """

    function: str
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.function}: `{self.before}` changed to `{self.after or '(nothing)'}`"


@dataclass(frozen=True)
class Explanation:
    """Why a mutant that passes all tests is no mistake.

    before, after -- as in `Mutant`
    """

    function: str
    before: str
    after: str
    reason: str

    def fits(self, mutant: Mutant) -> bool:
        """Return whether this is about a mutant."""
        return (self.function, self.before, self.after) == (mutant.function, mutant.before, mutant.after)


def mutants(name: str, source: str, *, whole_cell: bool = False) -> Iterator[Mutant]:
    """Yield all mutants of a function, or of a class's methods, each different from the others.

    source -- the cell that defines it
    whole_cell -- whether a mutant's source is the cell with the change, and not only what is defined
    """
    cell = ast.parse(python_source.plain_python(source))
    tree = next(n for n in cell.body if isinstance(n, _DEFINITIONS) and n.name == name)
    functions = (
        [tree] if isinstance(tree, ast.FunctionDef) else [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    )
    for one in (tree, *functions):
        if ast.get_docstring(one) is not None:
            del one.body[0]
    seen = {ast.unparse(tree)}
    for function in functions:
        # All are collected first, because the tree is changed and changed back for each.
        for statement, node, put in list(_places(function)):
            before = _first_line(statement)
            for new in list(_replacements(node, function)):
                put(new)
                text = ast.unparse(tree)
                changed = ast.unparse(cell) if whole_cell else text
                after = "" if isinstance(new, ast.Pass) else _first_line(statement)
                put(node)
                if text not in seen:
                    seen.add(text)
                    yield Mutant(name, before, after, changed)


def defined(source: str) -> list[str]:
    """Return the functions and classes that a cell defines, in order."""
    tree = python_source.parse(source) or ast.Module([], [])
    return [node.name for node in tree.body if isinstance(node, _DEFINITIONS)]


def read_explanations(path: Path) -> list[Explanation]:
    """Read why mutants survive; none if there is no such file. Raises CatalogueError if it is wrong."""
    if not path.is_file():
        return []
    try:
        tables: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
        found = [Explanation(**table) for table in tables]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"this is no TOML: {error}", file=path) from error
    except TypeError as error:
        raise CatalogueError("each [[survivor]] has function, before, after and reason.", file=path) from error
    for one in found:
        if not all(isinstance(text, str) for text in (one.function, one.before, one.after, one.reason)):
            raise CatalogueError(f"function, before, after and reason are texts: {one}", file=path)
        if not one.reason.strip():
            raise CatalogueError(f"say why `{one.before}` may become `{one.after}` in {one.function}.", file=path)
    return found


def unexplained(survivors: Sequence[Mutant], explanations: Sequence[Explanation], path: Path) -> list[AuthoringError]:
    """Return what is wrong: survivors without an explanation, and explanations without a survivor."""
    problems: list[AuthoringError] = []
    for mutant in survivors:
        if not any(one.fits(mutant) for one in explanations):
            problems.append(
                AuthoringError(
                    f"all tests pass with {mutant}. Mend the tests, or, if it is no mistake, say why in {path.name}.",
                    cell=mutant.function,
                )
            )
    for one in explanations:
        if not any(one.fits(mutant) for mutant in survivors):
            problems.append(
                AuthoringError(
                    f"no mutant survives that changes `{one.before}` to `{one.after}` in {one.function}; remove the "
                    "explanation.",
                    file=path,
                )
            )
    return problems


def _places(tree: ast.FunctionDef) -> Iterator[tuple[ast.stmt, ast.AST, Callable[[ast.AST], None]]]:
    """Yield each node that may change, with the statement it belongs to and what puts another one in its place."""

    def visit(parent: ast.AST, statement: ast.stmt | None) -> Iterator[tuple[ast.stmt, ast.AST, Any]]:
        for name, value in ast.iter_fields(parent):
            for position, child in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(child, ast.AST) or isinstance(child, ast.Assert | ast.arguments):
                    continue
                own = child if isinstance(child, ast.stmt) else statement
                if own is not None:
                    where = partial(setattr, parent, name)
                    yield own, child, partial(value.__setitem__, position) if isinstance(value, list) else where
                yield from visit(child, own)

    return visit(tree, None)


def _replacements(node: ast.AST, tree: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield what can stand in the place of a node."""
    if isinstance(node, ast.stmt):
        if not isinstance(node, ast.Pass):
            yield ast.Pass()
    elif isinstance(node, ast.BinOp):
        for operator in _OPERATORS.get(type(node.op), []):
            yield ast.BinOp(node.left, operator(), node.right)
        yield node.left
        yield node.right
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        yield ast.Compare(node.left, [_COMPARISONS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value, tree))
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield from _other_attributes(node)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (ast.Name(name, node.ctx) for name in _other_names(node.id, tree))
    elif isinstance(node, ast.Tuple):
        yield from (ast.Tuple(items, node.ctx) for items in _swapped(node.elts))


def _other_constants(value: object, tree: ast.FunctionDef) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 2, 1.0, 0.0]
    if isinstance(value, str):
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        strings = {constant for constant in constants if isinstance(constant, str)}
        return [*sorted(strings - {value}), value.swapcase() if value.swapcase() != value else f"{value}_"]
    return []


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    for position in range(len(node.keywords)):
        rest = node.keywords[:position] + node.keywords[position + 1 :]
        yield ast.Call(node.func, node.args, rest)
    for arguments in _swapped(node.args):
        yield ast.Call(node.func, arguments, node.keywords)
    if len(node.args) > 1:
        yield ast.Call(node.func, node.args[:-1], node.keywords)
    if node.args:
        yield node.args[0]
    if isinstance(node.func, ast.Name) and node.func.id in _SIBLINGS:
        yield ast.Call(ast.Name(_SIBLINGS[node.func.id], ast.Load()), node.args, node.keywords)
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        for step in (ast.Add(), ast.Sub()):
            for position in range(len(node.args)):
                arguments = list(node.args)
                arguments[position] = ast.BinOp(arguments[position], step, ast.Constant(1))
                yield ast.Call(node.func, arguments, node.keywords)


def _other_attributes(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr == "T":
        yield node.value
    if node.attr in _SIBLINGS:
        yield ast.Attribute(node.value, _SIBLINGS[node.attr], node.ctx)


def _other_names(name: str, tree: ast.FunctionDef) -> list[str]:
    """Return the function's other arguments and variables, if the name is one of them."""
    own = {argument.arg for argument in tree.args.args}
    own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return sorted(own - {name}) if name in own else []


def _swapped(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield the items with each two neighbours swapped."""
    for n in range(len(items) - 1):
        yield [*items[:n], items[n + 1], items[n], *items[n + 2 :]]


def _first_line(statement: ast.stmt) -> str:
    text = ast.unparse(statement)
    return text.split("\n")[0] if isinstance(statement, _COMPOUND) else text
