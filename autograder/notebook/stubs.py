"""Derives the student's version of a solution cell from the solution."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.notebook import python_source
from autograder.notebook.authoring_errors import RegionError
from autograder.notebook.markers import DEFAULTS, SOLUTION, Markers, Region, stub_regions

# What says how many lines there are to write.
_OLD_NOTE = re.compile(r"\s*\([^()]*\blines?\b[^()]*\)$")


def make_stub(source: str, markers: Markers = DEFAULTS) -> str:
    """Return a solution cell with stubs in place of what is between START CODE HERE and END CODE HERE.

    Each assignment in a direct statement of a region keeps its left-hand side and gets `None`, as often as it unpacks
    values, so that it can be run; everything else goes, a compound statement with its whole body. The note behind the
    first marker says how many lines the solution has. What is left can be parsed: where the region was the whole body
    of a loop, a `pass` stays.

    Raises RegionError if the markers are wrong, the cell does not parse, or a marker cuts a statement in two.
    """
    regions = stub_regions(source)
    tree = python_source.parse(source)
    if tree is None:
        error = python_source.syntax_error(source)
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise RegionError(f"the cell does not parse: {getattr(error, 'msg', error)}.", line=line)
    lines = source.split("\n")
    for region in reversed(regions):  # from the end, so that the line numbers before stay right
        lines[region.begin - 1 : region.end - 1] = _stub(source, lines, tree, region, markers)
    return "\n".join(lines)


def released_solution(source: str, markers: Markers) -> str:
    """Return what students find in a solution cell of code: stubs for regions of this project, nbgrader's for others.

    Raises RegionError as `make_stub` does.
    """
    if not stub_regions(source):
        return markers.cleared(source)
    stub = make_stub(source, markers)
    return markers.cleared(stub) if markers.regions(stub, SOLUTION) else stub


def _stub(source: str, lines: list[str], tree: ast.Module, region: Region, markers: Markers) -> list[str]:
    """Return the lines that replace a region, its first marker included."""
    body, statements = _block(tree, region)
    marker = lines[region.begin - 1]
    indent = marker[: len(marker) - len(marker.lstrip())]
    count = sum(_counts(node) for statement in statements for node in ast.walk(statement))
    note = f" (≈ {count} line{'s' if count > 1 else ''} of code)" if count else ""
    kept: list[str] = []
    given: set[str] = set()  # the names that are None by now
    for statement in statements:
        gaps = list(_gaps(source, statement, markers))
        if gaps and given.isdisjoint(_filled(statement)):
            kept += [indent + gap for gap in gaps]
            given |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and _is_bound(node)}
    if not kept:
        whole_body = body is not tree.body and len(statements) == len(body)
        kept = [f"{indent}pass" if whole_body else ""]
    return [_OLD_NOTE.sub("", marker.rstrip()) + note, *kept]


def _gaps(source: str, statement: ast.stmt, markers: Markers) -> Iterator[str]:
    """Yield what is left of a statement: its assignments, as they are written, to be filled in."""
    if not list(_bodies(statement)) and not isinstance(statement, ast.Return):
        yield from (f"{node.target.id} = None" for node in ast.walk(statement) if isinstance(node, ast.NamedExpr))
    match statement:
        case ast.Assign(targets=targets):
            written = " = ".join(ast.get_source_segment(source, target) or "" for target in targets)
            yield f"{written} = {'None' if markers.single_none else _nones(targets, nested=False)}"
        case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr()):
            parts = [ast.get_source_segment(source, part) for part in (target, annotation)]
            yield f"{parts[0]}: {parts[1]} = None"


def _filled(statement: ast.stmt) -> Iterator[str]:
    """Yield the names of which a statement fills an entry or an attribute; that cannot be run if one is None."""
    for node in ast.walk(statement):
        part: ast.expr | None = node if isinstance(node, ast.Attribute | ast.Subscript) and _is_bound(node) else None
        while isinstance(part, ast.Attribute | ast.Subscript):
            part = part.value
        if isinstance(part, ast.Name):
            yield part.id


def _is_bound(target: ast.Name | ast.Attribute | ast.Subscript) -> bool:
    return isinstance(target.ctx, ast.Store)


def _nones(targets: list[ast.expr], *, nested: bool) -> str:
    """Return a value that can be assigned to each of these targets: None, as often as they unpack it."""
    unpacking = [list(_elements(target)) for target in targets if isinstance(target, ast.Tuple | ast.List)]
    if not unpacking:
        return "None"
    exact = [len(elements) for elements in unpacking if not any(map(_is_starred, elements))]
    length = exact[0] if exact else max(map(len, unpacking))
    at: list[list[ast.expr]] = [[] for _ in range(length)]  # what is assigned to from each place
    for elements in unpacking:
        star = next(filter(lambda n: _is_starred(elements[n]), range(len(elements))), len(elements))
        behind = elements[star + 1 :]
        for place, element in [*enumerate(elements[:star]), *enumerate(behind, start=length - len(behind))]:
            if place < length:  # else the solution itself does not unpack
                at[place].append(element)
    values = [_nones(found, nested=True) for found in at]
    text = f"{values[0]}," if len(values) == 1 else ", ".join(values)
    return f"({text})" if nested or not text else text


def _elements(target: ast.Tuple | ast.List) -> Iterator[ast.expr]:
    """Yield what a target unpacks to, `*(a, b)` as what is in it."""
    for element in target.elts:
        if isinstance(element, ast.Starred) and isinstance(element.value, ast.Tuple | ast.List):
            yield from _elements(element.value)
        else:
            yield element


def _is_starred(target: ast.expr) -> bool:
    return isinstance(target, ast.Starred)


def _counts(node: ast.AST) -> bool:
    """Return whether a node counts as a line of code: a simple statement or the header of a loop."""
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
                raise RegionError("a marker is in the middle of this statement.", line=statement.lineno)
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
