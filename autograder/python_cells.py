"""What can be read off a code cell's source without running it."""

from __future__ import annotations

import ast
import re
import symtable
import warnings

_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
# The value of a magic or of a shell command.
_ASSIGNED = re.compile(r"^([\w.,\[\] \t]+=[ \t]*)[%!].*$", re.MULTILINE)
# These run the rest of the cell as the Python that it is.
_TRANSPARENT = re.compile(r"\s*%%(time|capture|prun)\b.*")


def plain_python(source: str) -> str:
    """Return a cell's source with line magics and shell commands replaced by `pass`, line for line.

    A cell that belongs to a cell magic for anything but Python has no Python of its own and gives an empty string.
    """
    return _read(source)[0]


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, None if it is no Python."""
    return _read(source)[1]


def _read(source: str) -> tuple[str, ast.Module | None]:
    if source.lstrip().startswith("%%"):
        if not _TRANSPARENT.match(source):
            return "", ast.Module([], [])
        source = _TRANSPARENT.sub(lambda match: "\n" * match[0].count("\n") + "pass", source, count=1)
    # A line that begins with % or ! may also belong to a text, or go on with the line before.
    if (tree := _tree(source)) is not None:
        return source, tree
    plain = _ASSIGNED.sub(r"\1None", _MAGIC.sub(r"\1pass", source))
    return plain, _tree(plain)


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about backslashes in what a student wrote
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the last two: nested too deep for Python's parser


def bound_names(source: str) -> set[str]:
    """Return the global names that a cell binds: functions, classes and variables, but not what it imports."""
    symbols = _table(source).get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() and not symbol.is_imported()}


def imported_names(source: str) -> set[str]:
    """Return the global names that a cell binds by importing."""
    return {symbol.get_name() for symbol in _table(source).get_symbols() if symbol.is_imported()}


def read_names(source: str) -> set[str]:
    """Return the global names that a cell looks up, at any depth, builtins among them."""
    names, tables = set(), [_table(source)]
    for table in tables:  # grows while it is walked
        tables.extend(table.get_children())
        top = table.get_type() == "module"
        names |= {one.get_name() for one in table.get_symbols() if one.is_referenced() and (top or one.is_global())}
    return names


def _table(source: str) -> symtable.SymbolTable:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(plain_python(source), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return symtable.symtable("", "<cell>", "exec")


def imported_modules(source: str) -> set[str]:
    """Return the top-level modules that a cell imports, at any depth."""
    names = set()
    for node in ast.walk(parse(source) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
