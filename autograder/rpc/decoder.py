"""Decodes plain data into object graphs.

What arrives comes from a process that may be hostile: decoding never imports, evaluates or unpickles, and
allocates no more than a small multiple of the message. Containers that may be part of a cycle are made empty
first and filled last; immutable ones are built in between, contents first.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace
from typing import Any, Protocol

from autograder.rpc.arrays import Memory, array_from_node, scalar_from_node
from autograder.rpc.classes import Classes
from autograder.rpc.dataclass_values import class_of_record, write_fields
from autograder.rpc.dtypes import dtype_from_plain
from autograder.rpc.enums import class_of_members, member_of
from autograder.rpc.graph import COMPOSITE, KEYED, WHOLE, Item, Node, survey
from autograder.rpc.named_tuples import class_of_fields
from autograder.rpc.pandas_tables import kind_named, size
from autograder.rpc.safe_types import FACTORIES, TYPECODES, TYPES
from autograder.rpc.standard_values import KINDS
from autograder.rpc.value_limits import Limits

__all__ = ["Borrower", "Decoded", "Decoder"]

_CONSTANTS: Mapping[str, object] = MappingProxyType({"Ellipsis": Ellipsis, "NotImplemented": NotImplemented})
_EQUAL_HASHES = 64
# A column is copied into its array, and that into its table.
_COPIES = 3


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
        classes: The conversation's classes.
        graph: The hostile value in plain form.
        arguments: In a reply: the objects of the request's nodes.
        to_student: Whether this is the student's process, which may believe what it is sent.

    """

    def __init__(
        self,
        limits: Limits,
        borrower: Borrower | None,
        classes: Classes,
        graph: Any,
        arguments: Sequence[object],
        to_student: bool,
    ) -> None:
        if type(graph) is not list or len(graph) != 3 or type(graph[1]) is not list:
            raise ValueError("not a graph")
        self._limits = limits
        self._borrower = borrower
        self._classes = classes
        self._to_student = to_student
        self._root: Item = graph[0]
        self._nodes: list[Node] = graph[1]
        self._arguments = arguments
        self._memory = Memory.of(graph[2])
        self._objects: list[Any] = [None] * len(self._nodes)
        self._sent: dict[int, Any] = {}
        self._room = limits.total_bytes
        self._tables_room = _COPIES * limits.total_bytes

    def run(self, restore: Any) -> Decoded:
        """Return the value and, if it answers a request, what it restores."""
        targets = self._check_restore(restore)
        order = survey([self._root, *targets.values()], self._nodes, self._limits, len(self._arguments))
        handles = sum(node[0] == "handle" for node in self._nodes)
        if handles > self._limits.handles:
            raise ValueError("too many handles")
        for number, node in enumerate(self._nodes):
            if node[0] not in WHOLE:
                self._objects[number] = self._shell(node) if node[0] in COMPOSITE else self._leaf(number, node)
        for number in order:
            self._objects[number] = self._whole(self._nodes[number])
        for number, node in enumerate(self._nodes):
            if node[0] in COMPOSITE and node[0] not in WHOLE:
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
        if tag == "deque":
            _, items, most = node
            if most is not None and (type(most) is not int or not len(items) <= most < 2**63):
                raise ValueError("a deque that holds more than it can")
            return deque(maxlen=most)
        if tag == "record":
            return self._record(node)
        _, _ = node
        return _SHELLS[tag]()

    def _record(self, node: Node) -> object:
        """Return a dataclass's instance with no fields set."""
        tag, values, name, fields, ordered = node
        kind = class_of_record(name, fields, ordered, tag == "frozen", self._classes, self._limits)
        if len(values) != len(fields):
            raise ValueError("a record with more fields or fewer")
        made: object = object.__new__(kind)
        return made

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

    def _whole(self, node: Node) -> object:
        tag = node[0]
        things = self._values(node[1])
        if tag in ("tuple", "frozenset", "slice"):
            _, _ = node
            return _WHOLES[tag](things)
        if tag in ("value", "index", "table"):
            return self._of_a_kind(node, things)
        return self._of_a_class(node, things)

    def _of_a_kind(self, node: Node, things: list[Any]) -> object:
        tag, _, name = node
        kind = KINDS[name] if name in KINDS else kind_named(name)
        if (kind.to_student and not self._to_student) or kind.tag != tag:
            raise ValueError("a value that is sent otherwise")
        # One array may be the part of many tables, each of which copies it.
        self._tables_room -= sum(map(size, things))
        if self._tables_room < 0:
            raise ValueError("tables that are too large")
        for thing in things:
            if tag == "index" and type(thing) is tuple:
                _check_hashes(list(thing))
        return kind.build(*things)

    def _of_a_class(self, node: Node, things: list[Any]) -> object:
        """Return an instance of a class that is neither Python's nor NumPy's, or that class."""
        if node[0] == "named":
            _, _, name, fields = node
            return tuple.__new__(class_of_fields(name, fields, len(things), self._classes, self._limits), things)
        if node[0] == "frozen":
            record = self._record(node)
            write_fields(record, things)
            return record
        if node[0] == "enum":
            _, _, name, base, members = node
            _check_hashes(things)
            return class_of_members(name, base, members, things, self._classes, self._limits)
        _, _, names = node
        (kind,) = things
        return member_of(kind, names)

    def _fill(self, container: Any, node: Node) -> None:
        things = self._values(node[1])
        if node[0] in KEYED:
            keys, values = things[::2], things[1::2]
            _check_hashes(keys)
            if node[0] == "space":
                container = vars(container)
                if not all(type(key) is str for key in keys):
                    raise ValueError("an attribute without a name")
            for key, value in zip(keys, values, strict=True):
                container[key] = value
        elif node[0] == "record":
            write_fields(container, things)
        elif node[0] == "set":
            _check_hashes(things)
            container.update(things)
        else:
            container.extend(things)


def _check_hashes(keys: list[Any]) -> None:
    """Raise ValueError for keys whose hashes collide on purpose, which makes a dict's work quadratic."""
    if len(keys) > _EQUAL_HASHES and max(Counter(map(hash, keys)).values()) > _EQUAL_HASHES:
        raise ValueError("keys that are meant to collide")


def _frozen_set(things: list[Any]) -> frozenset[Any]:
    _check_hashes(things)
    return frozenset(things)


def _slice(things: list[Any]) -> slice:
    start, stop, step = things
    return slice(start, stop, step)


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


def _numbers(node: Node) -> array[Any]:
    _, code, data = node
    if type(code) is not str or code not in TYPECODES or type(data) is not bytes:
        raise ValueError("not numbers")
    return array(code, data)


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
    {"list": list, "set": set, "dict": dict, "odict": OrderedDict, "counter": Counter, "space": SimpleNamespace}
)
_WHOLES: Mapping[str, Callable[[list[Any]], object]] = MappingProxyType(
    {"tuple": tuple, "frozenset": _frozen_set, "slice": _slice}
)
_LEAVES: Mapping[str, Callable[[Node], object]] = MappingProxyType(
    {
        "int": _integer,
        "complex": _complex,
        "bytearray": _byte_array,
        "numbers": _numbers,
        "range": _range,
        "const": _constant,
        "type": _type,
        "dtype": _dtype,
        "scalar": scalar_from_node,
        "text": scalar_from_node,
        "octets": scalar_from_node,
    }
)
