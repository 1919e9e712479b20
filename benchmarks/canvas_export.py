"""A generated class, as Canvas exports what it has handed in.

    python benchmarks/canvas_export.py FOLDER [STUDENTS]

Everybody's mistakes are those of `autograder demo`. Some hand in late, some twice or three times, under names of their
own; one file belongs to nobody.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.cli.demo import ASSIGNMENT, UNTOUCHED, mistakes_of_class, submission
from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue

FIRST = ["ada", "ben", "chloe", "dmitri", "elif", "farah", "goran", "hana", "ivo", "jun", "kofi", "lea", "mei", "nils"]
LAST = ["abara", "bauer", "costa", "diaz", "eriksen", "fischer", "gupta", "haddad", "ito", "jansen", "kaya", "lopez"]
NAMES = ["{}", "homework", "my solution (final)", "Untitled3"]
STRANGER = "readme.txt"


@dataclass
class Export:
    """What was generated.

    students -- the ids that `autograder collect` has to find
    earlier -- files of earlier attempts
    """

    students: set[str] = field(default_factory=set)
    earlier: list[str] = field(default_factory=list)


def write_export(folder: Path, assignment: Assignment, students: int) -> Export:
    """Write an export of an assignment that is built and released; the same in every run."""
    solved = nbformat.read(assignment.source, as_version=4)
    release = nbformat.read(assignment.release, as_version=4)
    catalogue = Catalogue.read(assignment.catalogue)
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(2026)
    export = Export()
    number = 90_000
    for user, (name, mistakes) in enumerate(mistakes_of_class(students, catalogue), start=10_000):
        notebook = release if name == UNTOUCHED else submission(solved, release, mistakes)
        person = f"{draw.choice(LAST)}{draw.choice(FIRST)}"
        late = "_LATE" if draw.random() < 0.08 else ""
        title = draw.choice(NAMES).format(assignment.name)
        attempts = draw.choices([1, 2, 3], [85, 10, 5])[0]
        for attempt in range(attempts):
            number += 7
            suffix = f"-{attempt}" if attempt else ""
            file = f"{person}{late}_{user}_{number}_{title}{suffix}.ipynb"
            last = attempt == attempts - 1
            _write(folder / file, notebook if last else release)
            if not last:
                export.earlier.append(file)
        export.students.add(f"{person}_{user}")
    (folder / STRANGER).write_text("This was not handed in by anybody.\n", encoding="utf-8")
    return export


def _write(path: Path, notebook: NotebookNode) -> None:
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    made = write_export(
        Path(sys.argv[1]),
        Course.find().assignments([ASSIGNMENT])[0],
        int(sys.argv[2]) if len(sys.argv) > 2 else 300,
    )
    print(f"{len(made.students)} students in {sys.argv[1]}")
