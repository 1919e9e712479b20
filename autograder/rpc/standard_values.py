"""Values of the standard library that cross as a few parts: dates, exact numbers, paths, views of dicts.

Each kind is a row of `KINDS`: how a value is taken apart, and how it is built from parts that may be hostile. Only
instances of exactly the class are values.
"""

from __future__ import annotations

import enum
import functools
import gc
import re
import types
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np

__all__ = ["KINDS", "ValueKind", "is_fixed", "kind_of", "known_zones"]

_MOST_DIGITS = 100_000
# What Python's own context allows: a number of ten lines to compute can have no larger one.
_MOST_EXPONENT = 1_000_000
_MOST_BITS = 100_000
_DECIMAL = re.compile(r"-?(?:\d+(?:\.\d+)?(?:E[+-]\d+)?|Infinity|s?NaN\d*)", re.ASCII)
_CONTEXT = Context(capitals=1)
_ZONES = (type(None), timezone, zoneinfo.ZoneInfo)


@dataclass(frozen=True)
class ValueKind:
    """How the values of one class cross.

    Attributes:
        name: What the kind is called on the wire.
        take: Returns a value's parts, or None if this value does not cross.
        build: Returns the value of hostile parts; whatever it raises, they are not parts of one.
        to_student: Whether only the grader sends it.
        tag: The tag of its nodes.

    """

    name: str
    take: Callable[[Any], tuple[object, ...] | None]
    build: Callable[..., object]
    to_student: bool = False
    tag: str = "value"


def _exact(things: tuple[object, ...], *kinds: type) -> None:
    if [type(thing) for thing in things] != list(kinds):
        raise ValueError("a value made of something else")


def _numbers(things: tuple[object, ...], count: int) -> None:
    _exact(things, *[int] * count)


def _date(*parts: Any) -> date:
    _numbers(parts, 3)
    return date(*parts)


def _has_zone(thing: time | datetime) -> bool:
    return any(type(thing.tzinfo) is kind for kind in _ZONES)


def _take_time(thing: time) -> tuple[object, ...] | None:
    parts = (thing.hour, thing.minute, thing.second, thing.microsecond, thing.tzinfo, thing.fold)
    return parts if _has_zone(thing) else None


def _take_datetime(thing: datetime) -> tuple[object, ...] | None:
    day = (thing.year, thing.month, thing.day)
    parts = (*day, thing.hour, thing.minute, thing.second, thing.microsecond, thing.tzinfo, thing.fold)
    return parts if _has_zone(thing) else None


def _check_zoned(parts: tuple[Any, ...], numbers: int) -> None:
    *head, zone, fold = parts
    _numbers((*head, fold), numbers)
    if not any(type(zone) is kind for kind in _ZONES):
        raise ValueError("not a time zone")


def _time(*parts: Any) -> time:
    _check_zoned(parts, 5)
    return time(*parts[:-1], fold=parts[-1])


def _datetime(*parts: Any) -> datetime:
    _check_zoned(parts, 8)
    return datetime(*parts[:-1], fold=parts[-1])


def _timedelta(*parts: Any) -> timedelta:
    _numbers(parts, 3)
    return timedelta(*parts)


def _take_timezone(thing: timezone) -> tuple[object, ...]:
    offset, *name = thing.__getinitargs__()  # type: ignore[attr-defined]
    return (offset, *name)


def _timezone(*parts: Any) -> timezone:
    _exact(parts, timedelta, *[str] * (len(parts) - 1))
    return timezone(*parts)


@functools.cache
def known_zones() -> frozenset[str]:
    """Return the names of the time zones that this machine knows."""
    return frozenset(zoneinfo.available_timezones())


def _take_zone(thing: zoneinfo.ZoneInfo) -> tuple[object, ...] | None:
    return (thing.key,) if thing.key in known_zones() else None


def _zone(*parts: Any) -> tzinfo:
    _exact(parts, str)
    if parts[0] not in known_zones():
        raise ValueError("an unknown time zone")
    return zoneinfo.ZoneInfo(parts[0])


def _is_moderate(number: Decimal) -> bool:
    """Return whether a number takes no hour to be turned into an integer."""
    return not number.is_finite() or abs(number.adjusted()) <= _MOST_EXPONENT


def _take_decimal(thing: Decimal) -> tuple[object, ...] | None:
    # Not `str`, whose "E" the student's context may have changed.
    text = _CONTEXT.to_sci_string(thing) if _is_moderate(thing) else ""
    return (text,) if 0 < len(text) <= _MOST_DIGITS else None


