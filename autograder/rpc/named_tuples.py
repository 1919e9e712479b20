"""Sends named tuples as a class and items."""

from __future__ import annotations

from collections import namedtuple
from types import FunctionType
from typing import Any

from autograder.rpc.classes import Classes, are_names
from autograder.rpc.value_limits import Limits

__all__ = ["class_of_fields", "describe_named_tuple"]

_MADE = vars(namedtuple("Made", ()))
# Each calls for the code of its own class nowhere, so it is the same for all classes.
_METHODS = {name: value.__code__ for name, value in _MADE.items() if type(value) is FunctionType}
# What Python notes of a class that is written out: since 3.13 where, since 3.14 how to work out its annotations.
_NOTES = frozenset(
    f"__{name}__"
    for name in (
        *("annotations", "orig_bases", "firstlineno", "static_attributes", "annotate", "annotate_func"),
        *("annotations_cache", "conditional_annotations", "classdictcell"),
    )
)
_PARTS = _NOTES.union(_MADE)
_MAX_FIELDS = 255


def describe_named_tuple(thing: object, classes: Classes, limits: Limits) -> tuple[str, tuple[str, ...]] | None:
    """Return the name and the fields of a named tuple, or None if `thing` is something else.

    A class with methods of its own is something else unless it is shared: they would be lost on the way.
    """
    kind = type(thing)
    if type(kind) is not type or not issubclass(kind, tuple):
        return None
    fields = getattr(kind, "_fields", None)
    if type(fields) is not tuple or not _are_fields(fields, limits) or tuple.__len__(thing) != len(fields):  # type: ignore[arg-type]
        return None
    is_plain = kind.__bases__ == (tuple,) and _is_plain(kind, fields)
    if not is_plain and not classes.is_shared(kind):
        return None
    name = classes.sent(kind, ("named", fields))
    return None if name is None else (name, fields)


def class_of_fields(name: object, fields: object, length: int, classes: Classes, limits: Limits) -> type[Any]:
    """Return the class that the hostile arguments describe; raise ValueError if they describe none."""
    if type(fields) is not list or len(fields) != length or not _are_fields(tuple(fields), limits):
        raise ValueError("not a named tuple")
    wanted = tuple(fields)
    return classes.received(
        name,
        ("named", wanted),
        lambda kind: issubclass(kind, tuple) and getattr(kind, "_fields", None) == wanted,
        # `namedtuple` compiles a signature from the fields: that they are identifiers has been checked.
        lambda last: namedtuple(last, wanted),
    )


def _are_fields(fields: tuple[object, ...], limits: Limits) -> bool:
    return len(fields) <= _MAX_FIELDS and are_names(fields, limits)


def _is_plain(kind: type, fields: tuple[str, ...]) -> bool:
    """Return whether a class has nothing but what `namedtuple` or `typing.NamedTuple` gives it, `__repr__` included."""
    own = vars(kind)
    return _PARTS.union(fields).issuperset(own) and all(
        type(method := own.get(name)) is FunctionType and method.__code__ is code for name, code in _METHODS.items()
    )
