"""The files beside a notebook when it runs: what was handed in with it, and stand-ins for missing modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from autograder.intake.aliases import Aliases
from autograder.intake.static_analysis import read_code

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Environment:
    """The modules beside a notebook.

    given -- those that the assignment brings, and the names under which older releases had them
    handed_in -- those that lie beside the notebook, handed in by its author
    """

    given: frozenset[str] = frozenset()
    handed_in: frozenset[str] = frozenset()

    def is_there(self, module: str) -> bool:
        """Return whether a top-level module can be imported."""
        return module in self.given or module in self.handed_in or is_installed(module)

    def may_define_answers(self, modules: Collection[str]) -> bool:
        """Return whether one of these modules may hold what students are asked to write."""
        return any(module not in self.given and not is_installed(module) for module in modules)


@cache
def is_installed(module: str) -> bool:
    """Return whether a top-level module belongs to Python or to an installed package; nothing is imported."""
    if module in sys.stdlib_module_names:
        return True
    # The current folder and a course's own are no place of packages.
    places = [place for place in sys.path if "site-packages" in place or "dist-packages" in place]
    try:
        return PathFinder.find_spec(module, places) is not None
    except (ImportError, ValueError):
        return False


@dataclass(frozen=True)
class Surroundings:
    """The files of a submission that are not where it was handed in, and those that are and must not be seen.

    files -- what came in the same archive, and stand-ins, by their places beside the notebook
    without -- modules of other assignments: files of these names are left out
    repairs -- what was done, in words
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    repairs: list[str] = field(default_factory=list)

    def shows(self, place: str) -> bool:
        """Return whether a file that was handed in may be there when the notebook runs."""
        return not any(part.split(".")[0] in self.without for part in PurePosixPath(place).parts)


class Beside:
    """What is beside the notebooks of an assignment, whoever hands them in.

    own -- the modules that the assignment brings, those in packages with their dots
    aliases -- the course's older names of helper modules
    given -- all modules that mean something here
    """

    def __init__(self, files: Path, aliases: Aliases) -> None:
        """Look at what was released.

        files -- the folder of the files that go with the assignment
        """
        self.own = _own_modules(files)
        self.aliases = aliases
        self._others = aliases.others(self.own)
        self.given = aliases.given(self.own)

    def environment(self, handed_in: Iterable[str]) -> Environment:
        """Return what can be imported, given the places of all that was handed in."""
        return Environment(self.given, _modules(handed_in) - self._others)

    def around(
        self, notebook: NotebookNode, handed_in: Collection[str], companions: Mapping[str, bytes]
    ) -> Surroundings:
        """Return what is to be beside a notebook.

        handed_in -- the places of the files that lie beside it
        companions -- what came in the same archive
        """
        imported, used = set[str](), set[str]()
        for cell in notebook.cells:
            for one in read_code(cell.source).statements if cell.cell_type == "code" else ():
                imported |= one.modules
                used |= one.reads
        shown = Surroundings(without=self._others)
        kept = {place: content for place, content in companions.items() if shown.shows(place)}
        modules = _modules([*handed_in, *kept])
        stand_ins, repairs = self.aliases.stand_ins(imported, used, self.own, modules)
        hidden = [place for place in [*handed_in, *companions] if not shown.shows(place)]
        if hidden:
            repairs.append(f"{', '.join(sorted(hidden)[:5])} belongs to another assignment and was left out")
        return Surroundings({**kept, **stand_ins}, self._others, repairs)


def files_in(folder: Path | None) -> list[str]:
    """Return the places of the files in a folder, without links and without what cannot be read or disappears."""
    if folder is None:
        return []
    # A notebook may lie in a folder that others use, too: pathlib's rglob stops with an error when a folder goes.
    paths = [Path(inside, name) for inside, _, names in os.walk(folder) for name in names]
    return sorted(path.relative_to(folder).as_posix() for path in paths if path.is_file() and not path.is_symlink())


def _own_modules(folder: Path) -> frozenset[str]:
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py")]
    modules = {".".join(path.parts).removesuffix(".__init__") for path in paths}
    return frozenset(modules | {path.parts[0] for path in paths})


def _modules(places: Iterable[str]) -> frozenset[str]:
    """Return the top-level modules and packages among files."""
    tops = {PurePosixPath(place).parts[0] for place in places if place.endswith(".py")}
    return frozenset(top.removesuffix(".py") for top in tops)