def _decimal(*parts: Any) -> Decimal:
    _exact(parts, str)
    if len(parts[0]) > _MOST_DIGITS or not _DECIMAL.fullmatch(parts[0]):
        raise ValueError("not a decimal number")
    number = Decimal(parts[0])
    if not _is_moderate(number):
        raise ValueError("a decimal number out of all proportion")
    return number


def _take_fraction(thing: Fraction) -> tuple[object, ...] | None:
    parts = (thing.numerator, thing.denominator)
    fits = all(type(part) is int and part.bit_length() <= _MOST_BITS for part in parts)
    return parts if fits else None


def _fraction(*parts: Any) -> Fraction:
    _numbers(parts, 2)
    if any(part.bit_length() > _MOST_BITS for part in parts):
        raise ValueError("a fraction out of all proportion")
    return Fraction(*parts)


def _take_path(thing: Any) -> tuple[object, ...]:
    return (str(thing),)


def _path_of(kind: type[PurePosixPath | PureWindowsPath]) -> Callable[..., object]:
    def build(*parts: Any) -> object:
        _exact(parts, str)
        return kind(parts[0])

    return build


def _uuid(*parts: Any) -> UUID:
    _numbers(parts, 1)
    return UUID(int=parts[0])


def _pattern(*parts: Any) -> re.Pattern[Any]:
    return re.compile(*parts)


def _take_view(view: Any) -> tuple[object, ...] | None:
    # Python shows the dict behind a view only through a proxy.
    (behind,) = gc.get_referents(view)
    return (behind,) if type(behind) is dict else None


def _view_of(method: Callable[[dict[Any, Any]], object]) -> Callable[..., object]:
    def build(*parts: Any) -> object:
        _exact(parts, dict)
        return method(parts[0])

    return build


_VIEWS: tuple[Callable[[dict[Any, Any]], Any], ...] = (dict.keys, dict.values, dict.items)
_KINDS: Mapping[type, ValueKind] = MappingProxyType(
    {
        date: ValueKind("date", lambda thing: (thing.year, thing.month, thing.day), _date),
        time: ValueKind("time", _take_time, _time),
        datetime: ValueKind("datetime", _take_datetime, _datetime),
        timedelta: ValueKind("timedelta", lambda thing: (thing.days, thing.seconds, thing.microseconds), _timedelta),
        timezone: ValueKind("timezone", _take_timezone, _timezone),
        zoneinfo.ZoneInfo: ValueKind("zone", _take_zone, _zone),
        Decimal: ValueKind("decimal", _take_decimal, _decimal),
        Fraction: ValueKind("fraction", _take_fraction, _fraction),
        UUID: ValueKind("uuid", lambda thing: (thing.int,), _uuid),
        # How long a pattern takes to match is the student's doing only where it matches in the student's process.
        re.Pattern: ValueKind("pattern", lambda thing: (thing.pattern, thing.flags), _pattern, to_student=True),
    }
    | {
        kind: ValueKind(kind.__name__, _take_path, _path_of(kind))
        for kind in (PurePosixPath, PureWindowsPath, PosixPath)
    }
    | {type(method({})): ValueKind(type(method({})).__name__, _take_view, _view_of(method)) for method in _VIEWS}
)

#: The classes of values that nobody can change.
CONSTANT: tuple[type, ...] = tuple(of for of, kind in _KINDS.items() if kind.take is not _take_view)

#: The kinds of values by their names on the wire.
KINDS: Mapping[str, ValueKind] = MappingProxyType({kind.name: kind for kind in _KINDS.values()})
# By the identity of the class: looking it up by hash would run the code of a metaclass.
_BY_IDENTITY: Mapping[int, ValueKind] = MappingProxyType({id(of): kind for of, kind in _KINDS.items()})


def kind_of(of: type) -> ValueKind | None:
    """Return how instances of exactly the class `of` cross, or None if they do not."""
    return _BY_IDENTITY.get(id(of))


_FIXED = (
    *(types.NoneType, bool, int, float, complex, str, bytes, range, np.generic, np.dtype),
    *(types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type),
    *(enum.Enum, *CONSTANT),
)


def is_fixed(value: object) -> bool:
    """Return whether nobody can change a value in place."""
    if type(value) in (tuple, frozenset):
        return all(map(is_fixed, value))  # type: ignore[call-overload]
    return isinstance(value, _FIXED)
