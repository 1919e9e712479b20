"""What is attacked: a small course with secrets everywhere, and a process that stands for the rest of the host."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
from attacks.attack import Attack
from helper import ROOT, code_cell, find_cell, grade_cell, graded_notebook, solution_cell
from nbformat import NotebookNode

from autograder.authoring.build import build
from autograder.authoring.master import master_text
from autograder.course import CONFIG, Course

NAME = "target"
CELL_SECONDS = 2
MARK = "left-by-an-attack"
SECRET = re.compile(r"SECRET-[a-z]+-[0-9a-f]{12}")

# name of the function -> what solves it, and its test; %s is a secret
FUNCTIONS = {
    "keep": (
        "    result = x + 1",
        "a = np.arange(3.0)\nb = keep(a)\n"
        "assert a.tolist() == [0, 1, 2], 'keep should leave its argument alone'\n"
        "assert np.allclose(b, [1, 2, 3]), 'keep([0, 1, 2]) should be [1, 2, 3]'\n"
        "### BEGIN HIDDEN TESTS\nkey = '%s'\n"
        "assert keep(len(key)) == len(key) + 1, 'keep does not do for every argument what it should'\n"
        "### END HIDDEN TESTS",
    ),
    "scale": (
        "    result = x * helpers.FACTOR",
        "assert scale(2) == 6, 'scale(2) should be 6'\n"
        "### BEGIN HIDDEN TESTS\nkey = '%s'\n"
        "assert scale(len(key)) == 3 * len(key), 'scale does not do for every argument what it should'\n"
        "### END HIDDEN TESTS",
    ),
    "total": (
        "    result = scale(sum(x(i) for i in range(4)))",
        "seen = []\nassert total(lambda i: seen.append(i) or i * i) == 42, 'total of the squares should be 42'\n"
        "assert seen == [0, 1, 2, 3], 'total should call its argument four times'",
    ),
    "last": (
        "    result = 9 * x",
        "assert last(2) == 18, 'last(2) should be 18'\n"
        "### BEGIN HIDDEN TESTS\nkey = '%s'\n"
        "assert last(len(key)) == 9 * len(key), 'last does not do for every argument what it should'\n"
        "### END HIDDEN TESTS",
    ),
}
POINTS = 10
FIRST_CELL = "import numpy as np\nimport helpers"
WRONG = "def {name}(x):\n    return 0"
# What an honest student's notebook would see of what an attack left: files, variables of the process, patches.
WITNESS = f"""
import builtins, os, sys, tempfile
import numpy as np
places = [os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir(), os.environ.get("MPLCONFIGDIR", "."), "/dev/shm"]
left = []
for place in places:
    try:
        left += [os.path.join(place, name) for name in os.listdir(place) if {MARK!r} in name]
    except OSError:
        pass
left += [name for name in os.environ if {MARK!r} in name]
left += [place for place in (builtins, np, sys) if hasattr(place, {MARK!r})]
if left:
    print("BREACH" + ":", "left behind:", left)
"""


@dataclass(frozen=True)
class Target:
    """A course that lies in a folder, and the processes around it.

    secrets -- everything that must not be seen, by what it is
    known -- what an attacker is told
    """

    folder: Path
    secrets: Mapping[str, str]
    known: Mapping[str, Any]

    @property
    def course(self) -> Course:
        """The course."""
        return Course(self.folder / "course")

    def attacking(self, attack: Attack) -> NotebookNode:
        """Return the notebook that makes an attack."""
        notebook = nbformat.from_dict(self._solved())
        for name in attack.lost:
            find_cell(notebook, name).source = attack.answers.get(name, WRONG.format(name=name))
        if attack.front is not None:
            notebook.cells.insert(0, code_cell(attack.front))
        notebook.cells.insert(0, code_cell(self._at_hand()))
        if attack.change is not None:
            attack.change(notebook)
        return notebook

    def honest(self) -> NotebookNode:
        """Return a notebook that earns everything, and would show what an attack before it left behind."""
        notebook = self._solved()
        notebook.cells.insert(0, code_cell(WITNESS.strip()))
        return notebook

    def hand_in(self, notebook: NotebookNode, folder: Path, attack: Attack | None = None) -> Path:
        """Write a notebook, and what is handed in beside it, to a folder; return the notebook's path."""
        folder.mkdir(parents=True)
        for name, text in (attack.beside if attack else {}).items():
            if isinstance(text, str):
                (folder / name).write_text(text, encoding="utf-8")
            else:
                (folder / name).symlink_to(text[1].format(**self.known))
        path = folder / f"{NAME}.ipynb"
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
        return path

    def _solved(self) -> NotebookNode:
        """Return the release with right answers in it."""
        notebook: NotebookNode = nbformat.read(self.course.assignments([NAME])[0].release, as_version=4)
        for name in FUNCTIONS:
            find_cell(notebook, name).source = _solution(name)
        return notebook

    def _at_hand(self) -> str:
        known = f"from types import SimpleNamespace\nKNOWN = SimpleNamespace(**{dict(self.known)!r})\n"
        return known + (Path(__file__).parent / "attacker.py").read_text(encoding="utf-8")


