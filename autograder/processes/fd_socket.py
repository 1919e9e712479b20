"""The socket between the host and a fork server: requests and replies, with file descriptors.

Both ends are trusted: the fork server never runs what a student wrote.
"""

import select
import socket
import struct
import time
from array import array
from collections.abc import Sequence
from typing import Any

from autograder.rpc.channel import pack, unpack

_HEADER = struct.Struct(">I")
_MOST_DESCRIPTORS = 8


class Control:
    """One end of a connected stream socket; each message is a dictionary, with a few descriptors at most."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send *message*, and copies of *descriptors*."""
        body = pack(message)
        # The descriptors travel with the header's first byte.
        socket.send_fds(self.sock, [_HEADER.pack(len(body))], list(descriptors))
        self.sock.sendall(body)

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], list[int]]:
        """Return the next message and its descriptors.

        Raises `EOFError` when the other end has gone and `TimeoutError` after *deadline* (monotonic).
        """
        self._limit(deadline)
        header, ancillary, _, _ = self.sock.recvmsg(
            _HEADER.size, socket.CMSG_SPACE(_MOST_DESCRIPTORS * array("i").itemsize), socket.MSG_CMSG_CLOEXEC
        )
        if not header:
            raise EOFError("the other end has gone")
        header += self._exactly(_HEADER.size - len(header), deadline)
        (length,) = _HEADER.unpack(header)
        message: dict[str, Any] = unpack(self._exactly(length, deadline))
        return message, _descriptors_in(ancillary)

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to receive, at most that long; return whether there is."""
        return bool(select.select([self.sock], [], [], seconds)[0])

    def close(self) -> None:
        """Hang up."""
        self.sock.close()

    def _exactly(self, length: int, deadline: float | None) -> bytes:
        data = b""
        while len(data) < length:
            self._limit(deadline)
            part = self.sock.recv(length - len(data))
            if not part:
                raise EOFError("the other end has gone")
            data += part
        return data

    def _limit(self, deadline: float | None) -> None:
        # A timeout of 0 would mean "do not block".
        self.sock.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))


def _descriptors_in(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    # Not socket.recv_fds: until Python 3.12 it forgets its flags, and a program that a student's process
    # starts would inherit the descriptors.
    descriptors = array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return descriptors.tolist()
