"""Chooses which of the machine's processors a process uses."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from autograder.sandbox import linux


@contextlib.contextmanager
def one_processor() -> Iterator[None]:
    """Keep this thread, and what is forked for it inside, on the processor that it is on.

    Of the host, the student's process and the grader's, one works and two wait. On one processor, passing control
    takes a switch; between two, a sleeping processor has to be woken each time, which takes longer than most calls.
    """
    before = os.sched_getaffinity(0)
    try:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {linux.current_processor()})
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, before)


def share(number: int) -> None:
    """Keep this process, one of several that work at a time, on the processor that is its own by its number."""
    processors = sorted(os.sched_getaffinity(0))
    use([processors[number % len(processors)]])


def use(processors: list[int]) -> None:
    """Keep this process on these processors. Where they are not to be had, it stays on what it has."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, processors)
