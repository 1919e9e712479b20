"""The plain form of a value: a flat table of nodes that refer to each other by number.

A graph is `[root, nodes, buffers]`. An *item* is None, a bool, an integer of 64 bits, a float, a str, bytes,
or a reference `[n]`: to node `n` of this graph, or for `n < 0` to node `-n - 1` of the request that this
graph answers. A *node* is a list that begins with its tag:

    composite nodes, their items in second place            leaves
    ["list", items]       ["tuple", items]                  ["int", bytes]    ["complex", re, im]
    ["set", items]        ["frozenset", items]              ["bytearray", bytes]
    ["slice", items]      ["named", items, name, fields]    ["range", a, b, c]
    ["dict", k v k v]     ["odict", k v k v]                ["const", name]   ["type", name]
    ["counter", k v k v]  ["ddict", k v k v, factory]       ["text", str]     ["octets", bytes]
    ["dtype", dtype]      ["scalar", dtype, bytes]
    ["array", dtype, shape, order, writeable, bytes]
    ["view", dtype, shape, strides, offset, writeable, buffer]
    ["handle", number, abilities, kind, name]               ["yours", number]

Being flat, a graph is built and read without recursion, and cycles and shared objects cost nothing extra.
What a nested form would bound by itself has to be checked instead; `survey` does so for the sender and the
receiver alike, so that an honest sender refuses what the receiver would reject.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.isolation.limits import Limits

__all__ = ["COMPOSITE", "HASHING", "IMMUTABLE", "KEYED", "MUTABLE", "Graph", "Item", "Node", "survey"]

Item = Any
Node = list[Any]
Graph = list[Any]

#: Nodes that can only be built after what they contain.
IMMUTABLE = frozenset(["tuple", "named", "frozenset", "slice"])
#: Dicts of some kind: their items are keys and values in turn.
KEYED = frozenset(["dict", "odict", "ddict", "counter"])
#: Nodes that hash what they contain, or their keys.
HASHING = KEYED | {"set", "frozenset"}
#: Nodes with items.
COMPOSITE = IMMUTABLE | KEYED | {"list", "set"}
#: Nodes whose objects a call may change.
MUTABLE = KEYED | {"list", "set", "bytearray", "array", "view"}


def survey(roots: Sequence[Item], nodes: Sequence[Node], limits: Limits, arguments: int = 0) -> list[int]:
    """Return the order in which to build the immutable nodes; raise ValueError for a bad graph.

    Args:
        roots: The items from which every node must be reachable.
        nodes: The node table.
        limits: Bounds on items and depth.
        arguments: How many nodes the request had that this graph answers.

    """
    children = _children(roots, nodes, limits, arguments)
    _check_depth(roots, nodes, children, limits)
    return _order(nodes, children, limits)


def _children(roots: Sequence[Item], nodes: Sequence[Node], limits: Limits, arguments: int) -> list[list[int]]:
    """Return for each node the numbers of the nodes that it contains."""
    total = len(nodes)
    count = total
    children: list[list[int]] = []
    for node in nodes:
        if type(node) is not list or not node or type(node[0]) is not str:
            raise ValueError("a node is not a list that begins with a tag")
        numbers: list[int] = []
        if node[0] in COMPOSITE:
            if len(node) < 2 or type(node[1]) is not list:
                raise ValueError("a container without items")
            count += len(node[1])
            if count > limits.items:
                raise ValueError(f"it has more than {limits.items} elements")
            numbers = _references(node[1], total, arguments)
        children.append(numbers)
    _references(roots, total, arguments)
    return children


def _references(items: Sequence[Item], nodes: int, arguments: int) -> list[int]:
    """Return the nodes that `items` refer to; raise ValueError for what is neither reference nor scalar."""
    numbers = []
    for item in items:
        if type(item) is list:
            if len(item) != 1 or type(item[0]) is not int or not -arguments <= item[0] < nodes:
                raise ValueError("a reference to nothing")
            if item[0] >= 0:
                numbers.append(item[0])
        elif type(item) is dict:
            raise ValueError("a map is not an item")
    return numbers


def _check_depth(roots: Sequence[Item], nodes: Sequence[Node], children: list[list[int]], limits: Limits) -> None:
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


def _order(nodes: Sequence[Node], children: list[list[int]], limits: Limits) -> list[int]:
    """Return the immutable nodes, contents first.

    Two more things are bounded on the way. A chain of immutables can be deeper than the shortest path to its
    end, and deep chains overflow the stack when they are compared or freed. And hashing walks shared parts
    again and again: a hundred pairs, each of the next one twice, take 2**100 steps.
    """
    immutable = [node[0] in IMMUTABLE for node in nodes]
    state = bytearray(len(nodes))  # 0 untouched, 1 its contents are under way, 2 done
    height = [0] * len(nodes)
    weight = [_weight_of_leaf(node) for node in nodes]
    order: list[int] = []
    for start, wanted in enumerate(immutable):
        stack = [start] if wanted else []
        while stack:
            number = stack[-1]
            if state[number] == 2:
                stack.pop()
            elif state[number] == 1:
                stack.pop()
                state[number] = 2
                inner = children[number]
                height[number] = 1 + max((height[child] for child in inner), default=0)
                if height[number] > limits.depth:
                    raise ValueError(f"it is nested more than {limits.depth} deep")
                weight[number] = min(
                    1 + len(nodes[number][1]) + sum(weight[child] for child in inner), limits.items + 1
                )
                order.append(number)
            else:
                state[number] = 1
                for child in children[number]:
                    if immutable[child]:
                        if state[child] == 1:
                            raise ValueError("a tuple that contains itself")
                        stack.append(child)
    hashed = sum(weight[child] for n, node in enumerate(nodes) if node[0] in HASHING for child in children[n])
    if hashed > limits.items:
        raise ValueError("its keys are too entangled")
    return order


def _weight_of_leaf(node: Node) -> int:
    """Return the effort of hashing a leaf; integers and scalars do not remember their hash."""
    return 1 + len(node[-1]) // 8 if node[0] in ("int", "scalar") and type(node[-1]) is bytes else 1
