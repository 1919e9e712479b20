"""Classes that mean the same in both processes, so that they can be sent by name.

Everything here is built in or NumPy's own. A name that arrives is looked up in these tables and nowhere else.
"""

from __future__ import annotations

import array
import builtins
import collections
import datetime
import decimal
import fractions
import pathlib
import uuid
from collections.abc import Mapping
from types import MappingProxyType, NoneType, SimpleNamespace

import numpy as np

__all__ = ["EXCEPTIONS", "FACTORIES", "SCALARS", "TYPECODES", "TYPES", "name_of_factory", "name_of_type"]

_PLAIN: tuple[type, ...] = (
    *(NoneType, object, bool, int, float, complex, str, bytes, bytearray),
    *(list, tuple, dict, set, frozenset, range, slice),
    *(collections.OrderedDict, collections.defaultdict, collections.Counter, collections.deque),
    *(datetime.date, datetime.time, datetime.datetime, datetime.timedelta, datetime.timezone),
    *(decimal.Decimal, fractions.Fraction, uuid.UUID, array.array, SimpleNamespace),
    *(pathlib.PurePath, pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.Path, pathlib.PosixPath),
)
_ABSTRACT: tuple[type, ...] = (
    np.generic,
    np.number,
    np.integer,
    np.signedinteger,
    np.unsignedinteger,
    np.inexact,
)
_ABSTRACT += (np.floating, np.complexfloating, np.flexible, np.character)

#: NumPy's scalar types that can be sent by value. `np.longlong` and its kin may be synonyms.
SCALARS: frozenset[type] = frozenset(
    [
        *(np.bool_, np.byte, np.short, np.intc, np.int_, np.longlong, np.intp),
        *(np.ubyte, np.ushort, np.uintc, np.uint, np.ulonglong, np.uintp),
        *(np.half, np.single, np.double, np.longdouble, np.csingle, np.cdouble, np.clongdouble),
        *(np.str_, np.bytes_, np.datetime64, np.timedelta64, np.void),
    ]
)

#: The elements of Python's own arrays that can be sent; without characters, because not every number is one.
TYPECODES = frozenset("bBhHiIlLqQfd")

#: Exception classes that arrive as themselves.
EXCEPTIONS: Mapping[str, type[BaseException]] = MappingProxyType(
    {
        name: thing
        for name, thing in vars(builtins).items()
        if isinstance(thing, type) and issubclass(thing, BaseException) and thing.__name__ == name
    }
    | {
        "numpy.linalg.LinAlgError": np.linalg.LinAlgError,
        "numpy.exceptions.AxisError": np.exceptions.AxisError,
        "numpy.exceptions.ComplexWarning": np.exceptions.ComplexWarning,
        "numpy.exceptions.DTypePromotionError": np.exceptions.DTypePromotionError,
        "numpy.exceptions.TooHardError": np.exceptions.TooHardError,
        "numpy.exceptions.VisibleDeprecationWarning": np.exceptions.VisibleDeprecationWarning,
    }
)

#: Every class that can be sent as a value.
TYPES: Mapping[str, type] = MappingProxyType(
    {kind.__name__: kind for kind in _PLAIN}
    | {f"numpy.{kind.__name__}": kind for kind in (np.ndarray, np.dtype, *_ABSTRACT, *SCALARS)}
    | dict(EXCEPTIONS)
)

#: What a `defaultdict` may make for a missing key.
FACTORIES: Mapping[str, type] = MappingProxyType(
    {kind.__name__: kind for kind in (int, float, list, dict, set, str, tuple)}
)

# By identity: looking a class up by hash would run the code of its metaclass.
_TYPE_NAMES = MappingProxyType({id(kind): name for name, kind in TYPES.items()})
_FACTORY_NAMES = MappingProxyType({id(kind): name for name, kind in FACTORIES.items()})


def name_of_type(kind: object) -> str | None:
    """Return the name under which the class `kind` crosses, or None if it does not."""
    return _TYPE_NAMES.get(id(kind))


def name_of_factory(factory: object) -> str | None:
    """Return the name under which a `defaultdict`'s factory crosses, or None if it does not."""
    return _FACTORY_NAMES.get(id(factory))
