"""Named tuples cross as a class and items."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

from autograder.isolation.classes import Classes, are_names
from autograder.isolation.limits import Limits

__all__ = ["class_of_fields", "describe_named_tuple"]


class _Written(NamedTuple):
    """What Python gives a class that is written as one."""


_PARTS = frozenset(vars(namedtuple("Empty", ()))) | frozenset(vars(_Written)) | {"__annotations__", "__orig_bases__"}
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
    is_plain = kind.__bases__ == (tuple,) and _PARTS.union(fields).issuperset(vars(kind))
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
