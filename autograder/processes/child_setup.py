"""What a forked child does before anything else runs in it."""

import contextlib
import os
import random
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

from autograder.sandbox import linux
from autograder.sandbox.confinement import die_with


def detach(parent: int, keep: Iterable[int], held: Iterable[int] = ()) -> None:
    """Become a session of its own that dies with its parent and holds no descriptors but *keep*.

    *held* are those of objects that live on, open files say: they lead nowhere from now on, and their numbers are not
    given to others, for such an object closes its number when it goes. *parent* is a descriptor that stands for the
    parent's process. Raises OrphanedError if that has died.
    """
    os.setsid()
    die_with(parent)
    null = os.open(os.devnull, os.O_RDWR)
    held = set(held) - {*keep, null}
    for descriptor in (0, 1, 2, *held):
        os.dup2(null, descriptor, inheritable=descriptor < 3)
    first = 3
    for kept in sorted({*keep, *held}):
        os.closerange(first, kept)
        first = kept + 1
    # The fork server holds a few dozen.
    os.closerange(first, 1 << 16)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        # If memory runs out, this process has to go first.
        file.write("1000")


def open_descriptors() -> set[int]:
    """Return the numbers of this process's descriptors, but for the first three; none where that cannot be known."""
    with contextlib.suppress(OSError):
        names = os.listdir("/proc/self/fd")
        return {number for number in map(int, names) if number > 2 and os.path.lexists(f"/proc/self/fd/{number}")}
    return set()


def settle() -> None:
    """Have random numbers and threads' memory of one's own."""
    linux.one_malloc_arena()
    # A fork copies the state of every generator: siblings would draw the same numbers and file names.
    random.seed()
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    # tempfile reseeds when the process number changes; in a PID namespace each child has the same.
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    tempfile.tempdir = None
