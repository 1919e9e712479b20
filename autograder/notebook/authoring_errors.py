"""Errors in a master, with file, cell and line.

AuthoringError
└── RegionError    a marker is missing, misspelt or in the wrong place
BuildError         a build could not be made; holds the AuthoringErrors that say why
"""

from __future__ import annotations

from pathlib import Path


class AuthoringError(Exception):
    """Something in a master, or in what was made of it, has to be mended by its author.

    problem -- what is wrong and what to do, in one or two sentences
    file, cell, line -- where; `line` counts from 1 within the cell
    """

    def __init__(
        self, problem: str, *, file: Path | str | None = None, cell: str | None = None, line: int | None = None
    ) -> None:
        self.problem = problem
        self.file = file
        self.cell = cell
        self.line = line
        super().__init__(problem)

    def __str__(self) -> str:
        place = [str(self.file)] if self.file else []
        place += [f"cell {self.cell}"] if self.cell else []
        place += [f"line {self.line}"] if self.line else []
        return ", ".join(place) + (": " if place else "") + self.problem

    def at(self, *, file: Path | str | None = None, cell: str | None = None) -> AuthoringError:
        """Return the same error with the place filled in where it was not known."""
        return type(self)(self.problem, file=self.file or file, cell=self.cell or cell, line=self.line)


class RegionError(AuthoringError):
    """A solution region or a hidden test is not marked as it has to be; mend the marker that is named."""


class BuildError(Exception):
    """A build could not be made; `problems` says why, one entry each."""

    def __init__(self, problems: list[AuthoringError]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
