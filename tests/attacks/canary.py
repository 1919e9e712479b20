"""A process that stands for the rest of the host: it holds secrets, listens, and writes down who comes by.

    python canary.py SECRET FOLDER

It prints where it can be found as one line of JSON and ends when its input does.
"""

import ctypes
import json
import os
import selectors
import socket
import sys
import tempfile
from pathlib import Path


def main(secret: str, folder: Path) -> None:
    """Hold a secret in memory and behind a descriptor, and write a line for whatever arrives."""
    held = ctypes.create_string_buffer(secret.encode())
    behind = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process lives
    behind.write(secret.encode())
    behind.flush()
    doors = {
        "tcp": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "udp": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "path": _bound(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "door")),
        "abstract": _bound(socket.AF_UNIX, socket.SOCK_STREAM, f"\0canary-{os.getpid()}"),
    }
    os.chmod(folder / "door", 0o777)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    for name, door in doors.items():
        selector.register(door, selectors.EVENT_READ, name)
    place = {name: door.getsockname() for name, door in doors.items()}
    place["abstract"] = place["abstract"].decode().lstrip("\0")
    found = {"pid": os.getpid(), "address": ctypes.addressof(held), "length": len(held), "behind": behind.fileno()}
    with (folder / "visitors").open("a") as visitors:
        print(json.dumps(found | place), flush=True)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                door = doors[key.data]
                if door.type == socket.SOCK_STREAM:
                    visitor, _ = door.accept()
                    visitor.sendall(secret.encode())
                    visitor.close()
                else:
                    door.recv(100)
                print(key.data, file=visitors, flush=True)


def _bound(family: int, kind: int, address: object) -> socket.socket:
    door = socket.socket(family, kind)
    door.bind(address)
    if kind == socket.SOCK_STREAM:
        door.listen()
    return door


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
