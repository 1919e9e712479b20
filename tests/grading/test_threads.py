"""Given cells that leave a thread behind: the class is graded all the same, or the reason is named."""

import pytest
from grading.conftest import stored
from helper import code_cell, grade_cell, graded_notebook, solution_cell

from autograder.grading.engine import Engine
from autograder.grading.grading_errors import ThreadsError
from autograder.grading.settings import GradingLimits, Settings
from autograder.grading.soundness import soundness
from autograder.notebook.score import score

LEAVES = {
    "a progress bar": "from tqdm import tqdm\nfor _ in tqdm(range(3)):\n    pass",
    "a pool": "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
    "assert list(pool.map(abs, [-1, 2])) == [1, 2]",
    "a forgotten pool": "from concurrent.futures import ThreadPoolExecutor\n"
    "assert ThreadPoolExecutor(2).submit(abs, -1).result() == 1",
    "a shell script": "%%bash\necho hello",
    "a timer": "import threading\nthreading.Timer(600, print).start()",
    "a short thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(1,)).start()",
    "an event loop": "import asyncio, threading\nloop = asyncio.new_event_loop()\n"
    "threading.Thread(target=loop.run_forever, daemon=True).start()",
    "a pool of the event loop": "import asyncio\nawait asyncio.to_thread(abs, 1)",
}


def notebook(cell):
    """Return a notebook with a given cell, an exercise and its test."""
    return graded_notebook(
        code_cell(cell), solution_cell("def f(x):\n    return x + 1", "f"), grade_cell("assert f(1) == 2", "test_f")
    )


@pytest.mark.parametrize("cell", LEAVES.values(), ids=LEAVES)
def test_it_is_ended(cell, tmp_path):
    """Whoever leaves a thread behind, the solution earns its point, twice."""
    made = notebook(cell)
    with Engine(stored(tmp_path, made), "task", GradingLimits(cell=20.0, submission=60.0)) as engine:
        for _ in range(2):
            engine.examine(made, None)

            assert score(made.cells[-1]) == (1.0, 1.0), made.cells[-1].outputs


@pytest.mark.slow
def test_a_thread_that_never_ends(tmp_path):
    """The reason is named, it is not the machine, and the tests run in the student's process instead."""
    cell = "import threading\nthreading.Thread(target=threading.Event().wait, name='watcher', daemon=True).start()"
    made = notebook(cell)
    bundle = stored(tmp_path, made)
    with Engine(bundle, "task") as engine, pytest.raises(ThreadsError, match="watcher"):
        engine.examine(made, None)
    found = soundness(bundle, "task", Settings())

    assert (found.processes, found.failing) == (1, {})
    assert "watcher" in found.only_in_one["all tests"]
