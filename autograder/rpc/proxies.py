"""Stand-ins for objects that live in the other process.

A proxy forwards what one *does* with an object: calls, attributes, iteration, `len`, indexing, `with`, `await`,
and `isinstance` if the object is a class. Its class defines only what the object can do, so that `callable`,
`iter` and `len` tell the truth. It never forwards what one *finds out by comparing*: an object whose `==` or
`bool` is decided by the student's code would pass any test. A proxy is equal to itself; one of an object without
a truth of its own is true unless its length is 0, as Python has it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn

__all__ = [
    "ALL_ABILITIES",
    "READABLE_DUNDERS",
    "Ability",
    "Link",
    "Proxy",
    "ProxyClasses",
    "is_special",
    "link_of",
]


class Ability(enum.IntFlag):
    """What can be done with an object."""

    CALL = 1
    ITER = 2
    NEXT = 4
    LEN = 8
    GETITEM = 16
    SETITEM = 32
    DELITEM = 64
    CONTAINS = 128
    ENTER = 256
    CLASS = 512
    BOOL = 1024
    AWAIT = 2048
    COROUTINE = 4096
    AITER = 8192
    ANEXT = 16384
    AENTER = 32768


ALL_ABILITIES = 65535

#: The only attributes with a special name that can be read from the other side. All of them are strings.
READABLE_DUNDERS = frozenset(["__name__", "__qualname__", "__doc__", "__module__"])

_COMPARISONS = ("lt", "le", "gt", "ge")
_BINARY = (
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "xor",
    "or",
)
_UNARY = ("neg", "pos", "abs", "invert")
_COPYING = ("copy", "deepcopy", "reduce", "reduce_ex", "getstate")


def is_special(name: str) -> bool:
    """Return whether `name` belongs to a protocol (`__len__`, `_repr_html_`) rather than to the object."""
    return name.startswith("_") and name.endswith("_")


@dataclass(frozen=True, eq=False)
class Link:
    """What a proxy stands for.

    Attributes:
        registry: Where the proxy is registered.
        request: Called as `request(operation, number, arguments, keywords)`.
        number: The handle.
        label: What `repr` says.
        name: A function's name, which came with its handle; None to ask for it.

    """

    registry: object
    request: Callable[..., Any]
    number: int
    label: str
    name: str | None = None


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refuse(self: Proxy, *others: object) -> NoReturn:
        raise _not_here(self, what)

    return refuse


def _not_here(proxy: Proxy, what: str) -> TypeError:
    return TypeError(f"{proxy!r} lives in another process and cannot be {what} (`is` works)")


def _text(name: str) -> property:
    def read(self: Proxy) -> str | None:
        text = _ask(self, "getattr", name)
        if type(text) is str or (text is None and name == "__doc__"):
            return text
        raise AttributeError(name)

    return property(read)


class Proxy:
    """An object in the other process. `is` compares, `hash` is by identity, `repr` asks no other process."""

    __slots__ = ("__link__", "__weakref__")
    __link__: Link

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        raise _not_here(self, "compared")

    def __ne__(self, other: object) -> bool:
        if self is other:
            return False
        raise _not_here(self, "compared")

    def __repr__(self) -> str:
        return link_of(self).label

    def __getattr__(self, name: str) -> Any:
        if name == "__name__" and (known := link_of(self).name) is not None:
            return known
        if name in ("__name__", "__qualname__"):
            return _text(name).__get__(self)
        if is_special(name):
            raise AttributeError(f"{self!r} does not show {name} to another process")
        return _ask(self, "getattr", name)

    def __setattr__(self, name: str, value: object) -> None:
        if is_special(name):
            raise AttributeError(f"{name} of {self!r} cannot be set from another process")
        _ask(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        if is_special(name):
            raise AttributeError(f"{name} of {self!r} cannot be deleted from another process")
        _ask(self, "delattr", name)


def _fill(namespace: Callable[[str, Any], None]) -> None:
    for operation in _COMPARISONS:
        namespace(f"__{operation}__", _refuse("compared"))
    for operation in _BINARY:
        for prefix in ("", "r", "i"):
            namespace(f"__{prefix}{operation}__", _refuse("calculated with"))
    for operation in _UNARY:
        namespace(f"__{operation}__", _refuse("calculated with"))
    for operation in _COPYING:
        namespace(f"__{operation}__", _refuse("copied"))
    namespace("__array__", _refuse("turned into an array"))


_fill(lambda name, method: setattr(Proxy, name, method))


def link_of(proxy: object) -> Link:
    """Return what `proxy` stands for."""
    link: Link = object.__getattribute__(proxy, "__link__")
    return link


def _ask(proxy: Proxy, operation: str, *arguments: object) -> Any:
    link = link_of(proxy)
    return link.request(operation, link.number, arguments)


def _expect_bool(answer: object) -> bool:
    if type(answer) is not bool:
        raise TypeError("the other process did not answer yes or no")
    return answer


def _call(self: Proxy, /, *arguments: object, **keywords: object) -> Any:
    link = link_of(self)
    return link.request("call", link.number, arguments, keywords)


def _iter(self: Proxy) -> Any:
    return _ask(self, "iter")


def _next(self: Proxy) -> Any:
    return _ask(self, "next")


def _len(self: Proxy) -> Any:
    return _ask(self, "len")


def _getitem(self: Proxy, key: object) -> Any:
    return _ask(self, "getitem", key)


def _setitem(self: Proxy, key: object, value: object) -> None:
    _ask(self, "setitem", key, value)


def _delitem(self: Proxy, key: object) -> None:
    _ask(self, "delitem", key)


def _contains(self: Proxy, thing: object) -> bool:
    return _expect_bool(_ask(self, "contains", thing))


def _enter(self: Proxy) -> Any:
    return _ask(self, "enter")


def _exit(
    self: Proxy, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool:
    link = link_of(self)
    return _expect_bool(link.request("exit", link.number, (), failure=error))


def _await(self: Proxy) -> Generator[None, None, Any]:
    yield from ()  # there is nothing to do meanwhile: the other process does it all at once
    return _ask(self, "await")


def _send(self: Proxy, value: object) -> NoReturn:
    raise StopIteration(_ask(self, "await"))


def _throw(self: Proxy, kind: Any, error: BaseException | None = None, trace: object = None) -> NoReturn:
    # It has not begun: once begun, it is over before anybody can throw something into it.
    _close(self)
    raise kind if error is None else error


def _close(self: Proxy) -> None:
    _ask(self, "getattr", "close")()


def _aiter(self: Proxy) -> Any:
    return _ask(self, "aiter")


async def _anext(self: Proxy) -> Any:
    return _ask(self, "anext")


async def _aenter(self: Proxy) -> Any:
    return _ask(self, "aenter")


async def _aexit(
    self: Proxy, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool:
    link = link_of(self)
    return _expect_bool(link.request("aexit", link.number, (), failure=error))


def _instancecheck(self: Proxy, thing: object) -> bool:
    return _expect_bool(_ask(self, "isinstance", thing))


def _subclasscheck(self: Proxy, kind: object) -> bool:
    return _expect_bool(_ask(self, "issubclass", kind))


_METHODS: dict[Ability, dict[str, Callable[..., Any]]] = {
    Ability.CALL: {"__call__": _call},
    Ability.ITER: {"__iter__": _iter},
    Ability.NEXT: {"__next__": _next},
    Ability.LEN: {"__len__": _len},
    Ability.GETITEM: {"__getitem__": _getitem},
    Ability.SETITEM: {"__setitem__": _setitem},
    Ability.DELITEM: {"__delitem__": _delitem},
    Ability.CONTAINS: {"__contains__": _contains},
    Ability.ENTER: {"__enter__": _enter, "__exit__": _exit},
    Ability.CLASS: {"__instancecheck__": _instancecheck, "__subclasscheck__": _subclasscheck},
    Ability.BOOL: {"__bool__": _refuse("true or false, because its class decides that")},
    Ability.AWAIT: {"__await__": _await},
    Ability.COROUTINE: {"send": _send, "throw": _throw, "close": _close},
    Ability.AITER: {"__aiter__": _aiter},
    Ability.ANEXT: {"__anext__": _anext},
    Ability.AENTER: {"__aenter__": _aenter, "__aexit__": _aexit},
}


class ProxyClasses:
    """One class of proxies for each combination of abilities."""

    def __init__(self) -> None:
        self._classes: dict[Ability, type[Proxy]] = {}

    def make(self, abilities: Ability, link: Link) -> Proxy:
        """Return a new proxy that can do what `abilities` say."""
        kind = self._classes.get(abilities)
        if kind is None:
            namespace: dict[str, Any] = {"__slots__": (), "__doc__": _text("__doc__")}
            for ability in abilities:
                namespace |= _METHODS[ability]
            kind = self._classes[abilities] = type("RemoteObject", (Proxy,), namespace)
            kind.__module__ = _text("__module__")  # type: ignore[assignment]
        proxy = kind.__new__(kind)
        object.__setattr__(proxy, "__link__", link)
        return proxy
