"""Encodes and decodes NumPy arrays and scalars.

An array on its own is sent as its elements, packed. Arrays of one message whose memory overlaps share a
*buffer* and arrive sharing memory. The buffer holds their elements and, between them, zeros: what lies
between the columns that a test passes to the student's function may be the hidden part of the data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autograder.rpc.dtypes import AnyArray, check_elements, dtype_from_plain, dtype_to_plain
from autograder.rpc.graph import Node

__all__ = ["Memory", "array_from_node", "pack_arrays", "scalar_from_node", "scalar_to_node", "span"]

_MAX_DIMENSIONS = 64
_ALIGNMENT = 16  # what NumPy's own allocations are aligned to


def scalar_to_node(scalar: np.generic) -> Node | None:
    """Return the node of a NumPy scalar, or None if its type has no plain form."""
    if type(scalar) is np.str_:
        return ["text", str.__str__(scalar)]
    if type(scalar) is np.bytes_:
        return ["octets", bytes(scalar)]
    plain = dtype_to_plain(scalar.dtype)
    return None if plain is None else ["scalar", plain, scalar.tobytes()]


def scalar_from_node(node: Node) -> np.generic:
    """Return the scalar that the hostile `node` describes; raise ValueError or TypeError if it describes none."""
    tag, *fields = node
    if tag == "text" and len(fields) == 1 and type(fields[0]) is str:
        return np.str_(fields[0])
    if tag == "octets" and len(fields) == 1 and type(fields[0]) is bytes:
        return np.bytes_(fields[0])
    if tag != "scalar" or len(fields) != 2 or type(fields[1]) is not bytes:
        raise ValueError("not a scalar")
    dtype = dtype_from_plain(fields[0])
    if dtype.subdtype is not None or dtype.itemsize != len(fields[1]):
        raise ValueError("a scalar of the wrong size")
    array = np.frombuffer(fields[1], dtype).copy()
    check_elements(array)
    scalar: np.generic = array[0]
    return scalar


def span(array: AnyArray) -> tuple[int, int]:
    """Return where in memory the elements of `array` begin and end."""
    low, high = byte_bounds(array)
    return int(low), int(high)


def pack_arrays(arrays: Sequence[tuple[Node, AnyArray]], room: int) -> list[bytes]:
    """Complete the nodes of all arrays of a message and return the buffers that some of them share.

    A node comes with its tag and element type. Raise ValueError if the buffers need more than `room` bytes.
    """
    buffers: list[bytes] = []
    group: list[tuple[Node, AnyArray]] = []
    low = end = 0
    placed = [(*span(array), node, array) for node, array in arrays if array.size]
    for start, stop, node, array in sorted(placed, key=lambda entry: entry[:2]):
        if group and start < end:
            end = max(end, stop)
        else:
            room -= _pack_group(group, low, end, buffers, room)
            group, low, end = [], start, stop
        group.append((node, array))
    _pack_group(group, low, end, buffers, room)
    for node, array in arrays:
        if not array.size:
            node += [list(array.shape), _order(array), array.flags.writeable, b""]
    return buffers


def _order(array: AnyArray) -> str:
    return "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"


def _pack_group(group: list[tuple[Node, AnyArray]], low: int, high: int, buffers: list[bytes], room: int) -> int:
    """Complete the nodes of arrays that share the memory from `low` to `high`; return the shared bytes."""
    if not group:
        return 0
    if len(group) == 1:
        node, array = group[0]
        order = _order(array)
        node += [list(array.shape), order, array.flags.writeable, array.tobytes("F" if order == "F" else "C")]
        return 0
    low -= low % _ALIGNMENT
    if high - low > room:
        raise ValueError("it has arrays that share too much memory")
    buffer = np.zeros(high - low, np.uint8)
    for node, array in group:
        node[0] = "view"
        offset = array.__array_interface__["data"][0] - low
        window: AnyArray = np.ndarray(array.shape, array.dtype, buffer.data, offset, array.strides)
        window[...] = array
        node += [list(array.shape), list(array.strides), offset, array.flags.writeable, len(buffers)]
    buffers.append(buffer.tobytes())
    return high - low


@dataclass(frozen=True)
class Memory:
    """The shared buffers of a message: as they came, and the copies that the decoded arrays live in."""

    sent: Sequence[bytes]
    live: Sequence[AnyArray]

    @classmethod
    def of(cls, buffers: Any) -> Memory:
        """Copy the hostile `buffers`; raise ValueError if they are not buffers."""
        if type(buffers) is not list or not all(type(buffer) is bytes and buffer for buffer in buffers):
            raise ValueError("the buffers are not bytes")
        return cls(buffers, [np.frombuffer(buffer, np.uint8).copy() for buffer in buffers])


def array_from_node(node: Node, memory: Memory, room: int) -> tuple[AnyArray, AnyArray]:
    """Return the array that the hostile `node` describes, and a read-only one of its elements as they came.

    Raise ValueError or TypeError if it describes none, or more than `room` bytes.
    """
    if len(node) not in (6, 7) or type(node[2]) is not list:
        raise ValueError("not an array")
    dtype, shape = dtype_from_plain(node[1]), node[2]
    if dtype.subdtype is not None or len(shape) > _MAX_DIMENSIONS:
        raise ValueError("an array of impossible dimensions")
    if not all(type(length) is int and 0 <= length < 2**63 for length in shape):
        raise ValueError("an array of impossible lengths")
    if math.prod(shape) * dtype.itemsize > room:
        raise ValueError("an array that is too large")
    if node[0] == "array":
        _, _, _, order, writeable, data = node
        if order not in ("C", "F") or type(data) is not bytes or len(data) != math.prod(shape) * dtype.itemsize:
            raise ValueError("an array whose bytes do not match its shape")
        live: AnyArray = np.empty(shape, dtype, order)
        sent: AnyArray = live
        if data:
            sent = np.frombuffer(data, dtype).reshape(shape, order=order)
            # As bytes: assigning a structured array leaves out what lies between its fields.
            live.reshape(-1, order="A").view(np.uint8)[...] = np.frombuffer(data, np.uint8)
    else:
        sent, live = _views(node, dtype, memory)
        writeable = node[5]
    if type(writeable) is not bool:
        raise ValueError("an array that is neither writeable nor read-only")
    check_elements(sent)
    live.flags.writeable = writeable
    return live, sent


def _views(node: Node, dtype: np.dtype[Any], memory: Memory) -> tuple[AnyArray, AnyArray]:
    if len(node) != 7:
        raise ValueError("not a view")
    _, _, shape, strides, offset, _, number = node
    if type(number) is not int or not 0 <= number < len(memory.sent):
        raise ValueError("a view of no buffer")
    if type(strides) is not list or len(strides) != len(shape):
        raise ValueError("a view without strides")
    if not all(type(step) is int and abs(step) < 2**62 for step in (*strides, offset)) or 0 in shape:
        raise ValueError("a view with impossible strides")
    reach = [(length - 1) * step for length, step in zip(shape, strides, strict=True)]
    first = offset + sum(step for step in reach if step < 0)
    last = offset + sum(step for step in reach if step > 0) + dtype.itemsize
    if first < 0 or last > len(memory.sent[number]):
        raise ValueError("a view that leaves its buffer")
    sent: AnyArray = np.ndarray(shape, dtype, memory.sent[number], offset, strides)
    live: AnyArray = np.ndarray(shape, dtype, memory.live[number].data, offset, strides)
    return sent, live
