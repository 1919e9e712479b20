"""Which processor the processes of a submission run on."""

import os
import time

import pytest

from autograder.processes.cpu_affinity import one_processor, share
from autograder.processes.zygote import Zygote


@pytest.fixture(autouse=True)
def own_processors():
    """Leave this process where it may run."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


class TestOneProcessor:
    """`one_processor`."""

    def test_inside_and_after(self):
        """Inside there is one, of those that were there; afterwards there are as many as before."""
        before = os.sched_getaffinity(0)
        with one_processor():
            inside = os.sched_getaffinity(0)

        assert len(inside) == 1
        assert inside <= before
        assert before == os.sched_getaffinity(0)

    def test_a_forked_process_stays_with_it(self, tmp_path):
        """What is forked inside runs on the same processor, though the fork server may run on all."""
        with Zygote.start(
            prepare="process_entries:prepare",
            arguments={},
            environment={"PYTHONPATH": os.path.dirname(__file__)},
            directory=tmp_path,
        ) as zygote:
            before = os.sched_getaffinity(0)
            found = []
            for last in sorted(before):
                os.sched_setaffinity(0, {last})
                with zygote.fork("process_entries:evaluate", {}, tmp_path / str(last)) as child:
                    child.channel.send("sorted(os.sched_getaffinity(0))")
                    found.append(child.channel.receive(time.monotonic() + 20))

        assert found == [[last] for last in sorted(before)]


class TestShare:
    """`share`."""

    def test_workers_are_spread(self):
        """Each of the first workers gets a processor of its own, and the next ones begin again."""
        before = sorted(os.sched_getaffinity(0))
        got = []
        for number in range(len(before) + 1):
            os.sched_setaffinity(0, before)
            share(number)
            got.append(os.sched_getaffinity(0))

        assert [{one} for one in [*before, before[0]]] == got
