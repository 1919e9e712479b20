"""Checks whether a test may end in an expression, whose value nbgrader would take for marks.

nbgrader takes a number that a test ends in for its points, and any other value for all of them, False included. A call
that only checks has no value. What a call returns that the notebook's author wrote or imported is not known until it is
run, so that is left to validation.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.notebook import python_source
from autograder.notebook.cells import nbgrader_metadata

# Names of what checks, prints or shows, and returns nothing: assertEqual, assert_allclose, check_f, print.
_CHECKS = re.compile(r"_*(assert|check|expect|ensure|verify|validate|test|print|display|show|fail)(?=$|_|[A-Z])")


@dataclass(frozen=True)
class Owners:
    """Whose the names in a notebook are.

    given -- what its author defines or imports for the tests
    students -- what solution cells bind, and what is computed with that
    imports_all -- whether there is an `import *`, so that a name may come from anywhere
    """

    given: frozenset[str]
    students: frozenset[str]
    imports_all: bool

    @classmethod
    def read(cls, cells: Iterable[NotebookNode]) -> Owners:
        """Read them off the cells of a solved notebook."""
        given: set[str] = set()
        students: set[str] = set()
        imports_all = False
        for cell in cells:
            if cell.cell_type != "code":
                continue
            bound = python_source.bound_names(cell.source)
            if nbgrader_metadata(cell).get("solution"):
                students |= bound
                continue
            tree = python_source.parse(cell.source) or ast.Module([], [])
            imports_all |= any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree))
            defined = {
                n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            }
            given |= defined | python_source.imported_names(cell.source)
            computed = bound - defined
            if students.isdisjoint(python_source.read_names(cell.source)):
                given |= computed
            else:
                students |= computed
        return cls(frozenset(given - students), frozenset(students), imports_all)

    def has_value(self, expression: ast.expr) -> bool:
        """Return whether an expression has a value, as far as that can be told without running it."""
        while isinstance(expression, ast.Await):
            expression = expression.value
        if not isinstance(expression, ast.Call):
            return not (isinstance(expression, ast.Constant) and expression.value is None)
        function = expression.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        root = _root(function)
        if root in self.students:
            return True  # a student's function could return its own marks
        if _CHECKS.match(name):
            return False
        return not (root in self.given or (self.imports_all and root is not None and not hasattr(builtins, root)))


def _root(expression: ast.expr) -> str | None:
    """Return the name that an expression begins with: `np` of `np.testing.assert_equal`."""
    while isinstance(expression, ast.Attribute | ast.Call | ast.Subscript):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return expression.id if isinstance(expression, ast.Name) else None
