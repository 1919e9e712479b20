"""Compiles the filter that says which system calls a process may make.

The rules are data; libseccomp, which knows the numbers of every architecture, turns them into the program.
"""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass, field

from autograder.sandbox.syscalls import ALLOWED, CHANGE_METADATA, NOT_IMPLEMENTED, SIGNAL_OTHERS

# What a machine without the library is told.
REMEDY = "Debian and Ubuntu: apt install libseccomp2; Fedora: dnf install libseccomp"


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
    """Return the program for this machine. Raises OSError, with the remedy, if libseccomp cannot make one."""
    try:
        return _compiled(wanted)
    except (ImportError, RuntimeError, AttributeError) as error:
        raise OSError(f"libseccomp is needed ({REMEDY}): {error}") from error


def _compiled(wanted: Rules) -> bytes:
    import pyseccomp  # type: ignore[import-untyped]  # noqa: PLC0415 (fails where libseccomp is not installed)

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
