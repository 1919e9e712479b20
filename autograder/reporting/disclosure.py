"""Decides what a student may read about a failed test.

Of a test's visible part a student may know everything, because it is in the notebook that they have. Of its hidden
part they may know which item is wrong, and in which way: its type, its shape or its values, without numbers.

What the student's own code says (texts of exceptions, names of types, keys) is never repeated in either case: code that
has seen the inputs of hidden tests could say them there. So messages are taken apart and put together again from what
is known to be harmless; one that is not understood becomes a general sentence.
"""

from __future__ import annotations

import builtins
import itertools
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from nbformat import NotebookNode

from autograder.grading.examination import STUDENT_FAILED, TIME_IS_UP
from autograder.kernel.outputs import CUT
from autograder.notebook import python_source
from autograder.notebook.cells import Cell, grade_id_of, nbgrader_metadata
from autograder.notebook.markers import DEFAULTS, HIDDEN, Markers
from autograder.notebook.specification import released_source

# What a check that passed ends its line with; `testCases.py` prints it.
PASSED = "— right."

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_OWN_FRAME = re.compile(r"(?:<ipython-input-[^>]*>|Cell In ?\[\d+\])[:,](?: line )?(\d+)")
_ITEM = r"(?P<item>[A-Za-z_]\w*(?:\[[\"'\w]+\])*(?: with [A-Za-z]+)?)"
# A line with one of these repeats something that the student's code has said.
_REPEATED = ("stops with", "at this line", "keys are", "dA are", "of type", "dtype", "but returns", " calls ")
_KINDS = (
    "a number|a NumPy array|a tuple|a list|a dictionary|a string|True or False|a whole number|None|a set|a frozenset|"
    "a deque|a date|a datetime|a time|a timedelta|a Decimal|a Fraction|a DataFrame|a Series|an Index"
)
_TYPES = frozenset(
    ["None", *dir(builtins), "ndarray", "matrix", "float64", "float32", "int64", "int32", "bool_", "complex128"]
)
# After such a line all others are the check's own; after any other, one may be the rest of something repeated.
_ABOUT_NUMBERS = re.compile(r"has the right shape|has the wrong shape|is not filled in yet|in place\.$")
# Below such a line stand what is expected, what the student's code returned, and hints in words that are known.
_ABOUT_VALUES = re.compile(
    r"has the right type\b|has no (entry|column) .*\.$|has (an entry|a column) that it should not have"
    r"|has its columns in another order"
)
_HINTS = re.compile(
    r"  (Only (spaces and line ends|capital and small letters) are different\.|"
    r"The first difference is at position \d+\.|"
    r"Capital and small letters, texts and numbers are different keys\.|"
    r"\d+ of \d+ values differ; the first is at index \[[\d, ]+\]:)"
)
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def _rule(pattern: str, told: Callable[[re.Match[str]], str]) -> _Rule:
    return re.compile(pattern, re.DOTALL), told


# What is said of hidden tests: no numbers, and nothing that the student's code has said.
_RULES: list[_Rule] = [
    _rule(rf": {_ITEM} has the right shape\b.*", lambda m: f": {_item(m)} has the right shape, but wrong values."),
    _rule(rf": {_ITEM} has the wrong shape\b.*", lambda m: f": {_item(m)} has the wrong shape."),
    _rule(
        rf": {_ITEM} should be (?P<kind>{_KINDS}), but is (?:of type )?(?P<got>\w+)\b.*",
        lambda m: f": {_item(m)} should be {m['kind']}, but is {_type(m['got'])}.",
    ),
    _rule(rf": {_ITEM} should have \d+ entr(?:y|ies)\b.*", lambda m: f": {_item(m)} has the wrong number of entries."),
    _rule(rf": {_ITEM} has no entry\b.*", lambda m: f": {_item(m)} lacks an entry that it should have."),
    _rule(rf": {_ITEM} has no column\b.*", lambda m: f": {_item(m)} lacks a column that it should have."),
    _rule(
        rf": {_ITEM} has (?P<what>an entry|a column) that it should not have\..*",
        lambda m: f": {_item(m)} has {m['what']} that it should not have.",
    ),
    _rule(
        rf": {_ITEM} has its columns in another order\..*", lambda m: f": {_item(m)} has its columns in another order."
    ),
    _rule(rf": {_ITEM} has the right type\b.*", lambda m: f": {_item(m)} has the right type, but a wrong value."),
    _rule(
        rf": {_ITEM} should hold (?P<what>numbers|True and False|dates|durations)\b.*",
        lambda m: f": {_item(m)} should hold {m['what']}, but has another dtype.",
    ),
    _rule(
        rf": {_ITEM} should hold real numbers\b.*",
        lambda m: f": {_item(m)} should hold real numbers, but has another dtype.",
    ),
    _rule(
        r" should return (?P<count>\d+) items \((?P<names>[A-Za-z_, ]+)\).*",
        lambda m: f" should return {m['count']} items: {m['names']}.",
    ),
    _rule(
        r" changes its argument number (?P<n>\d) in place\..*",
        lambda m: f" changes its argument number {m['n']} in place.",
    ),
    _rule(r" is not filled in yet\b.*", lambda _: " is not filled in yet."),
    _rule(r" stops with (?P<error>\w+).*", lambda m: f" stops with {_error(m['error'])}."),
]


