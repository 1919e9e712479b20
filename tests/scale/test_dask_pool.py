"""Workers of a Dask cluster that come, go, die, hang and refuse; what they do is pretended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest
import small_course
from distributed import Client
from distributed.core import Status

from autograder.batch.dask_pool import AHEAD, FAULTS, DaskPool
from autograder.batch.result_store import Record
from autograder.batch.worker import Job, Task
from autograder.course import Assignment
from autograder.grading.grading_errors import GradingError
from benchmarks.dask_cluster import Cluster

HERE = Path(__file__).parent
WORKERS = 2
# Larger than all that is looked at, so only its size is sent.
LARGE = 80 << 20


@pytest.fixture(scope="module")
def assignment(tmp_path_factory) -> Assignment:
    """A course with one small assignment."""
    return small_course.make(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """Where workers write what they do."""
    return tmp_path_factory.mktemp("log") / "log"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, log) -> Iterator[Cluster]:
    """A cluster of two workers that pretend. The second has four threads."""
    with pytest.MonkeyPatch.context() as patch, Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        patch.setenv("PRETENDS", str(log))
        cluster.worker(preload=HERE / "pretends.py")
        cluster.worker("--nthreads", "4", preload=HERE / "pretends.py")
        yield cluster


@pytest.fixture
def job(assignment, log) -> Job:
    """The assignment, to be graded; nobody has begun."""
    log.write_text("")
    root = assignment.course.root
    return Job(root, assignment.name)


@pytest.fixture
def tasks(tmp_path):
    """Return what makes a task for each name."""

    def make(*students: str) -> Iterator[Task]:
        for student in students:
            folder = tmp_path / student
            folder.mkdir(exist_ok=True)
            (folder / "task.ipynb").write_text(f"by {student}", encoding="utf-8")
            with open(folder / "large.bin", "wb") as file:
                file.truncate(LARGE)
            yield Task(Record(student, "key", "", "", "", {}), folder, ["task"])

    return make


def begun(log: Path, student: str) -> int:
    """Return how often a submission was begun."""
    return sum(line.split()[:2] == ["begin", student] for line in log.read_text().splitlines())


@contextmanager
def joined(cluster: Cluster, preload: str, *options: str) -> Iterator[None]:
    """Let one more worker join, and end it afterwards, whatever came of it."""
    process = cluster.worker(*options, preload=HERE / preload)
    try:
        cluster.wait_for(WORKERS + 1)
        yield
    finally:
        cluster.kill(process)


def outcomes(pool: DaskPool, tasks) -> dict[str, Record]:
    """Return the records by student."""
    pool.start()
    records = list(pool.run(tasks))
    assert len(records) == len({record.student for record in records})
    return {record.student: record for record in records}


class TestRun:
    """What comes back."""

    def test_every_submission_is_examined_with_its_files(self, cluster, job, tasks):
        """What it holds, and how large a file is that nobody looks at."""
        names = [f"student{n}" for n in range(12)]
        with DaskPool(job, cluster.address) as pool:
            found = outcomes(pool, tasks(*names))

        assert {name: [f"by {name}", str(LARGE)] for name in names} == {n: r.notes for n, r in found.items()}

    def test_a_class_need_not_be_in_memory(self, cluster, job, tasks):
        """Tasks are taken as workers need them."""
        taken, given = 0, 0

        def counted():
            nonlocal taken
            for task in tasks(*(f"student{n}" for n in range(30))):
                taken += 1
                assert taken - given <= WORKERS * AHEAD + 1
                yield task

        with DaskPool(job, cluster.address) as pool:
            pool.start()
            for _ in pool.run(counted()):
                given += 1

        assert (taken, given) == (30, 30)

    def test_one_at_a_time(self, cluster, job, tasks, log):
        """Also where a worker has several threads."""
        with DaskPool(job, cluster.address) as pool:
            outcomes(pool, tasks(*(f"student{n}" for n in range(16))))
        busy: dict[str, str] = {}
        for line in log.read_text().splitlines():
            what, student, process = line.split()[:3]
            if what == "begin":
                assert process not in busy
                busy[process] = student
            else:
                assert busy.pop(process) == student

    def test_an_error_that_nobody_foresaw(self, cluster, job, tasks):
        """It is that student's trouble only."""
        first, second = tasks("student1", "student2")
        (first.folder / "task.ipynb").unlink()
        with DaskPool(job, cluster.address) as pool:
            found = outcomes(pool, [first, second])

        assert "its worker could not examine it: FileNotFoundError" in (found["student1"].error or "")
        assert found["student2"].status == "graded"

    def test_a_timeout_of_the_workers_own(self, cluster, job, tasks, log):
        """It is not taken for a record that is still on its way; it is tried elsewhere, and said."""
        with DaskPool(job, cluster.address) as pool:
            found = outcomes(pool, tasks("times_out", "student1"))

        assert "TimeoutError: a disk did not answer" in (found["times_out"].error or "")
        assert begun(log, "times_out") == 2
        assert found["student1"].status == "graded"

    def test_an_answer_that_was_not_asked_for(self, cluster, job, tasks):
        """A record's fields become paths, so none is believed that is not the submission's."""
        with DaskPool(job, cluster.address) as pool:
            found = outcomes(pool, tasks("swaps", "student1"))

        assert found.keys() == {"swaps", "student1"}
        assert "answered with something else" in (found["swaps"].error or "")
        assert found["student1"].notes[0] == "by student1"


