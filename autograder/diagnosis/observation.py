"""What a function does with given arguments, as named items that can be compared one by one.

The items of a call: each thing that it returned ("result", `result[0]`, `result["dW1"]`, ...), each thing that it
changed in its arguments (`argument 1["W1"]`), or, if it stopped with an error, that alone ("raises").
"""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import random
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.rpc.rpc_errors import WireError

RAISES = "raises"
ARGUMENT = "argument"
CELL_FILE = "<solution "  # how the file names of the reference's cells begin
_RTOL, _ATOL = 1e-6, 1e-9
_SHAPE = re.compile(r"\(\d+,[\d, ]*\)")
_DEPTH = 12
_ITEMS = 5000

# A value is a tuple that begins with its kind; numbers have their array last.
Value = tuple[Any, ...]
Behaviour = dict[str, Value]
ABSENT: Value = ("absent",)


class TooMuchError(Exception):
    """What a function returned has more parts than anybody compares."""


@dataclass(frozen=True)
class Probe:
    """The arguments of one call."""

    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)


def seed() -> None:
    """Set the global random generators to where they are before each call."""
    np.random.seed(0)
    random.seed(0)


def drawn() -> tuple[Any, ...]:
    """Return where the global random generators are."""
    state: Any = np.random.get_state()  # which NumPy's versions declare differently
    _, key, position, *_ = state
    return bytes(key), position, random.getstate()


def observe(function: Callable[..., Any], probe: Probe, *, seeded: bool = True) -> Behaviour:
    """Call a function with copies of a probe's arguments and return what it does.

    seeded -- give it the same random numbers each time, for functions that draw some without a seed of their own;
        for one that lives in another process these travel with each call
    Raises WireError if the function lives in another process that has gone, TooMuchError for a result without end, and
    KeyboardInterrupt.
    """
    arguments, keywords = copy.deepcopy((probe.arguments, dict(probe.keywords)))
    if seeded:
        seed()
    try:
        result = function(*arguments, **keywords)
    except WireError:
        raise
    except (Exception, SystemExit) as error:  # whatever the function does is what it does
        return {RAISES: ("error", _error_name(error), _error_detail(error))}
    items = _flat("result", result)
    pairs = [(str(n), *pair) for n, pair in enumerate(zip(probe.arguments, arguments, strict=True), start=1)]
    pairs += [(name, old, keywords.get(name)) for name, old in probe.keywords.items()]
    for name, old, new in pairs:
        if not _identical(old, new):
            items |= deviation(_flat(f"{ARGUMENT} {name}", new), _flat(f"{ARGUMENT} {name}", old))
    return items


def deviation(behaviour: Behaviour, reference: Behaviour) -> Behaviour:
    """Return the items in which a behaviour is not the reference's; one that it lacks is ABSENT.

    An error hides everything else: then it is the only item.
    """
    if RAISES in behaviour and RAISES not in reference:
        return {RAISES: behaviour[RAISES]}
    found = {
        name: value
        for name, value in behaviour.items()
        if name not in reference or not same_value(value, reference[name])
    }
    return found | {name: ABSENT for name in reference if name not in behaviour}


def same_value(one: Value, other: Value) -> bool:
    """Return whether two items are the same: kind and shape strictly, numbers to a tolerance, NaN like NaN."""
    if one[0] != other[0]:
        return False
    if one[0] == "number":
        return _close(one[1], other[1])
    if one[0] == "error":
        # Where no more is known of one of them, the error's name decides.
        return one[1] == other[1] and (one[2] == other[2] or None in (one[2], other[2]))
    return one == other


def same_items(one: Behaviour, other: Behaviour) -> bool:
    """Return whether two behaviours are the same, item by item."""
    return one.keys() == other.keys() and all(same_value(value, other[name]) for name, value in one.items())


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Run what is inside without output and warnings, and leave the random generators as they were."""
    numpy_state, state = np.random.get_state(), random.getstate()
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(state)


def _flat(name: str, value: Any) -> Behaviour:
    """Return a value as items, under names that begin with this one."""
    items: Behaviour = {}
    _flatten(items, name, value)
    return items


def _identical(old: Any, new: Any) -> bool:
    """Tell quickly whether two values are the same, bit for bit."""
    if type(old) is not type(new):
        return False
    if isinstance(old, np.ndarray):
        same_form = old.shape == new.shape and old.dtype == new.dtype
        return bool(same_form and old.tobytes() == new.tobytes())
    if isinstance(old, tuple | list):
        return len(old) == len(new) and all(map(_identical, old, new))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_identical(value, new[key]) for key, value in old.items())
    return old is new or (isinstance(old, int | float | str) and bool(old == new))


def _flatten(items: Behaviour, name: str, value: Any, depth: int = 0) -> None:
    if depth > _DEPTH or len(items) > _ITEMS:
        raise TooMuchError
    if isinstance(value, tuple | list):
        items[name] = ("tuple" if isinstance(value, tuple) else "list", len(value))
        for position, inner in enumerate(value):
            _flatten(items, f"{name}[{position}]", inner, depth + 1)
    elif isinstance(value, dict):
        keys = {str(key) if isinstance(key, str) else repr(key): inner for key, inner in value.items()}
        items[name] = ("dict", tuple(sorted(keys)))
        for key, inner in keys.items():
            _flatten(items, f'{name}["{key}"]', inner, depth + 1)
    else:
        items[name] = _leaf(value)


def _leaf(value: Any) -> Value:
    if value is None or isinstance(value, bool | str | bytes):
        return ("value", type(value).__name__, value)
    if isinstance(value, int | float | complex | np.generic | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind in "fiuc":
            return ("number", array)
        return (array.dtype.kind, array.shape, array.tobytes())
    return ("object",)  # objects stay in their process; nothing is known of one here


def _close(one: Any, other: Any) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype == other.dtype and one.tobytes() == other.tobytes():
        return True
    with np.errstate(all="ignore"):
        # Every number is near to infinity, if a share of infinity is near.
        close = (np.abs(one - other) <= _ATOL + _RTOL * np.abs(other)) & np.isfinite(other)
        return bool((close | (one == other) | (np.isnan(one) & np.isnan(other))).all())


def _error_name(error: BaseException) -> str:
    return type(error).__name__


def _error_detail(error: BaseException) -> str | None:
    """Return what tells two errors of one kind apart: the assert that failed, the missing key, the shapes at odds."""
    if isinstance(error, KeyError):
        return str(error)[:200]
    if isinstance(error, ValueError):
        return " ".join(_SHAPE.findall(str(error)[:1000])) or None
    if not isinstance(error, AssertionError):
        return None
    line = _last_line(error)
    return " ".join(line.split()) if line.startswith("assert") else None


def _last_line(error: BaseException) -> str:
    """Return the innermost line of a notebook that an error passed through."""
    # A function that lives in another process hands its lines over with the error.
    lines = [frame[3] for frame in getattr(error, "student_traceback", [])]
    traceback = None if lines else error.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name.startswith(CELL_FILE):
            lines.append(linecache.getline(name, traceback.tb_lineno))
        traceback = traceback.tb_next
    return lines[-1].strip() if lines else ""
