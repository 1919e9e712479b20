"""What a forked child does before anything else runs in it."""

import ctypes
import os
import random
import resource
import signal
import sys
import tempfile
from dataclasses import asdict, dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1


class OrphanedError(RuntimeError):
    """The fork server died while its child was being born; the child ends."""


@dataclass(frozen=True)
class ProcessLimits:
    """Limits that the kernel enforces on a forked process; None leaves one as it is.

    `address_space` and `file_size` are bytes, `cpu` is seconds, `processes` counts those of the user.
    """

    address_space: int | None = None
    cpu: int | None = None
    file_size: int | None = None
    processes: int | None = None

    def apply(self) -> None:
        """Limit this process, for good."""
        kinds = {
            "address_space": resource.RLIMIT_AS,
            "cpu": resource.RLIMIT_CPU,
            "file_size": resource.RLIMIT_FSIZE,
            "processes": resource.RLIMIT_NPROC,
        }
        for name, value in asdict(self).items():
            if value is not None:
                _limit(kinds[name], value)
        # A core file of a hundred megabytes in a scratch directory helps nobody.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit(kind: int, value: int) -> None:
    # Hard as well as soft, or the process could raise it again; never above what holds already.
    _, before = resource.getrlimit(kind)
    soft = value if before == resource.RLIM_INFINITY else min(value, before)
    # One second between the two, for SIGXCPU to say what it was before SIGKILL comes.
    room = before == resource.RLIM_INFINITY or before > soft
    hard = soft + 1 if kind == resource.RLIMIT_CPU and room else soft
    resource.setrlimit(kind, (soft, hard))


def detach(parent: int, keep: int) -> None:
    """Become a session of its own that dies with *parent* and holds no descriptor but *keep*."""
    os.setsid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "cannot ask to die with the fork server")
    if os.getppid() != parent:
        # It died before it could be asked for.
        raise OrphanedError
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, keep)
    # The fork server holds a few dozen.
    os.closerange(keep + 1, 1 << 16)


def settle(directory: str, limits: ProcessLimits) -> None:
    """Go to *directory*, under *limits*, with random numbers of its own.

    The sandbox belongs between `detach` and `settle`: it replaces the file system that *directory* is in,
    and it drops the powers that the limits must not be raised with.
    """
    os.chdir(directory)
    limits.apply()
    _reseed()


def _reseed() -> None:
    # A fork copies the state of every generator: siblings would draw the same numbers and file names.
    random.seed()
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    # tempfile reseeds when the process number changes; in a PID namespace each child has the same.
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    tempfile.tempdir = None