@pytest.mark.slow
class TestLosses:
    """Workers that are lost."""

    @pytest.mark.parametrize("bad", ["kills", "hangs"])
    @pytest.mark.slow
    def test_a_submission_that_costs_two_workers(self, cluster, job, tasks, log, bad):
        """It is given up after two and says so; all others are graded."""
        good = [f"student{n}" for n in range(10)]
        with DaskPool(job, cluster.address, seconds=2.0) as pool:
            found = outcomes(pool, tasks(*good[:3], bad, *good[3:]))

        assert begun(log, bad) == 2
        assert found[bad].status == "error"
        assert "2 workers were lost while they examined it" in (found[bad].error or "")
        assert {found[name].status for name in good} == {"graded"}

    @pytest.mark.slow
    def test_no_worker_is_taken_for_lost(self, cluster, job, tasks, log, monkeypatch):
        """Whatever Dask's client looks up for itself meanwhile, which leaves out the workers."""
        monkeypatch.setattr("autograder.batch.dask_pool.LOOK_SECONDS", 0.01)
        names = [f"student{n}" for n in range(30)]
        often = {"distributed.client.scheduler-info-interval": "1ms"}
        with dask.config.set(often), DaskPool(job, cluster.address) as pool:
            outcomes(pool, tasks(*names))

        assert {begun(log, name) for name in names} == {1}

    def test_workers_die_and_another_joins(self, cluster, job, tasks):
        """It costs nothing but time."""
        names = [f"student{n}" for n in range(40)]
        extra = cluster.worker(preload=HERE / "pretends.py")
        records = []
        with DaskPool(job, cluster.address) as pool:
            pool.start()
            for record in pool.run(tasks(*names)):
                records.append(record)
                if len(records) == 5:
                    cluster.kill(extra)
                if len(records) == 10:
                    cluster.kill(cluster.worker(preload=HERE / "pretends.py"))

        assert sorted(record.student for record in records) == sorted(names)
        assert {record.status for record in records} == {"graded"}

    @pytest.mark.slow
    def test_the_last_submission_costs_the_last_worker(self, tmp_path, job, tasks, log, monkeypatch):
        """The class is done then, so nobody is waited for."""
        monkeypatch.setenv("PRETENDS", str(log))
        with Cluster(tmp_path) as cluster:
            for _ in range(2):
                cluster.worker("--no-nanny", preload=HERE / "pretends.py")
            cluster.wait_for(2)
            with DaskPool(job, cluster.address, patience=1.0) as pool:
                found = outcomes(pool, tasks("kills"))

        assert "2 workers were lost" in (found["kills"].error or "")

    @pytest.mark.slow
    def test_a_machine_that_fails_at_once(self, cluster, job, tasks, log):
        """What it could not examine another does, and it is not given the class because it is always free."""
        with joined(cluster, "fails.py"), DaskPool(job, cluster.address) as pool:
            found = outcomes(pool, tasks(*(f"student{n}" for n in range(40))))

        assert {record.status for record in found.values()} == {"graded"}
        assert 0 < log.read_text().count("fails") <= FAULTS * AHEAD


