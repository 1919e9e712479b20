"""A synthetic class of any size: mistakes, files, forms, versions and attacks as they come in a large course.

    python benchmarks/synthetic_class.py FOLDER [--students N] [--seed S] [--version V] [--assignment A]

Writes FOLDER/submitted/<student>/<assignment>/. Each student follows from seed and number alone: the same in every run,
and in a class of any size. With --version 2, one student in five has handed in again, with half of the mistakes mended.
"""

from __future__ import annotations

import argparse
import io
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.cli.demo import ASSIGNMENT, DOES_NOT_PARSE, submission
from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue, Misconception

T = TypeVar("T")
# How a student stands, and how many of a hundred do.
STANDING = {"diligent": 86, "unfinished": 8, "untouched": 2, "no Python": 2, "dishonest": 1, "unreadable": 1}
# How many mistakes a diligent student makes.
MISTAKES = {0: 40, 1: 25, 2: 18, 3: 10, 5: 7}
# How a notebook comes back.
FORMS = {
    "as it is": 70,
    "renamed": 8,
    "without metadata": 6,
    "older helpers": 4,
    "zip": 4,
    "script": 3,
    "one cell": 2,
    "zip called .ipynb": 2,
    "UTF-16": 1,
}
# What the dishonest put into their first cell, and how often. An endless loop costs its time limit twice.
ATTACKS = {
    "patches NumPy": (4, "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True"),
    "prints a score": (4, "print('\\n'.join(['{\"score\": 100.0}'] * 50))"),
    "looks for the tests": (3, "import os\nfor place, _, names in os.walk('/'):\n    print(place, names[:3])"),
    "calls home": (3, "import socket\nsocket.create_connection(('192.0.2.1', 80), 3)"),
    "ends the process": (3, "import os\nos._exit(0)"),
    "prints without end": (1, "for _ in range(10**6):\n    print('x' * 100)"),
    "takes all memory": (1, "hoard = [bytearray(10**8) for _ in range(1000)]"),
    "forks": (1, "import os\nfor _ in range(1000):\n    try:\n        os.fork()\n    except OSError:\n        break"),
    "never ends": (1, "while True:\n    pass"),
}
RESUBMITTING = 0.2


@dataclass(frozen=True)
class Submission:
    """What a student hands in.

    kind -- the standing, and the attack of a dishonest one
    form -- how the notebook comes back
    files -- by their places in the student's folder
    """

    student: str
    kind: str
    form: str
    files: dict[str, bytes]


