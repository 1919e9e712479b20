"""The files that go beside a notebook: helper modules, pictures, data, and modules made of another assignment.

A master's header may list, under `autograder:`,

    files:                      data, with their paths from the course's folder
    - datasets/flowers/train.h5
    helpers:                    modules made of the functions of another assignment's solution
    - module: flower_utils
      solved: first_steps
      title: The functions of the first assignment.
      imports: [import numpy as np]
      changes:                  what is different there
      - {function: initialize, old: np.random.seed(3), new: np.random.seed(1)}

So there is one reference for a function: the master in which writing it is the exercise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder import python_cells
from autograder.authoring.configured import configured_markers
from autograder.authoring.errors import AuthoringError
from autograder.authoring.master import header, imported_modules, pictures
from autograder.authoring.solved_functions import SolvedFunctions
from autograder.course import Assignment


@dataclass(frozen=True)
class Companion:
    """A file that goes beside a notebook.

    content -- its bytes
    origin -- the file to edit when it is to change
    copied -- whether it is a copy of that file, so that an edit of it can be taken back
    """

    content: bytes
    origin: Path
    copied: bool = True


def companions(assignment: Assignment, master: NotebookNode) -> dict[str, Companion]:
    """Return what goes beside an assignment's notebook, by the path it has there.

    Raises AuthoringError if a file is missing, or another assignment's solution does not say what is to be changed.
    """
    root, masters = assignment.course.root, assignment.course.masters
    found = {}
    for entry in header(master).get("helpers", []):
        helper = SolvedFunctions.read(entry, assignment.master)
        content = helper.text(masters, configured_markers(assignment.course), assignment.master).encode()
        found[f"{helper.module}.py"] = Companion(content, masters / f"{helper.solved}.py", copied=False)
    paths = {name: masters / name for _, name in pictures(master)}
    paths |= {name: root / name for name in header(master).get("files", [])}
    for name, path in paths.items():
        if not path.is_file():
            raise AuthoringError(f"there is no file {path}, which goes beside the notebook.", file=assignment.master)
        found[name] = Companion(path.read_bytes(), path)
    # Helper modules import helper modules.
    waiting = imported_modules(master)
    waiting += [name for one in found.values() if not one.copied for name in _imports(one)]
    while waiting:
        path = root / f"{waiting.pop()}.py"
        if path.name not in found and path.is_file():
            found[path.name] = Companion(path.read_bytes(), path)
            waiting += _imports(found[path.name])
    return dict(sorted(found.items()))


def _imports(module: Companion) -> list[str]:
    return sorted(python_cells.imported_modules(module.content.decode()))
