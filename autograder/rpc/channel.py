"""Messages on a stream socket: four bytes of length, then msgpack.

The other end may be hostile. A message's announced length is checked before a byte of it is read; what
msgpack may allocate is bounded; a deadline holds against a peer that sends, or takes, one byte at a time.
Only `recv` is used, never `recvmsg`, so that file descriptors attached by the other end are dropped by the
kernel.

A signal handler may raise at any moment (Jupyter's interrupt does). So nothing that was read or written is
kept in a local variable: the call that moves the bytes also records them, inside one C call, and a later
`send` or `receive` goes on where the interrupted one stopped.
"""

from __future__ import annotations

import io
import math
import select
import socket
import struct
import time
from collections import deque
from types import TracebackType
from typing import Any, NoReturn, Self

import msgpack  # type: ignore[import-untyped]

from autograder.rpc.rpc_errors import ChannelClosed, DeadlinePassed, MalformedMessage, MessageTooLarge
from autograder.rpc.value_limits import MIB

__all__ = ["Channel", "Frame", "Plain", "kind_of", "pack", "unpack"]

# None, bool, int, float, str, bytes, and lists and dicts of these.
Plain = Any

_HEADER = struct.Struct(">I")
_AT_ONCE = 256 * 1024
# So much is taken even where less is missing: most messages are shorter, and arrive in one piece.
_AHEAD = 16 * 1024
_SEND_FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL

DEFAULT_MAX_MESSAGE = 64 * MIB
# Lists, dicts and their elements in one message: a bound on the memory behind a million empty lists.
DEFAULT_MAX_ITEMS = 2_500_000


def pack(message: Plain) -> bytes:
    """Return `message` as msgpack; a lone surrogate in a string is kept."""
    packed: bytes = msgpack.packb(message, unicode_errors="surrogatepass")
    return packed


def unpack(data: bytes | memoryview, max_items: int = DEFAULT_MAX_ITEMS) -> Plain:
    """Return the message in `data`, which may be hostile; raise `MalformedMessage` for anything unusual."""
    # Each container and each element takes a byte at least: what is short need not be counted.
    count = None if 2 * len(data) <= max_items else _ItemCounter(max_items).count
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            use_list=True,
            strict_map_key=False,
            unicode_errors="surrogatepass",
            list_hook=count,
            object_hook=count,
            ext_hook=_refuse_extension,
            max_str_len=len(data),
            max_bin_len=len(data),
            max_array_len=min(len(data), max_items),
            max_map_len=min(len(data), max_items),
            max_ext_len=0,
        )
    except Exception as error:  # whatever msgpack makes of hostile bytes, the fault lies with the bytes
        raise MalformedMessage(f"this is not a message: {type(error).__name__}") from None


def kind_of(message: bytes | memoryview) -> str | None:
    """Return the kind of a packed message, the short string that it begins with, and None if it has none.

    The message is `[kind, body]`; the body is not looked at.
    """
    # msgpack: 0x92 begins a list of two, 0xa0 + n a string of n bytes.
    if len(message) < 2 or message[0] != 0x92 or message[1] & 0xE0 != 0xA0:
        return None
    return bytes(message[2 : 2 + (message[1] & 0x1F)]).decode("ascii", "replace")


class _ItemCounter:
    """Stops msgpack from building more containers and elements than a message may have."""

    def __init__(self, limit: int) -> None:
        self.left = limit

    def count(self, container: Any) -> Any:
        self.left -= len(container) + 1
        if self.left < 0:
            raise ValueError("too many items")
        return container


def _refuse_extension(code: int, data: bytes) -> NoReturn:
    raise ValueError("extension types are not part of the protocol")


def _gone(error: OSError) -> Exception:
    """Return what an error of a socket means; one without a number, a TimeoutError say, is a signal handler's own."""
    return error if error.errno is None else ChannelClosed("the other side has gone")


class Frame:
    """A message ready to go; `written` lists what each call of `send` took of it."""

    def __init__(self, data: bytes) -> None:
        self.view = memoryview(data)
        self.written: list[int] = []

    def rest(self) -> memoryview:
        """Return what has not been taken."""
        return self.view[sum(self.written) :]


