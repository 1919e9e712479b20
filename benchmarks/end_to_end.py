"""From a folder of files to feedback: collect, grade, report, feedback and export, in one run.

    python benchmarks/end_to_end.py [STUDENTS]

A generated class hands in through Canvas. Each command is timed from start to end, and every student has to be there
after each. Beside it stands what plain nbgrader would take: `nbgrader autograde` with nbgrader's own executor is
measured on a few of the same submissions, and its time for each, without the time to start, is taken for everybody.
Writes build/end_to_end.json.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

from canvas_export import STRANGER, Export, write_export
from grading import SCRIPTS, STOCK, run, seconds

from autograder.authoring.generate import generate
from autograder.cli.demo import ASSIGNMENT, throw_away_course
from autograder.course import Assignment, Course

# Two runs of plain nbgrader with so many submissions; their difference is free of the time to start.
FEW, MORE = 1, 4


def main(students: int) -> None:
    """Run everything and print the times."""
    course = Course.find(Path(__file__).parent)
    demo = throw_away_course(
        course.assignments([ASSIGNMENT]), course.root / "build" / "end_to_end" / "course"
    ).assignments()[0]
    shutil.copytree(course.masters, demo.course.masters, dirs_exist_ok=True)
    generate(demo)
    folder = demo.course.root.parent / "export"
    shutil.rmtree(folder, ignore_errors=True)
    export = write_export(folder, demo, students)
    times = {name: _timed(demo, name, *rest) for name, *rest in _commands(folder)}
    _account_for_everybody(demo.course.root, export)
    each, start = _plain_nbgrader(demo)
    total = sum(times.values())
    print(f"{students} students, every one of them collected, graded, and in report, feedback and both exports")
    for name, taken in times.items():
        print(f"  {name:<20} {taken:8.1f} s")
    print(f"  {'in all':<20} {total:8.1f} s")
    estimate = start + each * students
    print(f"plain nbgrader autograde: {each:.2f} s each, measured on {MORE - FEW}; estimate {estimate:.0f} s for all,")
    print(f"{estimate / times['grade']:.1f} times grade, and {estimate / total:.1f} times everything")
    result = {"students": students, "seconds": times, "plain_nbgrader": {"each": each, "estimate": estimate}}
    (demo.course.root.parent.parent / "end_to_end.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def _commands(folder: Path) -> list[list[str]]:
    return [
        ["collect", str(folder)],
        ["grade"],
        ["report"],
        ["feedback"],
        ["export", "--format", "csv"],
        ["export canvas", "--format", "canvas"],
    ]


def _timed(demo: Assignment, name: str, *rest: str) -> float:
    command = [sys.executable, "-m", "autograder", name.split(maxsplit=1)[0], demo.name, *rest]

    def call() -> None:
        done = subprocess.run(command, cwd=demo.course.root, capture_output=True, text=True, check=False)
        # The export has a file that is nobody's, and collect has to say so.
        expected = 1 if name == "collect" else 0
        if done.returncode != expected or (expected and f"not assigned to a student: {STRANGER}" not in done.stdout):
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")

    return seconds(call)


def _account_for_everybody(root: Path, export: Export) -> None:
    """Stop if a student got lost on the way."""
    with (root / "exports" / f"{ASSIGNMENT}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    canvas = (root / "exports" / f"{ASSIGNMENT}-canvas.csv").read_text(encoding="utf-8")
    report = (root / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    found = {
        "submitted": {path.name for path in (root / "submitted").iterdir()},
        "graded": {row["student_id"] for row in rows if row["status"] == "graded"},
        "report": {name for name in export.students if f"/{name}/" in report},
        "feedback": {path.parent.parent.name for path in (root / "feedback").glob("*/*/*.html")},
        "Canvas": {name for name in export.students if f"{name},{name.rpartition('_')[2]}," in canvas},
    }
    for step, names in found.items():
        if names != export.students:
            raise SystemExit(
                f"{step}: missing {sorted(export.students - names)}, added {sorted(names - export.students)}"
            )


def _plain_nbgrader(demo: Assignment) -> tuple[float, float]:
    """Return the seconds that plain nbgrader takes for a submission, and to start."""
    taken = []
    for count in (FEW, MORE):
        stock = throw_away_course([demo], demo.course.root.parent / "stock").assignments()[0]
        generate(stock)
        for path in sorted((demo.course.root / "submitted").iterdir())[:count]:
            shutil.copytree(path, stock.course.root / "submitted" / path.name)
        with (stock.course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(STOCK)
        taken.append(
            seconds(lambda root=stock.course.root: run(root, str(SCRIPTS / "nbgrader"), "autograde", demo.name))
        )
    each = (taken[1] - taken[0]) / (MORE - FEW)
    return each, max(0.0, taken[0] - FEW * each)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
