"""Sends the classes of enumerations, dataclasses and named tuples by name and form.

What arrives is of the receiver's own class of that name, if that class is *shared*: a cell of the assignment's or a
module beside the notebook defines it, so both processes have it. Else a class of that name is made, which has the
fields or members and nothing more. So a class with behaviour of its own crosses only if it is shared. No code of the
sender's runs in the receiver, whose own class is given its fields without being called.

A name is the class's qualified name, behind its module's unless that is `__main__`.
"""

from __future__ import annotations

import enum
import keyword
import sys
from abc import ABCMeta
from collections.abc import Callable, Collection, Iterable, Mapping
from types import ModuleType
from typing import Any, TypeGuard

from autograder.rpc.value_limits import Limits

__all__ = ["Classes", "are_names", "find_class", "is_ordinary", "name_of_class", "shareable"]

#: What a class is like, besides its name: hashable, and begins with what kind of class it is.
Form = tuple[Any, ...]

_METACLASSES = (type, ABCMeta, enum.EnumMeta)
_LOCAL = "<locals>."


class Classes:
    """The classes of one conversation: one name of one form stays one class.

    Args:
        limits: Bounds on names and on the number of classes that the other side may define.
        trusts_peer: Whether every class of ours may be what the other side names, as if all were shared.

    Attributes:
        shared: The names of the classes that both sides have.

    """

    def __init__(self, limits: Limits, trusts_peer: bool = False) -> None:
        self.shared: Collection[str] = frozenset()
        self._limits = limits
        self._trusts_peer = trusts_peer
        self._sent: dict[tuple[str, Form], type] = {}
        self._made: dict[tuple[str, Form], type] = {}

    def is_shared(self, kind: type) -> bool:
        """Return whether the other side has this class, too."""
        return bool(self.shared) and name_of_class(kind) in self.shared

    def sent(self, kind: type, form: Form) -> str | None:
        """Return the name under which a class is sent, None if it has none; when it comes back, it is itself."""
        name = name_of_class(kind)
        if not self._is_name(name):
            return None
        self._sent[name, form] = kind
        return name

    def received(
        self, name: object, form: Form, has_form: Callable[[type], bool], make: Callable[[str], type[Any]]
    ) -> type[Any]:
        """Return the class that the hostile `name` and `form` stand for; raise ValueError if they stand for none.

        Args:
            name: What was received.
            form: What is known to be a form.
            has_form: Returns whether a class of ours is like that.
            make: Makes a class of that form, given the last part of the name.

        """
        if type(name) is not str or not self._is_name(name):
            raise ValueError("a class without a name")
        own = self.own(name)
        if own is not None and has_form(own):
            return own
        known = self._sent.get((name, form)) or self._made.get((name, form))
        if known is not None:
            return known
        if len(self._made) >= self._limits.named_types:
            raise ValueError("too many classes")
        module, _, last = name.rpartition(".")
        made = make(last)
        made.__module__, made.__qualname__ = module or "__main__", last
        self._made[name, form] = made
        return made

    def own(self, name: str) -> type | None:
        """Return our class of that name, if there is one that the other side may name."""
        return find_class(name) if self._trusts_peer or name in self.shared else None

    def _is_name(self, name: str) -> bool:
        return len(name) <= self._limits.name and are_names(name.split("."), self._limits)


def are_names(names: Iterable[object], limits: Limits) -> bool:
    """Return whether all of these, which may be anything, are names that Python's code can use."""
    return all(
        type(name) is str and len(name) <= limits.name and name.isidentifier() and not keyword.iskeyword(name)
        for name in names
    )


def name_of_class(kind: type) -> str:
    """Return the name under which a class crosses; that of a class in a function's body is its last part."""
    name: str = type.__dict__["__qualname__"].__get__(kind)
    if _LOCAL in name:
        return name.rpartition(_LOCAL)[2]
    module = vars(kind).get("__module__")
    return name if module == "__main__" else f"{module}.{name}"


def find_class(name: str) -> type | None:
    """Return the class of that name in the notebook or in a module that is loaded; nothing is imported."""
    parts = name.split(".")
    for length in range(len(parts)):
        module = sys.modules.get(".".join(parts[:length]) or "__main__")
        found: object = module
        for part in parts[length:]:
            found = vars(found).get(part) if found is module is not None or is_ordinary(found) else None
        if is_ordinary(found) and name_of_class(found) == name:
            return found
    return None


def shareable(namespace: Mapping[str, object], modules: Iterable[ModuleType]) -> frozenset[str]:
    """Return the names of the classes in a notebook's variables, and in modules, whose instances can be values."""
    candidates = [*namespace.values(), *(value for module in modules for value in vars(module).values())]
    return frozenset(name_of_class(kind) for kind in candidates if is_ordinary(kind) and _has_values(kind))


def is_ordinary(thing: object) -> TypeGuard[type]:
    """Return whether something is a class that can be looked into without running code of its metaclass."""
    return any(type(thing) is kind for kind in _METACLASSES)


def _has_values(kind: type) -> bool:
    return (
        issubclass(kind, enum.Enum)
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
        or "__dataclass_fields__" in vars(kind)
    )
