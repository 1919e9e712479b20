"""Comparing values that are neither numbers nor arrays of them, and the words for what is off.

Texts, True and False, dates, sets, lists, dictionaries, pandas' tables and the like: the type first, then the size, the
keys or the columns, then the first difference, with its place. What the student's code returned is said in lines that
begin with "got:", and nowhere else.
"""

import datetime
import sys
from collections import deque
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath

import numpy as np

from dnn_lab.checks.calling import CheckFailed, function_name, kind_of
from dnn_lab.checks.tolerance import agree

__all__ = ["compare_other"]

# Of these a value is what `==` says it is, among values of the same type.
_EXACT = (
    str,
    bytes,
    bool,
    int,
    complex,
    range,
    type(None),
    Decimal,
    Fraction,
    PurePath,
    Enum,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    np.generic,
)
_KINDS = {str: "a string", bool: "True or False", int: "a whole number", dict: "a dictionary", type(None): "None"}
# NumPy has types of its own for these; one is as good as the other.
_NUMPYS = {np.bool_: bool, np.str_: str, np.bytes_: bytes}
_SHOWN = 60


def compare_other(function, item, expected, got, inner):
    """Compare a value that is neither a number nor an array nor a tuple with what it should be.

    function -- the student's function, for the message
    item -- what the value is called, for the message
    inner -- compares what is inside of it, called as inner(item, expected, got)
    Raises CheckFailed at the first difference, TypeError if values of this type cannot be compared.
    """
    pandas = sys.modules.get("pandas")
    if pandas and isinstance(expected, pandas.DataFrame | pandas.Series | pandas.Index):
        _compare_pandas(pandas, function, item, expected, got, inner)
    elif isinstance(expected, dict):
        _expect_type(function, item, expected, got, isinstance(got, dict) and type(expected) in (dict, type(got)))
        _compare_entries(function, item, expected, got, inner)
    elif isinstance(expected, list | deque):
        _expect_type(function, item, expected, got)
        _expect_size(function, item, expected, got)
        for position, (value, mine) in enumerate(zip(expected, got, strict=True)):
            inner(f"{item}[{position}]", value, mine)
    elif isinstance(expected, set | frozenset):
        _expect_type(function, item, expected, got)
        _expect_size(function, item, expected, got)
        if missing := sorted(expected - got, key=repr):
            extra = sorted(got - expected, key=repr)
            raise _wrong_value(function, item, f"{missing[0]!r} in it", f"{extra[0]!r}, which should not be in it")
    elif isinstance(expected, _EXACT) or (pandas and type(expected).__module__.split(".")[0] == "pandas"):
        _expect_type(function, item, expected, got)
        if expected != got and _equals_itself(expected, got):
            hints = _about_texts(expected, got) if isinstance(expected, str) else []
            raise _wrong_value(function, item, _shown(expected, got), _shown(got, expected), *hints)
    else:
        raise TypeError(f"expect_equal cannot compare values of type {_type(expected).__name__}, only what is in them.")


def _expect_type(function, item, expected, got, right=None):
    """Raise CheckFailed unless `right`; unless both have the same type, if that is None."""
    if not (_type(got) is _type(expected) if right is None else right):
        name = _type(expected).__name__
        kind = _KINDS.get(_type(expected), f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}")
        raise CheckFailed(f"{function_name(function)}: {item} should be {kind}, but is {kind_of(got)}.")


def _type(value):
    return _NUMPYS.get(type(value), type(value))


def _expect_size(function, item, expected, got):
    if len(got) != len(expected):
        size = f"{len(expected)} {'entry' if len(expected) == 1 else 'entries'}"
        raise CheckFailed(f"{function_name(function)}: {item} should have {size}, but has {len(got)}.")


def _compare_entries(function, item, expected, got, inner):
    """Compare two dictionaries: the keys, then what they lead to."""
    for key in expected:
        if key not in got:
            lines = [f"{function_name(function)}: {item} has no entry {key!r}."]
            if any(str(other).lower() == str(key).lower() for other in got):
                lines.append("  Capital and small letters, texts and numbers are different keys.")
            raise CheckFailed(*lines, f"  got:      the keys {', '.join(map(repr, got)) or '(none)'}")
    for key in got:
        if key not in expected:
            raise CheckFailed(
                f"{function_name(function)}: {item} has an entry that it should not have.", f"  got:      {key!r}"
            )
    for key, value in expected.items():
        inner(f"{item}[{key!r}]", value, got[key])


def _wrong_value(function, item, expected, got, *hints):
    return CheckFailed(
        f"{function_name(function)}: {item} has the right type, but a wrong value.",
        f"  expected: {expected}",
        f"  got:      {got}",
        *(f"  {hint}" for hint in hints),
    )


def _about_texts(expected, got):
    """Return what can be said about a wrong text: a list of sentences."""
    if got.split() == expected.split():
        return ["Only spaces and line ends are different."]
    if got.lower() == expected.lower():
        return ["Only capital and small letters are different."]
    if "".join(got.split()) == "".join(expected.split()):
        return ["Only spaces and line ends are different."]
    return [f"The first difference is at position {_first_difference(expected, got)}."]


