"""Errors and warnings about markers in a cell: what would leak is an error, what only looks odd a warning.

A near miss is a line that is no marker and looks as if it had been meant for one. What its author meant to hide may be
released, and then it is an error; where nothing depends on it, it is a caution.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.notebook.authoring_errors import RegionError
from autograder.notebook.cells import nbgrader_metadata
from autograder.notebook.markers import (
    DEFAULTS,
    HIDDEN,
    MARK_SCHEME,
    SOLUTION,
    STUB,
    MarkerKind,
    Markers,
    Region,
    comment_lines,
)

_ALIKE = 0.87
_WORD = re.compile(r"[^\W\d_]+")
_DECORATED = re.compile(r"[-#*=~_]\s*$")
# How a comment begins in the languages that notebooks are written in.
_COMMENT = ("#", "//", "%", "--", "/*", "<!--")


@dataclass(frozen=True)
class _NearMiss:
    """A line that looks like a marker of a kind.

    insistent -- whether it is written so that nobody would take it for a sentence
    """

    line: int
    text: str
    kind: MarkerKind
    begins: bool
    insistent: bool

    def error(self, markers: Markers) -> RegionError:
        words = markers.words(self.kind)[0 if self.begins else 1]
        form = f"### {words} ###" if self.kind is STUB else words
        return RegionError(f"{self.text!r} looks like a misspelt marker; write {form!r}.", line=self.line)


def check_markers(cell: NotebookNode, markers: Markers, *, python: bool = True) -> list[RegionError]:
    """Return what is odd about the markers of a cell, if nothing is released or hidden by it that should not be.

    python -- whether the notebook's language is Python; in others START CODE HERE and END CODE HERE are no markers
    Raises RegionError, with the line, for a marker that is nested, unclosed, never opened or misspelt, if something is.
    """
    kinds = [SOLUTION, HIDDEN, MARK_SCHEME]
    kinds += [STUB] if python and cell.cell_type == "code" else []
    near = list(_near_misses(cell, markers, kinds, python=python))
    cautions = []
    for kind in kinds:
        cautions += _check_order(cell, markers, kind, [miss for miss in near if miss.kind is kind])
    _check_overlaps(markers, markers.regions(cell.source, *kinds))
    for miss in near:
        if _leaks(miss, near, cell, markers):
            raise miss.error(markers)
        cautions.append(miss.error(markers))
    return cautions


def _check_order(cell: NotebookNode, markers: Markers, kind: MarkerKind, near: list[_NearMiss]) -> list[RegionError]:
    """Return what is odd about the markers of a kind. Raises RegionError unless each that begins has one that ends."""
    begin, end = markers.words(kind)
    opened: int | None = None
    cautions = []
    for line, begins in markers.marks(cell.source, kind):
        if begins and opened is not None:
            _blame([miss for miss in near if not miss.begins and opened < miss.line < line], markers)
            problem = f"{begin} inside the region that line {opened} opens; regions cannot be nested."
            raise RegionError(problem, line=line)
        if begins:
            opened = line
        elif opened is not None:
            opened = None
        else:
            _blame([miss for miss in near if miss.begins and miss.line < line], markers)
            if kind in _may_hide(cell):
                raise RegionError(f"{end} without a {begin} before it.", line=line)
            done = "stays in the release" if kind is STUB else "is left out of the release"
            cautions.append(RegionError(f"{end} without a {begin} before it; this line {done}.", line=line))
    if opened is not None:
        _blame([miss for miss in near if not miss.begins and miss.line > opened], markers)
        raise RegionError(f"{begin} without an {end} after it.", line=opened)
    return cautions


def _blame(near: list[_NearMiss], markers: Markers) -> None:
    """Raise RegionError for the first near miss, if there is one: it is what has to be mended."""
    if near:
        raise near[0].error(markers)


def _check_overlaps(markers: Markers, regions: list[Region]) -> None:
    """Raise RegionError if a region begins in another one and ends behind it: clearing one would lose its markers."""
    for first, second in itertools.combinations(regions, 2):
        if second.begin in first and second.end > first.end:
            words = markers.words(second.kind)[0]
            problem = f"the region of {words} begins inside that of line {first.begin} and ends behind it."
            raise RegionError(problem, line=second.begin)


def _may_hide(cell: NotebookNode) -> set[MarkerKind]:
    """Return the kinds of regions that a cell may have, by its role."""
    marks = nbgrader_metadata(cell)
    kinds = {SOLUTION, STUB} if marks.get("solution") else set()
    kinds |= {HIDDEN} if marks.get("grade") else set()
    return kinds | ({MARK_SCHEME} if marks.get("task") else set())


def _leaks(miss: _NearMiss, near: list[_NearMiss], cell: NotebookNode, markers: Markers) -> bool:
    """Return whether a near miss releases what its author has obviously meant to hide."""
    solutions = markers.regions(cell.source, SOLUTION, STUB)
    regions = [*solutions, *markers.regions(cell.source, HIDDEN, MARK_SCHEME)]
    if any(miss.line in region for region in regions):
        return False
    if SOLUTION in _may_hide(cell) and not solutions:
        return False  # the whole cell is cleared
    partner = _partner(miss, near)
    if not _shows_code(miss, partner, cell, regions):
        return False
    is_paired = partner is not None
    if miss.kind in _may_hide(cell):
        return miss.insistent or is_paired
    return miss.insistent and is_paired


def _partner(miss: _NearMiss, near: list[_NearMiss]) -> _NearMiss | None:
    """Return the nearest near miss that would end the region which this one begins, or the other way round."""
    others = [other for other in near if other.kind is miss.kind and other.begins is not miss.begins]
    others = [other for other in others if (other.line > miss.line) is miss.begins]
    return min(others, key=lambda other: abs(other.line - miss.line), default=None)


def _shows_code(miss: _NearMiss, partner: _NearMiss | None, cell: NotebookNode, regions: list[Region]) -> bool:
    """Return whether there is anything but regions and comments where the region of a near miss would be."""
    lines = cell.source.split("\n")
    if partner is not None:
        begin, end = sorted((miss.line, partner.line))
    elif miss.begins:
        later = [region.begin for region in regions if region.begin > miss.line]
        begin, end = miss.line, min(later, default=len(lines) + 1)
    else:
        earlier = [region.end for region in regions if region.end < miss.line]
        begin, end = max(earlier, default=0), miss.line
    hidden = {line for region in regions for line in range(region.begin, region.end + 1)}
    between = (lines[line - 1].strip() for line in range(begin + 1, end) if line not in hidden)
    return any(text and not text.startswith(_COMMENT) for text in between)


def _near_misses(cell: NotebookNode, markers: Markers, kinds: list[MarkerKind], *, python: bool) -> Iterator[_NearMiss]:
    right = [words for kind in kinds for words in markers.words(kind)]
    meant = [
        (kind, begins, _WORD.findall(words))
        for kind in kinds
        for course in dict.fromkeys([markers, DEFAULTS])  # in a course with words of its own the usual ones are none
        for begins, words in zip((True, False), course.words(kind), strict=True)
    ]
    meant = [one for one in meant if len(one[2]) > 1]  # a single word is in many sentences
    for line, text in _possible_lines(cell, python=python):
        if not meant or any(words in text for words in right):
            continue
        ratio, insistent, kind, begins = max(
            ((*_alike(text, words), kind, begins) for kind, begins, words in meant), key=lambda one: one[:2]
        )
        if ratio > _ALIKE:
            yield _NearMiss(line, text, kind, begins, insistent)


def _possible_lines(cell: NotebookNode, *, python: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines that may be meant as markers: comments, and any line of a text cell that hides something."""
    is_code = cell.cell_type == "code"
    comments = comment_lines(cell.source) if is_code and python else None
    for number, line in enumerate(cell.source.split("\n"), start=1):
        text = line.strip()
        if not is_code:
            possible = bool(_may_hide(cell))
        else:
            possible = number in comments if comments is not None else text.startswith(_COMMENT)
        if possible and text:
            yield number, text


def _alike(text: str, words: list[str]) -> tuple[float, bool]:
    """Return how like the words of a marker a part of a line is, 0 to 1, and whether it insists on being one.

    Capitals count wherever they stand in the line. Other letters count only if they are all that the line says before
    a colon, a bracket or the like: sentences have such words, too.
    """
    found = list(_WORD.finditer(text))
    best = (0.0, False)
    wanted = " ".join(words).upper()
    for size in range(max(1, len(words) - 1), len(words) + 2):
        for first in range(len(found) - size + 1):
            part = found[first : first + size]
            said = " ".join(match[0] for match in part)
            shouts = said.isupper()
            same = said.upper().replace(" ", "") == wanted.replace(" ", "")
            before, after = text[: part[0].start()], text[part[-1].end() :]
            decorated = before.startswith("##") or bool(_DECORATED.search(after))
            alone = first == 0 and not re.match(r"\s*\w", after)
            if shouts or (alone and (same or (decorated and size == len(words)))):
                ratio = difflib.SequenceMatcher(None, said.upper(), wanted).ratio()
                best = max(best, (ratio, shouts or (same and decorated)))
    return best
