"""Measure what the diagnosis adds to grading, in one run; writes build/bench_diagnosis.json.

    python benchmarks/diagnosis.py [SUBMISSIONS]

Everybody in the class makes one to three mistakes of the catalogue, in different functions. Each submission is graded
twice, by an engine whose bundle has the catalogue and by one whose bundle has none, in turns, so that a slow minute of
the machine falls on both. Getting the warm processes ready is measured apart: that is once for a class.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.cli.demo import ASSIGNMENT, submission
from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue
from autograder.grading.engine import Engine
from autograder.release import Bundle, store_notebook


def stored(assignment: Assignment, folder: Path, catalogue: Path | None) -> Bundle:
    """Store what would be released, with a catalogue or without."""
    source = assignment.source.parent
    files = {
        str(path.relative_to(source)): path
        for path in source.rglob("*")
        if path.is_file() and path.suffix != ".ipynb" and "__pycache__" not in path.parts
    }
    solved, name = assignment.source.read_text(encoding="utf-8"), assignment.name
    return store_notebook(folder, name, solved, {}, files=files, siblings={name}, catalogue=catalogue)


def faulty_class(assignment: Assignment, count: int) -> list[NotebookNode]:
    """Return so many submissions, each with one to three mistakes; always the same."""
    catalogue = Catalogue.read(assignment.catalogue)
    solved = nbformat.read(assignment.source, as_version=4)
    release = nbformat.read(assignment.release, as_version=4)
    draw = random.Random(7)
    notebooks = []
    for _ in range(count):
        chosen = draw.sample(list(catalogue.entries.values()), draw.choice([1, 2, 3]))
        one_a_function = {entry.function: entry for entry in chosen}
        notebooks.append(submission(solved, release, one_a_function.values()))
    return notebooks


def main(submissions: int = 60) -> None:
    """Measure and print."""
    assignment = Course.find().assignments([ASSIGNMENT])[0]
    notebooks = faulty_class(assignment, submissions)
    ready: dict[str, float] = {}
    spent = {"with": 0.0, "without": 0.0}
    explained = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        engines = {}
        for way, catalogue in [("without", None), ("with", assignment.catalogue)]:
            bundle = stored(assignment, folder / way, catalogue)
            begin = time.perf_counter()
            engines[way] = Engine(bundle, assignment.name)
            assert engines[way].failing_tests == {}
            ready[way] = time.perf_counter() - begin
        try:
            (folder / "handed_in").mkdir()
            for engine in engines.values():
                engine.examine(nbformat.from_dict(notebooks[0]), folder / "handed_in")
            for number, notebook in enumerate(notebooks):
                for way in ("with", "without") if number % 2 else ("without", "with"):
                    handed_in = nbformat.from_dict(notebook)
                    begin = time.perf_counter()
                    examination = engines[way].examine(handed_in, folder / "handed_in")
                    spent[way] += time.perf_counter() - begin
                    explained += bool(examination.misconceptions)
        finally:
            for engine in engines.values():
                engine.close()
    each = {way: seconds / submissions for way, seconds in spent.items()}
    added = each["with"] / each["without"] - 1
    print(f"seconds per submission: {each['without']:.3f} without, {each['with']:.3f} with: {added:+.1%}")
    print(f"getting ready, once:    {ready['without']:.2f} s without, {ready['with']:.2f} s with")
    print(f"submissions in which something was explained: {explained} of {submissions}")
    figures = {
        "diagnosis_adds": round(added, 3),
        "seconds_per_submission": {way: round(seconds, 4) for way, seconds in each.items()},
        "seconds_to_get_ready": {way: round(seconds, 2) for way, seconds in ready.items()},
        "explained": explained,
        "submissions": submissions,
    }
    target = assignment.course.root / "build" / "bench_diagnosis.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="ascii")
    print(f"written to {target.relative_to(assignment.course.root)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
