"""Comparing what a student's function returns with what it should be, and the words for what is off.

The type comes first, then the shape, then the values. A message may end in hints about the numbers. They come from the
`hints` that a check passes on, an object with three methods that are called only when something is wrong:

- ``shapes(key, expected, got)``: what follows each of the two shapes in the message, and lines below them;
- ``other_shape(key, expected, got)``: lines about an array of another shape;
- ``wrong_values(key, expected, got, index)``: lines about wrong values, the first of them at `index`.

`key` is the item's name in the exercise, such as "W1". `dnn_lab.hints` makes such objects.
"""

import math
import re
import sys
from enum import Enum

import numpy as np

from dnn_lab.checks.calling import CheckFailed, function_name, kind_of
from dnn_lab.checks.other_values import compare_other
from dnn_lab.checks.tolerance import agree

__all__ = ["entries", "expect_equal", "expect_keys", "expect_length"]


def expect_equal(function, item, expected, got, hints=None, kind=None, key=None):
    """Compare one returned item with what it should be: type, then shape (strictly), size or keys, then values.

    function -- the student's function, for the message
    item -- what the item is called, for the message
    expected, got -- numbers, arrays, texts, True, False, None, dates, Decimals, Fractions, paths, Enum members, pandas'
        tables; tuples, lists, sets and dictionaries of these. If expected is a list of lists of numbers, it stands for
        an array; a flat list of numbers, for a list or an array. Inside of lists and dictionaries a list is a list.
    hints -- what can be said about wrong numbers, see above; None for nothing
    kind -- list, if a list of numbers is to be a list and nothing else
    key -- the item's name in the exercise, if it is not to be found in `item`
    Numbers are equal if they agree to about six digits, everything else if it is the same.
    Raises CheckFailed at the first difference.
    """
    # 'table["total"]' is about total, and "mean with weights" about mean.
    if key is None:
        quoted = re.search(r'\["(\w+)"\]$', item)
        key = quoted[1] if quoted else item.split(" with ")[0]
    _compare(function, item, expected, got, hints, key, lists=kind is list)


def entries(number):
    """Return a number of entries in words."""
    return f"{number} {'entry' if number == 1 else 'entries'}"


def expect_length(function, item, length, got, kind=list):
    """Raise CheckFailed unless `got` is a list (or a tuple, by `kind`) of the given length."""
    if not isinstance(got, kind):
        raise CheckFailed(f"{function_name(function)}: {item} should be a {kind.__name__}, but is {kind_of(got)}.")
    if len(got) != length:
        lines = [f"{function_name(function)}: {item} should have {entries(length)}, but has {len(got)}."]
        if kind is list and len(got) == 0:
            lines.append("  Nothing is stored in it. What is to be stored, and when?")
        elif kind is list and len(got) == 2 * length:
            lines.append("  That is twice as many. Is something stored twice in each round?")
        elif kind is list and len(got) == length - 1:
            lines.append("  One is missing. Is it the first, the last, or one that was never stored?")
        raise CheckFailed(*lines)


def expect_keys(function, item, keys, got):
    """Raise CheckFailed unless `got` is a dictionary that has all the given keys."""
    if not isinstance(got, dict):
        raise CheckFailed(f"{function_name(function)}: {item} should be a dictionary, but is {kind_of(got)}.")
    missing = [key for key in keys if key not in got]
    if missing:
        lines = [
            f'{function_name(function)}: {item} has no entry "{missing[0]}".',
            f"  its keys are: {', '.join(str(key) for key in got) or 'none'}",
        ]
        if any(str(key).lower() == str(missing[0]).lower() for key in got):
            lines.append("  Capital and small letters are different in a key.")
        raise CheckFailed(*lines)


def _compare(function, item, expected, got, hints, key, lists=False):
    """Compare as `expect_equal` does.

    key -- the item's name in the exercise
    lists -- whether a list of numbers is a list, and does not stand for an array
    """
    if isinstance(expected, tuple):
        expect_length(function, item, len(expected), got, kind=tuple)
        for position, (inner, value) in enumerate(zip(expected, got, strict=True)):
            _compare(function, f"{item}[{position}]", inner, value, hints, f"{key}[{position}]", lists)
        return
    if expected is not None:
        _refuse_none(function, item, got)
    if not _is_numeric(expected, got, lists):
        if isinstance(expected, np.ndarray | complex | np.complexfloating):
            _compare_array(function, item, expected, got)
            return

        def inside(item, expected, got):
            _compare(function, item, expected, got, hints, item, lists=True)

        compare_other(function, item, expected, got, inside)
        return
    expected = np.asarray(expected)
    got = _as_numbers(function, item, expected, got)
    if got.shape != expected.shape:
        raise CheckFailed(
            f"{function_name(function)}: {item} has the wrong shape.",
            *_shapes(expected, got, hints, key),
            *_indented(hints.other_shape(key, expected, got) if hints else []),
        )
    close = agree(expected, got)
    if not close.all():
        index = tuple(int(i) for i in np.argwhere(~close)[0])
        lines = [f"{function_name(function)}: {item} has the right shape, {_shape(expected)}, but wrong values."]
        if index:
            differ = f"{int((~close).sum())} of {close.size} values differ"
            lines.append(f"  {differ}; the first is at index [{', '.join(map(str, index))}]:")
        lines.append(f"  expected: {float(expected[index]):.8g}")
        lines.append(f"  got:      {float(got[index]):.8g}")
        lines += _indented(hints.wrong_values(key, expected, got, index) if hints else [])
        raise CheckFailed(*lines)


