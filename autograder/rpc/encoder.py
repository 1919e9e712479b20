"""Encodes object graphs as plain data.

A *value* is an object of exactly one of the types listed in `_WRITERS` below, in `standard_values` or in `tables`, a
named tuple, a dataclass's instance, an enumeration or its member, a NumPy scalar or dtype, or a class that both
processes know. Anything else, an instance of a subclass above all, is not a value and goes to the lender. Types are
told by identity before any method of an object is called.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType, MappingProxyType, NoneType, NotImplementedType, SimpleNamespace
from typing import Any, Protocol

import numpy as np

from autograder.rpc.arrays import pack_arrays, scalar_to_node
from autograder.rpc.classes import Classes
from autograder.rpc.dataclass_values import describe_record, read_fields
from autograder.rpc.dtypes import dtype_to_plain
from autograder.rpc.enums import describe_enum, is_enum, names_of_member
from autograder.rpc.graph import MUTABLE, Graph, Item, Node, survey
from autograder.rpc.named_tuples import describe_named_tuple
from autograder.rpc.pandas_tables import kind_of_pandas
from autograder.rpc.rpc_errors import Refused
from autograder.rpc.safe_types import SCALARS, TYPECODES, name_of_factory, name_of_type
from autograder.rpc.standard_values import kind_of
from autograder.rpc.value_limits import Limits

__all__ = ["Encoded", "Encoder", "Lender"]

_SCALAR_IDS = frozenset(map(id, SCALARS))


class Lender(Protocol):
    """Where objects go that are not values."""

    def lend(self, thing: object) -> Node:
        """Return the node that stands for `thing`; raise `Refused` or `TooManyHandles` if there is none."""

    def take_back(self, nodes: Iterable[Node]) -> None:
        """Forget that these nodes were lent: their message is not sent."""


@dataclass
class Encoded:
    """A value in plain form.

    Attributes:
        graph: Plain data, for the channel.
        restore: `[argument, item]` for each argument that has a new state in this graph.
        objects: The object behind each node. It also keeps them alive, and with them their ids.
        lent: The nodes of handles.

    """

    graph: Graph
    restore: list[Any]
    objects: list[object]
    lent: list[Node]


class Encoder:
    """One value on its way out.

    Args:
        limits: Bounds on what is sent.
        lender: Where objects go that are not values; without it they are refused.
        classes: The conversation's classes.
        arguments: In a reply: the objects of the request's nodes, to be referred to by number.
        to_student: Whether what is sent goes to the student's process.

    """

    def __init__(
        self,
        limits: Limits,
        lender: Lender | None,
        classes: Classes,
        arguments: Sequence[object],
        to_student: bool,
    ) -> None:
        self._limits = limits
        self._lender = lender
        self._classes = classes
        self._to_student = to_student
        self._numbers = {id(argument): -number - 1 for number, argument in enumerate(arguments)}
        self._arguments = arguments
        self._objects: list[object] = []
        self._nodes: list[Node] = []
        self._arrays: list[tuple[Node, Any]] = []
        self.lent: list[Node] = []
        self._room = limits.total_bytes
        self._items_left = limits.items

    def run(self, value: object, changed: Sequence[int]) -> Encoded:
        """Return `value` in plain form, with the new state of the arguments numbered `changed`."""
        root = self._item(value)
        restore: list[list[Any]] = []
        for number in changed:
            restore.append([number, [len(self._objects)]])
            self._objects.append(self._arguments[number])
        while len(self._nodes) < len(self._objects):  # `node` finds more objects
            self._nodes.append(self._node(self._objects[len(self._nodes)]))
        for number, item in restore:
            if self._nodes[item[0]][0] not in MUTABLE:
                kind = type(self._arguments[number]).__name__
                raise Refused(f"a call changed an argument so that it cannot be sent back: {kind}")
        try:
            buffers = pack_arrays(self._arrays, self._room)
            survey([root, *(item for _, item in restore)], self._nodes, self._limits, len(self._arguments))
        except ValueError as error:
            raise Refused(f"this value cannot be sent: {error}") from None
        return Encoded([root, self._nodes, buffers], restore, self._objects, self.lent)

    def _item(self, thing: object) -> Item:
        kind = type(thing)
        if kind is NoneType or kind is bool or kind is float:
            return thing
        if kind is int and -(2**63) <= thing < 2**64:  # type: ignore[operator]
            return thing
        if kind is str or kind is bytes:
            self._spend(len(thing))  # type: ignore[arg-type]
            return thing
        number = self._numbers.get(id(thing))
        if number is None:
            number = self._numbers[id(thing)] = len(self._objects)
            self._objects.append(thing)
        return [number]

    def _items(self, things: Iterable[object], count: int) -> list[Item]:
        self._items_left -= count
        if self._items_left < 0:
            raise Refused(f"this value cannot be sent: it has more than {self._limits.items} elements")
        return [self._item(thing) for thing in things]

    def _pairs(self, mapping: Mapping[Any, Any]) -> list[Item]:
        return self._items((part for pair in mapping.items() for part in pair), 2 * len(mapping))

    def _spend(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise Refused(f"this value cannot be sent: it is larger than {self._limits.total_bytes} bytes")

    def _node(self, thing: Any) -> Node:
        kind = type(thing)
        writer = _WRITERS.get(id(kind))
        if writer is not None:
            node = writer(self, thing)
        elif id(kind) in _SCALAR_IDS:
            self._spend(thing.nbytes)
            node = scalar_to_node(thing)
        elif issubclass(kind, np.dtype):
            plain = dtype_to_plain(thing)
            node = None if plain is None else ["dtype", plain]
        elif issubclass(kind, type):
            name = name_of_type(thing)
            node = self._enum(thing) if name is None else ["type", name]
        else:
            node = self._standard(thing) or self._of_a_class(thing)
        return self._lend(thing) if node is None else node

    def _lend(self, thing: object) -> Node:
        if self._lender is None:
            raise Refused("this value cannot be sent: it is not plain data")
        node = self._lender.lend(thing)
        self.lent.append(node)
        return node

    def _integer(self, thing: int) -> Node:
        size = thing.bit_length() // 8 + 1
        if size > self._limits.integer_bytes:
            raise Refused(f"an integer of {size} bytes cannot be sent")
        self._spend(size)
        return ["int", thing.to_bytes(size, "little", signed=True)]

    def _byte_array(self, thing: bytearray) -> Node:
        self._spend(len(thing))
        return ["bytearray", bytes(thing)]

    def _span(self, thing: range) -> Node | None:
        ends = [thing.start, thing.stop, thing.step]
        # Beyond that, NumPy and the wire disagree with Python about what an integer is.
        return ["range", *ends] if all(-(2**63) <= end < 2**63 for end in ends) else None

    def _default_dict(self, thing: defaultdict[Any, Any]) -> Node | None:
        factory = thing.default_factory
        name = name_of_factory(factory)
        return None if name is None and factory is not None else ["ddict", self._pairs(thing), name]

    def _array(self, thing: Any) -> Node | None:
        plain = dtype_to_plain(thing.dtype)
        if plain is None:
            return None
        self._spend(thing.nbytes)
        node: Node = ["array", plain]
        self._arrays.append((node, thing))
        return node

    def _typed(self, thing: array[Any]) -> Node | None:
        if thing.typecode not in TYPECODES:
            return None
        self._spend(len(thing) * thing.itemsize)
        return ["numbers", thing.typecode, thing.tobytes()]

    def _space(self, thing: SimpleNamespace) -> Node | None:
        held = vars(thing)
        return ["space", self._pairs(held)] if all(type(name) is str for name in held) else None

    def _standard(self, thing: Any) -> Node | None:
        kind = kind_of(type(thing)) or kind_of_pandas(type(thing))
        parts = None if kind is None or (kind.to_student and not self._to_student) else kind.take(thing)
        if kind is None or parts is None:
            return None
        return [kind.tag, self._items(parts, len(parts)), kind.name]

    def _of_a_class(self, thing: Any) -> Node | None:
        """Return the node of an instance of a class that is neither Python's nor NumPy's."""
        kind = type(thing)
        if is_enum(kind):
            names = names_of_member(thing)
            if names is None or describe_enum(kind, self._classes, self._limits) is None:
                return None
            return ["member", self._items([kind], 1), names]
        if (named := describe_named_tuple(thing, self._classes, self._limits)) is not None:
            name, fields = named
            return ["named", self._items(tuple.__iter__(thing), len(fields)), name, list(fields)]
        if (record := describe_record(thing, self._classes, self._limits)) is None:
            return None
        values = self._items(read_fields(thing), len(record.fields))
        return ["frozen" if record.frozen else "record", values, record.name, list(record.fields), record.ordered]

    def _enum(self, kind: type) -> Node | None:
        described = describe_enum(kind, self._classes, self._limits) if is_enum(kind) else None
        if described is None:
            return None
        values = self._items(described.values, len(described.values))
        return ["enum", values, described.name, described.base, list(described.members)]


# By the identity of the type: looking it up by hash would run the code of a metaclass.
_WRITERS: Mapping[int, Callable[[Encoder, Any], Node | None]] = MappingProxyType(
    {
        id(int): Encoder._integer,
        id(complex): lambda _, thing: ["complex", thing.real, thing.imag],
        id(bytearray): Encoder._byte_array,
        id(list): lambda self, thing: ["list", self._items(thing, len(thing))],
        id(tuple): lambda self, thing: ["tuple", self._items(thing, len(thing))],
        id(set): lambda self, thing: ["set", self._items(thing, len(thing))],
        id(deque): lambda self, thing: ["deque", self._items(thing, len(thing)), thing.maxlen],
        id(frozenset): lambda self, thing: ["frozenset", self._items(thing, len(thing))],
        id(slice): lambda self, thing: ["slice", self._items((thing.start, thing.stop, thing.step), 3)],
        id(dict): lambda self, thing: ["dict", self._pairs(thing)],
        id(OrderedDict): lambda self, thing: ["odict", self._pairs(thing)],
        id(Counter): lambda self, thing: ["counter", self._pairs(thing)],
        id(defaultdict): Encoder._default_dict,
        id(range): Encoder._span,
        id(EllipsisType): lambda _, thing: ["const", "Ellipsis"],
        id(NotImplementedType): lambda _, thing: ["const", "NotImplemented"],
        id(np.ndarray): Encoder._array,
        id(array): Encoder._typed,
        id(SimpleNamespace): Encoder._space,
    }
)
