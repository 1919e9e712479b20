"""Grade a large synthetic class on this machine, in one run for each way, and account for every student.

    python benchmarks/scaling.py [--students N] [--seed S] [--gradebook URL] [--lose K] [--join K] [RUN]...

A RUN is local:WORKERS or dask:WORKERS; all of them if none is given. Each is one command `autograder grade` on a course
of its own, timed from start to end, and all have to give the same marks. Dask's scheduler and workers are processes on
this machine, started before the clock. With --lose and --join, so many of these workers are killed when a quarter of
the class is graded, and so many started when half is. --gradebook puts marks into another database than SQLite.
Writes build/scaling/<students>-<run>.json; its `marks` is a hash of all marks, test by test, so that runs of different
days can be held against each other.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from dask_cluster import Cluster
from grading import PeakMemory
from nbgrader.api import Gradebook
from synthetic_class import hand_in

from autograder.authoring.generate import generate
from autograder.batch.result_store import Records
from autograder.cli.demo import ASSIGNMENT, throw_away_course
from autograder.course import Assignment, Course
from autograder.nbgrader_run import nbgrader_log

RUNS = ["local:1", "local:2", "dask:1", "dask:2", "dask:4"]
Marks = dict[str, dict[str, float]]


def main() -> None:
    """Run everything, print the figures, and stop if a student got lost or two ways disagree."""
    given = _arguments()
    course = Course.find(Path(__file__).parent)
    folder = course.root / "build" / "scaling"
    (template,) = throw_away_course(course.assignments([ASSIGNMENT]), folder / "class").assignments()
    shutil.copytree(course.masters, template.course.masters, dirs_exist_ok=True)
    generate(template)
    print(f"{given.students} students hand in ...", flush=True)
    kinds = hand_in(template.course.root, template, given.students, given.seed)
    all_marks: dict[str, Marks] = {}
    for run in given.runs:
        figures, all_marks[run] = _grade(course, template, run, given, kinds)
        name = f"{given.students}-{run.replace(':', '-')}" + ("-lossy" if figures["workers_lost"] else "")
        (folder / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
        _show(run, figures)
    first, *others = given.runs
    for other in others:
        different = [name for name in kinds if all_marks[first].get(name) != all_marks[other].get(name)]
        if different:
            raise SystemExit(f"{first} and {other} disagree about {len(different)} students: {different[:10]}")
    if others:
        print(f"the same marks, test by test: {', '.join(given.runs)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Grade a synthetic class in several ways.")
    parser.add_argument("runs", nargs="*", metavar="RUN", default=RUNS)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gradebook", metavar="URL", help="An empty database; for one run at a time.")
    parser.add_argument("--lose", type=int, default=0)
    parser.add_argument("--join", type=int, default=0)
    given = parser.parse_args()
    given.runs = given.runs or RUNS
    if given.gradebook and len(given.runs) > 1:
        parser.error("a database has room for one run")
    for run in given.runs:
        way, _, workers = run.partition(":")
        if way not in ("local", "dask") or not workers.isdigit():
            parser.error(f"{run!r} is neither local:WORKERS nor dask:WORKERS")
    return given


def _grade(
    course: Course, template: Assignment, run: str, given: argparse.Namespace, kinds: dict[str, str]
) -> tuple[dict[str, Any], Marks]:
    """Grade the class in one way; return the figures and the marks."""
    way, _, count = run.partition(":")
    workers = int(count)
    root = template.course.root.parent / run.replace(":", "-")
    (assignment,) = throw_away_course([template], root).assignments()
    shutil.copytree(course.masters, assignment.course.masters, dirs_exist_ok=True)
    if given.gradebook:
        with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(f"\nc.CourseDirectory.db_url = {given.gradebook!r}\n")
    generate(assignment)
    (root / "submitted").symlink_to(template.course.root / "submitted")
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT]
    with contextlib.ExitStack() as stack:
        cluster = None
        if way == "dask":
            logs = root / "cluster"
            logs.mkdir()
            cluster = stack.enter_context(Cluster(logs))
            processes = [cluster.worker() for _ in range(workers)]
            cluster.wait_for(workers)
            command += ["--scheduler", cluster.address]
        else:
            command += ["--workers", count]
        memory = stack.enter_context(PeakMemory())
        begin = time.perf_counter()
        with open(root / "grade.log", "wb") as log:
            grader = subprocess.Popen(command, cwd=root, stdout=log, stderr=subprocess.STDOUT)
            lost = joined = 0
            most = 0.0
            while (ended := os.wait4(grader.pid, os.WNOHANG))[0] == 0:
                most = max(most, _megabytes(grader.pid))
                if cluster is not None and (lost < given.lose or joined < given.join):
                    done = len(list((root / "results" / ASSIGNMENT).glob("*/landed")))
                    while lost < given.lose and done >= given.students / 4:
                        cluster.kill(processes[lost])
                        lost += 1
                    while joined < given.join and done >= given.students / 2:
                        cluster.worker()
                        joined += 1
                time.sleep(0.25)
            grader.returncode = os.waitstatus_to_exitcode(ended[1])
        seconds = time.perf_counter() - begin
    if grader.returncode not in (0, 1):  # 1: some cannot be graded, and who they are is checked below
        raise SystemExit(f"{' '.join(command)} failed; see {root / 'grade.log'}")
    marks, figures = _account(
        assignment, given.gradebook or f"sqlite:///{root}/gradebook.db", kinds, root / "grade.log"
    )
    usage = ended[2]
    figures |= {
        "run": run,
        "seconds": round(seconds, 1),
        "submissions_per_second": round(len(kinds) / seconds, 2),
        "worker_seconds_per_1000": round(1000 * seconds * workers / len(kinds)),
        "grader_process_peak_mb": round(most),
        "all_processes_peak_mb": round(memory.megabytes),
        "grader_cpu_seconds_each": round((usage.ru_utime + usage.ru_stime) / len(kinds), 4) if way == "dask" else None,
        "workers_lost": lost,
        "workers_joined": joined,
        "cores": len(os.sched_getaffinity(0)),
    }
    return figures, marks


def _account(assignment: Assignment, address: str, kinds: dict[str, str], log: Path) -> tuple[Marks, dict[str, Any]]:
    """Return the marks in the gradebook, and figures about them. Stops if a student is neither there nor named."""
    marks: Marks = {}
    with nbgrader_log(), Gradebook(address) as gradebook:
        for submission in gradebook.assignment_submissions(assignment.name):
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            marks[submission.student.id] = {grade.name: grade.auto_score for grade in grades}
    said = log.read_text(encoding="utf-8", errors="replace")
    ungraded = [name for name in kinds if name not in marks]
    silent = [name for name in ungraded if name not in said]
    strangers = sorted(marks.keys() - kinds.keys())
    if silent or strangers:
        raise SystemExit(f"lost without a word: {silent[:10]}; nobody knows: {strangers[:10]}; see {log}")
    records = Records(assignment.course.root / "results" / assignment.name)
    seconds = []
    for student in marks:
        record = records.find(student, records.landed(student) or "")
        if record is None:
            raise SystemExit(f"{student} has marks and no record")
        seconds.append(record.seconds)
    totals: dict[str, list[float]] = {}
    for name, kind in kinds.items():
        if name in marks:
            totals.setdefault(kind, []).append(sum(marks[name].values()))
    return marks, {
        "students": len(kinds),
        "graded": len(marks),
        "marks": hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()[:16],
        "ungraded_and_said_so": Counter(kinds[name] for name in ungraded),
        "examination_seconds_each": round(statistics.mean(seconds), 4),
        "mean_marks_by_kind": {kind: round(statistics.mean(found), 1) for kind, found in sorted(totals.items())},
    }


def _megabytes(process: int) -> float:
    """Return the memory that a process has at the moment, without its children's."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024
    return 0.0


def _show(run: str, figures: dict[str, Any]) -> None:
    print(
        f"{run:8} {figures['seconds']:8.1f} s {figures['submissions_per_second']:7.2f} a second   "
        f"{figures['graded']} graded, {sum(figures['ungraded_and_said_so'].values())} not and said so   "
        f"grader at most {figures['grader_process_peak_mb']} MB, all processes {figures['all_processes_peak_mb']} MB   "
        f"marks {figures['marks']}",
        flush=True,
    )


if __name__ == "__main__":
    main()
