"""Grades on the workers of a Dask cluster: `autograder grade --scheduler ADDRESS`.

Each submission is given to one worker by name, with one more waiting there. When a worker is lost, nobody knows which
of the two it was busy with, so both are tried again, and this time each alone on its worker: what is lost then was lost
over that submission, or by a second accident. Dask carries everything: it gives the assignment to each worker that
joins, says which workers there are, and brings submissions there and records back.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import dask
from distributed import Client, Future, KilledWorker
from distributed.client import ClosedClientError, FutureCancelledError

from autograder.batch import dask_worker
from autograder.batch.payload import SentTask, pack
from autograder.batch.result_store import Record
from autograder.batch.worker import Job, Task, workplace
from autograder.grading.engine import READY_SECONDS
from autograder.grading.grading_errors import GradingError

# Submissions that a worker has at a time: one that it examines, and the next.
AHEAD = 2
# A submission that this many workers were lost over is not tried again.
TRIES = 2
# How often it is looked which workers there are.
LOOK_SECONDS = 1.0
# How long to wait for a worker if there is none.
PATIENCE_SECONDS = 300.0
# How long a worker that was lost may take to be there again, as Dask starts it anew.
RESTART_SECONDS = 15.0
CONNECT_SECONDS = 30.0
# How long a record may take from its worker; it is lost if the worker is.
COLLECT_SECONDS = 30.0
# A worker that could not examine so many submissions which others could gets no more.
FAULTS = 3
_AGAIN = "What was graded is kept; run the same command again."


@dataclass(eq=False)
class _Worker:
    """A worker that is ready.

    given -- the submissions that it has
    faults -- how many it could not examine, and another worker could
    """

    address: str
    given: dict[Future[Record], Task] = field(default_factory=dict)
    faults: int = 0


class DaskPool:
    """Examines submissions on a Dask cluster. Use it in a `with`.

    address -- the scheduler's
    seconds -- how long a submission may keep a worker; None for as long as the course's limits may add up to
    patience -- seconds to wait if there is no worker
    """

    def __init__(
        self, job: Job, address: str, *, seconds: float | None = None, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._job = job
        self._address = address
        self._seconds = seconds or 0.0
        self._patience = patience
        self._connected: Client | None = None
        self._name = ""
        self._workers: dict[str, _Worker] = {}
        self._number = 0
        self._done: queue.SimpleQueue[Future[Record]] = queue.SimpleQueue()
        self._again: deque[Task] = deque()
        self._lost: Counter[str] = Counter()
        self._failed_at: dict[str, _Worker] = {}
        self._unregistered = ""

    def __enter__(self) -> DaskPool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connected is None:
            return
        with suppress(OSError, ClosedClientError):
            self._cancel(future for worker in self._workers.values() for future in worker.given)
            if self._workers and self._connected.status == "running":
                ready = [worker.address for worker in self._workers.values()]
                self._connected.run(dask_worker.rest, self._name, workers=ready, on_error="ignore")
        self._connected.close()

    def start(self) -> None:
        """Send the assignment to the workers. Raises GradingError if there is no scheduler."""
        shipment = pack(self._job)
        limits = workplace(self._job).settings.limits
        # Twice if a process was killed, and all that again if a warm process was lost.
        self._seconds = self._seconds or 4 * len(shipment.released) * (limits.submission + READY_SECONDS)
        self._name = dask_worker.resource_name(shipment)
        # A submission may be larger than what Dask expects of a task; there are never many of them at a time.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
        try:
            self._connected = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:  # the last for tls:// without certificates
            raise GradingError(f"There is no Dask scheduler at {self._address}: {error}") from error
        try:
            self._connected.register_plugin(dask_worker.Assigned(shipment), name=self._name)
        except Exception as error:  # one worker's own, from whatever it could not load; others may have taken it
            self._unregistered = f" ({type(error).__name__}: {error})"

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yield the records of the tasks as they come, in no order.

        A task whose worker is lost is done again by another, once. Raises GradingError if no worker can go on.
        """
        fresh = iter(tasks)
        following = next(fresh, None)
        looked = float("-inf")
        while following or self._again or self._is_busy():
            if time.monotonic() - looked >= LOOK_SECONDS:
                yield from self._look()
                looked = time.monotonic()
            if not self._workers and (following or self._again):
                self._workers = self._wait_for_workers()
            while (self._again or following) and (worker := self._free()):
                if self._again:
                    task = self._again.popleft()
                elif following:
                    task, following = following, next(fresh, None)
                try:
                    self._give(worker, task)
                except OSError as error:
                    yield _ungraded(task, f"what was handed in cannot be read: {error}")
            if self._is_busy():
                yield from self._finished()

    @property
    def _client(self) -> Client:
        if self._connected is None:
            raise RuntimeError("start() comes first")
        return self._connected

    def _is_busy(self) -> bool:
        return any(worker.given for worker in self._workers.values())

    def _free(self) -> _Worker | None:
        """Return a worker for the next submission, None if none has room for it.

        What is tried again goes first: to a worker that has nothing else, and to another one than before if that
        failed. Which of the two is to blame is known afterwards; the one that failed waits for that.
        """
        everyone = list(self._workers.values())
        doubtful = self._failed_at.values()
        usable = [worker for worker in everyone if worker.faults < FAULTS and worker not in doubtful] or everyone
        most = AHEAD
        if self._again:
            most = 1
            failed = self._failed_at.get(self._again[0].record.student)
            usable = [worker for worker in usable if worker is not failed] or usable
        open_ = [worker for worker in usable if len(worker.given) < most and not self._is_alone(worker)]
        return min(open_, key=lambda worker: len(worker.given), default=None)

    def _is_alone(self, worker: _Worker) -> bool:
        return any(self._lost[task.record.student] for task in worker.given.values())

    def _give(self, worker: _Worker, task: Task) -> None:
        """Give a worker one more submission. Raises OSError if it cannot be read."""
        sent = SentTask.of(task)
        self._number += 1
        future = self._client.submit(
            dask_worker.examine,
            self._name,
            sent,
            self._seconds,
            key=f"{self._name}-{self._client.id}-{self._number}",
            workers=[worker.address],
            allow_other_workers=False,  # who is tried again, and how often, is decided here
            resources={self._name: 1},  # one at a time, however many threads the worker has
            priority=-self._number,
            pure=False,
        )
        worker.given[future] = task
        future.add_done_callback(self._done.put)

    def _finished(self) -> Iterator[Record]:
        """Wait a moment for a submission to be finished, and yield its record."""
        try:
            future = self._done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return
        worker = next((one for one in self._workers.values() if future in one.given), None)
        if worker is None:
            return  # that worker was given up, and the submission is another's
        task = worker.given[future]
        try:
            record = future.result(timeout=COLLECT_SECONDS)
            if not _is_of(task, record):
                record = _ungraded(task, "its worker answered with something else; look at what runs there")
        except FutureCancelledError as error:
            raise GradingError(f"The connection to the scheduler at {self._address} was lost. {_AGAIN}") from error
        except KilledWorker:
            del worker.given[future]
            yield from self._try_again(task)
            return
        except Exception as error:  # the worker's own, from whatever it could not load or do
            if isinstance(error, TimeoutError) and future.status != "error":
                self._done.put(future)  # until the worker is found to be lost, or answers
                return
            record = _ungraded(task, f"its worker could not examine it: {type(error).__name__}: {str(error)[:500]}")
            record.machines_fault = True
        del worker.given[future]
        failed_before = self._failed_at.pop(task.record.student, None)
        if record.machines_fault and failed_before is None:
            self._failed_at[task.record.student] = worker
            self._again.append(task)
            return
        if failed_before and not record.machines_fault:
            failed_before.faults += 1
        self._lost.pop(task.record.student, None)
        yield record

    def _look(self) -> Iterator[Record]:
        """Look which workers there are; yield the records of submissions that are given up."""
        ready = self._ready()
        for gone in self._workers.keys() - ready.keys():
            worker = self._workers.pop(gone)
            self._cancel(worker.given)
            for task in worker.given.values():
                yield from self._try_again(task)
        for new in ready.keys() - self._workers.keys():
            self._workers[new] = _Worker(ready[new])

    def _try_again(self, task: Task) -> Iterator[Record]:
        """Put back a submission whose worker was lost over it; yield its record if that has happened too often."""
        self._lost[task.record.student] += 1
        if self._lost[task.record.student] < TRIES:
            self._again.append(task)
        else:
            self._failed_at.pop(task.record.student, None)
            yield _ungraded(
                task,
                f"{TRIES} workers were lost while they examined it: killed, cut off or out of time. Look at their "
                "memory; the same command tries it again.",
            )

    def _ready(self) -> dict[str, str]:
        """Return the addresses of the workers that can examine, and take work.

        A worker that was started again is another. One that Dask has paused, or that is about to leave, is gone.
        """
        scheduler = self._client.scheduler
        if scheduler is None or self._client.status not in ("running", "connecting"):
            raise GradingError(f"The scheduler at {self._address} is gone. {_AGAIN}")
        try:
            # Not `scheduler_info`, which returns what another thread may have replaced by an answer without workers.
            workers = self._client.sync(scheduler.identity, n_workers=-1)["workers"]
        except OSError as error:
            raise GradingError(f"The scheduler at {self._address} does not answer: {error}. {_AGAIN}") from error
        return {
            f"{address} {worker['local_directory']}": address
            for address, worker in workers.items()
            if self._name in worker["resources"] and worker["status"] == "running"
        }

    def _wait_for_workers(self) -> dict[str, _Worker]:
        """Wait until there is a worker. Raises GradingError if there is none for long, or all refuse for a while."""
        begin = time.monotonic()
        while True:
            if ready := self._ready():
                return {key: _Worker(address) for key, address in ready.items()}
            try:
                answers = self._client.run(dask_worker.refusal, self._name, on_error="return")
            except OSError as error:
                raise GradingError(f"The scheduler at {self._address} does not answer: {error}. {_AGAIN}") from error
            waited = time.monotonic() - begin
            if answers and all(answers.values()) and waited > min(RESTART_SECONDS, self._patience):
                reasons = sorted({str(reason) for reason in answers.values()})
                raise GradingError(
                    f"No worker of {self._address} can examine submissions: {'; '.join(reasons)}. {_AGAIN}"
                )
            if waited > self._patience:
                raise GradingError(
                    f"No worker has been ready at {self._address} for {self._patience:g} s{self._unregistered}; start "
                    f"one there: dask worker {self._address} --nthreads 1. {_AGAIN}"
                )
            time.sleep(LOOK_SECONDS)

    def _cancel(self, futures: Iterable[Future[Record]]) -> None:
        if given := list(futures):
            self._client.cancel(given)


def _ungraded(task: Task, error: str) -> Record:
    return replace(task.record, error=error)


def _is_of(task: Task, answer: object) -> bool:
    """Whether a worker's answer is a record of that task: its fields become the names of files."""
    asked = task.record
    return (
        isinstance(answer, Record)
        and answer.notebooks.keys() <= set(task.notebooks)
        and all(
            getattr(answer, name) == getattr(asked, name)
            for name in ("student", "key", "submission", "grader", "base", "tests", "attempt")
        )
    )
