"""Encodes pandas tables, columns, indices and scalars as NumPy arrays and Python values.

Not as an Arrow stream: a reader of such streams in the process that runs the tests would be one more thing that a
hostile student could crash, and an Arrow table has no place for columns of one name, labels that are no text, or cells
that hold any value. What arrives is built by pandas' own constructors, which check it.

pandas is imported when a table arrives. Nothing is a table before somebody has imported it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any, NamedTuple

import numpy as np

from autograder.rpc.pandas_columns import (
    Parts,
    Row,
    array_rows,
    check_frequency,
    check_indices,
    check_zone,
    column,
    elements,
    exactly,
    is_frequency,
    pandas,
    take_zone,
    type_of,
)
from autograder.rpc.safe_types import SCALARS
from autograder.rpc.standard_values import ValueKind, kind_of

__all__ = ["kind_named", "kind_of_pandas", "look", "replace", "same_look", "size"]

_PREFIX = "pandas."
# To check that dates are regular takes a step of Python's for each of them.
_MOST_REGULAR = 100_000
_SIMPLE = frozenset(map(id, (NoneType, bool, int, float, str, bytes, *SCALARS)))
_LABELS = frozenset(
    ["date", "time", "datetime", "timedelta"]
    + [f"{_PREFIX}{name}" for name in ("Timestamp", "Timedelta", "Interval", "Period", "NaTType", "NAType")]
)


class _Kinds(NamedTuple):
    by_class: Mapping[int, ValueKind]  # by its identity
    by_name: Mapping[str, ValueKind]


def kind_of_pandas(of: type) -> ValueKind | None:
    """Return how instances of exactly this class cross, or None if they do not."""
    return _kinds().by_class.get(id(of)) if hasattr(sys.modules.get("pandas"), "DataFrame") else None


def kind_named(name: str) -> ValueKind:
    """Return the kind of that name; raise KeyError if there is none, ImportError if there is no pandas."""
    return _kinds().by_name[name]


def size(thing: object) -> int:
    """Return how many bytes it takes to build a table with this part, more or less."""
    return 8 * len(thing) if type(thing) is tuple else int(getattr(thing, "nbytes", 0))


def look(thing: object) -> object:
    """Return what a table or column holds, to be compared with a later look by `same_look`."""
    if type(thing) is np.ndarray:
        return (thing.dtype.str, thing.tobytes())
    kind = kind_of_pandas(type(thing))
    parts = None if kind is None else kind.take(thing)
    # Cells are not looked into: a list in a cell has its own look.
    return thing if parts is None else (type(thing), *map(look, parts))


def same_look(before: object, now: object) -> bool:
    """Return whether nothing has changed between two looks."""
    if before is now:
        return True
    if type(before) is tuple and type(now) is tuple:
        return len(before) == len(now) and all(map(same_look, before, now))
    is_plain = any(type(now) is kind for kind in (bool, int, str, bytes, range))
    return is_plain and type(before) is type(now) and bool(before == now)


def replace(own: Any, state: Any) -> None:
    """Make a table or column, in place, what another one is."""
    type(own).__init__(own, state)


def _is_label(name: object) -> bool:
    """Return whether something can be the name of a column or row, and is hashed without much ado."""
    return all(map(_is_simple, name)) if type(name) is tuple else _is_simple(name)


def _is_simple(name: object) -> bool:
    if id(type(name)) in _SIMPLE:
        return True
    kind = kind_of(type(name)) or kind_of_pandas(type(name))
    return kind is not None and kind.name in _LABELS and kind.take(name) is not None


# Indices.


def _build_range(*parts: Any) -> object:
    steps, name = parts
    exactly([steps], range)
    return pandas().RangeIndex(steps, name=name)


def _take_index(index: Any) -> Parts | None:
    content = elements(index)
    return (content, index.name) if _are_labels(content) and _is_label(index.name) else None


def _are_labels(content: object) -> bool:
    return content is not None and (type(content) is not tuple or all(map(_is_label, content)))


def _build_index(of: type, *parts: Any) -> Any:
    content, name = parts
    if not _are_labels(content):
        raise ValueError("an index of what are no labels")
    made = pandas().Index(column(content), dtype=type_of(content), name=name)
    if type(made) is not of:
        raise ValueError("an index of another kind")
    return made


def _take_regular(index: Any) -> Parts | None:
    plain = _take_index(index)
    if plain is None or index.freq is None:
        return None if plain is None else (*plain, None)
    is_known = len(index) <= _MOST_REGULAR and is_frequency(index.freqstr)
    is_known = is_known and pandas().tseries.frequencies.to_offset(index.freqstr) == index.freq
    return (*plain, index.freqstr) if is_known else None


def _build_regular(of: Any, *parts: Any) -> object:
    *plain, frequency = parts
    made = _build_index(of, *plain)
    if frequency is None:
        return made
    if len(made) > _MOST_REGULAR:
        raise ValueError("too many dates for regular ones")
    return of(made, freq=check_frequency(frequency), name=made.name)


def _take_levels(index: Any) -> Parts | None:
    names = tuple(index.names)
    return (*index.levels, *map(np.asarray, index.codes), names) if all(map(_is_label, names)) else None


def _build_levels(*parts: Any) -> object:
    *both, names = parts
    levels, codes = both[: len(both) // 2], both[len(both) // 2 :]
    exactly([*codes, names], *[np.ndarray] * len(levels), tuple)
    check_indices(*levels)
    if not all(map(_is_label, names)):
        raise ValueError("levels with odd names")
    return pandas().MultiIndex(levels=levels, codes=codes, names=names)


# Columns and tables.


def _is_bare(table: Any) -> bool:
    return not table.attrs and table.flags.allows_duplicate_labels


def _take_series(series: Any) -> Parts | None:
    content = elements(series)
    if content is None or not _is_bare(series) or not _is_label(series.name):
        return None
    return content, series.index.copy(), series.name


def _build_series(*parts: Any) -> Any:
    content, index, name = parts
    check_indices(index)
    if not _is_label(name):
        raise ValueError("a column with an odd name")
    return pandas().Series(column(content), index=index, name=name, dtype=type_of(content))


def _take_frame(frame: Any) -> Parts | None:
    columns = [elements(frame.iloc[:, position]) for position in range(frame.shape[1])]
    if not _is_bare(frame) or any(content is None for content in columns):
        return None
    # Copies: a call may have given an index a name, and with that it is no longer the one that came.
    return frame.columns.copy(), frame.index.copy(), *columns


def _build_frame(*parts: Any) -> object:
    columns, index, *contents = parts
    check_indices(columns, index)
    if len(columns) != len(contents):
        raise ValueError("a table with more columns or fewer")
    # By number first: several may have one name.
    made = pandas().DataFrame({n: _build_series(one, index, None) for n, one in enumerate(contents)}, index=index)
    made.columns = columns
    return made


# Scalars.


def _take_timestamp(moment: Any) -> Parts | None:
    zone = None if moment.tz is None else take_zone(moment.tz)
    return (moment.to_datetime64(), zone) if (zone is None) == (moment.tz is None) else None


def _build_timestamp(*parts: Any) -> object:
    moment, zone = parts
    exactly([moment], np.datetime64)
    if zone is None:
        return pandas().Timestamp(moment)
    check_zone(zone)
    return pandas().Timestamp(moment).tz_localize("UTC").tz_convert(zone)


def _build_timedelta(*parts: Any) -> object:
    exactly(parts, np.timedelta64)
    return pandas().Timedelta(*parts)


def _take_interval(interval: Any) -> Parts:
    left, right = (end.item() if isinstance(end, np.generic) else end for end in (interval.left, interval.right))
    return left, right, interval.closed


def _build_interval(*parts: Any) -> object:
    left, right, closed = parts
    if not all(type(end) in (int, float, pandas().Timestamp, pandas().Timedelta) for end in (left, right)):
        raise ValueError("an interval between what is no number")
    return pandas().Interval(left, right, closed=closed)


def _build_period(*parts: Any) -> object:
    ordinal, frequency = parts
    exactly([ordinal], int)
    return pandas().Period(ordinal=ordinal, freq=check_frequency(frequency))


@functools.cache
def _kinds() -> _Kinds:
    pd = pandas()
    plain = [pd.Index, pd.CategoricalIndex, pd.IntervalIndex, pd.PeriodIndex]
    regular = [pd.DatetimeIndex, pd.TimedeltaIndex]
    values: list[Row] = [
        *array_rows(),
        (pd.Timestamp, _take_timestamp, _build_timestamp),
        (pd.Timedelta, lambda span: (span.to_timedelta64(),), _build_timedelta),
        (pd.Interval, _take_interval, _build_interval),
        (pd.Period, lambda one: (one.ordinal, one.freqstr), _build_period),
        *((type(one), lambda _: (), functools.partial(lambda one: one, one)) for one in (pd.NaT, pd.NA)),
    ]
    indices: list[Row] = [
        (pd.RangeIndex, lambda index: (range(index.start, index.stop, index.step), index.name), _build_range),
        *((of, _take_index, functools.partial(_build_index, of)) for of in plain),
        *((of, _take_regular, functools.partial(_build_regular, of)) for of in regular),
        (pd.MultiIndex, _take_levels, _build_levels),
    ]
    tables: list[Row] = [
        (pd.Series, _take_series, _build_series),
        (pd.DataFrame, _take_frame, _build_frame),
    ]
    found = {
        of: ValueKind(_PREFIX + of.__name__, take, build, tag=tag)
        for tag, rows in (("value", values), ("index", indices), ("table", tables))
        for of, take, build in rows
    }
    return _Kinds(
        MappingProxyType({id(of): kind for of, kind in found.items()}),
        MappingProxyType({kind.name: kind for kind in found.values()}),
    )