class TestRefusals:
    """Workers that cannot examine."""

    @pytest.mark.parametrize(
        ("preload", "why"),
        [
            ("refuses.py", "it cannot confine a student's code"),
            pytest.param("differs.py", "it has other versions of autograder", marks=pytest.mark.slow),
        ],
    )
    def test_nobody_else(self, tmp_path, job, tasks, preload, why, monkeypatch):
        """It ends, and says why."""
        monkeypatch.setattr("autograder.batch.dask_pool.RESTART_SECONDS", 0.5)
        with Cluster(tmp_path) as cluster:
            cluster.worker(preload=HERE / preload)
            with DaskPool(job, cluster.address) as pool, pytest.raises(GradingError, match=why):
                outcomes(pool, tasks("student1"))

    @pytest.mark.slow
    def test_one_that_comes_later(self, tmp_path, job, tasks, log, monkeypatch):
        """It is waited for, as workers that were lost are started anew."""
        monkeypatch.setenv("PRETENDS", str(log))
        with Cluster(tmp_path) as cluster:
            cluster.worker(preload=HERE / "refuses.py")
            cluster.wait_for(1)
            with DaskPool(job, cluster.address) as pool:
                pool.start()
                cluster.worker(preload=HERE / "pretends.py")
                records = list(pool.run(tasks("student1")))

        assert [record.status for record in records] == ["graded"]

    @pytest.mark.slow
    def test_others_go_on(self, cluster, job, tasks, log):
        """No submission is given to one that refuses."""
        with joined(cluster, "refuses.py"), DaskPool(job, cluster.address) as pool:
            found = outcomes(pool, tasks(*(f"student{n}" for n in range(12))))

        assert {record.status for record in found.values()} == {"graded"}
        assert log.read_text().count("end") == 12

    @pytest.mark.slow
    def test_one_does_not_know_what_it_is_asked(self, tmp_path, job, tasks, log, monkeypatch):
        """Others go on.

        On a cluster of its own: Dask gives every worker that joins what was asked for before, and one that cannot
        load that does not start.
        """
        monkeypatch.setenv("PRETENDS", str(log))
        with Cluster(tmp_path) as cluster:
            cluster.worker(preload=HERE / "pretends.py")
            cluster.worker(preload=HERE / "lacks.py")
            cluster.wait_for(2)
            with DaskPool(job, cluster.address) as pool:
                found = outcomes(pool, tasks(*(f"student{n}" for n in range(12))))

        assert {record.status for record in found.values()} == {"graded"}
        assert log.read_text().count("end") == 12

    @pytest.mark.slow
    def test_one_that_is_paused(self, cluster, job, tasks, log):
        """It gets nothing: whatever it was given would wait until it goes on."""
        # Dask would have it go on at once, as it has memory enough.
        options = ["--memory-limit", "0", "--name", "paused"]
        with joined(cluster, "pretends.py", *options), Client(cluster.address, set_as_default=False) as client:
            workers = client.scheduler_info(n_workers=-1)["workers"]
            address = next(address for address, worker in workers.items() if worker["name"] == "paused")
            client.run(lambda dask_worker: setattr(dask_worker, "status", Status.paused), workers=[address])
            number = client.run(os.getpid, workers=[address])[address]
            with DaskPool(job, cluster.address) as pool:
                found = outcomes(pool, tasks(*(f"student{n}" for n in range(12))))

        assert {record.status for record in found.values()} == {"graded"}
        processes = {line.split()[2] for line in log.read_text().splitlines() if line.startswith("begin")}
        assert processes
        assert str(number) not in processes

    def test_no_worker(self, tmp_path, job, tasks):
        """It ends when patience does, and says how to start one."""
        sentence = r"No worker has been ready .* dask worker tcp://"
        with (
            Cluster(tmp_path) as cluster,
            DaskPool(job, cluster.address, patience=1.0) as pool,
            pytest.raises(GradingError, match=sentence),
        ):
            outcomes(pool, tasks("student1"))

    def test_no_scheduler(self, job, monkeypatch):
        """It says so."""
        monkeypatch.setattr("autograder.batch.dask_pool.CONNECT_SECONDS", 1.0)
        with (
            DaskPool(job, "tcp://127.0.0.1:9") as pool,
            pytest.raises(GradingError, match="There is no Dask scheduler"),
        ):
            pool.start()
