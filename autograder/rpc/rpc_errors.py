"""Errors of the wire between the two processes.

IsolationError (Exception)
├── WireError                     the conversation itself is broken; the other side cannot be used any more
│   ├── ChannelClosed             (ConnectionError)  the other side hung up, died or was taken away
│   ├── MessageTooLarge           (ValueError)       a message is longer than the channel allows
│   ├── MalformedMessage          (ValueError)       what arrived is not what this protocol says
│   ├── OutOfTurn                 (RuntimeError)     a message that nobody asked for
│   └── DeadlinePassed            (TimeoutError)     no complete message in the time given
├── Refused                       (ValueError)       this value cannot cross; the message says why
├── HandleRevoked                 (ReferenceError)   the object was lent for a while, and that while is over
└── TooManyHandles                (RuntimeError)     too many objects of one process are held by the other

The errors below `WireError` are raised on the side that notices and never arrive as the failure of an
operation. The other three may: one operation fails, the conversation goes on.
"""
# ruff: noqa: N818 - named for what happened, as in `multiprocessing` and `asyncio`, not `...Error`

from __future__ import annotations

__all__ = [
    "ChannelClosed",
    "DeadlinePassed",
    "HandleRevoked",
    "IsolationError",
    "MalformedMessage",
    "MessageTooLarge",
    "OutOfTurn",
    "Refused",
    "TooManyHandles",
    "WireError",
]


class IsolationError(Exception):
    """Anything that the wire between two processes raises on its own account."""


class WireError(IsolationError):
    """The conversation is broken: end the other process and start another one."""


class ChannelClosed(WireError, ConnectionError):
    """The other side has gone: it exited, was killed, or closed the channel."""


class MessageTooLarge(WireError, ValueError):
    """A message exceeds the channel's limit: send less, or raise `max_message` on both sides."""

    @classmethod
    def of(cls, size: int, limit: int) -> MessageTooLarge:
        """The error for a message of `size` bytes where `limit` are allowed."""
        return cls(f"a message of {size} bytes is longer than the {limit} bytes that are allowed")


class MalformedMessage(WireError, ValueError):
    """What arrived does not follow the protocol: a fault of the sender, deliberate or not."""


class OutOfTurn(WireError, RuntimeError):
    """A message arrived that nobody waits for, such as a reply without a request."""


class DeadlinePassed(WireError, TimeoutError):
    """The other side did not send, or did not take, a complete message in time."""


class Refused(IsolationError, ValueError):
    """A value that cannot cross to the other process: too large, too deep, or not to be changed there."""


class HandleRevoked(IsolationError, ReferenceError):
    """An object was lent to the other process for a while and has been taken back."""

    @classmethod
    def of(cls, number: int) -> HandleRevoked:
        """The error for using handle `number` after it was revoked."""
        return cls(f"object number {number} was lent for a while and has been taken back")


class TooManyHandles(IsolationError, RuntimeError):
    """One process holds too many objects of the other: keep fewer of them."""

    @classmethod
    def of(cls, limit: int) -> TooManyHandles:
        """The error for the object that would exceed `limit`."""
        return cls(f"more than {limit} objects of one process are in use in the other")
