"""What typed messages would cost between the two processes: checks written by hand against msgspec's.

pip install msgspec && python benchmarks/messages.py

A request is decoded from msgpack and checked, as `rpc.channel` and `rpc.peer` do. msgspec decodes straight into a
structure. It has no bound on the number of elements, so a message of 60 MB could become 60 million objects; the third
row therefore counts containers and elements first, which any decoder without such a bound needs.
"""

from __future__ import annotations

import timeit
from typing import Any

import msgspec  # type: ignore[import-not-found,unused-ignore]
import numpy as np

from autograder.rpc.channel import pack, unpack
from autograder.rpc.codec import Codec
from autograder.rpc.peer import Peer

ROUNDS, REPEATS = 2000, 7


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of a request, see `rpc.peer`."""

    id: int
    op: str
    on: int
    graph: list[Any]
    random: Any
    failure: Any
    dropped: list[tuple[int, int]]
    outputs: list[Any]
    files: list[Any]


def main() -> None:
    """Print microseconds for one request with three arrays, the best of some rounds."""
    graph = Codec().encode([("linear_forward", np.ones((3, 2)), np.ones((1, 3)), np.ones((1, 1))), {}]).graph
    body = {"id": 1, "op": "invoke", "on": 0, "graph": graph, "random": None, "failure": None}
    data = pack(["request", body | {"dropped": [[3, 1]], "outputs": [], "files": []}])
    check = Peer._check_request
    peer = Peer.__new__(Peer)
    peer._guarded, peer._on_outputs, peer._files = False, None, None
    decoder = msgspec.msgpack.Decoder(tuple[str, Request])
    rows = {
        "msgpack, checked by hand": lambda: check(peer, unpack(data)[1]),
        "msgspec": lambda: decoder.decode(data),
        "msgspec, elements counted by msgpack first": lambda: (unpack(data), decoder.decode(data)),
    }
    for name, function in rows.items():
        best = min(timeit.repeat(function, number=ROUNDS, repeat=REPEATS)) / ROUNDS
        print(f"{name:45} {best * 1e6:6.1f} µs")


if __name__ == "__main__":
    main()
