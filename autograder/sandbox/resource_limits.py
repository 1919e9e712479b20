"""Limits how much of the machine one process may use."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass

MIB = 1 << 20
_OPEN_FILES = 512
# Where the user's other processes count, too, a small number would leave no room for a thread.
_THREADS_OF_ALL = 4096


@dataclass(frozen=True)
class ProcessLimits:
    """Limits that the kernel enforces on a forked process; None leaves one as it is.

    memory -- bytes of address space beyond what the process has when it is forked
    scratch -- bytes of files, in all where there is a scratch file system, else for each file
    cpu -- seconds of all threads together
    threads -- how many, where the process has a user namespace of its own
    """

    memory: int | None = None
    scratch: int | None = None
    cpu: int | None = None
    threads: int | None = None

    def apply(self, *, alone: bool = False) -> None:
        """Limit this process, for good; `alone` says that nobody else counts as the same user."""
        if self.memory is not None:
            _limit(resource.RLIMIT_AS, _address_space() + self.memory)
        if self.scratch is not None:
            _limit(resource.RLIMIT_FSIZE, self.scratch)
        if self.cpu is not None:
            _limit(resource.RLIMIT_CPU, self.cpu)
        if self.threads is not None:
            _limit(resource.RLIMIT_NPROC, self.threads if alone else max(self.threads, _THREADS_OF_ALL))
        _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
        # A core file of a hundred megabytes in a scratch folder helps nobody.
        _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, value: int) -> None:
    # Hard as well as soft, or the process could raise it again; never above what holds already.
    _, before = resource.getrlimit(kind)
    soft = value if before == resource.RLIM_INFINITY else min(value, before)
    # One second between the two, for SIGXCPU to say what it was before SIGKILL comes.
    room = before == resource.RLIM_INFINITY or before > soft
    hard = soft + 1 if kind == resource.RLIMIT_CPU and room else soft
    resource.setrlimit(kind, (soft, hard))


def _address_space() -> int:
    """Return the bytes of address space that this process has; 0 if that cannot be known."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
