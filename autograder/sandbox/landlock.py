"""Restricts files, ports and signals with the kernel's Landlock, as a second line of defence.

Rights and versions are those of the kernel's documentation, `userspace-api/landlock`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable

from autograder.sandbox import linux

_READ_FILE, _READ_DIRECTORY, _WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
# Every right that a version of the interface knows, from the first version to the fifth.
_KNOWN = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
_EXECUTE, _MAKE_CHARACTER_DEVICE, _MAKE_BLOCK_DEVICE = 1, 1 << 6, 1 << 11
_DEVICE_CONTROL = 1 << 15
_NEVER = _EXECUTE | _MAKE_CHARACTER_DEVICE | _MAKE_BLOCK_DEVICE | _DEVICE_CONTROL
_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
# Rights that make sense for a file that is no directory.
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | (1 << 14) | _DEVICE_CONTROL

# With the third version a file cannot be cut short through the fence.
NEEDED = 3
SIGNALS = 6


class Ruleset:
    """A set of rules to be confined to; every process may read and write what it names and nothing else.

    readable -- files and folders to read
    writable -- files and folders to read, write, make and remove
    Raises OSError if the kernel has no Landlock or an old one. What does not exist is left out.
    """

    def __init__(self, readable: Iterable[str], writable: Iterable[str]) -> None:
        self.version = linux.landlock_version()
        if self.version < NEEDED:
            known = f"version {self.version}" if self.version else "none"
            raise OSError(f"the kernel offers {known} of Landlock, and version {NEEDED} is needed")
        files = _KNOWN[min(self.version, len(_KNOWN) - 1)]
        self._write = files & ~_NEVER
        network = _TCP if self.version >= 4 else 0
        scope = _ABSTRACT_SOCKETS_AND_SIGNALS if self.version >= SIGNALS else 0
        self._ruleset = linux.landlock_ruleset(files, network, scope, self.version)
        for path in readable:
            self._allow(path, _READ_FILE | _READ_DIRECTORY)
        for path in writable:
            self._allow(path, self._write)

    def _allow(self, path: str, access: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
                linux.landlock_allow(self._ruleset, descriptor, access if folder else access & _OF_FILES)
            finally:
                os.close(descriptor)

    def restrict(self) -> None:
        """Confine this process, for good. New privileges must have been forbidden before."""
        linux.landlock_restrict(self._ruleset)
        os.close(self._ruleset)
