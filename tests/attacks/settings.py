"""Run a command as another user, or where the kernel denies what a sandbox is made of.

    python tests/attacks/settings.py SETTING COMMAND...

root            as root
user            as an ordinary user
root-denied     as root, where the kernel makes no namespaces, as in many containers
user-denied     as an ordinary user, where the kernel makes no namespaces
nothing         as an ordinary user, with neither namespaces nor Landlock

Only root can be somebody else; everybody can be denied something.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
import tempfile
from pathlib import Path

SETTINGS = ("root", "user", "root-denied", "user-denied", "nothing")
ORDINARY_USER = 12_345
ROOT = Path(__file__).parent.parent.parent

_MS_BIND, _MS_REC, _MS_PRIVATE, _CLONE_NEWNS = 0x1000, 0x4000, 1 << 18, 0x0002_0000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_NAMESPACE_CALLS = {"x86_64": (272, 308, 165), "aarch64": (97, 268, 40)}  # unshare, setns, mount
_LANDLOCK = 444
_libc = ctypes.CDLL(None, use_errno=True)


def unavailable(setting: str) -> str | None:
    """Why a setting cannot be had here, or None if it can."""
    if os.geteuid() != 0 and setting.startswith("root"):
        return f"{setting}: these tests do not run as root"
    if os.uname().machine not in _NAMESPACE_CALLS:
        return f"{setting}: the numbers of the system calls of {os.uname().machine} are not known to the tests"
    return None


def command(setting: str, *arguments: str) -> list[str]:
    """Return what to run in order to run Python with these arguments in a setting."""
    return [sys.executable, __file__, setting, sys.executable, *arguments]


def main(setting: str, *program: str) -> None:
    """Become what the setting says, and run the program."""
    if os.geteuid() == 0:
        _let_everybody_through([ROOT, Path(sys.prefix), Path(sys.base_prefix)])
        if not setting.startswith("root"):
            os.setgroups([])
            os.setresgid(*[ORDINARY_USER] * 3)
            os.setresuid(*[ORDINARY_USER] * 3)
    # Another user can neither write to the home of the one before nor to its folder for temporary files.
    folder = tempfile.mkdtemp(prefix="setting-", dir="/tmp")
    os.chmod(folder, 0o711)
    os.environ.update(HOME=folder, TMPDIR=folder, PYTHONDONTWRITEBYTECODE="1")
    os.chdir(folder)
    namespaces = {} if setting in ("root", "user") else dict.fromkeys(_NAMESPACE_CALLS[os.uname().machine], errno.EPERM)
    _deny(namespaces | ({_LANDLOCK: errno.ENOSYS} if setting == "nothing" else {}))
    os.execv(program[0], program)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _let_everybody_through(paths: list[Path]) -> None:
    """Show these folders to all users, in a mount namespace of this process, where a folder above keeps others out."""
    _check(_libc.unshare(_CLONE_NEWNS))
    _check(_libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None))
    closed: dict[Path, dict[Path, int]] = {}
    for path in {one for given in paths for one in (given, given.resolve())}:
        for above in reversed(path.parents):
            if not stat.S_IMODE(above.stat().st_mode) & 0o001:
                closed.setdefault(above, {})[path] = os.open(path, os.O_PATH)
                break
    for above, opened in closed.items():
        _check(_libc.mount(b"open", bytes(above), b"tmpfs", ctypes.c_ulong(0), b"mode=0755"))
        for path, descriptor in opened.items():
            path.mkdir(parents=True, exist_ok=True)
            origin = f"/proc/self/fd/{descriptor}".encode()
            _check(_libc.mount(origin, bytes(path), None, ctypes.c_ulong(_MS_BIND | _MS_REC), None))
            os.close(descriptor)


def _deny(calls: dict[int, int]) -> None:
    """Have system calls fail with these errors, in this process and all that it starts."""
    if not calls:
        return
    load_number, jump_if_equal, ret = 0x20, 0x15, 0x06
    program = [struct.pack("=HBBI", load_number, 0, 0, 0)]
    for number, error in calls.items():
        program.append(struct.pack("=HBBI", jump_if_equal, 0, 1, number))
        program.append(struct.pack("=HBBI", ret, 0, 0, 0x0005_0000 | error))
    program.append(struct.pack("=HBBI", ret, 0, 0, 0x7FFF_0000))
    code = b"".join(program)

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    no = ctypes.c_ulong(0)
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), no, no, no))
    _check(_libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(Program(len(program), code))))


if __name__ == "__main__":
    main(*sys.argv[1:])
