"""Solution and test markers: one definition for release, grading and feedback, the same as nbgrader's.

A marker is a line that contains a delimiter which the course has configured, wherever in the line it is and whatever
else the line contains, in a cell of any kind and any language. Nothing from the line that begins a region to the line
that ends it reaches the students. START CODE HERE and END CODE HERE are this project's: a comment line of a Python
cell that contains these words.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from functools import lru_cache
from typing import Any

from autograder.notebook import python_source


class MarkerKind(Enum):
    """What a region is, by what its delimiters are called in `Markers`."""

    STUB = "stub"
    SOLUTION = "solution"
    HIDDEN = "hidden_tests"
    MARK_SCHEME = "mark_scheme"


STUB, SOLUTION, HIDDEN, MARK_SCHEME = MarkerKind
_STUB_WORDS = ("START CODE HERE", "END CODE HERE")


@dataclass(frozen=True)
class Region:
    """The lines between two markers; `begin` and `end` are the markers' own lines, counted from 1.

    A region that nothing ends goes on to the end of its cell: what is doubtful is kept from students.
    """

    kind: MarkerKind
    begin: int
    end: int

    def __contains__(self, line: int) -> bool:
        return self.begin < line < self.end


@dataclass(frozen=True)
class Markers:
    """How a notebook is released: the delimiters, nbgrader's if none are configured, and what a solution leaves.

    code_stub -- what nbgrader puts in place of a solution
    single_none -- whether `a, b = f()` in a gap of this project leaves `a, b = None`, which cannot be run, as the
        documents have it that this project's assignments come from
    """

    begin_solution: str = "BEGIN SOLUTION"
    end_solution: str = "END SOLUTION"
    begin_hidden_tests: str = "BEGIN HIDDEN TESTS"
    end_hidden_tests: str = "END HIDDEN TESTS"
    begin_mark_scheme: str = "BEGIN MARK SCHEME"
    end_mark_scheme: str = "END MARK SCHEME"
    code_stub: str = "# YOUR CODE HERE\nraise NotImplementedError()"
    single_none: bool = False

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Markers:
        """Return what `plain` was made of; what another version has stored beside it is left out.

        Raises TypeError if something is of another type.
        """
        known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        for name, value in known.items():
            if type(value) is not type(getattr(DEFAULTS, name)):
                raise TypeError(f"{name} is {value!r}")
        return cls(**known)

    def of_notebook(self, metadata: Mapping[str, Any]) -> Markers:
        """Return the same with what a solved notebook says about its own release, under `autograder:`."""
        return replace(self, single_none=bool(metadata.get("autograder", {}).get("single_none")))

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def words(self, kind: MarkerKind) -> tuple[str, str]:
        """Return the delimiters of a kind: of the line that begins a region, and of the line that ends it."""
        if kind is STUB:
            return _STUB_WORDS
        return getattr(self, f"begin_{kind.value}"), getattr(self, f"end_{kind.value}")

    def marks(self, source: str, kind: MarkerKind) -> Iterator[tuple[int, bool]]:
        """Yield the markers of a kind in a cell's source: the line, and whether it begins a region."""
        begin, end = self.words(kind)
        if begin not in source and end not in source:
            return
        comments = comment_lines(source) if kind is STUB else None
        for number, line in enumerate(source.split("\n"), start=1):
            if comments is not None and (number not in comments or (begin in line and end in line)):
                continue  # text that mentions both markers is not a marker
            if begin in line or end in line:
                yield number, begin in line

    def regions(self, source: str, *kinds: MarkerKind) -> list[Region]:
        """Return the regions of these kinds in a cell's source, in their order. Never raises; see marker_errors.py."""
        found = []
        for kind in kinds:
            opened = None
            for line, begins in self.marks(source, kind):
                if begins and opened is None:
                    opened = line
                elif not begins and opened is not None:
                    found.append(Region(kind, opened, line))
                    opened = None
            if opened is not None:
                found.append(Region(kind, opened, source.count("\n") + 2))
        return sorted(found, key=lambda region: region.begin)

    def has_hidden(self, source: str) -> bool:
        """Return whether a test has a hidden part."""
        return bool(self.regions(source, HIDDEN))

    def visible(self, source: str) -> str:
        """Return what nbgrader releases of a cell that is no solution cell: no hidden test, no mark scheme."""
        source = self._without(source, SOLUTION, self.code_stub)
        return self._without(self._without(source, HIDDEN, ""), MARK_SCHEME, "")

    def cleared(self, source: str) -> str:
        """Return what nbgrader makes of a solution cell of code: its regions, or else all of it, become the stub."""
        return self._without(source, SOLUTION, self.code_stub) if self.regions(source, SOLUTION) else self.code_stub

    def _without(self, source: str, kind: MarkerKind, stub: str) -> str:
        """Return a source without a kind of regions and markers; each region leaves a stub, indented as it was."""
        regions = {region.begin: region for region in self.regions(source, kind)}
        markers = {line for line, _ in self.marks(source, kind)}
        lines: list[str] = []
        until = 0
        for number, line in enumerate(source.split("\n"), start=1):
            if number in regions:
                until = regions[number].end
                indent = line[: len(line) - len(line.lstrip())]
                lines += [indent + text for text in stub.split("\n")] if stub else []
            elif number > until and number not in markers:
                lines.append(line)
        return "\n".join(lines)


# What nbgrader goes by if a course configures nothing.
DEFAULTS = Markers()


def stub_regions(source: str) -> list[Region]:
    """Return the regions between START CODE HERE and END CODE HERE, which are the same in every course."""
    return DEFAULTS.regions(source, STUB)


@lru_cache(maxsize=1024)
def comment_lines(source: str) -> frozenset[int]:
    """Return the lines of a Python cell that are nothing but comments; a line of a string is not one.

    Of a cell that is no Python, each line counts that begins as a comment.
    """
    lines = source.split("\n")
    alone = frozenset(number for number, line in enumerate(lines, start=1) if line.lstrip().startswith("#"))
    plain, tree = python_source.read(source)
    if not plain or tree is None:
        return alone
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(plain).readline))
    except (tokenize.TokenError, SyntaxError):
        return alone
    return alone & {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