class Channel:
    """Sends and receives messages over a connected stream socket, which it owns from now on.

    Args:
        sock: One end of a socket pair.
        max_message: The longest message, in bytes, that is sent or accepted.
        max_items: The most containers and elements in one message that is accepted.

    """

    def __init__(
        self,
        sock: socket.socket,
        max_message: int = DEFAULT_MAX_MESSAGE,
        max_items: int = DEFAULT_MAX_ITEMS,
    ) -> None:
        self._sock = sock
        self._sock.settimeout(None)
        self._max_message = max_message
        self._max_items = max_items
        self._incoming = io.BytesIO()
        self._outgoing: deque[Frame] = deque()

    def fileno(self) -> int:
        """Return the socket's descriptor, for `select` and its kin; -1 when closed."""
        return self._sock.fileno()

    @property
    def holds_message(self) -> bool:
        """Whether a whole message has been read ahead, which no `select` would tell."""
        return self._missing() <= 0

    def close(self) -> None:
        """Hang up. Closing twice does nothing."""
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, message: Plain, deadline: float | None = None) -> None:
        """Send one message; raise `DeadlinePassed` if it is not taken by `deadline`.

        A deadline is a time of `time.monotonic`. Nothing has been sent when this raises `MessageTooLarge`
        or `MalformedMessage`. After an interrupt or a passed deadline the rest goes out with the next
        `send` or `flush`.
        """
        self.post(self.prepare(message), deadline)

    def send_packed(self, message: bytes | memoryview, deadline: float | None = None) -> None:
        """Send what `pack` or `receive_packed` returned."""
        if len(message) > self._max_message:
            raise MessageTooLarge.of(len(message), self._max_message)
        self.post(Frame(_HEADER.pack(len(message)) + message), deadline)

    def prepare(self, message: Plain) -> Frame:
        """Return `message` ready to go; raise `MessageTooLarge` or `MalformedMessage` if it cannot."""
        try:
            body = pack(message)
        except (TypeError, ValueError, OverflowError) as error:
            raise MalformedMessage(f"this cannot be sent: {error}") from None
        if len(body) > self._max_message:
            raise MessageTooLarge.of(len(body), self._max_message)
        return Frame(_HEADER.pack(len(body)) + body)

    def post(self, frame: Frame, deadline: float | None = None) -> None:
        """Send a frame; after an interrupt, calling this again with the same frame sends it once."""
        if not frame.written and frame not in self._outgoing:
            self._outgoing.append(frame)
        self.flush(deadline)

    def flush(self, deadline: float | None = None) -> None:
        """Send what an interrupted `send` left behind."""
        while self._outgoing:
            frame = self._outgoing[0]
            while rest := frame.rest():
                try:
                    # One C call sends and records; an interrupt comes before or after both.
                    frame.written.extend(map(self._sock.send, (rest,), (_SEND_FLAGS,)))
                except BlockingIOError:
                    self._wait(select.POLLOUT, deadline)
                except OSError as error:
                    raise _gone(error) from None
            self._outgoing.popleft()

    def receive(self, deadline: float | None = None) -> Plain:
        """Return the next message; raise `DeadlinePassed` if it is not complete by `deadline`."""
        return unpack(self.receive_packed(deadline), self._max_items)

    def receive_packed(self, deadline: float | None = None) -> memoryview:
        """Return the next message as it came, which need not be one; for whoever passes it on."""
        while (missing := self._missing()) > 0:
            if deadline is not None:
                self._wait(select.POLLIN, deadline)
            before = self._incoming.tell()
            try:
                # One C call, as above. It may bring the beginning of the next message, too.
                self._incoming.writelines(map(self._sock.recv, (max(_AHEAD, min(missing, _AT_ONCE)),)))
            except OSError as error:
                raise _gone(error) from None
            if self._incoming.tell() == before:
                raise ChannelClosed("the other side has gone")
        data = memoryview(self._incoming.getvalue())
        end = len(data) + missing
        following = io.BytesIO()
        following.write(data[end:])
        self._incoming = following
        return data[_HEADER.size : end]

    def _missing(self) -> int:
        """Return how many bytes of the header, or else of the message, have not arrived; below 0 if more have."""
        held = self._incoming.tell()
        if held < _HEADER.size:
            return _HEADER.size - held
        (length,) = _HEADER.unpack_from(self._incoming.getbuffer())
        if length > self._max_message:
            raise MessageTooLarge.of(length, self._max_message)
        return int(_HEADER.size + length - held)

    def _wait(self, event: int, deadline: float | None) -> None:
        poll = select.poll()
        try:
            poll.register(self._sock, event)
        except (OSError, ValueError) as error:
            raise ChannelClosed("this end of the channel is closed") from error
        if deadline is None:
            poll.poll()
            return
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(math.ceil(left * 1000)):
            raise DeadlinePassed("no complete message in the time given")
