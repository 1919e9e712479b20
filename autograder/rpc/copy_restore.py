"""Copy-restore: applies what a call changed in its copies of the arguments to the caller's own objects.

Every mutable object among the arguments is watched on its own and by identity: a list has changed if it
holds another object than before, whatever becomes of that object. So a nested structure costs one look at
each part.
"""

from __future__ import annotations

import operator
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.rpc.dataclass_values import read_fields, write_fields
from autograder.rpc.decoder import Decoded
from autograder.rpc.graph import KEYED, MUTABLE
from autograder.rpc.pandas_tables import look, replace, same_look
from autograder.rpc.rpc_errors import MalformedMessage, Refused

__all__ = ["ArgumentWatch", "apply_changes"]


# Up to so many bytes, copying an array takes less time than making views of it.
_SMALL = 1 << 14


class ArgumentWatch:
    """Remembers the state of the mutable objects in a request.

    Args:
        request: The request as it was decoded, before anything was done with it.

    """

    def __init__(self, request: Decoded) -> None:
        self._request = request
        self._before = {
            number: _look(tag, request.objects[number])
            for number, tag in enumerate(request.tags)
            if tag in MUTABLE and number not in request.sent
        }

    def changed(self) -> list[int]:
        """Return the numbers of the objects that are no longer what they were."""
        objects = self._request.objects
        tags = self._request.tags
        containers = [
            number
            for number, before in self._before.items()
            if not _same(tags[number], before, _look(tags[number], objects[number]))
        ]
        arrays = [number for number, sent in self._request.sent.items() if _array_changed(sent, objects[number])]
        return containers + arrays


def _look(tag: str, thing: Any) -> tuple[Any, ...]:
    if tag in KEYED:
        held = _held(thing)
        return (*held.keys(), *held.values())
    if tag in ("bytearray", "numbers"):
        return (bytes(thing),)
    if tag == "record":
        return _fields_of(thing)
    return (look(thing),) if tag == "table" else tuple(thing)


def _held(thing: Any) -> Any:
    """Return the dict of something that is one or has one."""
    return vars(thing) if type(thing) is SimpleNamespace else thing


def _fields_of(record: Any) -> tuple[Any, ...]:
    """Return what a record holds; more or less than its fields, if code has changed that."""
    try:
        return (*read_fields(record), *getattr(record, "__dict__", {}))
    except AttributeError:
        return ()


def _same(tag: str, before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    if tag == "table":
        return same_look(before, now)
    if len(before) == len(now) == 1 and type(before[0]) is type(now[0]) is bytes:
        return bool(before == now)
    return len(before) == len(now) and all(map(operator.is_, before, now))


def _array_changed(before: Any, now: Any) -> bool:
    if before.dtype != now.dtype or before.shape != now.shape:
        return True
    # As bytes: NaN is no change, and -0.0 for 0.0 is one.
    if before.nbytes <= _SMALL:
        return bool(before.tobytes() != now.tobytes())
    if before.flags.forc and before.strides == now.strides:
        return not np.array_equal(*(array.reshape(-1, order="A").view(np.uint8) for array in (before, now)))
    return bool(before.tobytes() != now.tobytes())


def apply_changes(arguments: list[object], tags: list[str], reply: Decoded) -> None:
    """Change the caller's own objects as the hostile `reply` says: all of them, or none.

    Args:
        arguments: The objects of the request's nodes.
        tags: Those nodes' tags.
        reply: What came back.

    Raises:
        MalformedMessage: The reply changes something that cannot change, or into another kind of thing.
        Refused: It changes an array's shape or type, or an array that is read-only here.

    """
    steps: list[tuple[Callable[[Any, Any], None], Any, Any]] = []
    for number, (tag, state) in reply.restored.items():
        own = arguments[number]
        if tags[number] in ("array", "view"):
            if tag not in ("array", "view"):
                raise MalformedMessage("an array became something else")
            _check_array(own, state)
            steps.append((_set_array, own, state))
        elif tags[number] != tag or tag not in MUTABLE:
            raise MalformedMessage("an argument became something else")
        else:
            _check_kind(own, state)
            steps.append((_set_keyed if tag in KEYED else _SETTERS[tag], own, state))
    for step, own, state in steps:
        step(own, state)


def _check_kind(own: Any, state: Any) -> None:
    if type(own) is not type(state) or (type(own) is array and own.typecode != state.typecode):
        raise MalformedMessage("an argument became something else")
    if type(own) is deque and own.maxlen != state.maxlen:
        raise Refused(f"a call changed how much a deque holds that it was given: {own.maxlen} -> {state.maxlen}")


def _check_array(own: Any, state: Any) -> None:
    if own.shape != state.shape:
        raise Refused(f"a call changed the shape of an array that it was given: {own.shape} -> {state.shape}")
    if own.dtype != state.dtype:
        raise Refused(f"a call changed the type of an array that it was given: {own.dtype} -> {state.dtype}")
    if not own.flags.writeable:
        raise Refused("a call changed an array that is read-only")


def _set_array(own: Any, state: Any) -> None:
    np.copyto(own, state, casting="no")


def _set_keyed(own: Any, state: Any) -> None:
    held = _held(own)
    held.clear()
    for key, value in _held(state).items():  # not `update`, which adds to a Counter
        held[key] = value


def _set_set(own: set[object], state: Iterable[object]) -> None:
    own.clear()
    own.update(state)


def _set_list(own: list[object], state: list[object]) -> None:
    own[:] = state


def _set_deque(own: deque[object], state: deque[object]) -> None:
    own.clear()
    own.extend(state)


def _set_bytes(own: Any, state: Any) -> None:
    try:
        own[:] = state
    except BufferError:
        raise Refused(f"a call changed the length of an argument that is in use: {type(own).__name__}") from None


def _set_record(own: object, state: object) -> None:
    write_fields(own, read_fields(state))


_SETTERS: dict[str, Callable[[Any, Any], None]] = {
    "list": _set_list,
    "set": _set_set,
    "deque": _set_deque,
    "record": _set_record,
    "table": replace,
    "bytearray": _set_bytes,
    "numbers": _set_bytes,
}
