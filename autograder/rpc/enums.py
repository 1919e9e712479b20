"""Sends enumerations with all their members, and a member by its names in the class.

A class with methods, or with members that are more than their values, crosses only if it is shared, and then by its
name alone.
"""

from __future__ import annotations

import enum
import functools
import operator
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from autograder.rpc.classes import Classes, are_names
from autograder.rpc.rpc_errors import Refused
from autograder.rpc.value_limits import Limits

__all__ = ["class_of_members", "describe_enum", "is_enum", "member_of", "names_of_member"]

_BASES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "Enum": (enum.Enum,),
        "IntEnum": (enum.IntEnum,),
        "StrEnum": (enum.StrEnum,),
        "Flag": (enum.Flag,),
        "IntFlag": (enum.IntFlag,),
        "str": (str, enum.Enum),
        "int": (int, enum.Enum),
        "float": (float, enum.Enum),
    }
)
_VALUES = (types.NoneType, bool, int, float, complex, str, bytes)
_MOST = 1000


@dataclass(frozen=True)
class EnumDescription:
    """What crosses of an enumeration: its name, and of one that is not shared its base and its members."""

    name: str
    base: str | None = None
    members: tuple[str, ...] = ()
    values: tuple[object, ...] = ()


def is_enum(kind: type) -> TypeGuard[type[enum.Enum]]:
    """Return whether a class, of whose metaclass nothing is known, is an enumeration."""
    return type(kind) is enum.EnumMeta and issubclass(kind, enum.Enum)


def describe_enum(kind: type[enum.Enum], classes: Classes, limits: Limits) -> EnumDescription | None:
    """Return what is to be known of an enumeration, or None if it does not cross."""
    if classes.is_shared(kind):
        name = classes.sent(kind, ("enum",))
        return None if name is None else EnumDescription(name)
    base = next((name for name, bases in _BASES.items() if kind.__bases__ == bases), None)
    members = tuple(kind.__members__)
    if base is None or not 0 < len(members) <= _MOST or not are_names(members, limits):
        return None
    values = tuple(member._value_ for member in kind.__members__.values())
    if not _is_plain(kind, base, members) or not all(map(_is_constant, values)):
        return None
    found = classes.sent(kind, _form(base, members, values))
    return None if found is None else EnumDescription(found, base, members, values)


def class_of_members(
    name: object, base: object, members: object, values: Sequence[Any], classes: Classes, limits: Limits
) -> type[enum.Enum]:
    """Return the enumeration that the hostile arguments describe; raise ValueError or TypeError for none.

    One that should be shared and is not here raises `Refused`.
    """
    if base is None and type(name) is str:
        own = classes.own(name)
        if own is None or not is_enum(own):
            raise Refused(f"the enumeration {name[: limits.name]} is not defined where it is wanted")
        return own
    if type(base) is not str or base not in _BASES or type(members) is not list or len(members) > _MOST:
        raise ValueError("not an enumeration")
    if not members or len(members) != len(values) or not are_names(members, limits):
        raise ValueError("an enumeration without members")
    if not all(map(_is_constant, values)):
        raise ValueError("an enumeration of something else than constants")
    return classes.received(
        name,
        _form(base, tuple(members), tuple(values)),
        lambda kind: is_enum(kind) and list(kind.__members__) == members,
        lambda last: _made(last, base, list(zip(members, values, strict=True))),
    )


def names_of_member(member: enum.Enum) -> list[str] | None:
    """Return the names whose members together are this one, None if there are none."""
    kind = type(member)
    if not issubclass(kind, enum.Flag):
        name = member._name_
        return [name] if type(name) is str and kind.__members__.get(name) is member else None
    names = [one._name_ for one in member]  # type: ignore[attr-defined]
    return names if member_of(kind, names) is member else None


def member_of(kind: object, names: object) -> enum.Enum:
    """Return the member of these hostile names; raise ValueError if it has none, `Refused` if one is unknown here."""
    if type(kind) is not enum.EnumMeta or type(names) is not list or not all(type(name) is str for name in names):
        raise ValueError("not a member of an enumeration")
    own: Any = kind
    unknown = [name for name in names if name not in own.__members__]
    if unknown:
        raise Refused(f"the enumeration {own.__name__} has no member {unknown[0][:80]} where it is wanted")
    members = [own.__members__[name] for name in names]
    if issubclass(own, enum.Flag):
        combined: enum.Enum = functools.reduce(operator.or_, members, own(0))
        return combined
    if len(members) != 1:
        raise ValueError("not a member of an enumeration")
    only: enum.Enum = members[0]
    return only


def _form(base: str, members: tuple[str, ...], values: tuple[object, ...]) -> tuple[Any, ...]:
    # By their text: 1, 1.0 and True are equal.
    return ("enum", base, members, repr(values))


def _made(name: str, base: str, members: list[tuple[str, Any]]) -> type[enum.Enum]:
    *mixins, kind = _BASES[base]
    make: Any = kind  # what it takes to make a class of it, no annotation says
    made: type[enum.Enum] = make(name, members, type=mixins[0] if mixins else None)
    if list(made.__members__) != [member for member, _ in members]:
        raise ValueError("an enumeration with other members")
    return made


def _is_constant(value: object) -> bool:
    if type(value) is tuple:
        return all(any(type(part) is kind for kind in _VALUES) for part in value)
    return any(type(value) is kind for kind in _VALUES)


def _is_plain(kind: type[enum.Enum], base: str, members: tuple[str, ...]) -> bool:
    """Return whether a class has nothing but its members and what its base gives each class."""
    sample, own = vars(_sample(base)), vars(kind)
    allowed = {"__doc__", "_generate_next_value_", *sample, *members}
    functions = [name for name, part in sample.items() if callable(part) and name != "_generate_next_value_"]
    return allowed.issuperset(own) and all(own.get(name) is sample[name] for name in functions)


@functools.cache
def _sample(base: str) -> type[enum.Enum]:
    """Return an enumeration that has nothing of its own, written as a class so that it has what Python gives those."""
    bases = _BASES[base]
    value = "A" if base in ("StrEnum", "str") else 1

    class Sample(*bases):  # type: ignore[misc]
        A: object = value

    return Sample
