"""System calls that Python's library lacks. Each raises OSError with what it was about to do."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNS = 0x0002_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 1 << 18
MNT_DETACH = 2

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 24, 38, 22
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION = 0x2008_0522
_M_ARENA_MAX = -8

# The numbers of young system calls are the same on every architecture.
_MOUNT_SETATTR, _LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 442, 444, 445, 446
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_LANDLOCK_VERSION, _RULE_PATH_BENEATH = 1, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _check(result: int, action: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{action}: {os.strerror(number)}")
    return result


def _text(value: str | None) -> bytes | None:
    return None if value is None else os.fsencode(value)


def _number(value: int) -> ctypes.c_ulong:
    return ctypes.c_ulong(value)


def unshare(flags: int, what: str) -> None:
    """Leave the namespaces that the CLONE_NEW flags name; `what` names them in an error."""
    _check(_libc.unshare(flags), f"make {what}")


def enter(descriptor: int, kind: int) -> None:
    """Enter the namespace that a descriptor stands for."""
    _check(_libc.setns(descriptor, kind), "enter a namespace")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    """Mount something."""
    arguments = (_text(source), _text(target), _text(kind), _number(flags), _text(options))
    _check(_libc.mount(*arguments), f"mount {kind or source} on {target}")


def detach(target: str) -> None:
    """Unmount what is at a place, and below it, as soon as nobody uses it."""
    _check(_libc.umount2(_text(target), MNT_DETACH), f"unmount {target}")


def make_read_only(target: str, *, recursive: bool, devices: bool = False) -> None:
    """Make a mount read-only, without set-user-id programs and, unless `devices`, without devices."""
    attributes = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | (0 if devices else _MOUNT_ATTR_NODEV)
    wanted = struct.pack("=QQQQ", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    arguments = (_AT_FDCWD, _text(target), flags, wanted, _number(len(wanted)))
    _check(_libc.syscall(_MOUNT_SETATTR, *arguments), f"make {target} read-only")


def pivot_root(target: str) -> None:
    """Make a mounted folder the root and let go of the old one; the working directory becomes the new root."""
    os.chdir(target)
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(f"no number is known for pivot_root on {os.uname().machine}")
    _check(_libc.syscall(number, b".", b"."), f"make {target} the root")
    # The old root now lies on top of the new one, at the same place.
    detach(".")
    os.chdir("/")


def die_with_parent(signal_number: int) -> None:
    """Ask for a signal when the parent dies."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, _number(signal_number)), "ask to die with the parent")


def make_dumpable() -> None:
    """Own one's files in /proc again, after a change of user."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, _number(1)), "become dumpable")


def drop_capabilities() -> None:
    """Give up every capability, and the right to ever get one."""
    number = 0
    while _libc.prctl(_PR_CAPBSET_DROP, _number(number)) == 0:
        number += 1
    # Not every kernel has them, and none of them matters without the others.
    _libc.prctl(_PR_CAP_AMBIENT, _number(_PR_CAP_AMBIENT_CLEAR_ALL), _number(0), _number(0), _number(0))
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _check(_libc.capset(header, bytes(24)), "drop capabilities")


def forbid_new_privileges() -> None:
    """No program that this process starts gets more rights than it has."""
    arguments = (_number(1), _number(0), _number(0), _number(0))
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, *arguments), "forbid new privileges")


def one_malloc_arena() -> None:
    """Keep threads from reserving 64 MB of address space each. Does nothing where libc is not glibc."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, 1)


def current_processor() -> int:
    """Return the number of the processor that this thread runs on."""
    return _check(_libc.sched_getcpu(), "find the processor")


def filter_system_calls(program: bytes) -> None:
    """Install a seccomp filter, a classic BPF program of 8-byte instructions, for good."""

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    wanted = Program(len(program) // 8, program)
    _check(_libc.prctl(_PR_SET_SECCOMP, _number(_SECCOMP_MODE_FILTER), ctypes.byref(wanted)), "filter system calls")


def landlock_version() -> int:
    """Return the version of Landlock's interface; 0 if the kernel has none, or denies it."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, _number(0), _LANDLOCK_VERSION)))


def landlock_ruleset(files: int, network: int, scope: int, version: int) -> int:
    """Return a descriptor of an empty ruleset that handles these accesses."""
    # The structure grew: older kernels accept only what they know.
    size = 8 if version < 4 else 16 if version < 6 else 24
    attributes = struct.pack("=QQQ", files, network, scope)[:size]
    result = _libc.syscall(_LANDLOCK_CREATE, attributes, _number(size), 0)
    return _check(result, "make a Landlock ruleset")


def landlock_allow(ruleset: int, path: str | int, access: int) -> None:
    """Allow accesses beneath a path, or a descriptor of it."""
    descriptor = path if isinstance(path, int) else os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", access, descriptor)
        _check(_libc.syscall(_LANDLOCK_ADD, ruleset, _RULE_PATH_BENEATH, rule, 0), f"allow {path} in Landlock")
    finally:
        if descriptor != path:
            os.close(descriptor)


def landlock_restrict(ruleset: int) -> None:
    """Confine this thread, and all it will start, to a ruleset, for good."""
    _check(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "confine to the Landlock ruleset")
