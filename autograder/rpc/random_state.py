"""Sends the state of the global random generators from the grader process to the student's.

It goes one way only. It goes with a call if it was set or used since it last went, and "set to the same
value again" counts: a test that seeds, calls, seeds again and calls again expects the same numbers twice. To
tell, the sender leaves a mark in its own generators. A Mersenne Twister has 624 words of state and never
looks again at the low 31 bits of the first one once that has been drawn; the mark is there, and seeding
wipes it out.
"""

from __future__ import annotations

import ctypes
import random
import sys
from typing import Any

import numpy as np

from autograder.rpc.channel import Plain
from autograder.rpc.rpc_errors import MalformedMessage

__all__ = ["RandomStateSender", "capture", "install"]

_WORDS = 624
_TWISTER = "MT19937"
_UNUSED_BITS = 0x7FFFFFFF


def capture() -> Plain:
    """Return the state of `numpy.random` and of `random` as plain data."""
    return [_capture_numpy(), _capture_random()]


def _capture_numpy() -> Plain:
    state: Any = np.random.get_state(legacy=False)
    if state["bit_generator"] != _TWISTER:  # somebody exchanged the global generator: theirs is not ours to send
        return None
    twister = state["state"]
    return [twister["key"].tobytes(), int(twister["pos"]), int(state["has_gauss"]), float(state["gauss"])]


def _capture_random() -> Plain:
    _, words, gauss = random.getstate()
    return [np.array(words[:-1], np.uint32).tobytes(), words[-1], gauss]


def install(state: Plain) -> None:
    """Set the generators to `state`; raise `MalformedMessage` if it is not a state."""
    try:
        numpy_state, random_state = state
        if numpy_state is not None:
            _install_numpy(*numpy_state)
        _install_random(*random_state)
    except (TypeError, ValueError, OverflowError) as error:
        raise MalformedMessage(f"this is not a random state: {error}") from None


def _key(data: Any, position: Any) -> Any:
    key = np.frombuffer(data, np.uint32)
    if len(key) != _WORDS or type(position) is not int or not 0 <= position <= _WORDS or not key.any():
        raise ValueError("not a Mersenne Twister")
    return key


def _install_numpy(data: Any, position: Any, has_gauss: Any, gauss: Any) -> None:
    if type(has_gauss) is not int or type(gauss) is not float or not np.isfinite(gauss):
        raise ValueError("not a Gaussian")
    np.random.set_state((_TWISTER, _key(data, position), position, has_gauss, gauss))


def _install_random(data: Any, position: Any, gauss: Any) -> None:
    if gauss is not None and (type(gauss) is not float or not np.isfinite(gauss)):
        raise ValueError("not a Gaussian")
    random.setstate((3, (*_key(data, position).tolist(), position), gauss))


def _memory_of_twister() -> bytes | None:
    """Return the words and the position of NumPy's generator as they lie in memory; None if it is another kind."""
    numpy_random: Any = np.random  # whose declarations leave this function out before NumPy 2.5
    generator = numpy_random.get_bit_generator()
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, 4 * (_WORDS + 1))


def _twister_in_memory(state: Plain) -> bytes | None:
    """Return that if it says all there is to say about a state, which takes a hundredth of the time to ask.

    It does not if a Gaussian is waiting, which will be used without a change there. Without one, none comes to be
    without new words being drawn.
    """
    if state is None:
        return None
    key, position, has_gauss, _ = state
    memory = _memory_of_twister()
    return memory if not has_gauss and memory == key + position.to_bytes(4, sys.byteorder) else None


class RandomStateSender:
    """Tells when the state has to be sent (again)."""

    def __init__(self) -> None:
        self._marked: Plain = None
        self._memory: bytes | None = None  # of NumPy's generator, when it was marked
        self._mark = 0

    def forget(self) -> None:
        """What `pending` returned was not sent: return it again."""
        self._marked = None

    def pending(self) -> Plain | None:
        """Return the state if it was set or used since it was last returned, else None."""
        # Compared in the generators' own forms, which is what this costs when nothing has changed.
        unchanged = self._marked is not None and self._marked[1] == random.getstate()
        if unchanged and self._is_numpy_unchanged():
            return None
        state = capture()
        self._mark = (self._mark + 1) & _UNUSED_BITS
        install([None if part is None else _marked(part, self._mark) for part in state])
        self._marked = [_capture_numpy(), random.getstate()]
        self._memory = _twister_in_memory(self._marked[0])
        return state

    def _is_numpy_unchanged(self) -> bool:
        if self._memory is not None:
            return self._memory == _memory_of_twister()
        return bool(_capture_numpy() == self._marked[0])


def _marked(state: Plain, mark: int) -> Plain:
    """Return a generator's state with a mark, or unchanged if its first word is still to be drawn."""
    data, position, *gauss = state
    if position == 0:
        return state
    key = np.frombuffer(data, np.uint32).copy()
    key[0] = (key[0] & ~np.uint32(_UNUSED_BITS)) | np.uint32(mark)
    return [key.tobytes(), position, *gauss]
