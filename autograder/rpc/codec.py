"""Encodes and decodes the values of one conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from autograder.rpc.classes import Classes
from autograder.rpc.decoder import Borrower, Decoded, Decoder
from autograder.rpc.encoder import Encoded, Encoder, Lender
from autograder.rpc.graph import Graph
from autograder.rpc.rpc_errors import HandleRevoked, MalformedMessage, Refused
from autograder.rpc.value_limits import Limits

__all__ = ["Codec", "Decoded", "Encoded", "Handles"]


class Handles(Lender, Borrower, Protocol):
    """Where objects go that are not values, and where handles come from."""


class Codec:
    """Encodes and decodes the values of one conversation.

    Args:
        limits: Bounds on what is sent and accepted.
        handles: Where objects go that are not values; without it they are refused.
        trusts_peer: Whether what arrives may be believed. True in the student's process only.

    Attributes:
        classes: The classes whose instances are values.

    """

    def __init__(self, limits: Limits | None = None, handles: Handles | None = None, trusts_peer: bool = False) -> None:
        self.limits = limits or Limits()
        self.handles = handles
        self.classes = Classes(self.limits, trusts_peer)
        self._trusts_peer = trusts_peer

    def encode(
        self,
        value: object,
        arguments: Sequence[object] = (),
        changed: Sequence[int] = (),
    ) -> Encoded:
        """Return `value` in plain form; raise `Refused` or `TooManyHandles` if it has none.

        Args:
            value: Any object.
            arguments: In a reply: the objects of the request's nodes, to be referred to by number.
            changed: In a reply: the numbers of the arguments whose new state is sent along.

        """
        encoder = Encoder(self.limits, self.handles, self.classes, arguments, not self._trusts_peer)
        try:
            return encoder.run(value, changed)
        except BaseException:
            if self.handles is not None:
                self.handles.take_back(encoder.lent)
            raise

    def decode(self, graph: Graph, arguments: Sequence[object] = (), restore: Any = ()) -> Decoded:
        """Return what the hostile `graph` describes; raise `MalformedMessage` if it describes nothing.

        An object of ours that came back after it was revoked raises `HandleRevoked`, and a member of an enumeration
        that we do not have `Refused`.

        Args:
            graph: Plain data, as it came from the channel.
            arguments: In a reply: the objects of the request's nodes.
            restore: In a reply: which arguments have a new state.

        """
        try:
            decoder = Decoder(self.limits, self.handles, self.classes, graph, arguments, self._trusts_peer)
            return decoder.run(restore)
        except (MalformedMessage, HandleRevoked, Refused):
            raise
        except Exception as error:  # whatever hostile data leads to, the fault lies with the data
            raise MalformedMessage(f"this is not a value: {error}") from None
