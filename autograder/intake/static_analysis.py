"""What each statement of a code cell binds and needs, and how it may fail, without running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from autograder.intake import budget
from autograder.notebook import python_source
from autograder.notebook.scopes import global_names

# Calls that cannot fail where NumPy and matplotlib are there, and that people put between imports.
_HARMLESS = re.compile(
    r"(np|numpy)\.(random\.seed|set_printoptions)|warnings\.\w+|sys\.path\.(append|insert)|random\.seed"
    r"|(plt|matplotlib|mpl)\.(rc|use|rcParams\.update|style\.use)"
)
# What depends on the machine that a notebook was written on.
_ELSEWHERE = re.compile(
    r"os\.(chdir|system|popen)|drive\.mount|(colab\.)?files\.(upload|download)|input|exit|quit|sys\.exit"
    r"|get_ipython\(\)\..*|subprocess\..*"
)
_HARMLESS_MAGICS = re.compile(r"%(matplotlib|load_ext|reload_ext|autoreload|config|time|timeit|pylab|precision)\b")
# Longer cells are few and take much memory.
_LONG = 20_000


@dataclass(frozen=True)
class Statement:
    """One or more top-level statements of a cell that share their lines.

    text -- their lines, comments before them included
    functions -- the functions and classes that they define
    others -- whatever else they bind, imports included
    reads -- the global names that they look up, at any depth
    modules -- the top-level modules that they import
    stars -- the modules that they import everything from
    can_fail -- whether running them may end in an error that has nothing to do with a definition
    elsewhere -- whether they depend on the machine that the notebook was written on
    shapes -- for each function, what it does, whatever its comments and docstring say
    """

    text: str
    functions: frozenset[str]
    others: frozenset[str]
    reads: frozenset[str]
    modules: frozenset[str]
    stars: frozenset[str]
    can_fail: bool
    elsewhere: bool
    shapes: tuple[tuple[str, str], ...]

    @property
    def binds(self) -> bool:
        """Whether something later may need what these statements define or import."""
        return bool(self.functions or self.modules)


@dataclass(frozen=True)
class Code:
    """What a code cell says; `runs` is False if Python cannot compile it."""

    statements: tuple[Statement, ...]
    runs: bool

    @cached_property
    def functions(self) -> frozenset[str]:
        """All functions and classes that the cell defines."""
        return frozenset().union(*(one.functions for one in self.statements))

    @cached_property
    def others(self) -> frozenset[str]:
        """Whatever else it binds."""
        return frozenset().union(*(one.others for one in self.statements))


NOTHING = Code((), runs=True)
UNREADABLE = Code((), runs=False)


def read_code(source: str) -> Code:
    """Return what a cell says."""
    if len(source) > budget.SOURCE:
        return NOTHING
    return _read_long(source) if len(source) > _LONG else _read_short(source)


@lru_cache(maxsize=2048)
def _read_short(source: str) -> Code:
    return _read(source)  # most cells of a class are the same


@lru_cache(maxsize=16)
def _read_long(source: str) -> Code:
    return _read(source)


def _read(source: str) -> Code:
    plain, tree = python_source.read(source)
    # Never compiled: a few lines of nested `finally` make megabytes of byte code.
    if tree is None or not python_source.has_scopes(plain) or _is_misplaced(tree, plain):
        return UNREADABLE
    if not plain.strip():
        return NOTHING
    try:
        return Code(tuple(_statements(source, plain, tree)), runs=True)
    except RecursionError:  # deep, but not too deep for the parser
        return NOTHING


def _is_misplaced(tree: ast.Module, plain: str) -> bool:
    """Return whether there is a `return` outside of a function, or the like, which prevents the cell from running."""
    if not any(word in plain for word in ("return", "yield", "break", "continue")):
        return False
    waiting: list[tuple[ast.AST, bool, bool]] = [(node, False, False) for node in tree.body]
    jumps = "break" in plain or "continue" in plain
    while waiting:
        node, in_function, in_loop = waiting.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and not in_function:
            return True
        if isinstance(node, ast.Break | ast.Continue) and not in_loop:
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            in_function, in_loop = True, False
            if not jumps:
                continue
        elif isinstance(node, ast.ClassDef):
            in_function = in_loop = False
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            in_loop = True
        waiting += [(inner, in_function, in_loop) for inner in ast.iter_child_nodes(node)]
    return False


def _statements(source: str, plain: str, tree: ast.Module) -> list[Statement]:
    lines, plain_lines = source.split("\n"), plain.split("\n")
    # A form feed or the like is a line's end for nobody but str.splitlines, so it does not count here.
    groups: list[list[ast.stmt]] = []
    last = 0
    for node in tree.body:
        if groups and first_line(node) <= last:
            groups[-1].append(node)
        else:
            groups.append([node])
        last = max(last, node.end_lineno or node.lineno)
    found = []
    begin = 0
    for position, group in enumerate(groups):
        end = max(node.end_lineno or node.lineno for node in group)
        if position + 1 == len(groups):
            end = len(lines)
        text = "\n".join(plain_lines[begin:end])
        found.append(_statement(group, "\n".join(lines[begin:end]), lines[first_line(group[0]) - 1], text, plain_lines))
        begin = end
    return found


def first_line(node: ast.stmt) -> int:
    """Return the line that a statement begins in, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _statement(group: list[ast.stmt], text: str, line: str, plain: str, lines: list[str]) -> Statement:
    imports = [node for one in group for node in ast.walk(one)] if "import" in plain else []
    modules = python_source.modules_in(imports)
    shapes = {node.name: _shape(node, lines) for one in group for node in _definitions(one)}
    shapes |= {
        target.id: plain
        for one in group
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Lambda)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    stars = {
        (node.module or "").split(".")[0]
        for node in imports
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    }
    magic = line.lstrip()[:1] in ("%", "!") or re.match(r"[^'\"#]*=[ \t]*[%!]", line) is not None
    odd_magic = magic and not _HARMLESS_MAGICS.match(line.lstrip())
    calls = [ast.unparse(node.func) for one in group if not _is_definition(one) for node in _calls(one)]
    elsewhere = odd_magic or any(_ELSEWHERE.fullmatch(call) for call in calls)
    can_fail = elsewhere or any(_HARMLESS.fullmatch(call) is None for call in calls) or any(map(_raises, group))
    functions = frozenset(shapes)
    names = global_names(group)
    return Statement(
        text,
        functions,
        (names.bound | names.imported) - functions,
        names.read,
        frozenset(modules),
        frozenset(stars),
        can_fail,
        elsewhere,
        tuple(shapes.items()),
    )


def _definitions(node: ast.stmt) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Return the definitions of a statement that bind a global name, in order; also those inside `if` or `try`."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node]
    found = []
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.stmt):
            found += _definitions(inner)
        elif isinstance(inner, ast.ExceptHandler | ast.match_case):
            found += [one for statement in inner.body for one in _definitions(statement)]
    return found


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _calls(node: ast.AST) -> list[ast.Call]:
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]


def _raises(node: ast.stmt) -> bool:
    """Return whether a statement without a call may raise, in the way that students' tests do."""
    return not _is_definition(node) and any(isinstance(inner, ast.Raise | ast.Assert) for inner in ast.walk(node))


def _shape(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> str:
    """Return the lines of a definition's body without comments, blank lines and docstring."""
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    text = [line.strip() for line in lines[first_line(body[0]) - 1 : node.end_lineno]] if body else []
    return "\n".join(line for line in text if line and not line.startswith("#"))
