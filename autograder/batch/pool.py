"""Worker processes on this machine; one that dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import Finalize
from typing import Any

from autograder.batch.prestart import Headstart
from autograder.batch.result_store import Record
from autograder.batch.worker import Job, Task, examine, workplace
from autograder.processes.cpu_affinity import share
from autograder.sandbox import linux

# A submission during which this many workers died is not tried again.
DEATHS = 5


class LocalPool:
    """Examines submissions in processes of its own. Use it in a `with`.

    workers -- how many at a time
    headstart -- warm processes for them, if there are some
    """

    def __init__(self, job: Job, workers: int, headstart: Headstart | None = None) -> None:
        self._job = job
        self.workers = workers
        self._headstart = headstart or Headstart()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self._headstart.close()

    def start(self) -> None:
        """Start the workers. They are forks of this process, which has imported all that they need."""
        if not workplace(self._job).fits(self._headstart):
            self._headstart.close()
        # The first task makes the pool fork; from then on the warm processes are the workers'.
        self._started().submit(os.getpid)
        self._headstart.let_go()

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yield the records of the tasks as they come, in no order.

        A task whose worker is killed is done again by another.
        """
        fresh = iter(tasks)
        waiting: deque[Task] = deque()  # to be done again
        deaths: dict[str, int] = {}
        running: dict[Future[Record], Task] = {}
        while True:
            # A few ahead, so that no worker waits; not all, so that little has to be done again.
            while len(running) < self.workers + 2:
                task = waiting.popleft() if waiting else next(fresh, None)
                if task is None:
                    break
                try:
                    running[self._started().submit(examine, self._job, task)] = task
                except BrokenProcessPool:
                    waiting.appendleft(task)
                    break
            if not running and not waiting:
                return
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
            context = multiprocessing.get_context("fork")
            begin = (self._job, os.getpid(), self._headstart, self.workers, context.Value("i", 0))
            self._pool = ProcessPoolExecutor(self.workers, context, _begin, begin)
        return self._pool

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _begin(job: Job, parent: int, headstart: Headstart, workers: int, counter: Any) -> None:
    """Get a worker ready: the n-th takes over the n-th set of warm processes."""
    # An interrupt at the terminal is for the process that waits for this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    with counter.get_lock():
        number, counter.value = counter.value, counter.value + 1
    if workers > 1:
        # Left to the system, two workers that talk to their own processes all the time meet on one processor.
        share(number)
    place = workplace(job)
    for other, engines in enumerate(headstart.engines):
        if other == number:
            place.adopt(engines)
        else:
            for engine in engines.values():
                engine.let_go()
    Finalize(None, place.close, exitpriority=10)
