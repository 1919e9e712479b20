"""What a notebook finds beside itself when it runs: what was handed in with it, and stand-ins for what it misses."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from autograder.intake.aliases import Aliases
from autograder.intake.definitions import read_code
from autograder.intake.environment import Environment

if TYPE_CHECKING:
    from nbformat import NotebookNode


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
        """Tell whether a file that was handed in may be there when the notebook runs."""
        return not any(part.split(".")[0] in self.without for part in PurePosixPath(place).parts)


class Beside:
    """What is beside the notebooks of an assignment, whoever hands them in.

    own -- the modules that the assignment brings
    aliases -- the course's older names of helper modules
    given -- all modules that mean something here
    """

    def __init__(self, files: Path, aliases: Aliases) -> None:
        """Look at what was released.

        files -- the folder of the files that go with the assignment
        """
        self.own = frozenset(path.stem for path in files.glob("*.py"))
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
    """Return the places of the files in a folder; links are none, nor is what may not be read or goes meanwhile."""
    if folder is None:
        return []
    # A notebook may lie in a folder that others use, too: pathlib's rglob stops with an error when a folder goes.
    paths = [Path(inside, name) for inside, _, names in os.walk(folder) for name in names]
    return sorted(path.relative_to(folder).as_posix() for path in paths if path.is_file() and not path.is_symlink())


def _modules(places: Iterable[str]) -> frozenset[str]:
    """Return the top-level modules and packages among files."""
    tops = {PurePosixPath(place).parts[0] for place in places if place.endswith(".py")}
    return frozenset(top.removesuffix(".py") for top in tops)