def _is_numeric(expected, got, lists):
    """Tell whether what is expected is a number or an array of numbers, or a list that stands for one."""
    if isinstance(expected, bool | Enum | np.timedelta64):
        return False
    if isinstance(expected, int | float | np.number):
        # A whole number that no array holds is compared as it is.
        return not isinstance(expected, int) or abs(expected) < 2**63
    if isinstance(expected, np.ndarray):
        return expected.dtype.kind in "fiu"
    return isinstance(expected, list) and not lists and _stands_for_array(expected, got)


def _stands_for_array(expected, got):
    """Tell whether a list is a short form of an array of numbers."""
    if type(got) is not np.ndarray and not (_has_lists(expected) and _is_numbers(expected)):
        return False
    try:
        return np.asarray(expected).dtype.kind in "fiu"
    except ValueError:  # rows of different lengths
        return False


def _has_lists(value):
    return bool(value) and all(isinstance(inner, list) for inner in value)


def _is_numbers(value):
    """Tell whether a nested list holds nothing but numbers."""
    if isinstance(value, list):
        return all(map(_is_numbers, value))
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _compare_array(function, item, expected, got):
    """Compare a complex number, or an array of anything but real numbers."""
    name, scalar = function_name(function), np.ndim(expected) == 0
    is_number = isinstance(got, int | float | complex | np.number) and not isinstance(got, bool)
    if type(got) is not np.ndarray and not (scalar and is_number):
        wanted = "a number" if scalar else "a NumPy array"
        raise CheckFailed(f"{name}: {item} should be {wanted}, but is {kind_of(got)}.")
    expected, got = np.asarray(expected), np.asarray(got)
    if got.shape != expected.shape:
        shapes = f"  expected: {_shape(expected)}", f"  got:      {_shape(got)}"
        raise CheckFailed(f"{name}: {item} has the wrong shape.", *shapes)
    is_complex = expected.dtype.kind == "c"
    if got.dtype.kind not in ("cfiu" if is_complex else expected.dtype.kind):
        raise CheckFailed(f"{name}: {item} should have dtype {expected.dtype}, but has dtype {got.dtype}.")
    wrong = ~agree(expected, got) if is_complex else np.asarray(expected != got, bool)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        lines = [f"{name}: {item} has the right type and shape, but wrong values."]
        if index:
            differ = f"{int(wrong.sum())} of {wrong.size} values differ"
            lines.append(f"  {differ}; the first is at index [{', '.join(map(str, index))}]:")
        raise CheckFailed(*lines, f"  expected: {expected[index]!s}", f"  got:      {got[index]!s}")


def _refuse_none(function, item, got):
    """Raise CheckFailed if a gap was left empty."""
    # NumPy wraps a None in an array of shape (); from another process that comes as something that is called only.
    is_wrapped = getattr(got, "shape", None) == () and not isinstance(got, np.generic)
    if got is None or (is_wrapped and got.item() is None):
        raise CheckFailed(f"{function_name(function)} is not filled in yet: {item} is still None.")


def _as_numbers(function, item, expected, got):
    """Return `got` as an array of numbers, or say why it is none."""
    scalar = expected.shape == ()
    wanted = "a number" if scalar else "a NumPy array"
    # Exactly these types: a subclass (np.matrix for one) multiplies and adds by rules of its own.
    right_type = type(got) is np.ndarray or (
        scalar and isinstance(got, int | float | np.number) and not isinstance(got, bool)
    )
    if not right_type:
        raise CheckFailed(
            f"{function_name(function)}: {item} should be {wanted}, but is {kind_of(got)}.",
            *_indented(_other_type(expected, got)),
        )
    if isinstance(got, int) and abs(got) >= 2**63:  # more than an array of whole numbers holds
        got = float(got) if abs(got) <= sys.float_info.max else math.inf if got > 0 else -math.inf
    got = np.asarray(got)
    if got.dtype.kind not in "fiu":
        raise CheckFailed(
            f"{function_name(function)}: {item} should hold real numbers, but has dtype {got.dtype}.",
            *_indented(_OTHER_DTYPES.get(got.dtype.kind, [])),
        )
    return got


_OTHER_DTYPES = {
    "O": ["An array gets this dtype if there is a None in it, or if its rows have different lengths."],
    "b": ["It holds True and False. Is the result of a comparison returned in place of numbers?"],
    "U": ["It holds text. Where does a number become text?"],
}


def _other_type(expected, got):
    """Return what can be said about a value of a wrong type: a list of sentences."""
    if type(got) is tuple:
        for position, inner in enumerate(got[:10]):
            numbers = type(inner) is np.ndarray and inner.dtype.kind in "fiu" and inner.shape == expected.shape
            if numbers and agree(expected, inner).all():
                return [
                    f"Its item {position} is what is asked for. A call that returns several values needs several names."
                ]
        return ["A call that returns several values needs several names."]
    if type(got) is list:
        return ["A list has no shape, and + and * do other things with it. Which NumPy function makes an array?"]
    if isinstance(got, np.matrix):
        return ["A matrix multiplies by rules of its own. Use arrays."]
    if callable(got):
        return ["That can be called. Are the brackets of a call missing?"]
    return []


def _shapes(expected, got, hints, key):
    """Return both shapes, with what the hints say of them."""
    right, mine, explained = hints.shapes(key, expected, got) if hints else ("", "", [])
    shapes = f"  expected: {_shape(expected)}{right}", f"  got:      {_shape(got)}{mine}"
    return [*shapes, *_indented(explained)]


def _indented(sentences):
    return [f"  {sentence}" for sentence in sentences]


def _shape(array):
    return "a single number" if array.shape == () else str(array.shape)
