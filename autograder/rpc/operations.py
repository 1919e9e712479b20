"""The server's half of a proxy: what one process may do with an object of the other.

With `guarded`, the asking side is not trusted. A function that a test passes to the student's code must not
show its globals, nor a class let itself be changed: names that begin with an underscore, and the insides of
frames, generators and modules, are then out of reach, and attributes are set on instances only.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Mapping
from typing import Any

from autograder.rpc.awaiting import complete
from autograder.rpc.proxies import READABLE_DUNDERS

__all__ = ["OPERATIONS", "perform"]

_INTROSPECTION = ("gi_", "cr_", "ag_", "tb_", "f_", "co_")
_INTERNAL = (
    *(types.FrameType, types.CodeType, types.TracebackType, types.ModuleType),
    *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType),
)
_FIXED = (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType)


def perform(
    operation: str,
    thing: Any,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
    guarded: bool,
) -> object:
    """Do `operation` with `thing` and return the result; whatever it raises is its failure."""
    if operation == "call":
        return thing(*arguments, **keywords)
    if operation in ("getattr", "setattr", "delattr"):
        _check_attribute(operation, thing, arguments[0], guarded)
    return OPERATIONS[operation](thing, *arguments)


def _check_attribute(operation: str, thing: object, name: object, guarded: bool) -> None:
    if type(name) is not str:
        raise TypeError("the name of an attribute must be a string")
    if guarded and _is_hidden(operation, thing, name):
        raise AttributeError(f"{name} is out of reach of the other process")


def _is_hidden(operation: str, thing: object, name: str) -> bool:
    if name.startswith("_"):
        return operation != "getattr" or name not in READABLE_DUNDERS
    if isinstance(thing, _INTERNAL) and name.startswith(_INTROSPECTION):
        return True
    return isinstance(thing, types.ModuleType) or (operation != "getattr" and isinstance(thing, _FIXED))


def _exit(thing: Any, error: BaseException | None = None) -> bool:
    if error is None:
        return bool(thing.__exit__(None, None, None))
    return bool(thing.__exit__(type(error), error, error.__traceback__))


def _async_exit(thing: Any, error: BaseException | None = None) -> bool:
    raised = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    return bool(complete(thing.__aexit__(*raised)))


def _contains(thing: Any, element: object) -> bool:
    return element in thing


def _instance(thing: Any, other: object) -> bool:
    return isinstance(other, thing)


def _subclass(thing: Any, other: Any) -> bool:
    return issubclass(other, thing)


#: Every operation but "call", which takes keywords, and "invoke", which is the root object's.
OPERATIONS: Mapping[str, Callable[..., object]] = types.MappingProxyType(
    {
        "getattr": getattr,
        "setattr": setattr,
        "delattr": delattr,
        "iter": iter,
        "next": next,
        "len": len,
        "getitem": operator.getitem,
        "setitem": operator.setitem,
        "delitem": operator.delitem,
        "contains": _contains,
        "enter": lambda thing: thing.__enter__(),
        "exit": _exit,
        "await": complete,
        "aiter": aiter,
        "anext": lambda thing: complete(anext(thing)),
        "aenter": lambda thing: complete(thing.__aenter__()),
        "aexit": _async_exit,
        "isinstance": _instance,
        "issubclass": _subclass,
    }
)