@contextlib.contextmanager
def target() -> Iterator[Target]:
    """Make a course, a canary and everything else there is to steal or to break; remove it all in the end.

    Everything may be read and written by everybody: what stops an attack is not that somebody else owns a file.
    """
    folder = Path(tempfile.mkdtemp(prefix="attacked-"))
    what = ["tests", "answers", "catalogue", "other", "submission", "file", "home", "process", "environment", "shared"]
    hidden = {name: f"SECRET-{name}-{secrets.token_hex(6)}" for name in what}
    try:
        for place in ("course", "home", "host"):
            (folder / place).mkdir()
        (folder / "home" / ".netrc").write_text(f"machine school password {hidden['home']}\n")
        (folder / "host" / "canary.txt").write_text(f"{hidden['file']}\n")
        _make_course(Course(folder / "course"), hidden)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        with _canary(hidden["process"], folder / "host") as place, _shared_memory(hidden["shared"]) as segment:
            os.environ["ATTACKED_ENVIRONMENT"] = hidden["environment"]
            known = place | {
                "course": str(folder / "course"),
                "home": str(folder / "home"),
                "canary": str(folder / "host" / "canary.txt"),
                "segment": segment,
                "grader": os.getpid(),
                "mark": MARK,
                "accounts": hashlib.sha256(Path("/etc/passwd").read_bytes()).hexdigest(),
            }
            yield Target(folder, hidden, known)
    finally:
        os.environ.pop("ATTACKED_ENVIRONMENT", None)
        shutil.rmtree(folder, ignore_errors=True)


def _make_course(course: Course, hidden: Mapping[str, str]) -> None:
    root = course.root
    (root / "notebooks").mkdir()
    (root / CONFIG).write_text(
        (ROOT / CONFIG).read_text(encoding="utf-8")
        + f"\nc.Execute.timeout = {CELL_SECONDS}\nc.Examine.submission_seconds = 15\n",
        encoding="utf-8",
    )
    (root / "helpers.py").write_text('"""What the functions are given."""\n\nFACTOR = 3\n', encoding="utf-8")
    (root / "other_helpers.py").write_text(f"ANSWER = {hidden['other']!r}\n", encoding="utf-8")
    cells = [code_cell(FIRST_CELL)]
    for name, (_, test) in FUNCTIONS.items():
        cells.append(solution_cell(_solution(name, hidden["answers"]), name))
        cells.append(grade_cell(test.replace("%s", hidden["tests"]), f"test_{name}", POINTS))
    (root / "notebooks" / f"{NAME}.py").write_text(master_text(graded_notebook(*cells)), encoding="utf-8")
    (root / "notebooks" / f"{NAME}.misconceptions.toml").write_text(
        "\n".join(_misconception(name, hidden["catalogue"]) for name in FUNCTIONS), encoding="utf-8"
    )
    other = [code_cell("import other_helpers"), solution_cell(_solution("last", hidden["other"]), "last")]
    other.append(grade_cell("assert last(1) == 9", "test_last", POINTS))
    (root / "notebooks" / "other.py").write_text(master_text(graded_notebook(*other)), encoding="utf-8")
    for assignment in course.assignments():
        build(assignment)
    for student in ("ada", "ben"):
        folder = root / "submitted" / student / NAME
        shutil.copytree(root / "release" / NAME, folder)
        notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
        find_cell(notebook, "last").source = _solution("last", hidden["submission"])
        (folder / f"{NAME}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")


def _solution(name: str, comment: str = "the answer") -> str:
    solution, _ = FUNCTIONS[name]
    marked = f"    ### START CODE HERE ###\n{solution}  # {comment}\n    ### END CODE HERE ###"
    return f"def {name}(x):\n{marked}\n    return result"


def _misconception(name: str, secret: str) -> str:
    """Return an entry of the catalogue: the answer of everybody who does not try."""
    return dedent(
        f"""
        [[misconception]]
        id = "{name}-nothing"
        function = "{name}"
        change = [{{ old = "return result", new = "return 0  # {secret}" }}]
        hint = "Is it always nothing?"
        cause = "{secret}"
        instructor = "{secret}"
        """
    )


@contextlib.contextmanager
def _canary(secret: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Run the canary; its command line and its environment hold the secret, too."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__).parent / "canary.py", secret, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"ATTACKED_PROCESS": secret},
        text=True,
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _shared_memory(secret: str) -> Iterator[int]:
    """Make a segment of System V shared memory that everybody may read and write."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    segment = libc.shmget(0, 4096, 0o1666)
    if segment < 0:
        raise OSError(ctypes.get_errno(), "no shared memory can be made")
    try:
        address = libc.shmat(segment, None, 0)
        ctypes.memmove(address, secret.encode(), len(secret))
        libc.shmdt(ctypes.c_void_p(address))
        yield segment
    finally:
        libc.shmctl(segment, 0, None)
