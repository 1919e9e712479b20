"""Encodes a pandas column: as an array of numbers, a tuple of cells, or one of pandas' own arrays.

Each class of such arrays is a row of `array_rows`: how an array is taken apart, and how it is built from hostile parts.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Sequence
from datetime import timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from autograder.rpc.standard_values import known_zones

__all__ = [
    "Parts",
    "Row",
    "array_rows",
    "check_frequency",
    "check_indices",
    "check_zone",
    "column",
    "elements",
    "exactly",
    "is_frequency",
    "pandas",
    "take_zone",
    "type_of",
]

_FREQUENCY = re.compile(r"-?\d{0,6}[A-Za-z]{1,6}(?:-[A-Z]{3})?", re.ASCII)
_NUMBERS = "biufcmM"
_ZONES = (timezone, ZoneInfo)

Parts = tuple[Any, ...]
#: A class, what takes its instances apart (None for those that do not cross), and what builds one of hostile parts.
Row = tuple[type, Callable[[Any], Parts | None], Callable[..., Any]]


def pandas() -> Any:
    """Return pandas, which is imported when it is first wanted."""
    return importlib.import_module("pandas")


def exactly(things: Sequence[object], *kinds: type) -> None:
    """Raise ValueError unless these are of exactly these types."""
    if [type(thing) for thing in things] != list(kinds):
        raise ValueError("a part of a table that is something else")


def check_indices(*things: object) -> None:
    """Raise ValueError unless all of these are indices."""
    if not all(isinstance(thing, pandas().Index) for thing in things):
        raise ValueError("not an index")


def elements(column: Any) -> Any:
    """Return the elements of a column or index, None if they do not cross."""
    if not isinstance(column.dtype, np.dtype):
        return column.array if type(column.array) in _array_classes() else None
    if column.dtype.kind in _NUMBERS:
        return np.asarray(column)
    return tuple(np.asarray(column)) if column.dtype == object else None


def column(content: object) -> Any:
    """Return what pandas takes for a column of these hostile elements."""
    if type(content) is tuple:
        cells = np.empty(len(content), object)
        for position, cell in enumerate(content):
            cells[position] = cell
        return cells
    _check_array(content)
    return content.copy()  # type: ignore[attr-defined]


def _check_array(content: object) -> None:
    is_plain = type(content) is np.ndarray and content.ndim == 1 and content.dtype.kind in _NUMBERS
    if not is_plain and type(content) not in _array_classes():
        raise ValueError("not a column")


def type_of(content: object) -> Any:
    """Return the element type to ask pandas for, which would make text of cells that are."""
    return object if type(content) is tuple else None


@functools.cache
def _array_classes() -> frozenset[type]:
    return frozenset(of for of, _, _ in array_rows())


def array_rows() -> list[Row]:
    """Return the classes of pandas' own arrays, how each is taken apart and how it is built."""
    arrays = pandas().arrays
    masked = [arrays.IntegerArray, arrays.FloatingArray, arrays.BooleanArray]
    texts = {type(pandas().array(["x"], dtype=name)) for name in ("string[python]", "str")}
    texts.discard(arrays.NumpyExtensionArray)  # what older versions make of the second
    return [
        *((of, _take_masked, functools.partial(_build_masked, of)) for of in masked),
        *((of, _take_text, _build_text) for of in texts),
        (pandas().Categorical, _take_categories, _build_categories),
        (arrays.DatetimeArray, _take_moments, _build_moments),
        (arrays.IntervalArray, lambda array: (array.left, array.right, array.closed), _build_intervals),
        (arrays.PeriodArray, _take_periods, _build_periods),
    ]


def _take_masked(array: Any) -> Parts:
    plain = array.dtype.numpy_dtype
    return array.to_numpy(dtype=plain, na_value=plain.type(0)), np.asarray(array.isna())


def _build_masked(of: Any, *parts: Any) -> object:
    exactly(parts, np.ndarray, np.ndarray)
    return of(*(part.copy() for part in parts))


def _take_text(array: Any) -> Parts:
    return (
        tuple(array.to_numpy(dtype=object, na_value=None)),
        array.dtype.storage,
        array.dtype.na_value is pandas().NA,
    )


def _build_text(*parts: Any) -> object:
    cells, storage, has_na = parts
    exactly(parts, tuple, str, bool)
    if not all(type(cell) is str or cell is None for cell in cells):
        raise ValueError("not a text")
    # Older versions of pandas know only one value for what is missing.
    options = {} if has_na else {"na_value": np.nan}
    return pandas().array(list(cells), dtype=pandas().StringDtype(storage, **options))


def _take_categories(array: Any) -> Parts:
    return np.asarray(array.codes), array.categories, array.ordered


def _build_categories(*parts: Any) -> object:
    codes, categories, ordered = parts
    exactly((codes, ordered), np.ndarray, bool)
    check_indices(categories)
    return pandas().Categorical.from_codes(codes, categories=categories, ordered=ordered)


def take_zone(zone: Any) -> object:
    """Return a time zone that crosses: the zone or its name, None if it does not."""
    if type(zone) in _ZONES:
        return zone
    # Older versions of pandas have zones of another library, which they know by the same names.
    name = getattr(zone, "zone", None)
    return name if name in known_zones() else None


def check_zone(zone: object) -> None:
    """Raise ValueError unless this is a time zone or the name of one."""
    if type(zone) not in _ZONES and not (type(zone) is str and zone in known_zones()):
        raise ValueError("an unknown time zone")


def _take_moments(array: Any) -> Parts | None:
    if array.tz is None:
        return None  # that is a plain array, by another name
    zone = take_zone(array.tz)
    return None if zone is None else (array.tz_convert("UTC").tz_localize(None).to_numpy(), zone)


def _build_moments(*parts: Any) -> Any:
    moments, zone = parts
    exactly([moments], np.ndarray)
    check_zone(zone)
    if moments.dtype.kind != "M":
        raise ValueError("not moments")
    return pandas().DatetimeIndex(moments.copy()).tz_localize("UTC").tz_convert(zone).array


def _build_intervals(*parts: Any) -> object:
    left, right, closed = parts
    check_indices(left, right)
    exactly([closed], str)
    return pandas().arrays.IntervalArray.from_arrays(left, right, closed=closed)


def is_frequency(name: object) -> bool:
    """Return whether something looks like the name of a frequency."""
    return type(name) is str and _FREQUENCY.fullmatch(name) is not None


def check_frequency(name: object) -> Any:
    """Return the name of a frequency; raise ValueError if it is not one."""
    if not is_frequency(name):
        raise ValueError("not a frequency")
    return name


def _take_periods(array: Any) -> Parts | None:
    return (np.asarray(array.asi8), array.freqstr) if is_frequency(array.freqstr) else None


def _build_periods(*parts: Any) -> Any:
    ordinals, frequency = parts
    exactly([ordinals], np.ndarray)
    return pandas().PeriodIndex.from_ordinals(ordinals.copy(), freq=check_frequency(frequency)).array
