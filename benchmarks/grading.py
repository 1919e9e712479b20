"""Measure grading: seconds per submission of plain nbgrader on simulated submissions.

    python benchmarks/grading.py [SUBMISSIONS]

Prints a table and writes build/bench.json.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

from autograder.course import Course
from autograder.demo import ASSIGNMENT, grade, hand_in, throw_away_course


def main(submissions: int = 6) -> None:
    """Grade a few simulated submissions one by one, and print what each took."""
    course = Course.find()
    demo = throw_away_course(course.assignments([ASSIGNMENT])[0], course.root / "build" / "bench")
    seconds = []
    for name in hand_in(demo, course, submissions):
        start = time.perf_counter()
        grade(demo, course, name)
        seconds.append(time.perf_counter() - start)
        print(f"{name:12} {seconds[-1]:6.2f} s", flush=True)
    result = {"submissions": submissions, "nbgrader_seconds_per_submission": statistics.median(seconds)}
    (course.root / "build" / "bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"plain nbgrader: {result['nbgrader_seconds_per_submission']:.2f} s per submission (median)")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
