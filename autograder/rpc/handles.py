"""Objects that stay where they are: numbered by their owner, used by the other side through proxies.

Each side has a `LentObjects` for its own and a `BorrowedObjects` for the other's; `HandleExchange` gives the
codec one face of both. A proxy that is dropped here is reported with the next message, never at once: it may
be dropped at any moment, in the middle of another message too.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from autograder.rpc.graph import Node
from autograder.rpc.proxies import ALL_ABILITIES, Ability, Link, Proxy, ProxyClasses, link_of
from autograder.rpc.rpc_errors import HandleRevoked, Refused, TooManyHandles
from autograder.rpc.value_limits import Limits

__all__ = ["BorrowedObjects", "HandleExchange", "LentObjects", "abilities_of"]

_MAX_NUMBER = 2**53
_NAME = 200  # characters of a name that go with a handle
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
# Whoever holds one of these holds the process.
_NEVER_LENT = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType)
_METHODS = {
    "__iter__": Ability.ITER,
    "__next__": Ability.NEXT,
    "__len__": Ability.LEN,
    "__getitem__": Ability.GETITEM,
    "__setitem__": Ability.SETITEM,
    "__delitem__": Ability.DELITEM,
    "__contains__": Ability.CONTAINS,
    "__enter__": Ability.ENTER,
    "__bool__": Ability.BOOL,
    "__await__": Ability.AWAIT,
    "__aiter__": Ability.AITER,
    "__anext__": Ability.ANEXT,
    "__aenter__": Ability.AENTER,
}


def abilities_of(thing: object) -> Ability:
    """Return what can be done with `thing`, going by its class as Python itself does."""
    abilities = Ability.CALL if callable(thing) else Ability(0)
    if issubclass(type(thing), type):
        abilities |= Ability.CLASS
    if type(thing) is types.CoroutineType:
        abilities |= Ability.COROUTINE
    bases = [vars(kind) for kind in type.__dict__["__mro__"].__get__(type(thing))]
    for name, ability in _METHODS.items():
        if next((base[name] for base in bases if name in base), None) is not None:
            abilities |= ability
    return abilities


def _describe(thing: object) -> tuple[str, str]:
    """Return in a word what `thing` is, and its name or its class's."""
    if issubclass(type(thing), type):
        return "class", type.__dict__["__name__"].__get__(thing)
    if any(type(thing) is kind for kind in _FUNCTIONS):
        return "function", str(getattr(thing, "__name__", "?"))
    return "object", type.__dict__["__name__"].__get__(type(thing))


@dataclass
class _Lent:
    thing: object
    times: int  # how often it was sent, less what the other side gave back


class LentObjects:
    """This side's objects that the other side holds. Numbers are never used again.

    Args:
        limit: How many may be lent at a time.
        guarded: The other side is not trusted: do not lend what gives it power over this process.

    """

    def __init__(self, limit: int, guarded: bool) -> None:
        self._limit = limit
        self._guarded = guarded
        self._lent: dict[int, _Lent] = {}
        self._numbers: dict[int, int] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._lent)

    def lend(self, thing: object) -> int:
        """Return the number of `thing`; raise `Refused` or `TooManyHandles` if it cannot be lent."""
        if self._guarded and isinstance(thing, _NEVER_LENT):
            raise Refused(f"a {type(thing).__name__} cannot be sent to the other process")
        number = self._numbers.get(id(thing))
        if number is None:
            if len(self._lent) >= self._limit:
                raise TooManyHandles.of(self._limit)
            number, self._next = self._next, self._next + 1
            self._numbers[id(thing)] = number
            self._lent[number] = _Lent(thing, 0)
        self._lent[number].times += 1
        return number

    def give_back(self, number: int, times: int) -> None:
        """The other side dropped a proxy that had been received `times`; unknown numbers mean nothing."""
        lent = self._lent.get(number)
        if lent is not None:
            lent.times -= times
            if lent.times <= 0:
                self._forget(number)

    def get(self, number: int) -> object:
        """Return object `number`; raise `HandleRevoked` or LookupError if it is not lent."""
        lent = self._lent.get(number)
        if lent is not None:
            return lent.thing
        if 0 < number < self._next:
            raise HandleRevoked.of(number)
        raise LookupError(f"there is no object number {number}")

    def revoke(self, number: int) -> None:
        """Take object `number` back: the other side cannot use it any more. Unknown numbers mean nothing."""
        if number in self._lent:
            self._forget(number)

    def number_of(self, thing: object) -> int | None:
        """Return the number under which `thing` is lent at present, if it is."""
        return self._numbers.get(id(thing))

    def _forget(self, number: int) -> None:
        del self._numbers[id(self._lent.pop(number).thing)]


