"""Splits a code cell into parts, so that one that fails does not take the others along."""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise

from autograder.intake import budget
from autograder.intake.static_analysis import Statement, read_code
from autograder.notebook import python_source

# Continues the statement before it, though it is not indented.
_CONTINUES = re.compile(r"(else|elif|except|finally|case)\b|[)\]}]")
_CELL_MAGIC = re.compile(r"\s*%%(time|capture|prun)\b.*\n?")
# How many pieces of a broken cell are tried together: a text in three quotes may have lines at the left.
_TOGETHER = 12
_PIECES = 1_000
# What Python says of a text that is not at its end.
_OPEN = ("triple-quoted", "never closed", "unexpected EOF", "expected an indented block")
_DEPTH = 100


def split(
    source: str,
    exercises: frozenset[str],
    is_there: Callable[[str], bool],
    elsewhere: frozenset[str] = frozenset(),
) -> list[tuple[int, str]]:
    """Return the parts of a cell that Python can compile, each with its first line; one, if none needs to be apart.

    exercises -- the names that tests look for
    is_there -- tells whether a module can be imported
    elsewhere -- what other cells define; what this one says of it stays behind a call that may fail, as in a kernel
    A cell runs as a whole. If a statement of it fails, the parts after it may still run.
    """
    statements = read_code(source).statements
    if source.lstrip().startswith("%%") or len(statements) < 2:
        return [(1, source)]
    cuts = _cuts(statements, exercises, is_there, elsewhere)
    if not cuts:
        return [(1, source)]
    # If it is cut at all, then also behind each exercise, so that nothing else is taken for its failure.
    behind = (n for n in range(1, len(statements)) if statements[n - 1].functions & exercises)
    cuts |= {n for n in behind if not redefines(statements[n], elsewhere)}
    bounds = [0, *sorted(cuts), len(statements)]
    parts = [statements[begin:end] for begin, end in pairwise(bounds)]
    texts = ["\n".join(one.text for one in part) for part in parts]
    begins = itertools.accumulate((text.count("\n") + 1 for text in texts), initial=1)
    return [(begin, text.strip("\n")) for begin, text in zip(begins, texts, strict=False)]


def _cuts(
    statements: Sequence[Statement],
    exercises: frozenset[str],
    is_there: Callable[[str], bool],
    elsewhere: frozenset[str],
) -> set[int]:
    """Return before which statements a cell has to be cut, so that an error before does not keep them from running."""
    cuts = set()
    shaky = has_exercise = False
    for position, one in enumerate(statements):
        exercise = bool(one.functions & exercises)
        after_foreign = position > 0 and _is_foreign(statements[position - 1], is_there)
        wanted = (one.binds and shaky) or (exercise and has_exercise)
        # What is foreign here was there where the notebook was written, so what follows it did run.
        if after_foreign or (wanted and not redefines(one, elsewhere)):
            cuts.add(position)
            shaky = has_exercise = False
        shaky = shaky or one.can_fail or _is_foreign(one, is_there)
        has_exercise = has_exercise or exercise
    return cuts


def _is_foreign(one: Statement, is_there: Callable[[str], bool]) -> bool:
    return one.elsewhere or not all(is_there(module) for module in one.modules)


def rescue(source: str) -> list[str]:
    """Return the parts of a cell that Python cannot compile: those that it can, and between them what it cannot.

    Only an unindented line begins a part. A single part means that nothing of use could be told apart.
    """
    if len(source) > budget.SOURCE:
        return [source]
    if read_code(straight := textwrap.dedent(source)).runs:
        return [straight]
    body = _CELL_MAGIC.sub("", straight, count=1)
    pieces = _pieces(body)
    if not 1 < len(pieces) <= _PIECES:
        return [source]
    parts: list[tuple[bool, list[str]]] = []
    position = 0
    while position < len(pieces):
        good, count = False, 1
        for together in range(1, min(_TOGETHER, len(pieces) - position) + 1):
            text = "\n".join(pieces[position : position + together])
            if read_code(text).runs:
                good, count = True, together
                break
            if not _goes_on(text):
                break
        taken = pieces[position : position + count]
        if parts and parts[-1][0] == good and (good or not _begins_definition(taken[0])):
            parts[-1][1].extend(taken)
        else:
            parts.append((good, taken))
        position += count
    if not any(good and any(one.binds for one in read_code("\n".join(text)).statements) for good, text in parts):
        return [source]
    return ["\n".join(text).strip("\n") for _, text in parts if "\n".join(text).strip()]


def redefines(one: Statement, elsewhere: frozenset[str]) -> bool:
    """Return whether a statement gives another meaning to something that other cells define; imports do no harm."""
    return not one.modules and bool((one.functions | one.others) & elsewhere)


def hold_back(parts: Sequence[str], elsewhere: frozenset[str]) -> list[str]:
    """Return the parts of a broken cell, with what redefines something put to what is broken, so that it does not run.

    parts -- what `rescue` returned, at least one of them broken
    elsewhere -- what other cells define
    Returns an empty list if nothing is left that something later may need, or if the parts cannot be told apart.
    """
    kept: list[str] = []
    held: list[str] = []
    broken: int | None = None
    useful = False
    for part in parts:
        code = read_code(part)
        if not code.runs:
            broken = len(kept) if broken is None else broken
            kept.append(part)
            continue
        stays = [one for one in code.statements if not redefines(one, elsewhere)]
        held += [one.text for one in code.statements if redefines(one, elsewhere)]
        useful = useful or any(one.binds for one in stays)
        if stays:
            kept.append("\n".join(one.text for one in stays).strip("\n") if len(stays) < len(code.statements) else part)
    if not held:
        return list(parts)
    if broken is None or not useful:
        return []
    kept[broken] = "\n".join([kept[broken], *held])
    return [] if read_code(kept[broken]).runs else kept


def _pieces(source: str) -> list[str]:
    """Return the pieces of a source that begin with a line at the left."""
    pieces: list[list[str]] = []
    for line in source.split("\n"):
        starts = line[:1] not in ("", " ", "\t", "#") and not _CONTINUES.match(line)
        if starts or not pieces:
            pieces.append([])
        pieces[-1].append(line)
    return ["\n".join(piece) for piece in pieces]


def _goes_on(text: str) -> bool:
    """Return whether what follows may complete a text that is not Python yet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return text.startswith("@") or any(word in str(error.msg) for word in _OPEN)
    except (ValueError, RecursionError, MemoryError):
        return False
    return False


def _begins_definition(text: str) -> bool:
    return re.match(r"(async\s+def|def|class|@)\b", text) is not None or text.startswith("@")


def named_definitions(source: str) -> list[str]:
    """Return what a broken piece seems to define, by its lines."""
    return re.findall(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", source, re.MULTILINE)


def inner_function(source: str, name: str) -> str | None:
    """Return a function that a cell defines inside of another function, on its own; None if there is none.

    Not a method, which needs its object.
    """
    tree = python_source.parse(source)
    found = None
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)] if tree is not None else []
    while waiting:
        node, depth = waiting.pop(0)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef) and child.name == name and isinstance(node, ast.FunctionDef):
                found = child
            if isinstance(child, ast.stmt) and not isinstance(child, ast.ClassDef) and depth < _DEPTH:
                waiting.append((child, depth + 1))
    if found is None:
        return None
    lines = source.split("\n")[found.lineno - 1 : found.end_lineno]
    text = textwrap.dedent("\n".join(lines))
    return text if name in read_code(text).functions else None
