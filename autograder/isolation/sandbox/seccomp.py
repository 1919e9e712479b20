"""The last fence: which system calls a process may make, as a program that the kernel runs at each.

The rules are data. libseccomp turns them into a program where it is installed, and knows every architecture; elsewhere
`assemble` does, for those in `syscalls.ARCHITECTURES`. Both programs give the same verdicts.
"""

from __future__ import annotations

import errno
import os
import struct
import tempfile
from dataclasses import dataclass, field

from autograder.isolation.sandbox.syscalls import (
    ALLOWED,
    ARCHITECTURES,
    CHANGE_METADATA,
    NOT_IMPLEMENTED,
    SIGNAL_OTHERS,
)

_WORD = 0xFFFF_FFFF
_QUAD = 0xFFFF_FFFF_FFFF_FFFF

_CLONE_THREAD, _CLONE_NAMESPACES = 0x0001_0000, 0x7E02_0000
_AF_UNIX = 1
# PR_GET_* and PR_SET_NAME; PR_SET_VMA, with which the C library names its memory.
_PRCTL = (2, 3, 15, 16, 21, 23, 30, 39, 0x5356_4D41)
# Duplicates, flags, locks on parts of files (sqlite), owners, seals. No leases, no signals, no notifications.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 9, 36, 37, 38, 1030, 1032, 1033, 1034)
# What a terminal would be, how much there is to read, blocking or not, closed by exec or not.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)


@dataclass(frozen=True)
class Condition:
    """That an argument of a call, counted from 0, has a value under a mask."""

    argument: int
    value: int
    mask: int = _WORD


@dataclass(frozen=True)
class Rules:
    """What is allowed; all else is "not permitted".

    allowed -- without a condition
    conditional -- if one of the conditions holds
    not_implemented -- calls that fail as if the kernel did not have them
    """

    allowed: frozenset[str]
    conditional: dict[str, tuple[Condition, ...]] = field(default_factory=dict)
    not_implemented: frozenset[str] = NOT_IMPLEMENTED


def rules(*, own_files: bool, own_processes: bool) -> Rules:
    """Return the rules for a process that runs a notebook.

    own_files -- whether all files that it can see the times and modes of are its own
    own_processes -- whether all processes that it can send signals to are its own
    """
    conditional = {
        # Threads, but no processes: with the limit on its memory, that bounds all that it can use.
        "clone": (Condition(0, _CLONE_THREAD, _CLONE_THREAD | _CLONE_NAMESPACES),),
        "prctl": tuple(Condition(0, option) for option in _PRCTL),
        "fcntl": tuple(Condition(1, command) for command in _FCNTL),
        "ioctl": tuple(Condition(1, request) for request in _IOCTL),
        # Reading limits, not setting them: the pointer to new ones is null.
        "prlimit64": (Condition(2, 0, _QUAD),),
        "socketpair": (Condition(0, _AF_UNIX),),
    }
    allowed = ALLOWED | CHANGE_METADATA if own_files else ALLOWED
    return Rules(allowed if own_processes else allowed - SIGNAL_OTHERS, conditional)


def compile_rules(wanted: Rules) -> bytes:
    """Return the program for this machine. Raises OSError if nothing here can make one."""
    try:
        return with_libseccomp(wanted)
    except (ImportError, RuntimeError, OSError, AttributeError):
        return assemble(wanted, os.uname().machine)


def with_libseccomp(wanted: Rules) -> bytes:
    """Return the program as libseccomp makes it. Raises ImportError, RuntimeError or OSError if it cannot."""
    import pyseccomp  # type: ignore[import-untyped]  # noqa: PLC0415 (needs a library that may not be there)

    def add(action: int, name: str, *arguments: object) -> None:
        if name in known:
            made.add_rule(action, name, *arguments)

    here = pyseccomp.system_arch()
    names = {*wanted.allowed, *wanted.conditional, *wanted.not_implemented}
    known = {name for name in names if _resolves(pyseccomp, here, name)}
    made = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in sorted(wanted.allowed):
        add(pyseccomp.ALLOW, name)
    for name in sorted(wanted.not_implemented):
        add(pyseccomp.ERRNO(errno.ENOSYS), name)
    for name, conditions in wanted.conditional.items():
        for condition in conditions:
            comparison = pyseccomp.Arg(condition.argument, pyseccomp.MASKED_EQ, condition.mask, condition.value)
            add(pyseccomp.ALLOW, name, comparison)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def _resolves(pyseccomp: object, architecture: int, name: str) -> bool:
    try:
        number: int = pyseccomp.resolve_syscall(architecture, name)  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return False
    return number >= 0


# Classic BPF, `linux/bpf_common.h`: load a word of the call's data, mask it, compare and jump, return.
_LOAD, _AND, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
# Where things are in `struct seccomp_data`.
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _ERROR, _KILL_PROCESS = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
# The numbers of x86-64's other ABI begin here; it is a way around a filter that forgets it.
_X32 = 0x4000_0000


def assemble(wanted: Rules, machine: str) -> bytes:
    """Return the program for an architecture. Raises OSError if its numbers are not known."""
    if machine not in ARCHITECTURES:
        raise OSError(f"no system call numbers are known for {machine}; install libseccomp, which knows them")
    architecture, numbers = ARCHITECTURES[machine]
    program = [
        _instruction(_LOAD, _ARCHITECTURE_AT),
        _instruction(_JUMP_IF_EQUAL, architecture, 1, 0),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD, _NUMBER_AT),
        _instruction(_JUMP_IF_AT_LEAST, _X32, 0, 1),
        _instruction(_RETURN, _ERROR | errno.EPERM),
    ]
    for name in sorted(wanted.allowed & numbers.keys()):
        program += [_instruction(_JUMP_IF_EQUAL, numbers[name], 0, 1), _instruction(_RETURN, _ALLOW)]
    for name in sorted(wanted.not_implemented & numbers.keys()):
        program += [
            _instruction(_JUMP_IF_EQUAL, numbers[name], 0, 1),
            _instruction(_RETURN, _ERROR | errno.ENOSYS),
        ]
    for name, conditions in wanted.conditional.items():
        body = [part for condition in conditions for part in _test(condition)]
        body.append(_instruction(_RETURN, _ERROR | errno.EPERM))
        program += [_instruction(_JUMP_IF_EQUAL, numbers[name], 0, len(body)), *body]
    program.append(_instruction(_RETURN, _ERROR | errno.EPERM))
    return b"".join(program)


def _test(condition: Condition) -> list[bytes]:
    """Return instructions that allow the call if the condition holds, and else go on behind them."""
    at = _ARGUMENTS_AT + 8 * condition.argument
    halves = [(at, condition.mask & _WORD, condition.value & _WORD)]
    if condition.mask >> 32:
        halves.append((at + 4, condition.mask >> 32, condition.value >> 32))
    body = [_instruction(_RETURN, _ALLOW)]
    for place, mask, value in reversed(halves):
        body = [
            _instruction(_LOAD, place),
            _instruction(_AND, mask),
            _instruction(_JUMP_IF_EQUAL, value, 0, len(body)),
            *body,
        ]
    return body


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
