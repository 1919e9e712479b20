"""Measure grading, side by side in one run: plain nbgrader, and nbgrader with the tests in a process of their own.

    python benchmarks/grading.py [SUBMISSIONS]

Grades the same simulated submissions both ways, in turn, gradebook and files included; times `autograder check` and
`autograder --help` from a cold start. Prints a table and writes build/bench.json.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from nbgrader.converters import Autograde

from autograder.course import Assignment, Course
from autograder.demo import ASSIGNMENT, grade, hand_in, throw_away_course


class StockCourse(Course):
    """The course with nbgrader's own executor."""

    def nbgrader_config(self, root=None):
        """Return the course's configuration without this project's step in autograde."""
        config = super().nbgrader_config(root)
        default = Autograde.class_traits()["autograde_preprocessors"].default()
        config.Autograde.autograde_preprocessors = default
        return config


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(submissions: int = 8) -> None:
    """Measure and print."""
    course = Course.find()
    ways = {"plain nbgrader": StockCourse(course.root), "two processes": course}
    demos: dict[str, Assignment] = {}
    for way, configured in ways.items():
        folder = course.root / "build" / "bench" / way.replace(" ", "_")
        demos[way] = throw_away_course(course.assignments([ASSIGNMENT])[0], folder)
        names = hand_in(demos[way], configured, submissions)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for name in names:
        for way, configured in ways.items():
            times[way].append(seconds(lambda d=demos[way], c=configured, n=name: grade(d, c, n)))
        print(f"{name:12}" + "".join(f"  {way} {times[way][-1]:6.2f} s" for way in ways), flush=True)
    notebook = str(demos["two processes"].release)
    program = [sys.executable, "-m", "autograder"]
    check = min(
        seconds(lambda: subprocess.run([*program, "check", notebook], stdout=subprocess.DEVNULL, check=True))
        for _ in "123"
    )
    answer = min(
        seconds(lambda: subprocess.run([*program, "--help"], stdout=subprocess.DEVNULL, check=True)) for _ in "12345"
    )
    middle = {way: statistics.median(values) for way, values in times.items()}
    result = {
        "submissions": submissions,
        "nbgrader_seconds": round(middle["plain nbgrader"], 3),
        "two_process_seconds": round(middle["two processes"], 3),
        "nbgrader_vs_two_processes": round(middle["plain nbgrader"] / middle["two processes"], 2),
        "check_seconds": round(check, 2),
        "help_seconds": round(answer, 3),
    }
    (course.root / "build" / "bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for key, value in result.items():
        print(f"{key:28} {value}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