def _equals_itself(*values):
    """Tell whether one of these values is equal to itself; what is not a time, or not a number, is not."""
    return any(value == value for value in values)  # noqa: PLR0124


def _first_difference(one, other):
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (mine, yours) in pairs if mine != yours), min(len(one), len(other)))


def _shown(value, other):
    """Return a value as a message has it: of a long text the part around the first difference."""
    if isinstance(value, str) and len(value) > _SHOWN and type(other) is type(value):
        begin = max(0, _first_difference(value, other) - _SHOWN // 3)
        end = begin + _SHOWN
        return f"{'...' if begin else ''}{value[begin:end]!r}{'...' if end < len(value) else ''}"
    try:
        return repr(value.item() if isinstance(value, np.bool_) else value)
    except ValueError:
        return "a number of too many digits to be shown"


def _compare_pandas(pandas, function, item, expected, got, inner):
    """Compare two DataFrames, two Series or two Indexes."""
    kinds = {pandas.DataFrame: "a DataFrame", pandas.Series: "a Series", pandas.Index: "an Index"}
    kind = next(one for one in kinds if isinstance(expected, one))
    if not isinstance(got, kind):
        raise CheckFailed(f"{function_name(function)}: {item} should be {kinds[kind]}, but is {kind_of(got)}.")
    if kind is pandas.DataFrame:
        _compare_columns(function, item, list(expected.columns), list(got.columns))
    if got.shape != expected.shape:
        raise CheckFailed(
            f"{function_name(function)}: {item} has the wrong shape.",
            f"  expected: {expected.shape}",
            f"  got:      {got.shape}",
        )
    if kind is pandas.Index:
        _compare_index(pandas, function, item, expected, got, inner)
        return
    _compare_index(pandas, function, f"the index of {item}", expected.index, got.index, inner)
    if kind is pandas.Series:
        _compare_column(function, item, expected, got, inner)
        return
    for position, name in enumerate(expected.columns):  # by position: two columns may have the same name
        column = f"{item}[{name!r}]"
        _compare_column(function, column, expected.iloc[:, position], got.iloc[:, position], inner)


def _compare_index(pandas, function, item, expected, got, inner):
    """Compare two indexes of the same length, level by level."""
    if got.nlevels != expected.nlevels:
        levels = f"should have {expected.nlevels} levels, but has {got.nlevels}"
        raise CheckFailed(f"{function_name(function)}: {item} {levels}.")
    for level in range(expected.nlevels):
        values = (pandas.Series(index.get_level_values(level)) for index in (expected, got))
        _compare_column(function, item, *values, inner)


def _compare_columns(function, item, expected, got):
    """Compare the names of columns, then their order."""
    name = function_name(function)
    mine = f"  got:      the columns {', '.join(map(repr, got)) or '(none)'}"
    for column in expected:
        if column not in got:
            raise CheckFailed(f"{name}: {item} has no column {column!r}.", mine)
    if len(got) != len(expected) or any(column not in expected for column in got):
        raise CheckFailed(f"{name}: {item} has a column that it should not have.", mine)
    if got != expected:
        order = f"  expected: {', '.join(map(repr, expected))}"
        raise CheckFailed(f"{name}: {item} has its columns in another order.", order, mine)


def _compare_column(function, item, expected, got, inner):
    """Compare two Series of the same length, without their indexes. What is missing in both is equal."""
    wanted, is_what = _holds(expected), _holds(got)
    if wanted not in ("objects", is_what):
        raise CheckFailed(f"{function_name(function)}: {item} should hold {wanted}, but has dtype {got.dtype}.")
    labels = expected.index.tolist()
    missing, lost = expected.isna().to_numpy(), got.isna().to_numpy()
    if wanted == "numbers":
        values, mine = (one.to_numpy(dtype=float, na_value=np.nan) for one in (expected, got))
        with np.errstate(all="ignore"):
            wrong = ~(np.where(missing | lost, missing & lost, agree(values, mine)))
        if wrong.any():
            first = int(np.argmax(wrong))
            raise CheckFailed(
                f"{function_name(function)}: {item} has the right shape, {expected.shape}, but wrong values.",
                f"  {int(wrong.sum())} of {wrong.size} values differ; the first is at index {labels[first]!r}:",
                f"  expected: {values[first]:.8g}",
                f"  got:      {mine[first]:.8g}",
            )
        return
    for label, value, mine, none, nothing in zip(labels, expected, got, missing, lost, strict=True):
        if none and nothing:
            continue
        if none or nothing:
            raise _wrong_value(function, f"{item} at {label!r}", repr(value), repr(mine))
        inner(f"{item} at {label!r}", value, mine)


def _holds(column):
    """Return in words what a Series holds, by its dtype."""
    kind = getattr(column.dtype, "kind", "O")
    words = {"b": "True and False", "M": "dates", "m": "durations"}
    return "numbers" if kind in "fiu" else words.get(kind, "objects")
