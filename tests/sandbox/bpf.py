"""The kernel's classic BPF, as far as seccomp filters use it."""

from __future__ import annotations

import struct
from functools import lru_cache

ALLOW, ERROR, KILL_PROCESS, KILL_THREAD = 0x7FFF_0000, 0x0005_0000, 0x8000_0000, 0
_LOAD, _JUMP, _RETURN, _AND = 0x20, 0x05, 0x06, 0x54
_COMPARISONS = {
    0x15: lambda value, operand: value == operand,
    0x25: lambda value, operand: value > operand,
    0x35: lambda value, operand: value >= operand,
    0x45: lambda value, operand: bool(value & operand),
}


def verdict(program: bytes, architecture: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Return what the kernel would do at a system call, as the program says."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number & 0xFFFF_FFFF, architecture, 0, *padded)
    instructions = _instructions(program)
    at, value = 0, 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        if code == _LOAD:
            (value,) = struct.unpack_from("=I", data, operand)
        elif code == _AND:
            value &= operand
        elif code == _JUMP:
            at += operand
        elif code in _COMPARISONS:
            at += if_true if _COMPARISONS[code](value, operand) else if_false
        elif code == _RETURN:
            return operand
        else:
            raise ValueError(f"instruction {code:#x} is none that a filter should have")


@lru_cache
def _instructions(program: bytes) -> list[tuple[int, ...]]:
    return list(struct.iter_unpack("=HBBI", program))