class _Reference(weakref.ref[Proxy]):
    """A reference to a proxy that knows how often its handle was received."""

    __slots__ = ("number", "times")

    number: int
    times: int


class BorrowedObjects:
    """The other side's objects that this side holds: one object, one proxy, as long as the proxy lives.

    Args:
        limits: Bounds on their number and names.
        request: Asks the other side to do something with one of its objects.
        owner: Whose objects these are, for `repr`: "student's".

    """

    def __init__(self, limits: Limits, request: Callable[..., Any], owner: str) -> None:
        self._limits = limits
        self._request = request
        self._owner = owner
        self._classes = ProxyClasses()
        self._proxies: dict[int, _Reference] = {}
        self._dropped: list[_Reference] = []

    def borrow(self, number: Any, abilities: Any, kind: Any, name: Any) -> Proxy:
        """Return the proxy for a handle that arrived; raise ValueError for one that cannot be."""
        if type(number) is not int or not 0 < number < _MAX_NUMBER:
            raise ValueError("a handle without a number")
        if type(abilities) is not int or not 0 <= abilities <= ALL_ABILITIES:
            raise ValueError("a handle with unknown abilities")
        if kind not in ("object", "class", "function") or type(name) is not str:
            raise ValueError("a handle without a name")
        reference = self._proxies.get(number)
        proxy = reference() if reference is not None else None
        if proxy is None or reference is None:
            if len(self._proxies) >= self._limits.handles:
                raise ValueError("too many handles")
            cut = name[: self._limits.name]
            if not cut.isidentifier():
                cut = "".join(c if c.isalnum() or c in "_.<>" else "?" for c in cut)
            # Shorter than what a longer one is cut to, it is the whole name.
            whole = name if kind == "function" and len(name) < _NAME else None
            link = Link(self, self._request, number, f"<{self._owner} {kind} {cut}>", whole)
            proxy = self._classes.make(Ability(abilities), link)
            reference = _Reference(proxy, self._drop)
            reference.number, reference.times = number, 0
            self._proxies[number] = reference
        reference.times += 1
        return proxy

    def _drop(self, reference: weakref.ref[Proxy]) -> None:
        # Called at any moment, so it does nothing but note. Both steps are atomic.
        assert isinstance(reference, _Reference)
        self._dropped.append(reference)
        if self._proxies.get(reference.number) is reference:
            self._proxies.pop(reference.number, None)

    def dropped(self) -> list[list[int]]:
        """Return, once, which handles were dropped here since the last call, and how often they had come."""
        told = []
        while self._dropped:
            reference = self._dropped.pop()
            told.append([reference.number, reference.times])
        return told


class HandleExchange:
    """What the codec needs of both: lends this side's objects, borrows the other's, knows which is which."""

    def __init__(self, lent: LentObjects, borrowed: BorrowedObjects) -> None:
        self.lent = lent
        self.borrowed = borrowed

    def lend(self, thing: object) -> Node:
        """Return the node that stands for `thing`."""
        if issubclass(type(thing), Proxy):
            link = link_of(thing)
            if link.registry is not self.borrowed:
                raise Refused("an object of one process cannot be sent to a third")
            return ["yours", link.number]
        number = self.lent.lend(thing)
        kind, name = _describe(thing)
        return ["handle", number, int(abilities_of(thing)), kind, name[:_NAME]]

    def take_back(self, nodes: Iterable[Node]) -> None:
        """Forget that these nodes were lent: their message is not sent."""
        for node in nodes:
            if node[0] == "handle":
                self.lent.give_back(node[1], 1)

    def borrow(self, node: Node) -> object:
        """Return what the hostile `node` stands for; raise ValueError if it is nothing."""
        if node[0] == "handle" and len(node) == 5:
            return self.borrowed.borrow(*node[1:])
        if node[0] == "yours" and len(node) == 2 and type(node[1]) is int:
            return self.lent.get(node[1])
        raise ValueError("not a handle")
