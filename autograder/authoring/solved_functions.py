"""Makes a module out of the functions that another assignment's solution defines."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.authoring.master import read_master
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import AuthoringError
from autograder.notebook.cells import nbgrader_metadata
from autograder.notebook.markers import SOLUTION, STUB, Markers


@dataclass(frozen=True)
class SourceChange:
    """What is different in the module: `old`, which occurs exactly once in the function, becomes `new`."""

    function: str
    old: str
    new: str


@dataclass(frozen=True)
class SolvedFunctions:
    """What a master's header says about such a module.

    module -- its name
    solved -- the assignment whose functions it has
    title -- the first sentence of its docstring
    imports -- the import statements that the functions need
    changes -- what is different there
    """

    module: str
    solved: str
    title: str
    imports: list[str]
    changes: list[SourceChange] = field(default_factory=list)

    @classmethod
    def read(cls, entry: dict[str, Any], file: Path) -> SolvedFunctions:
        """Return an entry of the header. Raises AuthoringError if something is missing or unknown."""
        try:
            changes = [SourceChange(**change) for change in entry.get("changes", [])]
            return cls(**(entry | {"changes": changes}))
        except TypeError as error:
            wanted = "module, solved, title, imports and changes (function, old, new)"
            raise AuthoringError(f"an entry under autograder: helpers: needs {wanted}; {error}.", file=file) from error

    def text(self, masters: Path, markers: Markers, file: Path) -> str:
        """Return the module's text.

        masters -- the folder of the masters
        markers -- the course's
        file -- the master whose header asks for it, for messages
        Raises AuthoringError if a change does not fit.
        """
        origin = masters / f"{self.solved}.py"
        functions: dict[str, str] = {}
        for cell in read_master(origin).cells:
            if cell.cell_type == "code" and nbgrader_metadata(cell).get("solution"):
                functions |= _functions(cell.source, markers)
        for change in self.changes:
            text = functions.get(change.function, "")
            if (count := text.count(change.old)) != 1:
                raise AuthoringError(
                    f"the header changes {change.old!r} in {change.function} of {origin.name}, where it occurs "
                    f"{count} times, not once.",
                    file=file,
                )
            functions[change.function] = text.replace(change.old, change.new)
        made = f"Made by `autograder build` from the solution of {self.solved}: edit that, not this."
        names = "".join(f'    "{name}",\n' for name in sorted(functions))
        head = [f'"""{self.title}\n\n{made}\n"""\n', *self.imports, f"\n__all__ = [\n{names}]"]
        return "\n\n\n".join(["\n".join(head), *functions.values()]) + "\n"


def _functions(source: str, markers: Markers) -> dict[str, str]:
    """Return the functions of a solution cell by name, without the markers."""
    lines = source.split("\n")
    marked = {line for region in markers.regions(source, STUB, SOLUTION) for line in (region.begin, region.end)}
    found = {}
    for node in (python_source.parse(source) or ast.Module([], [])).body:
        if isinstance(node, ast.FunctionDef):
            numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found[node.name] = "\n".join(lines[number - 1] for number in numbers if number not in marked)
    return found
