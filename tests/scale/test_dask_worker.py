"""One worker of a Dask cluster: when it is ready, and when it ends its warm processes."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import small_course

from autograder.batch import dask_worker, worker
from autograder.batch.dask_worker import Assigned
from autograder.batch.payload import SentTask, Shipment, pack
from autograder.batch.result_store import Record
from autograder.batch.worker import Job, Task

SECONDS = 60.0


@pytest.fixture
def shipment(tmp_path) -> Shipment:
    """A small assignment; whether the machine can confine code is another test's question."""
    root = small_course.make(tmp_path / "course").course.root
    return pack(Job(root, "task", isolation="none"))


class PretendedWorker(SimpleNamespace):
    """What a plugin uses of Dask's worker."""

    async def set_resources(self, **resources: float) -> None:
        """Take them on."""
        self.resources = resources


def set_up(shipment: Shipment, folder) -> tuple[Assigned, PretendedWorker]:
    """Return the plugin as Dask sets it up, and its worker."""
    plugin, place = Assigned(shipment), PretendedWorker(local_directory=str(folder), resources={})
    # A thread of its own: a loop may be running in this one, if a browser's test came before.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, plugin.setup(place)).result()
    return plugin, place


class TestReady:
    """What a worker says when it has been given an assignment."""

    def test_in_time(self, shipment, tmp_path):
        """It takes submissions."""
        plugin, place = set_up(shipment, tmp_path / "worker")

        assert plugin.refusal is None
        assert list(place.resources) == [plugin.name]

    def test_not_in_time(self, shipment, tmp_path, monkeypatch):
        """It says so, and gets none."""
        monkeypatch.setattr(dask_worker, "PREPARE_SECONDS", 0.05)
        monkeypatch.setattr(Assigned, "_prepare", lambda _: time.sleep(0.5))
        plugin, place = set_up(shipment, tmp_path / "worker")

        assert plugin.refusal == "it was not ready after 0.05 s"
        assert place.resources == {}


class TestRest:
    """The warm processes when the command that asked is gone, but perhaps not the only one."""

    @pytest.fixture
    def plugin(self, shipment, tmp_path) -> Assigned:
        """A worker's plugin that is ready."""
        return set_up(shipment, tmp_path / "worker")[0]

    @pytest.fixture
    def closed(self, monkeypatch) -> list[str]:
        """What was ended, and when."""
        ended: list[str] = []
        monkeypatch.setattr(worker.Workplace, "close", lambda _: ended.append("ended"))
        return ended

    @pytest.fixture
    def sent(self, tmp_path) -> SentTask:
        """A submission."""
        (tmp_path / "ada").mkdir()
        return SentTask.of(Task(Record("ada", "key", "", "", "", {}), tmp_path / "ada", ["task"]))

    def test_while_a_submission_is_examined(self, plugin, sent, closed, monkeypatch):
        """Its processes are not taken from under it; they end with it."""
        begun, go_on = threading.Event(), threading.Event()

        def examine_at(find, task):
            find()
            begun.set()
            assert go_on.wait(SECONDS)
            closed.append("examined")
            return task.record

        monkeypatch.setattr(worker, "examine_at", examine_at)
        with ThreadPoolExecutor(1) as thread:
            future = thread.submit(plugin.examine, sent, SECONDS)
            try:
                assert begun.wait(SECONDS)
                plugin.rest()
            finally:
                go_on.set()
            future.result()

        assert closed == ["examined", "ended"]

    def test_while_nothing_is(self, plugin, sent, closed, monkeypatch):
        """They end at once, and the next submission has others."""
        places = []

        def examine_at(find, task):
            places.append(find())
            return task.record

        monkeypatch.setattr(worker, "examine_at", examine_at)
        plugin.examine(sent, SECONDS)
        plugin.rest()
        assert closed == ["ended"]

        plugin.examine(sent, SECONDS)
        assert places[0] is not places[1]
        assert closed == ["ended"]
