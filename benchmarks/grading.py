"""Measure grading a class, side by side in one run; writes build/bench.json.

    python benchmarks/grading.py [SUBMISSIONS]

The same simulated class, which hands in `step_by_step` in mixed quality, is graded by
    stock       one command `nbgrader autograde`, with nbgrader's own executor
    grade       one command `autograder grade --workers 1`
    all cores   one command `autograder grade`
    floor       the same sanitized notebooks, hidden tests included, cell by cell through IPython's shell in one warm
                process: nothing written, nothing isolated, nothing forked
Commands are timed from start to end, starting Python included; seconds are per submission. `grade` and `floor` run
before and after the stock command and count with the mean.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from autograder.cli.demo import ASSIGNMENT, hand_in, throw_away_course
from autograder.course import Assignment, Course

SCRIPTS = Path(sysconfig.get_path("scripts"))
STOCK = "\nc.Autograde.autograde_preprocessors = Autograde.class_traits()['autograde_preprocessors'].default()\n"
SKIP = "skip-execution"


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def make_course(course: Course, name: str, submissions: int) -> Assignment:
    """Make a course with a class that has handed in, in build/bench."""
    folder = course.root / "build" / "bench" / name.replace(" ", "_")
    demo = throw_away_course(course.assignments([ASSIGNMENT]), folder).assignments()[0]
    shutil.copytree(course.masters, demo.course.masters, dirs_exist_ok=True)
    hand_in(demo, submissions)
    if name == "stock":
        with (folder / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(STOCK)
    return demo


def run(folder: Path, *command: str) -> None:
    """Run a command in a course."""
    environment = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def nbgrader(demo: Assignment) -> None:
    """Grade with one stock command."""
    run(demo.course.root, str(SCRIPTS / "nbgrader"), "autograde", demo.name)


def ours(demo: Assignment, *options: str) -> None:
    """Grade with one command of ours."""
    run(demo.course.root, sys.executable, "-m", "autograder", "grade", demo.name, *options)


class Floor:
    """One warm shell in a process of its own, which runs notebooks in it."""

    def __init__(self, files: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--floor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=files,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        )

    def grade(self, paths: list[Path]) -> float:
        """Run notebooks and return the seconds that their cells took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        total = 0.0
        for path in paths:
            self._process.stdin.write(f"{path}\n")
            self._process.stdin.flush()
            total += float(self._process.stdout.readline())
        return total

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def serve_floor() -> None:
    """Be the floor's process: read paths, run the notebooks, print seconds."""
    sys.path.insert(0, "")
    import matplotlib.pyplot  # noqa: F401, PLC0415
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    answers = sys.stdout
    for line in sys.stdin:
        cells = [
            cell.source
            for cell in nbformat.read(line.strip(), as_version=4).cells
            if cell.cell_type == "code" and SKIP not in cell.metadata.get("tags", [])
        ]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            start = time.perf_counter()
            shell.reset(new_session=False)
            for source in cells:
                with contextlib.suppress(SystemExit):
                    shell.run_cell(source)
            taken = time.perf_counter() - start
        print(taken, file=answers, flush=True)


class PeakMemory:
    """Samples the memory of this process's descendants; `megabytes` is the most at any time."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.25):
            self.megabytes = max(self.megabytes, _descendants_megabytes(os.getpid()))


def _descendants_megabytes(root: int) -> float:
    """Return the proportional memory of a process's descendants: pages that forks share count once."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            parents.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    total, waiting = 0, [*parents.get(root, [])]
    while waiting:
        process = waiting.pop()
        waiting += parents.get(process, [])
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total / 1024


def main(submissions: int = 60) -> None:
    """Measure and print."""
    course = Course.find()
    courses = {way: make_course(course, way, submissions) for way in ("stock", "grade", "grade again", "all cores")}
    with tempfile.TemporaryDirectory() as folder:
        for file in courses["grade"].source.parent.iterdir():
            if file.is_file():
                shutil.copyfile(file, Path(folder) / file.name)
        times, peak = measure(courses, Floor(Path(folder)))
    each = {way: taken / submissions for way, taken in times.items()}
    notebook = str(courses["grade"].release)
    program = [sys.executable, "-m", "autograder"]
    check = min(seconds(lambda: run(course.root, *program, "check", notebook, "--json")) for _ in range(3))
    help_ = min(seconds(lambda: run(course.root, *program, "--help")) for _ in range(5))
    figures = {
        "grade_vs_nbgrader": round(each["stock"] / each["grade"], 1),
        "grade_vs_nbgrader_all_cores": round(each["stock"] / each["all cores"], 1),
        "grade_vs_floor": round(each["grade"] / each["floor"], 2),
        "check_seconds": round(check, 2),
        "help_seconds": round(help_, 3),
        "peak_memory_mb": round(peak),
        "seconds_per_submission": {way: round(taken, 4) for way, taken in each.items()},
        "submissions": submissions,
        "cores": len(os.sched_getaffinity(0)),
    }
    print(f"\n{'seconds per submission':28}{'':>9}{'stock is slower by':>22}")
    for way, taken in each.items():
        print(f"{way:28}{taken:9.3f}{each['stock'] / taken:22.1f}")
    print(f"\nautograder check, one notebook from a cold start: {check:.2f} s")
    print(f"autograder --help: {help_:.2f} s")
    print(f"memory of `autograder grade --workers 1` with all its processes, at most: {peak:.0f} MB")
    target = course.root / "build" / "bench.json"
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="ascii")
    print(f"written to {target.relative_to(course.root)}")


def measure(courses: dict[str, Assignment], floor: Floor) -> tuple[dict[str, float], float]:
    """Return the seconds that each way took for the class, and the memory that grading took."""

    def say(way: str, taken: float) -> float:
        print(f"{way:12}{taken:8.1f} s", flush=True)
        return taken

    with PeakMemory() as memory:
        first = say("grade", seconds(lambda: ours(courses["grade"], "--workers", "1")))
    paths = sorted((courses["grade"].course.root / "autograded").glob("*/*/*.ipynb"))
    floor.grade(paths[:2])
    first_floor = say("floor", floor.grade(paths))
    stock = say("stock", seconds(lambda: nbgrader(courses["stock"])))
    second = say("grade", seconds(lambda: ours(courses["grade again"], "--workers", "1")))
    all_cores = say("all cores", seconds(lambda: ours(courses["all cores"])))
    second_floor = say("floor", floor.grade(paths))
    floor.close()
    times = {
        "stock": stock,
        "grade": (first + second) / 2,
        "all cores": all_cores,
        "floor": (first_floor + second_floor) / 2,
    }
    return times, memory.megabytes


if __name__ == "__main__":
    if sys.argv[1:] == ["--floor"]:
        serve_floor()
    else:
        main(*map(int, sys.argv[1:]))