def told_of_test(
    cell: NotebookNode, source: str, function: str, own_code: Collection[str] = (), markers: Markers = DEFAULTS
) -> str | None:
    """Return what a student may read of a test; None if it did not fail.

    cell -- the test as it ran
    source -- the test as the master has it, hidden parts included
    function -- the exercise that it belongs to
    own_code -- the lines of the student's own code, stripped
    markers -- by which the test was released
    """
    error = _error_of(cell)
    if error is None:
        return None
    ename, evalue = str(error.get("ename", "")), str(error.get("evalue", ""))
    if ename == TIME_IS_UP:
        return f"{function}: the test was stopped, because its time was up."
    if ename == STUDENT_FAILED:
        return f"{function}: the process that runs your code ended during the test."
    if _failed_where_visible(cell, source, error, markers):
        seen = released_source(source, markers)
        return _told_of_visible(ename, evalue, source, seen, function, own_code, _line(error))
    return _told_of_hidden(ename, evalue, function)


def told_of_cell(cell: NotebookNode) -> str | None:
    """Return what a student may read of an own cell that stopped; None if it did not."""
    error = _error_of(cell)
    if error is None:
        return None
    if (found := python_source.syntax_error(cell.source)) is not None:
        line = f" (line {found.lineno})" if isinstance(found, SyntaxError) and found.lineno else ""
        text = found.msg if isinstance(found, SyntaxError) else str(found)
        return f"the cell itself stops with {type(found).__name__}: {text}{line}"
    ename = str(error.get("ename", ""))
    if ename == TIME_IS_UP:
        return "the cell itself was stopped, because its time was up"
    return f"the cell itself stops with {_error(ename)}; run it in your notebook to see where"


def first_hidden(cells: Collection[Any], sources: Mapping[str, str], markers: Markers) -> int | None:
    """Return the position of the first test with a hidden part in a notebook, None if there is none.

    sources -- the tests as the master has them, by grade_id
    markers -- by which they were released
    """
    for position, cell in enumerate(cells):
        grade_id = grade_id_of(cell)
        if markers.has_hidden(sources.get(grade_id, "")):
            return position
    return None


def test_sources(cells: Collection[Cell]) -> dict[str, str]:
    """Return the tests of an assignment's notebook, by grade_id."""
    marked = [(cell, nbgrader_metadata(cell)) for cell in cells]
    return {
        marks["grade_id"]: str(cell["source"])
        for cell, marks in marked
        if marks.get("grade") and not marks.get("solution") and cell["cell_type"] == "code"
    }


def _error_of(cell: NotebookNode) -> Mapping[str, Any] | None:
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            found: Mapping[str, Any] = output
            return found
        if output.output_type == "stream" and output.name == "stderr":
            return {"ename": "stderr", "evalue": "", "traceback": []}
    return None


def _failed_where_visible(cell: NotebookNode, source: str, error: Mapping[str, Any], markers: Markers) -> bool:
    """Return whether it is certain that a test failed in its visible part."""
    hidden = markers.regions(source, HIDDEN)
    if not hidden:
        return True
    line = _line(error)
    if line is not None:
        return not any(region.begin <= line <= region.end for region in hidden)
    lines = source.split("\n")
    visible = [text for n, text in enumerate(lines, 1) if not any(r.begin <= n <= r.end for r in hidden)]
    before = [n for n, _ in enumerate(lines, 1) if n < min(region.begin for region in hidden)]
    checks = sum(bool(re.match(r"\s*assert check_\w+\(", text)) for text in visible)
    early = sum(bool(re.match(r"\s*assert check_\w+\(", lines[n - 1])) for n in before)
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    passed = sum(text.rstrip().endswith(PASSED) for text in printed.split("\n"))
    # Each check says so if it passes. What was cut off could have said it, too.
    return checks == early and passed < checks and CUT not in printed


