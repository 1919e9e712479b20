"""What a code cell's source says without being run: names, imports, syntax errors."""

from __future__ import annotations

import ast
import re
import symtable
import sys
import warnings
from collections.abc import Iterable, Mapping

from autograder.notebook.scopes import GlobalNames, global_names

_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
# The value of a magic or of a shell command.
_ASSIGNED = re.compile(r"^([\w.,\[\] \t]+=[ \t]*)[%!].*$", re.MULTILINE)
# These run the rest of the cell as the Python that it is.
_TRANSPARENT = re.compile(r"\s*%%(time|capture|prun)\b.*")


def plain_python(source: str) -> str:
    """Return a cell's source with line magics and shell commands replaced by `pass`, line for line.

    A cell that belongs to a cell magic for anything but Python has no Python of its own and gives an empty string.
    """
    return read(source)[0]


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, None if it is no Python."""
    return read(source)[1]


def read(source: str) -> tuple[str, ast.Module | None]:
    """Return a cell's source as `plain_python` does, and its syntax tree as `parse` does."""
    if source.lstrip().startswith("%%"):
        if not _TRANSPARENT.match(source):
            return "", ast.Module([], [])
        source = _TRANSPARENT.sub(lambda match: "\n" * match[0].count("\n") + "pass", source, count=1)
    # A line that begins with % or ! may also belong to a text, or go on with the line before.
    if (tree := _tree(source)) is not None:
        return source, tree
    plain = _ASSIGNED.sub(r"\1None", _MAGIC.sub(r"\1pass", source))
    return plain, _tree(plain)


def syntax_error(source: str) -> SyntaxError | ValueError | None:
    """Return why a cell is no Python; None if it is, or is nested too deep to tell. Nothing is compiled."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(plain_python(source))
    except (SyntaxError, ValueError) as error:
        return error
    except (RecursionError, MemoryError):
        return None
    return None


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about backslashes in what a student wrote
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the last two: nested too deep for Python's parser


def bound_names(source: str) -> set[str]:
    """Return the global names that a cell binds: functions, classes and variables, but not what it imports."""
    return set(_names(source).bound)


def imported_names(source: str) -> set[str]:
    """Return the global names that a cell binds by importing."""
    return set(_names(source).imported)


def read_names(source: str) -> set[str]:
    """Return the global names that a cell looks up, at any depth, builtins among them."""
    return set(_names(source).read)


def _names(source: str) -> GlobalNames:
    plain, tree = read(source)
    return global_names(tree.body) if tree is not None and has_scopes(plain) else GlobalNames()


def has_scopes(plain: str) -> bool:
    """Return whether Python can tell which names of a cell are global; not if a declaration is misplaced.

    plain -- its source, as `plain_python` gives it
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            symtable.symtable(plain, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def imported_modules(source: str) -> set[str]:
    """Return the top-level modules that a cell imports, at any depth."""
    return modules_in(ast.walk(parse(source) or ast.Module([], [])))


def dotted_imports(source: str, package: str = "") -> set[str]:
    """Return all modules that a source may import, with their dots: `from a.b import c` may import a, a.b, a.b.c.

    package -- the package that a module belongs to, for imports that begin with a dot
    """
    found: set[str] = set()
    for node in ast.walk(parse(source) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.update(_with_packages(alias.name))
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found.update(_with_packages(module))
            found |= {f"{module}.{alias.name}" for alias in node.names if alias.name != "*"}
    return found - {""}


def _with_packages(module: str) -> Iterable[str]:
    """Yield a module and all packages that it is in."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])


def not_imported(source: str, namespace: Mapping[str, object]) -> list[str]:
    """Return what a cell that was run imports at its top level and the namespace does not have.

    Names that `import *` binds cannot be told; that was not executed if its module was not loaded.
    """
    tree = parse(source) or ast.Module([], [])
    missing = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            missing += [node.module] if node.module and node.module not in sys.modules else []
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound = [alias.asname or alias.name.split(".")[0] for alias in node.names]
            missing += [name for name in bound if name not in namespace]
    return missing


def modules_in(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the top-level modules that nodes of a syntax tree import."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
