"""Finds solution lines and hidden tests in a release, by syntax tree, wherever they are."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.master import cell_name, shown_lines
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.markers import DEFAULTS, HIDDEN, SOLUTION, STUB, Markers

_FENCED = re.compile(r"^(```+|~~~+)[^\n]*\n(.*?)^\1", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# Below this many nodes a piece of syntax (`caches[l]`, `x = 0`) says nothing about where it comes from.
_TELLING = 9


def find_leaks(
    source: NotebookNode, release: NotebookNode, files: Iterable[Path] = (), markers: Markers = DEFAULTS
) -> list[AuthoringError]:
    """Return the solution lines and hidden-test lines of a source notebook that its release shows.

    source -- the solved notebook; the lines that it lists as shown on purpose are no leaks
    release -- what was made of it
    files -- the other text files that students get
    markers -- the course's

    Two pieces of code are the same if their syntax trees are, whatever their spaces, quotes and comments.
    """
    secrets = dict(_secrets(source, markers))
    for shown in shown_lines(source):
        allowed = {key for tree in _parse(shown["line"]) for node in ast.walk(tree) for key in _keys(node)}
        secrets = {key: value for key, value in secrets.items() if key not in allowed}
    shown_code = [(cell_name(cell, n), tree) for n, cell in enumerate(release.cells) for tree in _code(cell)]
    for path in files:
        if path.suffix in {".py", ".txt", ".md"}:
            shown_code += [(path.name, tree) for tree in _parse(path.read_text(encoding="utf-8"))]
    leaks = {}
    for place, tree in shown_code:
        for node in ast.walk(tree):
            for key in _keys(node):
                if key in secrets:
                    what, where = secrets[key]
                    leaks[place, key] = AuthoringError(
                        f"the release shows a line of {what} of {where}: {ast.unparse(node)!r}. Rewrite one of "
                        "the two, or list the line under autograder: shown: in the master's header, with a reason.",
                        cell=place,
                    )
    return list(leaks.values())


def _secrets(source: NotebookNode, markers: Markers) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the syntax that must not be seen, with what it belongs to."""
    for position, cell in enumerate(source.cells):
        if cell.cell_type != "code":
            continue
        for region in markers.regions(cell.source, STUB, SOLUTION, HIDDEN):
            hidden = region.kind is HIDDEN
            belongs_to = "the hidden tests" if hidden else "the solution", f"cell {cell_name(cell, position)}"
            lines = cell.source.split("\n")[region.begin : region.end - 1]
            for tree in _parse("\n".join(lines)):
                for node in _secret_nodes(tree):
                    # Of a hidden test only whole statements count: the visible test may use the same expressions.
                    keys = _keys(node)[:1] if hidden else _keys(node)
                    if isinstance(node, ast.stmt) or not hidden:
                        yield from ((key, belongs_to) for key in keys)


def _secret_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a tree's nodes, but neither what is assigned to nor what is looked up: a stub keeps names and keys."""
    yield node
    for field, value in ast.iter_fields(node):
        if (isinstance(node, ast.Assign) and field == "targets") or (
            isinstance(node, ast.Subscript) and field == "slice"
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _secret_nodes(child)


def _keys(node: ast.AST) -> list[str]:
    """Return what a piece of syntax is recognised by: itself, then what it assigns, if these are telling."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value:
        candidates: list[ast.AST] = [node, node.value]
    elif isinstance(node, ast.Expr | ast.Return | ast.For | ast.While | ast.BinOp | ast.Call):
        candidates = [node]
    else:
        return []
    return [ast.dump(part) for part in candidates if sum(1 for _ in ast.walk(part)) >= _TELLING]


def _code(cell: NotebookNode) -> Iterator[ast.Module]:
    """Yield the code that a cell shows: a code cell's own, and what stands between backticks in a text cell."""
    if cell.cell_type == "code":
        yield from _parse(cell.source)
        return
    for fenced in _FENCED.finditer(cell.source):
        yield from _parse(fenced[2])
    for inline in _INLINE.finditer(_FENCED.sub("", cell.source)):
        yield from _parse(inline[1])
    for line in cell.source.split("\n"):
        if "=" in line or "(" in line:
            yield from _parse(line.lstrip("> -*"))


def _parse(code: str) -> list[ast.Module]:
    """Return the syntax tree of some code; of each line that parses, if the whole does not."""
    code = textwrap.dedent(code)
    try:
        return [ast.parse(code)]
    except (SyntaxError, ValueError):
        trees = []
        for line in code.split("\n"):
            try:
                trees.append(ast.parse(line.strip()))
            except (SyntaxError, ValueError):
                continue
        return trees
