"""Files that go beside a notebook: helper modules, pictures, data, and modules made from another assignment.

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

from autograder.authoring.master import header, pictures
from autograder.authoring.solved_functions import SolvedFunctions
from autograder.course import Assignment
from autograder.grading.configured_markers import configured_markers
from autograder.notebook import python_source
from autograder.notebook.authoring_errors import AuthoringError


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
    sources = [(assignment.master, cell.source, "") for cell in master.cells if cell.cell_type == "code"]
    sources += [(one.origin, one.content.decode(), "") for one in found.values() if not one.copied]
    # Helper modules import helper modules.
    while sources:
        importer, source, package = sources.pop()
        for module in sorted(python_source.dotted_imports(source, package)):
            for path in _files_of(root, module, importer):
                place = path.relative_to(root)
                if place.as_posix() not in found:
                    found[place.as_posix()] = Companion(path.read_bytes(), path)
                    sources.append((path, path.read_text(encoding="utf-8"), ".".join(place.parent.parts)))
    return dict(sorted(found.items()))


def _files_of(root: Path, module: str, importer: Path) -> list[Path]:
    """Return the files of a helper module: its own, and those of the packages that it is in; none if it is none.

    Raises AuthoringError if a package of the course has no such module, and nothing that may be called so.
    """
    *packages, last = module.split(".")
    folder, files = root, []
    for name in packages:
        if not (folder / name).is_dir():
            return []  # a name in a module, or nothing of the course's
        folder /= name
        files += [folder / "__init__.py"] * (folder / "__init__.py").is_file()
    own = [path for path in (folder / f"{last}.py", folder / last / "__init__.py") if path.is_file()]
    if own or not packages:
        return files + own[-1:]
    if not files:
        return []  # no package, or one without a module of its own: a folder of data may be called as a library is
    said = files[-1].read_text(encoding="utf-8")
    names = python_source.bound_names(said) | python_source.imported_names(said)
    if last not in names and not (folder / last).is_dir():
        raise AuthoringError(
            f"{importer.name} imports {module}, but {folder.relative_to(root)}/ has no module {last}.py, and its "
            f"__init__.py has no {last}.",
            file=importer,
        )
    return files
