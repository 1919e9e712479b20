"""Sends a dataclass instance as its class and the values of its fields.

A class that is not shared crosses if it has nothing but its fields and what `dataclass` generates: compared by all
fields, hashed by all or not at all. Where it arrives, a class is made that is just that.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Sequence
from typing import Any

from autograder.rpc.classes import Classes, are_names, is_ordinary
from autograder.rpc.value_limits import Limits

__all__ = ["class_of_record", "describe_record", "read_fields", "write_fields"]

_MAX_FIELDS = 255
_GENERATED = ("__eq__", "__repr__", "__hash__", "__lt__", "__le__", "__gt__", "__ge__", "__setattr__", "__delattr__")
# What a dataclass may have besides, of which nothing is to be seen of an instance that is there.
_UNSEEN = frozenset(["__init__", "__post_init__", "__slots__", "__getstate__", "__setstate__", "__doc__"])


@dataclasses.dataclass(frozen=True)
class DataclassDescription:
    """What crosses of a dataclass: its name, the names of its fields, whether it has an order, whether it is frozen."""

    name: str
    fields: tuple[str, ...]
    ordered: bool
    frozen: bool


def describe_record(thing: object, classes: Classes, limits: Limits) -> DataclassDescription | None:
    """Return what is to be known of the class of a dataclass's instance, or None if `thing` does not cross as one."""
    kind = type(thing)
    if not is_ordinary(kind) or "__dataclass_fields__" not in vars(kind):
        return None
    fields = tuple(field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]
    parameters = vars(kind)["__dataclass_params__"]
    ordered, frozen = bool(parameters.order), bool(parameters.frozen)
    if not _are_fields(fields, limits) or not _has_exactly(thing, fields):
        return None
    if not _is_compared(kind) or not (frozen or kind.__hash__ is None):
        return None  # which of two equal ones it is, or that it has changed, would be lost
    if not _is_plain(kind, ordered, frozen) and not classes.is_shared(kind):
        return None
    name = classes.sent(kind, ("record", fields, ordered, frozen))
    return None if name is None else DataclassDescription(name, fields, ordered, frozen)


def class_of_record(
    name: object, fields: object, ordered: object, frozen: bool, classes: Classes, limits: Limits
) -> type[Any]:
    """Return the class that the hostile arguments describe; raise ValueError if they describe none."""
    if type(fields) is not list or not _are_fields(tuple(fields), limits) or type(ordered) is not bool:
        raise ValueError("not a dataclass")
    wanted = tuple(fields)
    return classes.received(
        name,
        ("record", wanted, ordered, frozen),
        lambda kind: _has_form(kind, wanted, frozen),
        lambda last: dataclasses.make_dataclass(last, wanted, order=ordered, frozen=frozen),
    )


def read_fields(thing: object) -> list[Any]:
    """Return the values of a dataclass instance's fields, in their order; raise AttributeError if one is not set."""
    return [getattr(thing, field.name) for field in dataclasses.fields(thing)]  # type: ignore[arg-type]


def write_fields(thing: object, values: Sequence[Any]) -> None:
    """Set all fields of an instance, new or not, without running its `__init__` or `__setattr__`."""
    for field, value in zip(dataclasses.fields(thing), values, strict=True):  # type: ignore[arg-type]
        object.__setattr__(thing, field.name, value)


def _are_fields(fields: tuple[object, ...], limits: Limits) -> bool:
    # A "field" such as __class__ is no field.
    return (
        len(fields) <= _MAX_FIELDS
        and len(set(fields)) == len(fields)
        and are_names(fields, limits)
        and not any(str(name).startswith("__") for name in fields)
    )


def _has_exactly(thing: object, fields: tuple[str, ...]) -> bool:
    """Return whether an instance has all its fields and nothing besides."""
    held = getattr(thing, "__dict__", {})
    return set(held) <= set(fields) and all(hasattr(thing, name) for name in fields)


def _is_compared(kind: type) -> bool:
    return any("__eq__" in vars(base) for base in kind.__mro__[:-1])


def _has_form(kind: type, fields: tuple[str, ...], frozen: bool) -> bool:
    if "__dataclass_fields__" not in vars(kind) or bool(vars(kind)["__dataclass_params__"].frozen) != frozen:
        return False
    return tuple(field.name for field in dataclasses.fields(kind)) == fields


def _is_plain(kind: type, ordered: bool, frozen: bool) -> bool:
    """Return whether a class has nothing but its fields and what `dataclass` generates for them."""
    sample, own = vars(_SAMPLES[ordered, frozen]), vars(kind)
    fields = dataclasses.fields(kind)
    allowed = _UNSEEN.union(sample, (field.name for field in fields))
    return (
        type(kind) is type
        and kind.__bases__ == (object,)
        and allowed.issuperset(own)
        and all(_origin(own.get(name)) == _origin(sample.get(name)) for name in _GENERATED)
        and all(field.compare and field.hash is None for field in fields)
    )


def _sample(ordered: bool, frozen: bool) -> type:
    @dataclasses.dataclass(order=ordered, frozen=frozen)  # type: ignore[literal-required]
    class Sample:
        any_field: object

    return Sample


# Made now: in the student's process this module is not to be found by its name, which `dataclass` looks up.
_SAMPLES = {(ordered, frozen): _sample(ordered, frozen) for ordered in (False, True) for frozen in (False, True)}


def _origin(method: object) -> str | None:
    """Return where the code of a method is: that of all generated ones in the same place."""
    return method.__code__.co_filename if type(method) is types.FunctionType else None