class SyntheticClass:
    """A class that hands in an assignment that is built."""

    def __init__(self, assignment: Assignment, seed: int = 1) -> None:
        self._name = assignment.name
        self._seed = seed
        self._solved = nbformat.read(assignment.source, as_version=4)
        self._release = nbformat.read(assignment.release, as_version=4)
        self._beside = {
            path.relative_to(assignment.release.parent).as_posix(): path.read_bytes()
            for path in sorted(assignment.release.parent.rglob("*"))
            if path.is_file() and path != assignment.release
        }
        self._catalogue = list(Catalogue.read(assignment.catalogue).entries.values())
        random.Random(seed).shuffle(self._catalogue)
        # A few mistakes are made by many, and most by few.
        self._frequency = [1 / rank for rank in range(1, len(self._catalogue) + 1)]

    def submissions(self, students: int, version: int = 1) -> Iterator[Submission]:
        """Yield what each student has handed in up to a version."""
        for number in range(students):
            yield self.submission(number, version)

    def submission(self, number: int, version: int = 1) -> Submission:
        """Return what one student has handed in."""
        draw = random.Random(f"{self._seed} {number}")
        student = f"student{number:06d}"
        # Drawn for every version, so that what follows is the same.
        again = (draw.random() < RESUBMITTING) and version > 1
        kind, notebook = self._notebook(draw, again)
        self._make_own(notebook, student, draw)
        form = _drawn(draw, FORMS)
        name, content = _as_handed_in(notebook, self._name, form)
        if kind == "unreadable":
            name, content, form = f"{self._name}.ipynb", nbformat.writes(notebook).encode()[:5_000], "cut off"
        files = dict(self._beside) if draw.random() < 0.6 else {}
        if draw.random() < 0.1:
            files["notes/data.csv"] = draw.randbytes(draw.randrange(1_000, 300_000))
        if draw.random() < 0.1:
            files[f".ipynb_checkpoints/{self._name}-checkpoint.ipynb"] = nbformat.writes(self._release).encode()
        return Submission(student, kind, form, {**files, name: content})

    def _notebook(self, draw: random.Random, again: bool) -> tuple[str, NotebookNode]:
        kind = _drawn(draw, STANDING)
        mistakes = self._mistakes(draw)
        if kind == "no Python" and self._name == ASSIGNMENT:
            mistakes[DOES_NOT_PARSE.function] = DOES_NOT_PARSE
        chosen = list(mistakes.values())
        made = submission(self._solved, self._release, chosen[: len(chosen) // 2] if again else chosen)
        if kind == "untouched" and not again:
            made = nbformat.from_dict(self._release)
        if kind == "unfinished" and not again:
            cells = [n for n, cell in enumerate(made.cells) if cell.metadata.get("nbgrader", {}).get("solution")]
            for place in cells[draw.randrange(1, len(cells)) :]:
                made.cells[place].source = self._release.cells[place].source
        if kind == "dishonest":
            attack = _drawn(draw, {name: weight for name, (weight, _) in ATTACKS.items()})
            made.cells.insert(0, new_code_cell(ATTACKS[attack][1], id="prepare"))
            kind = f"dishonest: {attack}"
        return kind, made

    def _mistakes(self, draw: random.Random) -> dict[str, Misconception]:
        """Return mistakes, one a function at most."""
        count = _drawn(draw, MISTAKES)
        return {one.function: one for one in draw.choices(self._catalogue, self._frequency, k=count)}

    def _make_own(self, notebook: NotebookNode, student: str, draw: random.Random) -> None:
        """Leave what people leave in notebooks: no two are the same."""
        for number in range(draw.choice([0, 0, 1, 2, 4])):
            place = draw.randrange(1, len(notebook.cells) + 1)
            source = draw.choice([f"# {student}: try again", "np.arange(6).reshape(2, 3)", "print('so far')"])
            notebook.cells.insert(place, new_code_cell(source, id=f"own-{number}"))
        notebook.metadata["author"] = student


def _drawn(draw: random.Random, weights: dict[T, int]) -> T:
    return draw.choices(list(weights), list(weights.values()))[0]


def _as_handed_in(notebook: NotebookNode, name: str, form: str) -> tuple[str, bytes]:
    """Return a file's name and content."""
    if form == "without metadata":
        notebook.metadata = nbformat.from_dict({})
        for cell in notebook.cells:
            cell.metadata = nbformat.from_dict({})
    if form == "older helpers":
        for cell in notebook.cells:
            cell.source = cell.source.replace("from testCases import", "from testCases_v3 import")
            cell.source = cell.source.replace("from dnn_utils import", "from dnn_utils_v2 import")
    if form == "one cell":
        source = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        notebook = new_notebook(cells=[new_code_cell(source, id="all")])
    if form == "script":
        return f"{name}.py", jupytext.writes(notebook, fmt="py:percent").encode()
    plain = nbformat.writes(notebook).encode()
    if form == "UTF-16":
        return f"{name}.ipynb", plain.decode().encode("utf-16")
    if form.startswith("zip"):
        packed = _zipped(f"homework/{name}.ipynb", plain)
        return (f"{name}.ipynb" if form.endswith(".ipynb") else "hand-in.zip"), packed
    return f"{'Untitled (3)' if form == 'renamed' else name}.ipynb", plain


def _zipped(name: str, content: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        # No time of day, so that the same student gives the same archive.
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return raw.getvalue()


def hand_in(root: Path, assignment: Assignment, students: int, seed: int = 1, version: int = 1) -> dict[str, str]:
    """Write a class's submissions under root/submitted/; return each student's kind."""
    kinds = {}
    for one in SyntheticClass(assignment, seed).submissions(students, version):
        folder = root / "submitted" / one.student / assignment.name
        for name, content in one.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        kinds[one.student] = one.kind
    return kinds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the submissions of a synthetic class.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--assignment", default=ASSIGNMENT)
    given = parser.parse_args()
    (wanted,) = Course.find(Path(__file__).parent).assignments([given.assignment])
    for what, count in Counter(
        hand_in(given.folder, wanted, given.students, given.seed, given.version).values()
    ).items():
        print(f"{count:7} {what}")
