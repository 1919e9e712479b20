"""Plain data to object graphs.

What arrives comes from a process that may be hostile: decoding never imports, evaluates or unpickles, and
allocates no more than a small multiple of the message. Containers that may be part of a cycle are made empty
first and filled last; immutable ones are built in between, contents first.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from autograder.isolation.arrays import Memory, array_from_node, scalar_from_node
from autograder.isolation.dtypes import dtype_from_plain
from autograder.isolation.graph import COMPOSITE, IMMUTABLE, KEYED, Item, Node, survey
from autograder.isolation.limits import Limits
from autograder.isolation.named_tuples import NamedTuples
from autograder.isolation.safe_types import FACTORIES, TYPES

__all__ = ["Borrower", "Decoded", "Decoder"]

_CONSTANTS: Mapping[str, object] = MappingProxyType({"Ellipsis": Ellipsis, "NotImplemented": NotImplemented})
_EQUAL_HASHES = 64


class Borrower(Protocol):
    """Where handles go that arrive."""

    def borrow(self, node: Node) -> object:
        """Return what the hostile `node` stands for; raise ValueError if it is nothing."""


@dataclass
class Decoded:
    """A value that arrived.

    Attributes:
        value: The object.
        objects: The object of each node.
        tags: The tag of each node.
        sent: For each array's node, its elements as they came, read-only.
        restored: For arguments that have a new state, by number: that state's tag and object.

    """

    value: object
    objects: list[object]
    tags: list[str]
    sent: dict[int, Any] = field(default_factory=dict)
    restored: dict[int, tuple[str, object]] = field(default_factory=dict)


class Decoder:
    """One value that arrives. Whatever exception its methods raise, the value is malformed.

    Args:
        limits: Bounds on what is accepted.
        borrower: Where handles go; without it there may be none.
        named_tuples: The conversation's named tuples.
        graph: The hostile value in plain form.
        arguments: In a reply: the objects of the request's nodes.

    """

    def __init__(
        self,
        limits: Limits,
        borrower: Borrower | None,
        named_tuples: NamedTuples,
        graph: Any,
        arguments: Sequence[object],
    ) -> None:
        if type(graph) is not list or len(graph) != 3 or type(graph[1]) is not list:
            raise ValueError("not a graph")
        self._limits = limits
        self._borrower = borrower
        self._named_tuples = named_tuples
        self._root: Item = graph[0]
        self._nodes: list[Node] = graph[1]
        self._arguments = arguments
        self._memory = Memory.of(graph[2])
        self._objects: list[Any] = [None] * len(self._nodes)
        self._sent: dict[int, Any] = {}
        self._room = limits.total_bytes

    def run(self, restore: Any) -> Decoded:
        """Return the value and, if it answers a request, what it restores."""
        targets = self._check_restore(restore)
        order = survey([self._root, *targets.values()], self._nodes, self._limits, len(self._arguments))
        handles = sum(node[0] == "handle" for node in self._nodes)
        if handles > self._limits.handles:
            raise ValueError("too many handles")
        for number, node in enumerate(self._nodes):
            if node[0] not in IMMUTABLE:
                self._objects[number] = self._shell(node) if node[0] in COMPOSITE else self._leaf(number, node)
        for number in order:
            self._objects[number] = self._immutable(self._nodes[number])
        for number, node in enumerate(self._nodes):
            if node[0] in COMPOSITE and node[0] not in IMMUTABLE:
                self._fill(self._objects[number], node)
        restored = {argument: (self._nodes[item[0]][0], self._objects[item[0]]) for argument, item in targets.items()}
        tags = [node[0] for node in self._nodes]
        return Decoded(self._value(self._root), self._objects, tags, self._sent, restored)

    def _check_restore(self, restore: Any) -> dict[int, Item]:
        targets: dict[int, Item] = {}
        for entry in restore:
            argument, item = entry
            if type(argument) is not int or not 0 <= argument < len(self._arguments) or argument in targets:
                raise ValueError("a new state for no argument")
            if type(item) is not list or len(item) != 1 or type(item[0]) is not int or item[0] < 0:
                raise ValueError("an argument without a new state")
            targets[argument] = item
        return targets

    def _value(self, item: Item) -> Any:
        if type(item) is not list:
            return item
        number = item[0]
        return self._objects[number] if number >= 0 else self._arguments[-number - 1]

    def _values(self, items: list[Item]) -> list[Any]:
        return [self._value(item) for item in items]

    def _shell(self, node: Node) -> object:
        """Return the empty container that `fill` will fill, so that cycles can refer to it."""
        tag = node[0]
        if tag == "ddict":
            _, _, name = node
            return defaultdict(None if name is None else FACTORIES[name])
        _, _ = node
        return _SHELLS[tag]()

    def _leaf(self, number: int, node: Node) -> object:
        if node[0] in ("array", "view"):
            live, self._sent[number] = array_from_node(node, self._memory, self._room)
            self._room -= live.nbytes
            return live
        if node[0] in ("handle", "yours"):
            if self._borrower is None:
                raise ValueError("handles have no place here")
            return self._borrower.borrow(node)
        return _LEAVES[node[0]](node)

    def _immutable(self, node: Node) -> object:
        tag = node[0]
        things = self._values(node[1])
        if tag == "named":
            _, _, name, fields = node
            return tuple.__new__(self._named_tuples.class_for(name, fields, len(things)), things)
        _, _ = node
        if tag == "tuple":
            return tuple(things)
        if tag == "frozenset":
            _check_hashes(things)
            return frozenset(things)
        start, stop, step = things
        return slice(start, stop, step)

    def _fill(self, container: Any, node: Node) -> None:
        things = self._values(node[1])
        if node[0] in KEYED:
            keys, values = things[::2], things[1::2]
            _check_hashes(keys)
            for key, value in zip(keys, values, strict=True):
                container[key] = value
        elif node[0] == "set":
            _check_hashes(things)
            container.update(things)
        else:
            container.extend(things)


def _check_hashes(keys: list[Any]) -> None:
    """Raise ValueError for keys whose hashes collide on purpose, which makes a dict's work quadratic."""
    if len(keys) > _EQUAL_HASHES and max(Counter(map(hash, keys)).values()) > _EQUAL_HASHES:
        raise ValueError("keys that are meant to collide")


