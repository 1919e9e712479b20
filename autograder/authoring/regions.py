"""Find the regions of a code cell: what students are to write, and what they are not to see."""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.errors import RegionError


@dataclass(frozen=True)
class Kind:
    """A kind of region, by the words of its two markers."""

    begin: str
    end: str


STUB = Kind("START CODE HERE", "END CODE HERE")
SOLUTION = Kind("BEGIN SOLUTION", "END SOLUTION")
HIDDEN = Kind("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")

_KINDS = (STUB, SOLUTION, HIDDEN)
_WORDS = [words for kind in _KINDS for words in (kind.begin, kind.end)]
# The seed style has hashes on both sides and room for a note; nbgrader's own markers need one hash only.
_EXACT = re.compile(
    rf"### (?P<seed>{STUB.begin}|{STUB.end}) ###( \(.*\))?"
    rf"|#+ *(?P<plain>{'|'.join(words for words in _WORDS if words not in (STUB.begin, STUB.end))})( *#+)?"
)


@dataclass(frozen=True)
class Region:
    """The lines between two markers; `begin` and `end` are the markers' own lines, counted from 1."""

    kind: Kind
    begin: int
    end: int

    def __contains__(self, line: int) -> bool:
        return self.begin < line < self.end


def find_regions(source: str) -> list[Region]:
    """Return the regions of a code cell in their order.

    A marker is a comment, so the same words in a string or a docstring are none.
    Raises RegionError for a marker that is misspelt, nested, unclosed or never opened.
    """
    regions = []
    opened: tuple[Kind, int] | None = None
    for line, comment in _comments(source):
        words = _marker(line, comment)
        for kind in _KINDS:
            if words == kind.begin:
                if opened:
                    raise RegionError(
                        f"{kind.begin} inside the region that line {opened[1]} opens; regions cannot be nested.",
                        line=line,
                    )
                opened = kind, line
            elif words == kind.end:
                if not opened or opened[0] is not kind:
                    raise RegionError(f"{kind.end} without a {kind.begin} before it.", line=line)
                regions.append(Region(kind, opened[1], line))
                opened = None
    if opened:
        raise RegionError(f"{opened[0].begin} without an {opened[0].end} after it.", line=opened[1])
    return regions


def _marker(line: int, comment: str) -> str | None:
    """Return the words of a marker, None for any other comment."""
    if match := _EXACT.fullmatch(comment):
        return match["seed"] or match["plain"]
    # A comment that shouts nearly the same words is a misspelt marker, and a misspelt marker would hand
    # the solution or the hidden tests to the students.
    bare = re.sub(r"\(.*\)|[^A-Za-z ]", "", comment).strip()
    for words in _WORDS:
        if bare and difflib.SequenceMatcher(None, bare.upper(), words).ratio() > 0.85:
            form = f"### {words} ###" if words in (STUB.begin, STUB.end) else f"### {words}"
            raise RegionError(f"{comment!r} looks like a misspelt marker; write {form!r}.", line=line)
    return None


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments that stand alone on their line, with their line numbers."""
    lines = source.split("\n")
    if source.lstrip().startswith("%%"):
        # Another language, or code handed to a magic: nothing to tokenize, so take the lines as they are.
        yield from ((n, text.strip()) for n, text in enumerate(lines, 1) if text.lstrip().startswith("#"))
        return
    # A line magic or shell command is no Python; a comment in its place keeps the line count.
    plain = [re.sub(r"^\s*[%!?]", "#", text) for text in lines]
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(plain)).readline):
            alone = token.line.lstrip().startswith("#")
            if token.type == tokenize.COMMENT and alone and lines[token.start[0] - 1].lstrip().startswith("#"):
                yield token.start[0], token.string.rstrip()
    except (tokenize.TokenError, SyntaxError) as error:
        raise RegionError(f"the cell is no Python that can be read ({error}).") from error
