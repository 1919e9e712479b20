"""The conversation between the host and a fork server: requests and answers, descriptors beside them.

Both ends are trusted: the fork server never runs what a student wrote.
"""

import socket
import struct
import time
from typing import Any

from autograder.isolation.channel import pack, unpack

_HEADER = struct.Struct(">I")


class Control:
    """One end of a connected stream socket; each message is a dictionary, with at most one descriptor."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, message: dict[str, Any], descriptor: int | None = None) -> None:
        """Send *message*, and a copy of *descriptor* if there is one."""
        body = pack(message)
        descriptors = [] if descriptor is None else [descriptor]
        # The descriptor travels with the header's first byte.
        socket.send_fds(self.sock, [_HEADER.pack(len(body))], descriptors)
        self.sock.sendall(body)

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], int | None]:
        """Return the next message and its descriptor.

        Raises `EOFError` when the other end has gone and `TimeoutError` after *deadline* (monotonic).
        """
        self._limit(deadline)
        header, descriptors, _, _ = socket.recv_fds(self.sock, _HEADER.size, 1, socket.MSG_CMSG_CLOEXEC)
        if not header:
            raise EOFError("the other end has gone")
        header += self._exactly(_HEADER.size - len(header), deadline)
        (length,) = _HEADER.unpack(header)
        message: dict[str, Any] = unpack(self._exactly(length, deadline))
        return message, descriptors[0] if descriptors else None

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
