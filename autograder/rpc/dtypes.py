"""Encodes and decodes NumPy's element types.

A dtype is a code such as "<d", ">H", "<U5" or "<M8[ns]"; `[dtype, shape]` for a field that is itself an
array; or `{"names", "formats", "offsets", "itemsize", "aligned"}` for a structured one. Anything else,
objects above all, has no plain form.
"""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ElementType", "check_elements", "dtype_from_plain", "dtype_to_plain"]

ElementType = Any  # the plain form
AnyDType = np.dtype[Any]
AnyArray = npt.NDArray[Any]

_UNIT = r"\[\d{0,9}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\]"
_CODE = re.compile(rf"[<>|=][?bBhHiIlLqQefdgFDG]|[<>|=][SUV][1-9]\d{{0,9}}|[<>|=][mM]8(?:{_UNIT})?", re.ASCII)
_NATIVE = "<" if sys.byteorder == "little" else ">"
_REGISTERED_BY_OTHERS = 2  # a value of `dtype.isbuiltin`
_NESTING = 8
_MAX_ITEMSIZE = 2**31 - 1
_MAX_DIMENSIONS = 32
_MAX_CODE_POINT = 0x10FFFF
_FIELDS = frozenset(["names", "formats", "offsets", "itemsize", "aligned"])


def dtype_to_plain(dtype: AnyDType, depth: int = 0) -> ElementType | None:
    """Return the plain form of `dtype`, or None if it has none."""
    if dtype.hasobject or dtype.itemsize == 0 or depth > _NESTING:
        return None
    if dtype.subdtype is not None:
        inner = dtype_to_plain(dtype.subdtype[0], depth + 1)
        return None if inner is None else [inner, list(dtype.shape)]
    if dtype.fields is not None:
        return _structure_to_plain(dtype, dtype.fields, depth)
    if dtype.isbuiltin == _REGISTERED_BY_OTHERS or dtype.kind not in "biufcmMSUV":
        return None
    if dtype.kind in "biufc":
        # By character, not by size: C's `long` and `long long` are two types.
        return _code_of_number(type(dtype), dtype.char, dtype.byteorder)
    code = dtype.str
    return code if _CODE.fullmatch(code) and np.dtype(code) == dtype else None


@functools.cache  # there are a few dozen
def _code_of_number(kind: type[AnyDType], character: str, order: str) -> str | None:
    code = order.replace("=", _NATIVE) + character
    return code if _CODE.fullmatch(code) and type(np.dtype(code)) is kind else None


@functools.lru_cache(maxsize=256)
def _from_code(code: str) -> AnyDType:
    if not _CODE.fullmatch(code):
        raise ValueError("unknown element type")
    return np.dtype(code)


def _structure_to_plain(dtype: AnyDType, fields: Mapping[str, Any], depth: int) -> ElementType | None:
    names = dtype.names or ()
    if len(fields) != len(names):  # titles: a second name for a field
        return None
    formats = [dtype_to_plain(fields[name][0], depth + 1) for name in names]
    if not names or any(form is None for form in formats):
        return None
    return {
        "names": list(names),
        "formats": formats,
        "offsets": [fields[name][1] for name in names],
        "itemsize": dtype.itemsize,
        "aligned": dtype.isalignedstruct,
    }


def dtype_from_plain(plain: ElementType, depth: int = 0) -> AnyDType:
    """Return the dtype that the hostile `plain` describes; raise ValueError or TypeError if it describes none."""
    if depth > _NESTING:
        raise ValueError("an element type is nested too deep")
    if type(plain) is str:
        dtype = _from_code(plain)
    elif type(plain) is list and len(plain) == 2:
        inner = dtype_from_plain(plain[0], depth + 1)
        dtype = np.dtype((inner, _shape_of_field(plain[1])))
    elif type(plain) is dict and plain.keys() == _FIELDS:
        dtype = _structure_from_plain(plain, depth)
    else:
        raise ValueError("unknown element type")
    if not 0 < dtype.itemsize <= _MAX_ITEMSIZE or dtype.hasobject:
        raise ValueError("an element type of an impossible size")
    return dtype


def _shape_of_field(shape: Any) -> tuple[int, ...]:
    if type(shape) is not list or not 0 < len(shape) <= _MAX_DIMENSIONS:
        raise ValueError("the shape of a field is not a list")
    if not all(type(length) is int and 0 < length <= _MAX_ITEMSIZE for length in shape):
        raise ValueError("the shape of a field has an impossible length")
    if math.prod(shape) > _MAX_ITEMSIZE:
        raise ValueError("a field is too large")
    return tuple(shape)


def _structure_from_plain(plain: dict[str, Any], depth: int) -> AnyDType:
    names, formats, offsets = plain["names"], plain["formats"], plain["offsets"]
    if not (type(names) is type(formats) is type(offsets) is list and len(names) > 0):
        raise ValueError("a structured type without fields")
    if not all(type(name) is str for name in names) or type(plain["aligned"]) is not bool:
        raise ValueError("a field without a name")
    if not all(type(n) is int and 0 <= n <= _MAX_ITEMSIZE for n in [*offsets, plain["itemsize"]]):
        raise ValueError("a field at an impossible place")
    fields = {
        "names": names,
        "formats": [dtype_from_plain(form, depth + 1) for form in formats],
        "offsets": offsets,
        "itemsize": plain["itemsize"],
    }
    dtype: AnyDType = np.dtype(fields, align=plain["aligned"])  # type: ignore[call-overload]
    return dtype


def check_elements(array: AnyArray) -> None:
    """Raise ValueError for bytes that no honest array of this type has.

    A "boolean" of 2 is neither equal to True nor false, and a code point beyond Unicode is an internal error
    at the moment somebody looks at it.
    """
    if array.dtype.names is not None:
        for name in array.dtype.names:
            check_elements(array[name])
    elif array.size == 0:
        return
    elif array.dtype.kind == "b":
        if np.max(np.ascontiguousarray(array).reshape(-1).view(np.uint8)) > 1:
            raise ValueError("a boolean that is neither true nor false")
    elif array.dtype.kind == "U":
        code_point = np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)
        points = np.ascontiguousarray(array).reshape(-1).view(code_point)
        if np.max(points) > _MAX_CODE_POINT:
            raise ValueError("a character beyond Unicode")
