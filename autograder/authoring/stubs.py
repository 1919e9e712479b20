"""Make the student's version of a solution cell: derive the stubs from the solution."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder import python_cells
from autograder.authoring.errors import RegionError
from autograder.markers import SOLUTION, Markers, Region, stub_regions

# What says how many lines there are to write.
_OLD_NOTE = re.compile(r"\s*\([^()]*\blines?\b[^()]*\)$")


def make_stub(source: str) -> str:
    """Return a solution cell with what stands between START CODE HERE and END CODE HERE replaced by stubs.

    Each assignment that is a direct statement of a region keeps its left-hand side and gets `None`; everything
    else goes, a compound statement with its whole body. The note behind the first marker says how many lines the
    solution has. What is left can be parsed: where the region was the whole body of a loop, a `pass` stays.

    Raises RegionError if the markers are wrong, the cell does not parse, or a marker cuts a statement in two.
    """
    regions = stub_regions(source)
    tree = python_cells.parse(source)
    if tree is None:
        error = python_cells.syntax_error(source)
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise RegionError(f"the cell does not parse: {getattr(error, 'msg', error)}.", line=line)
    lines = source.split("\n")
    for region in reversed(regions):  # from the end, so that the line numbers before stay right
        lines[region.begin - 1 : region.end - 1] = _stub(source, lines, tree, region)
    return "\n".join(lines)


def released_solution(source: str, markers: Markers) -> str:
    """Return what students find in a solution cell of code: stubs for regions of this project, nbgrader's for others.

    Raises RegionError as `make_stub` does.
    """
    if not stub_regions(source):
        return markers.cleared(source)
    stub = make_stub(source)
    return markers.cleared(stub) if markers.regions(stub, SOLUTION) else stub


def region_statements(tree: ast.Module, region: Region) -> list[ast.stmt]:
    """Return the direct statements of a region.

    Raises RegionError if a marker cuts a statement in two, or the region spans several blocks.
    """
    return _block(tree, region)[1]


def _stub(source: str, lines: list[str], tree: ast.Module, region: Region) -> list[str]:
    """Return the lines that replace a region, its first marker included."""
    body, statements = _block(tree, region)
    marker = lines[region.begin - 1]
    indent = marker[: len(marker) - len(marker.lstrip())]
    count = sum(_counts(node) for statement in statements for node in ast.walk(statement))
    note = f" (≈ {count} line{'s' if count > 1 else ''} of code)" if count else ""
    kept = [f"{indent}{target} = None" for statement in statements for target in _targets(source, statement)]
    if not kept:
        whole_body = body is not tree.body and len(statements) == len(body)
        kept = [f"{indent}pass" if whole_body else ""]
    return [_OLD_NOTE.sub("", marker.rstrip()) + note, *kept]


def _targets(source: str, statement: ast.stmt) -> Iterator[str]:
    """Yield the left-hand side of an assignment as it is written; nothing for other statements."""
    match statement:
        case ast.Assign(targets=targets):
            yield " = ".join(ast.get_source_segment(source, target) or "" for target in targets)
        case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr()):
            parts = [ast.get_source_segment(source, part) for part in (target, annotation)]
            yield f"{parts[0]}: {parts[1]}"


def _counts(node: ast.AST) -> bool:
    """Tell whether a node counts as a line of code: a simple statement or the header of a loop."""
    return isinstance(node, ast.For | ast.While | ast.AsyncFor) or (
        isinstance(node, ast.stmt) and not list(_bodies(node))
    )


def _block(tree: ast.Module, region: Region) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return the block that a region lies in, and those of its statements that are in the region."""
    blocks = list(_blocks(tree, region))
    if len(blocks) > 1:
        raise RegionError("the region spans several blocks; open and close it at the same depth.", line=region.begin)
    return blocks[0] if blocks else (tree.body, [])


def _blocks(node: ast.AST, region: Region) -> Iterator[tuple[list[ast.stmt], list[ast.stmt]]]:
    for body in _bodies(node):
        inside = [s for s in body if _first_line(s) in region and _last_line(s) in region]
        if inside:
            yield body, inside
        for statement in body:
            if statement in inside or _last_line(statement) < region.begin or _first_line(statement) > region.end:
                continue
            cut = _first_line(statement) in region or not list(_bodies(statement))
            if cut:
                raise RegionError("a marker stands in the middle of this statement.", line=statement.lineno)
            yield from _blocks(statement, region)


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a compound statement."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and block:
            yield block
    for field in ("handlers", "cases"):
        for part in getattr(node, field, []):
            yield part.body


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(statement: ast.stmt) -> int:
    return statement.lineno if statement.end_lineno is None else statement.end_lineno
