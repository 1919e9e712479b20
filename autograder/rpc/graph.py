"""The plain form of a value: a flat table of nodes that refer to each other by number.

A graph is `[root, nodes, buffers]`. An *item* is None, a bool, an integer of 64 bits, a float, a str, bytes,
or a reference `[n]`: to node `n` of this graph, or for `n < 0` to node `-n - 1` of the request that this
graph answers. A *node* is a list that begins with its tag:

    composite nodes, their items in second place            leaves
    ["list", items]       ["tuple", items]                  ["int", bytes]    ["complex", re, im]
    ["set", items]        ["frozenset", items]              ["bytearray", bytes]
    ["slice", items]      ["deque", items, maxlen]          ["range", a, b, c]
    ["dict", k v k v]     ["odict", k v k v]                ["const", name]   ["type", name]
    ["counter", k v k v]  ["ddict", k v k v, factory]       ["text", str]     ["octets", bytes]
    ["space", k v k v]    ["value", parts, kind]            ["numbers", typecode, bytes]
    ["index", parts, kind]                                  ["table", parts, kind]
    ["named", items, class, fields]                         ["dtype", dtype]
    ["record", values, class, fields, ordered]              ["scalar", dtype, bytes]
    ["frozen", values, class, fields, ordered]
    ["enum", values, class, base, names]                    ["handle", number, abilities, kind, name]
    ["member", [its enum], names]                           ["yours", number]
    ["array", dtype, shape, order, writeable, bytes]        (a leaf)
    ["view", dtype, shape, strides, offset, writeable, buffer]

Being flat, a graph is built and read without recursion, and cycles and shared objects cost nothing extra.
What a nested form would bound by itself has to be checked instead; `survey` does so for the sender and the
receiver alike, so that an honest sender refuses what the receiver would reject.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.rpc.value_limits import Limits

__all__ = ["COMPOSITE", "HASHING", "KEYED", "MUTABLE", "WHOLE", "Graph", "Item", "Node", "survey"]

Item = Any
Node = list[Any]
Graph = list[Any]

#: Nodes that can only be built after what they contain, in one piece.
WHOLE = frozenset(["tuple", "named", "frozenset", "slice", "value", "index", "table", "frozen", "enum", "member"])
#: Dicts of some kind: their items are keys and values in turn.
KEYED = frozenset(["dict", "odict", "ddict", "counter", "space"])
#: Nodes that hash what they contain, or their keys or labels.
HASHING = KEYED | {"set", "frozenset", "enum", "index"}
#: Nodes with items.
COMPOSITE = WHOLE | KEYED | {"list", "set", "deque", "record"}
#: Nodes whose objects a call may change.
MUTABLE = KEYED | {"list", "set", "deque", "record", "table", "bytearray", "numbers", "array", "view"}


def survey(roots: Sequence[Item], nodes: Sequence[Node], limits: Limits, arguments: int = 0) -> list[int]:
    """Return the order in which to build the nodes that are built whole; raise ValueError for a bad graph.

    Args:
        roots: The items from which every node must be reachable.
        nodes: The node table.
        limits: Bounds on items and depth.
        arguments: How many nodes the request had that this graph answers.

    """
    children, in_order = _children(roots, nodes, limits, arguments)
    if not in_order or len(nodes) > limits.depth:
        _check_depth(roots, nodes, children, limits)
    if in_order:
        order = [number for number in range(len(nodes) - 1, -1, -1) if nodes[number][0] in WHOLE]
    else:
        order = _order(nodes, children)
    _check_effort(nodes, children, order, limits)
    return order


def _children(
    roots: Sequence[Item], nodes: Sequence[Node], limits: Limits, arguments: int
) -> tuple[list[Sequence[int]], bool]:
    """Return for each node the numbers of the nodes that it contains, and whether all is in the usual order.

    That is the order in which an encoder finds them: each node is referred to by a root or by a node before it, and
    nodes built whole refer to such nodes behind them only. Then every node can be reached, no chain is longer than
    the table, and they can be built from the last to the first.
    """
    total = len(nodes)
    count = total
    children: list[Sequence[int]] = []
    found = bytearray(total)
    in_order = True
    for number in _references(roots, total, arguments):
        found[number] = True
    for position, node in enumerate(nodes):
        if type(node) is not list or not node or type(node[0]) is not str:
            raise ValueError("a node is not a list that begins with a tag")
        numbers: Sequence[int] = ()
        in_order &= bool(found[position])
        if node[0] in COMPOSITE:
            if len(node) < 2 or type(node[1]) is not list:
                raise ValueError("a container without items")
            count += len(node[1])
            if count > limits.items:
                raise ValueError(f"it has more than {limits.items} elements")
            numbers = _references(node[1], total, arguments)
            for number in numbers:
                found[number] = True
            in_order &= node[0] not in WHOLE or not numbers or min(numbers) > position
        children.append(numbers)
    return children, in_order


def _references(items: Sequence[Item], nodes: int, arguments: int) -> list[int]:
    """Return the nodes that `items` refer to; raise ValueError for what is neither reference nor scalar."""
    numbers = []
    for item in items:
        kind = type(item)
        if kind is list:
            if len(item) != 1 or type(item[0]) is not int or not -arguments <= item[0] < nodes:
                raise ValueError("a reference to nothing")
            if item[0] >= 0:
                numbers.append(item[0])
        elif kind is dict:
            raise ValueError("a map is not an item")
    return numbers


def _check_depth(
    roots: Sequence[Item], nodes: Sequence[Node], children: Sequence[Sequence[int]], limits: Limits
) -> None:
    seen = bytearray(len(nodes))
    level = {item[0] for item in roots if type(item) is list and item[0] >= 0}
    depth = 0
    while level:
        depth += 1
        if depth > limits.depth:
            raise ValueError(f"it is nested more than {limits.depth} deep")
        following: set[int] = set()
        for number in level:
            seen[number] = True
            following.update(child for child in children[number] if not seen[child])
        level = {number for number in following if not seen[number]}
    if not all(seen):
        raise ValueError("a node that nothing refers to")


def _order(nodes: Sequence[Node], children: Sequence[Sequence[int]]) -> list[int]:
    """Return the nodes that are built whole, contents first."""
    whole = [node[0] in WHOLE for node in nodes]
    state = bytearray(len(nodes))  # 0 untouched, 1 its contents are under way, 2 done
    order: list[int] = []
    for start, wanted in enumerate(whole):
        stack = [start] if wanted else []
        while stack:
            number = stack[-1]
            if state[number] == 2:
                stack.pop()
            elif state[number] == 1:
                stack.pop()
                state[number] = 2
                order.append(number)
            else:
                state[number] = 1
                for child in children[number]:
                    if whole[child]:
                        if state[child] == 1:
                            raise ValueError("a tuple that contains itself")
                        stack.append(child)
    return order


def _check_effort(
    nodes: Sequence[Node], children: Sequence[Sequence[int]], order: Sequence[int], limits: Limits
) -> None:
    """Raise ValueError for what takes too long to compare, to free or to hash.

    A chain of tuples can be deeper than the shortest path to its end, and deep chains overflow the stack. And
    hashing walks shared parts again and again: a hundred pairs, each of the next one twice, take 2**100 steps.
    """
    height: dict[int, int] = {}
    weight: dict[int, int] = {}
    for number in order:
        inner = children[number]
        height[number] = 1 + max((height.get(child, 0) for child in inner), default=0)
        if height[number] > limits.depth:
            raise ValueError(f"it is nested more than {limits.depth} deep")
        effort = 1 + len(nodes[number][1])
        if nodes[number][0] == "value":  # digits, of which not all numbers remember their hash
            effort += sum(len(item) // 8 for item in nodes[number][1] if type(item) is str)
        for child in inner:
            effort += weight[child] if child in weight else _weight_of_leaf(nodes[child])
        weight[number] = min(effort, limits.items + 1)
    hashed = 0
    for number, node in enumerate(nodes):
        if node[0] in HASHING:
            for child in children[number]:
                hashed += weight[child] if child in weight else _weight_of_leaf(nodes[child])
    if hashed > limits.items:
        raise ValueError("its keys are too entangled")


def _weight_of_leaf(node: Node) -> int:
    """Return the effort of hashing a leaf; integers and scalars do not remember their hash."""
    return 1 + len(node[-1]) // 8 if node[0] in ("int", "scalar") and type(node[-1]) is bytes else 1
