"""Workers on this machine: a process each, replaced if it dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import Finalize

from autograder.grading.records import Record
from autograder.grading.worker import Job, Task, examine, workplace
from autograder.isolation.sandbox import linux
from autograder.nbgrader_run import scripts_on_path

# A submission during which this many workers died is not tried again.
DEATHS = 5


class LocalPool:
    """Examines submissions in processes of its own. Use it in a `with`.

    workers -- how many at a time
    """

    def __init__(self, job: Job, workers: int) -> None:
        self._job = job
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yield the records of the tasks as they come, in no order.

        A task whose worker is killed is done again by another.
        """
        waiting = deque(tasks)
        deaths: dict[str, int] = {}
        running: dict[Future[Record], Task] = {}
        while waiting or running:
            # A few ahead, so that no worker waits; not all, so that little has to be done again.
            while waiting and len(running) < self.workers + 2:
                task = waiting.popleft()
                try:
                    running[self._started().submit(examine, self._job, task)] = task
                except BrokenProcessPool:
                    waiting.appendleft(task)
                    break
            done = wait(running, return_when=FIRST_COMPLETED).done if running else set()
            broken = not running
            for future in done:
                task = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken = True
                    yield from self._again(task, deaths, waiting)
            if broken:
                for future, task in list(running.items()):
                    del running[future]
                    yield from self._again(task, deaths, waiting)
                self._close()

    def _again(self, task: Task, deaths: dict[str, int], waiting: deque[Task]) -> Iterator[Record]:
        """Put a task back whose worker may have died over it; give it up if that has happened too often."""
        student = task.record.student
        deaths[student] = deaths.get(student, 0) + 1
        if deaths[student] < DEATHS:
            waiting.append(task)
            return
        task.record.error = f"the process that graded it died {DEATHS} times; look at the machine's memory"
        yield task.record

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not a fork of this process: it may have threads, and has a gradebook open.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, _begin, (self._job, os.getpid()))
        return self._pool

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _begin(job: Job, parent: int) -> None:
    """Get a worker ready: the first submission should not have to wait for what serves all."""
    # An interrupt at the terminal is for the process that waits for this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    with scripts_on_path():
        place = workplace(job)
    Finalize(None, place.close, exitpriority=10)
