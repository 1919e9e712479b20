"""What can be read off a code cell's source without running it."""

from __future__ import annotations

import ast
import re
import symtable

_MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)


def plain_python(source: str) -> str:
    """Return a cell's source with line magics and shell commands replaced by `pass`, line for line.

    A cell that belongs to a cell magic has no Python of its own and gives an empty string.
    """
    return "" if source.lstrip().startswith("%%") else _MAGIC.sub(r"\1pass", source)


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, None if it is no Python."""
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError):
        return None


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
    return symtable.symtable(plain_python(source) if parse(source) else "", "<cell>", "exec")


def imported_modules(source: str) -> set[str]:
    """Return the top-level modules that a cell imports, at any depth."""
    names = set()
    for node in ast.walk(parse(source) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
