"""Named tuples cross as a name, field names and items; a class of that name is made where they arrive."""

from __future__ import annotations

import keyword
from collections import namedtuple
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from autograder.isolation.limits import Limits

__all__ = ["NamedTuples"]

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


class NamedTuples:
    """The named tuple classes of one conversation: one name with the same fields stays one class.

    Args:
        limits: Bounds on names and on the number of classes that the other side may define.

    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._classes: dict[tuple[str, tuple[str, ...]], type[Any]] = {}

    def describe(self, thing: object) -> tuple[str, tuple[str, ...]] | None:
        """Return the name and the fields of a plain named tuple, or None if `thing` is something else.

        A class with methods of its own is something else: they would be lost on the way.
        """
        kind = type(thing)
        if type(kind) is not type or kind.__bases__ != (tuple,):
            return None
        fields = vars(kind).get("_fields")
        if type(fields) is not tuple or not self._are_names((kind.__name__, *fields)):
            return None
        if not _is_plain(kind, fields) or tuple.__len__(thing) != len(fields):  # type: ignore[arg-type]
            return None
        self._classes[kind.__name__, fields] = kind
        return kind.__name__, fields

    def class_for(self, name: object, fields: object, length: int) -> type[Any]:
        """Return the class that the hostile arguments describe; raise ValueError if they describe none."""
        if type(fields) is not list or len(fields) != length or not self._are_names((name, *fields)):
            raise ValueError("not a named tuple")
        known = self._classes.get((str(name), tuple(fields)))
        if known is not None:
            return known
        if len(self._classes) >= self._limits.named_types:
            raise ValueError("too many named tuples")
        # `namedtuple` compiles a signature from the fields: that they are identifiers has been checked.
        made: type[Any] = namedtuple(str(name), fields)  # type: ignore[misc]
        self._classes[str(name), tuple(fields)] = made
        return made

    def _are_names(self, names: Iterable[object]) -> bool:
        listed = list(names)
        return len(listed) <= _MAX_FIELDS and all(
            type(name) is str and len(name) <= self._limits.name and name.isidentifier() and not keyword.iskeyword(name)
            for name in listed
        )


def _is_plain(kind: type, fields: tuple[str, ...]) -> bool:
    """Tell whether a class has nothing but what `namedtuple` or `typing.NamedTuple` gives it, `__repr__` included."""
    own = vars(kind)
    return _PARTS.union(fields).issuperset(own) and all(
        type(method := own.get(name)) is FunctionType and method.__code__ is code for name, code in _METHODS.items()
    )
