"""Tests with timers, threads and processes of their own: none costs more than its own points, and none the class."""

import nbformat
import pytest
from grading.conftest import stored
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell

from autograder.grading.engine import Engine
from autograder.grading.grading_mode import faults
from autograder.grading.settings import GradingLimits, Settings
from autograder.grading.soundness import soundness
from autograder.notebook.score import score
from autograder.release import store_notebook

IMPORTS = """
import multiprocessing, os, signal, subprocess, sys, threading, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

def too_late(*_):
    raise TimeoutError("too slow")
"""
SOLUTION = "def f(x):\n    return x + 1"
LOOPS = "def f(x):\n    while x == 1:\n        pass\n    return x + 1"
STUBBORN = """
def f(x):
    while x == 1:
        try:
            while True:
                pass
        except BaseException:
            pass
    return x + 1
"""
ALARM = "signal.signal(signal.SIGALRM, too_late)\nsignal.setitimer(signal.ITIMER_REAL, 0.3)\nassert f(1) == 2"
NEXT = "assert f(2) == 3"


def notebook(answer, *tests):
    """Return a notebook with an exercise and its tests."""
    graded = (grade_cell(test, f"test_{number}") for number, test in enumerate(tests))
    return graded_notebook(code_cell(IMPORTS), solution_cell(answer, "f"), *graded)


@pytest.fixture
def examine(tmp_path):
    """Grades an answer by tests; returns what each earned, and with what it stopped."""

    def examine(answer, *tests, cell=10.0, processes=2):
        bundle, made = stored(tmp_path, notebook(SOLUTION, *tests)), notebook(answer, *tests)
        with Engine(bundle, "task", GradingLimits(cell=cell, submission=60.0), processes=processes) as engine:
            engine.examine(made, None)
        found = [find_cell(made, f"test_{number}") for number in range(len(tests))]
        errors = ["; ".join(f"{out.ename}: {out.evalue}" for out in one.outputs if "ename" in out) for one in found]
        return [score(one)[0] for one in found], errors

    return examine


class TestATestGivesUp:
    """A call that a test no longer waits for is ended, and the next test finds everything as it was."""

    def test_a_loop(self, examine):
        """It is interrupted at once: neither the cell's time is used up nor the student's process lost."""
        points, errors = examine(LOOPS, ALARM, NEXT)

        assert (points, errors) == ([0.0, 1.0], ["TimeoutError: too slow", ""])

    def test_a_loop_that_cannot_be_interrupted(self, examine):
        """Its process is ended, the test says what it said itself, and the next one gets a new process."""
        points, errors = examine(STUBBORN, ALARM, NEXT)

        assert points == [0.0, 1.0]
        assert errors[0].startswith("TimeoutError: too slow")

    def test_it_goes_on_without_it(self, examine):
        """What cannot be interrupted is lost for the rest of that test, too, and why is said."""
        caught = ALARM.replace("assert f(1) == 2", "try:\n    f(1)\nexcept TimeoutError:\n    pass\nassert f(2) == 3")
        points, errors = examine(STUBBORN, caught, NEXT)

        assert points == [0.0, 1.0]
        assert "did not stop when the test no longer waited for it" in errors[0]

    @pytest.mark.parametrize("processes", [1, 2])
    def test_a_timer_that_is_left(self, examine, processes):
        """It ends with its cell."""
        left = (
            "signal.signal(signal.SIGALRM, too_late)\nsignal.setitimer(signal.ITIMER_REAL, 0.5, 0.05)\nassert f(1) == 2"
        )
        points, _ = examine(SOLUTION, left, "time.sleep(0.8)\nassert f(2) == 3", processes=processes)

        assert points == [1.0, 1.0]

    @pytest.mark.parametrize("processes", [1, 2])
    @pytest.mark.parametrize("timer", ["REAL", "VIRTUAL", "PROF"])
    def test_a_timer_that_nobody_handles(self, examine, timer, processes):
        """It would end the process; it is an error of the test."""
        test = f"signal.setitimer(signal.ITIMER_{timer}, 0.05)\nwhile True:\n    pass"
        points, errors = examine(SOLUTION, test, NEXT, processes=processes)

        assert points == [0.0, 1.0]
        assert errors[0].startswith("TimeoutError: SIG")
        assert errors[0].endswith("a timer went off that nobody handles")


PROCESSES = {
    "a process pool": "with ProcessPoolExecutor(1) as pool:\n    assert pool.submit(abs, -f(0)).result() == 1",
    "a pool": "with multiprocessing.Pool(1) as pool:\n    assert pool.map(abs, [-f(0)]) == [1]",
    "a process": "process = multiprocessing.Process(target=abs, args=(-f(0),))\nprocess.start(); process.join()\n"
    "assert process.exitcode == 0",
    "a program": "assert subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout == b'1\\n'",
    # Python 3.12 and newer warn in a kernel, which has threads; text on stderr costs the point there.
    "a fork": "import warnings\nwarnings.simplefilter('ignore')\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nassert os.waitpid(pid, 0)[1] == 0",
}


@pytest.mark.parametrize(
    "test",
    [
        pytest.param(test, id=name, marks=() if name == "a fork" else pytest.mark.slow)
        for name, test in PROCESSES.items()
    ],
)
def test_processes(test, tmp_path):
    """In the sandbox none can be started: before anybody hands in, the error is named, and the next test is graded."""
    made = notebook(SOLUTION, test, NEXT)
    released = nbformat.writes(notebook("def f(x):\n    raise NotImplementedError()", test, NEXT))
    bundle = store_notebook(tmp_path, "task", nbformat.writes(made), {}, files={}, siblings={"task"}, released=released)
    found = soundness(bundle, "task", Settings(limits=GradingLimits(cell=10.0, submission=60.0)), confine=True)

    assert found.unsound.keys() == {"test_0"}
    assert "PermissionError: [Errno 1]" in found.unsound["test_0"]
    assert "Neither tests nor answers can start processes where notebooks are graded" in faults(found)["test_0"]