def _line(error: Mapping[str, Any]) -> int | None:
    """Return the line of the test that failed, None if the traceback does not say."""
    traceback = _ANSI.sub("", "\n".join(error.get("traceback") or []))
    match = _OWN_FRAME.search(traceback)
    return int(match[1]) if match else None


def _told_of_visible(
    ename: str, evalue: str, source: str, seen: str, function: str, own_code: Collection[str], line: int | None
) -> str:
    """Return what is told of the visible part of a test: `seen` of its whole `source`."""
    lines = source.split("\n")
    failing = lines[line - 1].strip() if line is not None and line <= len(lines) else ""
    if ename != "CheckFailed":
        # Not `source`: what a student's function makes up could be compared with the hidden part, guess by guess.
        text = f": {evalue}" if evalue and evalue in seen else ""
        if re.fullmatch(rf"name '{re.escape(function)}' is not defined", evalue):
            return f"{function} is not defined: its cell did not run to its end."
        where = f"\n  at this line: {failing}" if failing else ""
        return f"{function}: the check stops with {_error(ename)}{text}{where}"
    first, *rest = evalue.split("\n")
    own = re.match(rf"(?:\w+ calls )?{re.escape(function)}\b", first) and not _repeats(first)
    told = [first if own else _told_of_hidden(ename, first, function)]
    if own and _ABOUT_NUMBERS.search(first):
        told += rest
    elif own and _ABOUT_VALUES.search(first):
        told += _about_values(rest)
    for text in rest:
        found = re.fullmatch(r"  at this line(?: of \w+)?: (.*)", text)
        if found and found[1].strip() in own_code:
            told.append(f"  at this line: {found[1].strip()}")
    return "\n".join(told)


def _about_values(rest: list[str]) -> list[str]:
    """Return what a check says further of a value that may be a text: nothing of what the student's code returned."""
    own = itertools.takewhile(lambda text: text.startswith("  expected: ") or _HINTS.fullmatch(text), rest)
    told = list(own)
    return told + [text for text in rest[len(told) :] if _HINTS.fullmatch(text)]


def _repeats(text: str) -> bool:
    return any(words in text for words in _REPEATED)


def _told_of_hidden(ename: str, evalue: str, function: str) -> str:
    if ename != "CheckFailed":
        stops = "" if ename in ("AssertionError", "stderr") else f": it stops with {_error(ename)}"
        return f"{function}: a further test of it fails{stops}."
    inner = re.match(r"(?:\w+ calls \w+: )?(?P<name>\w+)(?P<rest>.*)", evalue, re.DOTALL)
    for pattern, told in _RULES if inner else []:
        assert inner is not None
        if match := pattern.fullmatch(inner["rest"]):
            if inner["name"] != function and "is not filled in yet" not in inner["rest"]:
                break
            other = f"{function} calls a function that" if inner["name"] != function else function
            return "\n".join([f"{other}{told(match)}", *_without_numbers(evalue)])
    return f"{function}: a further test of it fails."


def _without_numbers(evalue: str) -> list[str]:
    """Return what a check says further in words alone."""
    first, *rest = evalue.split("\n")
    if not re.search(r"has the right shape|has the wrong shape", first):
        return []
    return [text for text in rest if text.startswith("  ") and not re.search(r"\d|expected:|got:|second opinion", text)]


def _item(match: re.Match[str]) -> str:
    """Return what an item is called, without the numbers and keys that tell about the hidden test."""
    return re.sub(r"\['.*?'\]", "[…]", re.sub(r"\d+", "…", match["item"]))


def _type(name: str) -> str:
    return name if name == "None" else f"of type {name}" if name in _TYPES else "of another type"


def _error(name: str) -> str:
    known = getattr(builtins, name, None)
    return f"{name}" if isinstance(known, type) and issubclass(known, BaseException) else "an error"