def _integer(node: Node) -> int:
    _, data = node
    if type(data) is not bytes:
        raise ValueError("not an integer")
    return int.from_bytes(data, "little", signed=True)


def _complex(node: Node) -> complex:
    _, real, imaginary = node
    if type(real) is not float or type(imaginary) is not float:
        raise ValueError("not a complex number")
    return complex(real, imaginary)


def _byte_array(node: Node) -> bytearray:
    _, data = node
    if type(data) is not bytes:
        raise ValueError("not bytes")
    return bytearray(data)


def _range(node: Node) -> range:
    _, *ends = node
    if len(ends) != 3 or not all(type(end) is int and -(2**63) <= end < 2**63 for end in ends):
        raise ValueError("not a range")
    return range(*ends)


def _constant(node: Node) -> object:
    _, name = node
    return _CONSTANTS[name]


def _type(node: Node) -> type:
    _, name = node
    return TYPES[name]


def _dtype(node: Node) -> object:
    _, plain = node
    return dtype_from_plain(plain)


_SHELLS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {"list": list, "set": set, "dict": dict, "odict": OrderedDict, "counter": Counter}
)
_LEAVES: Mapping[str, Callable[[Node], object]] = MappingProxyType(
    {
        "int": _integer,
        "complex": _complex,
        "bytearray": _byte_array,
        "range": _range,
        "const": _constant,
        "type": _type,
        "dtype": _dtype,
        "scalar": scalar_from_node,
        "text": scalar_from_node,
        "octets": scalar_from_node,
    }
)
