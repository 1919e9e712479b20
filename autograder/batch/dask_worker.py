"""Runs on a worker of a Dask cluster: prepares an assignment once, then grades submissions of it.

`Assigned` is a Dask plugin, so the scheduler gives it to every worker, to those that join later, too. A worker that can
examine takes on the resource of that name; one that cannot keeps the reason, and is never given a submission.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from autograder.batch.result_store import Record
from autograder.grading.settings import settings_in
from autograder.hashing import grader_hash

if TYPE_CHECKING:
    from distributed import Worker

    from autograder.batch.payload import SentTask, Shipment
    from autograder.batch.worker import Workplace


# How long a worker may take to get ready.
PREPARE_SECONDS = 120.0


class Assigned(WorkerPlugin):
    """An assignment that this worker examines submissions of.

    name -- the plugin's and the resource's name; the same content has the same name
    refusal -- why this worker cannot examine; None if it can, or does not know yet
    """

    idempotent = True  # what a worker has already is not sent to it again
    _busy: threading.Lock  # held while a submission is examined; made by `setup`, for a lock cannot be sent

    def __init__(self, shipment: Shipment) -> None:
        self.name = resource_name(shipment)
        self.refusal: str | None = None
        self._shipment = shipment
        self._folder = Path()
        self._place: Workplace | None = None
        self._resting = False

    async def setup(self, worker: Worker) -> None:
        """Get ready."""
        self._folder = Path(worker.local_directory) / self.name
        self._busy = threading.Lock()
        try:
            async with asyncio.timeout(PREPARE_SECONDS):
                # Other work of this process goes on meanwhile.
                self.refusal = await asyncio.to_thread(self._prepare)
        except TimeoutError:
            self.refusal = f"it was not ready after {PREPARE_SECONDS:g} s"
        except Exception as error:  # whatever is wrong with this machine, others may be able to
            self.refusal = f"{type(error).__name__}: {error}"
        if self.refusal is None:
            await worker.set_resources(**{self.name: 1})

    def teardown(self, worker: Worker) -> None:
        """Clear away."""
        self.rest()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _prepare(self) -> str | None:
        """Unpack the assignment; return what is against examining it here."""
        from autograder.sandbox.doctor import diagnose  # noqa: PLC0415 (after Dask has let this thread run)

        if grader_hash() != self._shipment.grader:
            return (
                "it has other versions of autograder, Python or packages than the machine that asks for grading; "
                "install the same requirements.lock on both"
            )
        shipment = self._shipment
        isolation = shipment.isolation or settings_in(shipment.config).isolation
        if isolation != "none" and not any(report.sound for report in diagnose()):
            return "it cannot confine a student's code; `autograder doctor` on that machine says what is missing"
        shutil.rmtree(self._folder, ignore_errors=True)
        shipment.unpack(self._folder)
        shipment.workplace(self._folder)
        return None

    def examine(self, sent: SentTask, seconds: float) -> Record:
        """Examine a submission. The worker ends itself if that takes longer than so many seconds."""
        from autograder.batch.worker import examine_at  # noqa: PLC0415 (imports all of nbgrader)

        with self._busy, _limited(seconds):
            try:
                with sent.unpacked() as task:
                    return examine_at(self._workplace, task)
            finally:
                if self._resting:
                    self._end_warm_processes()

    def _workplace(self) -> Workplace:
        if self._place is None:
            self._place = self._shipment.workplace(self._folder)
        return self._place

    def rest(self) -> None:
        """End the warm processes, now or when a submission is done with them; the next one starts others."""
        self._resting = True
        if self._busy.acquire(blocking=False):
            try:
                self._end_warm_processes()
            finally:
                self._busy.release()

    def _end_warm_processes(self) -> None:
        self._resting = False
        if self._place is not None:
            self._place.close()
            self._place = None


def resource_name(shipment: Shipment) -> str:
    """Return the name of the resource that workers have which are ready for an assignment."""
    return f"autograder-{shipment.assignment}-{shipment.hash}"


def examine(name: str, sent: SentTask, seconds: float) -> Record:
    """Examine a submission of the assignment of that name; this is what Dask is asked to run."""
    plugin: Any = get_worker().plugins[name]
    record: Record = plugin.examine(sent, seconds)
    return record


def refusal(name: str, dask_worker: Any = None) -> str | None:
    """Return why a worker refuses the assignment of that name; None if it does not, or is not that far yet."""
    plugin = dask_worker.plugins.get(name)
    return None if plugin is None else plugin.refusal


def rest(name: str, dask_worker: Any = None) -> None:
    """End the warm processes of the assignment of that name."""
    plugin = dask_worker.plugins.get(name)
    if plugin is not None:
        plugin.rest()


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End this process if what is inside takes too long. Its own clocks have failed then, and nothing else is left."""

    def end() -> None:
        print(f"autograder: a submission has kept this worker for {seconds:g} s; it ends", file=sys.stderr, flush=True)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
