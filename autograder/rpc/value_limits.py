"""Limits on what one process may ask of the other."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MIB", "Limits"]

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds on what crosses the wire, the same for what is sent and for what is accepted.

    Attributes:
        total_bytes: Bytes of text and numbers in one value; an array counts with its logical size.
        items: Elements of all containers in one value, each nested one included.
        depth: How deep containers may be nested.
        integer_bytes: Size of a single integer.
        handles: Objects of one process that the other may hold at a time.
        nesting: Calls back and forth that may be open at a time.
        name: Characters of a name (a function's, a type's, a field's).
        text: Characters of an error's message, of a note or of an object's description.
        files: Files and folders in one message.
        file_bytes: Bytes of all files in one message.
        named_types: Distinct named tuples, and distinct exception classes, that the other side may define.

    """

    total_bytes: int = 60 * MIB
    items: int = 1_000_000
    depth: int = 100
    integer_bytes: int = MIB
    handles: int = 10_000
    nesting: int = 50
    name: int = 80
    text: int = 20_000
    files: int = 1_000
    file_bytes: int = 32 * MIB
    named_types: int = 256
