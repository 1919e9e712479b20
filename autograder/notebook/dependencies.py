"""Which functions a student's function depends on, according to the solved notebook.

What a student wrote says nothing here: a student who calls, moves or leaves out something else changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.notebook import python_source
from autograder.notebook.cells import nbgrader_metadata

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def dependencies(cells: Sequence[Any], owners: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return for each grade cell the functions of other solution cells that its own function needs.

    cells -- the solved notebook's
    owners -- the solution cell that each grade cell belongs to
    Returns by grade_id: function -> the grade_id of the solution cell that defines it. A function is needed if the
    solution's code uses its name, or uses something that needs it. Of classes and variables none is returned: what
    stands in for a function can be called and nothing else.
    """
    functions: dict[str, str] = {}  # -> the solution cell that defines it
    reads: dict[str, set[str]] = {}  # of everything that cells define, what it uses
    solutions: dict[str, set[str]] = {}  # of each solution cell, what it uses
    for cell in cells:
        marks = nbgrader_metadata(cell)
        if cell["cell_type"] != "code" or (marks.get("grade") and not marks.get("solution")):
            continue
        tree = python_source.parse(cell["source"]) or ast.Module([], [])
        if marks.get("solution"):
            uses = solutions[marks["grade_id"]] = python_source.read_names(cell["source"])
            # A later definition is the one that counts, as it does where the notebook runs.
            reads.update((name, uses) for name in python_source.bound_names(cell["source"]))
            functions.update((one.name, marks["grade_id"]) for one in tree.body if isinstance(one, ast.FunctionDef))
        else:
            for one in tree.body:
                if isinstance(one, _DEFINITIONS):
                    reads[one.name] = python_source.read_names(ast.unparse(one))
                    functions.pop(one.name, None)
    return {
        grade_id: {
            name: functions[name]
            for name in sorted(_reached(solutions[owner], reads))
            if functions.get(name, owner) != owner
        }
        for grade_id, owner in owners.items()
        if owner in solutions
    }


def _reached(names: set[str], reads: Mapping[str, set[str]]) -> set[str]:
    """Return these names and all that what they stand for uses."""
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= reads.get(name, set()) - reached
    return reached
