"""Hand the same dishonest submissions to several notebook graders and see which succeed where.

    python benchmarks/attacks.py [--peers nbgrader,otter,dlai,ours] [--only NAME,...] [--work DIR]

Each grader gets a throw-away virtual environment and home, the same three exercises in its own format, honest
submissions to show that it grades, and then the attacks. Whether one succeeded is observed, never assumed. Prints a
table in Markdown. Exits with 1 if a grader does not tell right answers from wrong ones, for then nothing was measured.

The attacks can do no harm where they succeed: they read, change, signal and call only what this script puts there for
them (and read /etc/passwd). Everything is below one temporary folder. Needs Linux, and a package index for pip.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import datetime
import hashlib
import json
import os
import platform
import secrets
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 5  # the limit for a cell, in graders that have one
RUN_SECONDS = 40  # after this a grader is killed: it would have gone on for ever
POINTS = 2.0  # per function
SHEET = "sheet"  # the notebook's and the assignment's name

# ---- The assignment ------------------------------------------------------------------------------------------------

# Signature, answer, visible test, hidden test. Each is compared in another way, and each way has its attack.
EXERCISES = {
    "scale": (
        "scale(x, factor)",
        "x * factor",
        "np.allclose(scale(np.array([1.0, 2.0]), 3), [3.0, 6.0])",
        "np.allclose(scale(np.array([0.5, -4.0, 2.5]), -2), [-1.0, 8.0, -5.0])",
    ),
    "total": ("total(x)", "sum(x)", "total([1, 2, 3]) == 6", "total([2.5, -10, 30]) == 22.5"),
    "flip": (
        "flip(x)",
        "x[::-1]",
        "(flip(np.array([1, 2, 3])) == [3, 2, 1]).all()",
        "(flip(np.array([4, 0, 9, 7])) == [7, 9, 0, 4]).all()",
    ),
}
FULL = POINTS * len(EXERCISES)
WRONG = {"scale": "0 * x", "total": "-1", "flip": "0 * x"}


def function(name: str, answer: str) -> str:
    """Return the source of a function that gives an answer."""
    return f"def {EXERCISES[name][0]}:\n    return {answer}"


def honest(*right: str) -> dict[str, str]:
    """Return a submission's functions: the named ones right, the others wrong."""
    return {name: function(name, EXERCISES[name][1] if name in right else WRONG[name]) for name in EXERCISES}


def cell(source: str, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    """Return a cell of a notebook."""
    body: dict[str, Any] = {"id": secrets.token_hex(4), "cell_type": kind, "metadata": metadata, "source": source}
    return body | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write_notebook(path: Path, cells: list[dict[str, Any]]) -> None:
    """Write a notebook."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


# ---- What the attacks are after ------------------------------------------------------------------------------------


def digest(text: str) -> str:
    """Return what a submission may know of a secret: enough to prove that it found it, too little to make it up."""
    return hashlib.sha256(text.encode()).hexdigest()


class Listener:
    """Accepts connections on loopback and keeps what it is told."""

    def __init__(self) -> None:
        self.heard = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(2)
                self.heard += connection.recv(100)


@dataclass
class Prey:
    """Secrets, a listener and a process that are there to be attacked."""

    hidden: str = field(default_factory=lambda: f"hidden-{secrets.token_hex(8)}")  # stands in the hidden tests
    other: str = field(default_factory=lambda: f"other-{secrets.token_hex(8)}")  # stands in an honest submission
    secret: str = field(default_factory=lambda: secrets.token_hex(8))  # stands in the grader's environment
    orphan: str = field(default_factory=lambda: f"orphan{secrets.token_hex(4)}")  # the name of a process
    message: str = field(default_factory=lambda: secrets.token_hex(8))  # what the listener is told
    listener: Listener = field(default_factory=Listener)
    process: subprocess.Popen[bytes] | None = None

    def fresh_process(self) -> int:
        """Start a process that waits to be killed, unless there is one, and return its id."""
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        return self.process.pid

    def left_over(self) -> list[int]:
        """Return the ids of the processes that graders have left behind."""
        waiting = self.process.pid if self.process else None
        return [pid for pid in descendants(os.getpid()) if pid != waiting]


def adopt_orphans() -> None:
    """Become the parent of whatever is left over by the processes that this one starts, so that it can be found."""
    set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def descendants(pid: int) -> list[int]:
    """Return the ids of the live processes that a process started, and that they started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found[1:]


def kill(pids: list[int]) -> None:
    """End processes; those that have ended already are no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


# ---- The graders ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Graded:
    """What a grader made of a submission: the points, None if there is no result; and whether it had to be killed."""

    points: float | None
    hung: bool = False

    def __str__(self) -> str:
        return "no result" if self.points is None else f"{self.points:g} of {FULL:g}"


class Peer:
    """A grader in an environment of its own, with the assignment set up in a course folder."""

    name: ClassVar[str]
    requirements: tuple[str, ...]
    shown: tuple[str, ...] = ("numpy", "ipykernel")

    def __init__(self, work: Path, prey: Prey) -> None:
        self.prey = prey
        self.course = work / self.name / "course"
        self.home = work / self.name / "home"
        self.temporary = work / self.name / "tmp"
        self.environment = work / self.name / "venv"
        self.log = work / self.name / "log.txt"
        for folder in [self.course, self.home, self.temporary]:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        if not self.environment.exists():
            subprocess.run([sys.executable, "-m", "venv", str(self.environment)], check=True)
            self.install(*self.requirements)

    def install(self, *what: str) -> None:
        """Install packages into this grader's environment."""
        line = [str(self.environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *what]
        with self.log.open("ab") as log:
            subprocess.run(line, stdout=log, stderr=log, check=True)

    def program(self, *command: str, **extra: str) -> bool:
        """Run a program of this grader's environment in the course folder; return whether it ended in time.

        extra -- more variables for its environment
        """
        environment = {"PATH": f"{self.environment}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        environment |= {"HOME": str(self.home), "TMPDIR": str(self.temporary)}
        environment |= {"GRADER_API_TOKEN": self.prey.secret} | extra
        line = [str(self.environment / "bin" / command[0]), *command[1:]]
        with self.log.open("ab") as log:  # no pipe: whoever inherits it could keep it open
            log.write(f"\n$ {' '.join(command)}\n".encode())
            log.flush()
            process = subprocess.Popen(
                line, cwd=self.course, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                process.wait(RUN_SECONDS)
            except subprocess.TimeoutExpired:
                kill([process.pid, *descendants(process.pid)])
                process.wait()
                return False
        return True

    def python(self, code: str) -> str:
        """Return what a piece of Python prints in this grader's environment."""
        line = [str(self.environment / "bin" / "python"), "-W", "ignore", "-c", code]
        result = subprocess.run(line, cwd=self.course, capture_output=True, text=True, check=True)
        return result.stdout.strip()

    def versions(self) -> str:
        """Return what really is installed."""
        names = [*(requirement.partition("==")[0].partition("[")[0] for requirement in self.requirements), *self.shown]
        known = json.loads(
            self.python(
                "import importlib.metadata as m, json\n"
                "print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
            )
        )
        return ", ".join(f"{name} {known[name]}" for name in dict.fromkeys(names) if name in known)

    @property
    def numpy(self) -> Path:
        """The file that is run when NumPy is imported in this grader's environment."""
        return next(self.environment.glob("lib/python3*/site-packages/numpy/__init__.py"))

    def fill_in(
        self, blank: Path, functions: dict[str, str], first: str, tags: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the blank's cells with functions filled in, and the number of tests that got a tag.

        first -- what stands before the first function
        tags -- whether cells that hold tests get the tag that makes nbclient skip them
        """
        cells = json.loads(blank.read_text(encoding="utf-8"))["cells"]
        tagged = 0
        for one in cells:
            source = "".join(one["source"])
            for name, filled_in in functions.items():
                if f"def {name}(" in source:
                    one["source"] = (first if name == "scale" else "") + filled_in
            if tags and self.is_test(one):
                one["metadata"]["tags"] = ["skip-execution"]
                tagged += 1
        return cells, tagged

    def is_test(self, one: dict[str, Any]) -> bool:
        """Return whether a cell of the blank runs tests."""
        raise NotImplementedError

    def prepare(self) -> Path:
        """Set up the assignment, and return the notebook that students get."""
        raise NotImplementedError

    def submission(self, student: str) -> Path:
        """Return where a student's notebook is handed in."""
        return self.course / "submitted" / student / f"{SHEET}.ipynb"

    def grade(self, student: str) -> Graded:
        """Grade what a student handed in."""
        raise NotImplementedError


class Nbgrader(Peer):
    """nbgrader as it comes, with a shorter time limit."""

    name = "nbgrader"
    requirements: tuple[str, ...] = ("nbgrader==0.9.6", "numpy")
    config: ClassVar[str] = (
        f"c = get_config()\nc.CourseDirectory.course_id = 'course'\nc.Execute.timeout = {CELL_SECONDS}\n"
    )

    def is_test(self, one: dict[str, Any]) -> bool:
        """Grade cells are tests."""
        return bool(one["metadata"].get("nbgrader", {}).get("grade"))

    def prepare(self) -> Path:
        """Write the source notebook and generate the assignment."""
        cells = [cell("import numpy as np")]
        for name, (signature, answer, visible, hidden) in EXERCISES.items():
            marks = {"schema_version": 3, "task": False, "locked": False, "grade": False, "solution": True}
            solution = f"def {signature}:\n    ### BEGIN SOLUTION\n    return {answer}\n    ### END SOLUTION"
            cells.append(cell(solution, nbgrader=marks | {"grade_id": name}))
            marks = marks | {"locked": True, "grade": True, "solution": False, "points": POINTS}
            tests = (
                f"assert {visible}\n### BEGIN HIDDEN TESTS\nassert {hidden}, '{self.prey.hidden}'\n### END HIDDEN TESTS"
            )
            cells.append(cell(tests, nbgrader=marks | {"grade_id": f"test_{name}"}))
        (self.course / "nbgrader_config.py").write_text(self.config, encoding="utf-8")
        write_notebook(self.course / "source" / SHEET / f"{SHEET}.ipynb", cells)
        self.program("nbgrader", "generate_assignment", SHEET)
        return self.course / "release" / SHEET / f"{SHEET}.ipynb"

    def submission(self, student: str) -> Path:
        """Return where nbgrader expects it."""
        return self.course / "submitted" / student / SHEET / f"{SHEET}.ipynb"

    def grade(self, student: str) -> Graded:
        """Autograde, and read the gradebook."""
        ended = self.program("nbgrader", "autograde", SHEET, "--student", student)
        points = self.python(
            "from nbgrader.api import Gradebook, MissingEntry\n"
            "with Gradebook('sqlite:///gradebook.db') as book:\n"
            f"    try: print(book.find_submission({SHEET!r}, {student!r}).score)\n"
            "    except MissingEntry: print('nan')"
        )
        return Graded(None if points == "nan" else float(points), not ended)


class Ours(Nbgrader):
    """This project's step in nbgrader's autograde, with its own default isolation."""

    name = "ours"
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + f"c.Execute.timeout = {CELL_SECONDS}\n"
    shown: tuple[str, ...] = ("autograder", "nbgrader", "numpy", "ipykernel")

    def __init__(self, work: Path, prey: Prey) -> None:
        # A copy, so that building it leaves nothing in the project's folder.
        copy = work / self.name / "project"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ROOT / "autograder", copy / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ["pyproject.toml", "README.md", "LICENSE"]:
            shutil.copy(ROOT / name, copy)
        self.requirements = (f"{copy}[grader]",)
        reused = (work / self.name / "venv").exists()
        super().__init__(work, prey)
        if reused:
            self.install("--no-deps", "--force-reinstall", str(copy))

    def versions(self) -> str:
        """Add how the student's process is confined."""
        isolation = self.python(
            "from autograder.grading.preprocessor import Examine\nprint(Examine.class_traits()['isolation'].default())"
        )
        return f"{super().versions()}, isolation = {isolation!r}"


class Otter(Peer):
    """Otter without a container: `otter assign`, then `otter run`."""

    name = "otter"
    requirements: tuple[str, ...] = ("otter-grader[grading]==7.0.0", "numpy")

    def is_test(self, one: dict[str, Any]) -> bool:
        """Cells that call the check are tests."""
        return "grader.check" in "".join(one["source"])

    def prepare(self) -> Path:
        """Write the master and let `otter assign` make the students' notebook and the autograder's archive."""
        cells = [cell("# ASSIGNMENT CONFIG\nexport_cell: false\nrun_tests: false", "raw"), cell("import numpy as np")]
        for name, (signature, answer, visible, hidden) in EXERCISES.items():
            half = POINTS / 2
            cells += [
                cell(f"# BEGIN QUESTION\nname: {name}\npoints: [{half}, {half}]", "raw"),
                cell("# BEGIN SOLUTION", "raw"),
                cell(f"def {signature}:\n    # BEGIN SOLUTION\n    return {answer}\n    # END SOLUTION"),
                cell("# END SOLUTION", "raw"),
                cell("# BEGIN TESTS", "raw"),
                cell(f"assert {visible}"),
                cell(f"# HIDDEN\nassert {hidden}, '{self.prey.hidden}'"),
                cell("# END TESTS", "raw"),
                cell("# END QUESTION", "raw"),
            ]
        write_notebook(self.course / f"{SHEET}.ipynb", cells)
        self.program("otter", "assign", f"{SHEET}.ipynb", "dist", "--no-run-tests", "--no-pdfs")
        return self.course / "dist" / "student" / f"{SHEET}.ipynb"

    def grade(self, student: str) -> Graded:
        """Run otter, and read the results it writes."""
        archive = next((self.course / "dist" / "autograder").glob("*.zip"))
        output = self.course / "results" / student
        output.mkdir(parents=True, exist_ok=True)
        ended = self.program("otter", "run", str(self.submission(student)), "-a", str(archive), "-o", str(output))
        try:
            tests = json.loads((output / "results.json").read_text(encoding="utf-8"))["tests"]
        except FileNotFoundError:
            return Graded(None, not ended)
        return Graded(sum(test.get("score", 0.0) for test in tests), not ended)


class Dlai(Peer):
    """dlai-grader, laid out as its templates are, with folders here in place of /shared, one process a part."""

    name = "dlai"
    requirements: tuple[str, ...] = ("dlai-grader==2.3.0", "numpy")
    part: ClassVar[str] = """
def part_$name(learner_mod, solution_mod=None):
    @object_to_grade(learner_mod, "$name")
    def g($name):
        if not isinstance($name, FunctionType):
            return [test_case(msg="$name is no function", want=FunctionType, got=type($name), failed=True)]
        cases = [test_case(msg="a first case"), test_case(msg="$hidden_message")]
        if not ($visible):
            cases[0].fail()
        if not ($hidden):
            cases[1].fail()
        return cases

    return g
"""
    entry: ClassVar[str] = """
from dlai_grader.compiler import compile_partial_module
from dlai_grader.config import Config, get_part_id
from dlai_grader.grading import compute_grading_score, graded_obj_missing
from dlai_grader.io import copy_submission_to_workdir, read_notebook, send_feedback
from dlai_grader.notebook import keep_tagged_cells
from grader import handle_part_id

FEEDBACK = "./feedback.json"


def main():
    copy_submission_to_workdir(dir_origin="./mount/")
    notebook = keep_tagged_cells()(read_notebook(Config().submission_file_path))
    learner_mod = compile_partial_module(notebook, "learner_mod", verbose=False)
    try:
        cases = handle_part_id(get_part_id())(learner_mod)()
    except Exception as e:
        send_feedback(0.0, f"There was an error grading your submission. Details: {e}", FEEDBACK, err=True)
    if graded_obj_missing(cases):
        send_feedback(0.0, "Object required for grading not found.", FEEDBACK, err=True)
    send_feedback(*compute_grading_score(cases), FEEDBACK)


main()
"""

    def is_test(self, one: dict[str, Any]) -> bool:
        """Tests are in no cell of the notebook."""
        return False

    def prepare(self) -> Path:
        """Write grader, entry point and the learner's notebook."""
        grader = "import numpy as np\nfrom types import FunctionType\n"
        grader += "from dlai_grader.grading import object_to_grade, test_case\n"
        cells = [cell("import numpy as np", tags=["graded"])]
        for name, (signature, _, visible, hidden) in EXERCISES.items():
            values = {"name": name, "visible": visible, "hidden": hidden, "hidden_message": self.prey.hidden}
            grader += string.Template(self.part).substitute(values)
            cells.append(cell(f"# GRADED FUNCTION: {name}\ndef {signature}:\n    return None", tags=["graded"]))
        parts = ", ".join(f"{name!r}: part_{name}" for name in EXERCISES)
        grader += f"\ndef handle_part_id(part_id):\n    return {{{parts}}}[part_id]\n"
        (self.course / "grader.py").write_text(grader, encoding="utf-8")
        (self.course / "entry.py").write_text(self.entry, encoding="utf-8")
        for folder in ["mount", "submission"]:
            (self.course / folder).mkdir()
        blank = self.course / "learner" / f"{SHEET}.ipynb"
        write_notebook(blank, cells)
        return blank

    def grade(self, student: str) -> Graded:
        """Grade the parts, one process after another, and read the feedback files."""
        shutil.copy(self.submission(student), self.course / "mount" / "submission.ipynb")
        feedback = self.course / "feedback.json"
        points, ended = [], True
        for name in EXERCISES:
            feedback.unlink(missing_ok=True)
            ended = self.program("python", "entry.py", partId=name) and ended
            if feedback.exists():
                points.append(json.loads(feedback.read_text(encoding="utf-8"))["fractionalScore"] * POINTS)
        return Graded(sum(points) if points else None, not ended)


PEERS: dict[str, type[Peer]] = {peer.name: peer for peer in [Nbgrader, Otter, Dlai, Ours]}

# ---- The attacks ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """A dishonest submission.

    first -- code before the first function, the same for all graders or by grader; a grader that is missing has nothing
    of the kind. $-names are put in, see `place`.
    functions -- what differs from the usual: `flip` right if `first` ran to its end, as the witness of it and of the
    grading, and the others wrong
    judge -- how to see whether it succeeded
    """

    name: str
    title: str
    first: str | dict[str, str]
    judge: Callable[[Bench, Graded], Verdict]
    functions: dict[str, str] = field(default_factory=dict)
    tags: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether an attack succeeded, None if it could not be told; and why in a word."""

    succeeded: bool | None
    why: str

    def __str__(self) -> str:
        return {True: "**succeeded**", False: "contained", None: "?"}[self.succeeded] + f" ({self.why})"


class Bench:
    """One grader under attack."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.prey = peer.prey
        self.library = peer.numpy.read_bytes()
        self.blank = peer.prepare()

    def hand_in(self, student: str, functions: dict[str, str], first: str = "", tags: bool = False) -> int:
        """Hand in a submission; return the number of tests in it that were tagged to be skipped."""
        cells, tagged = self.peer.fill_in(self.blank, functions, first, tags)
        write_notebook(self.peer.submission(student), cells)
        return tagged

    def grade(self, student: str, functions: dict[str, str], first: str = "") -> Graded:
        """Hand in a submission and grade it."""
        self.hand_in(student, functions, first)
        return self.peer.grade(student)

    def place(self, code: str, student: str) -> str:
        """Put in what the attacker may know: where things are, and how to tell that a secret was found."""
        known = {
            "course": self.peer.course,
            "home": self.peer.home,
            "numpy": self.peer.numpy,
            "student": student,
            "hidden": digest(self.prey.hidden),
            "other": digest(self.prey.other),
            "secret": digest(self.prey.secret),
            "passwd": digest(Path("/etc/passwd").read_text(encoding="utf-8")),
            "port": self.prey.listener.port,
            "message": self.prey.message,
            "pid": self.prey.fresh_process(),
            "orphan": self.prey.orphan,
            "attacker": os.getpid(),
        }
        return string.Template(code).substitute(known)

    def attack(self, attack: Attack) -> Verdict | None:
        """Try an attack; return None if there is nothing of the kind in this grader."""
        first = attack.first.get(self.peer.name) if isinstance(attack.first, dict) else attack.first
        if first is None:
            return None
        functions = honest() | {"flip": function("flip", "x[::-1] if ready else None")} | attack.functions
        placed = {name: self.place(source, attack.name) for name, source in functions.items()}
        tagged = self.hand_in(attack.name, placed, self.place(first + "ready = True\n", attack.name), attack.tags)
        if attack.tags and not tagged:
            return None
        self.prey.listener.heard = b""
        graded = self.peer.grade(attack.name)
        try:
            return attack.judge(self, graded)
        finally:
            kill(self.prey.left_over())

    def baseline(self) -> bool:
        """Grade honest submissions; return whether right ones get all points and wrong ones none."""
        self.hand_in("ada", honest(*EXERCISES), f"# {self.prey.other}\n")
        self.right = self.peer.grade("ada")
        self.wrong = self.grade("ben", honest())
        return self.right.points == FULL and self.wrong.points == 0


def by_marks(bench: Bench, graded: Graded) -> Verdict:
    """Judge: more points than the witness earned."""
    if graded.points is None or graded.points < POINTS:
        return Verdict(None, str(graded))
    return Verdict(graded.points > POINTS, str(graded))


def by_any_marks(bench: Bench, graded: Graded) -> Verdict:
    """Judge where the attack may cost the witness, too."""
    return Verdict((graded.points or 0) > POINTS, str(graded))


def by_theft(bench: Bench, graded: Graded) -> Verdict:
    """Judge: the functions are right only if the secret was found, so the marks tell."""
    verdict = by_marks(bench, graded)
    if verdict.succeeded is None:
        return verdict
    return Verdict(verdict.succeeded, "read" if verdict.succeeded else "not found")


def seen(effect: Callable[[Bench], bool], yes: str, no: str) -> Callable[[Bench, Graded], Verdict]:
    """Return a judge that looks for an effect outside; the witness tells that the code ran at all."""

    def judge(bench: Bench, graded: Graded) -> Verdict:
        if effect(bench):
            return Verdict(True, yes)
        ran = graded.points is not None and graded.points >= POINTS
        return Verdict(False, no) if ran else Verdict(None, str(graded))

    return judge


def was_called(bench: Bench) -> bool:
    """Return whether the listener was told what only the submission knew."""
    time.sleep(0.5)
    return bench.prey.message.encode() in bench.prey.listener.heard


def was_killed(bench: Bench) -> bool:
    """Return whether the process that waited has ended."""
    time.sleep(0.5)
    assert bench.prey.process is not None
    return bench.prey.process.poll() is not None


def left_a_process(bench: Bench) -> bool:
    """Return whether a process is there a second after grading has ended."""
    time.sleep(1)
    names = []
    for pid in bench.prey.left_over():
        with contextlib.suppress(OSError):
            names.append(Path(f"/proc/{pid}/comm").read_text().strip())
    return bench.prey.orphan in names


def spoiled_the_library(bench: Bench) -> bool:
    """Return whether the next student gets points for wrong answers; put the library right again."""
    original = bench.library
    try:
        return bool(bench.grade("after_library", honest()).points)
    finally:
        bench.peer.numpy.write_bytes(original)


def spoiled_the_home(bench: Bench) -> bool:
    """Return whether the next student gets points for wrong answers; empty the home."""
    try:
        return bool(bench.grade("after_home", honest()).points)
    finally:
        shutil.rmtree(bench.peer.home / ".ipython", ignore_errors=True)


def by_the_clock(bench: Bench, graded: Graded) -> Verdict:
    """Judge an endless loop: the grader had to be killed; else, what is left of the other functions' points."""
    return Verdict(True, "hangs") if graded.hung else Verdict(False, f"stopped, {graded}")


# A submission that looks for a secret: its functions are right only if the code before them has found it.
IF_STOLEN = {
    name: f"def {EXERCISES[name][0]}:\n    return {EXERCISES[name][1]} if stolen else {WRONG[name]}"
    for name in ["scale", "total"]
}
SEARCH = """import hashlib, os, re
stolen = False
def is_it(text, digest):
    return hashlib.sha256(text.encode()).hexdigest() == digest
def look(folder, pattern, digest):
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                text = open(os.path.join(place, name), "rb").read(5_000_000).decode("latin-1")
            except OSError:
                continue
            if any(is_it(found, digest) for found in re.findall(pattern, text)):
                return True
    return False
"""
# Each defines forge(leave): give oneself full marks where this grader keeps them, and end the process if told so.
INTO_THE_GRADEBOOK = """
import os, sqlite3
def forge(leave):
    try:
        with sqlite3.connect("$course/gradebook.db", timeout=3) as book:
            book.execute(
                "UPDATE grade SET manual_score = 2.0 WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n "
                "JOIN submitted_assignment a ON n.assignment_id = a.id WHERE a.student_id = '$student')"
            )
    except sqlite3.Error as error:
        print(error)
    if leave:
        os._exit(0)
"""
INTO_THE_PICKLE = """
import os, pickle
def forge(leave, real=pickle.dump):
    def dump(results, file):
        for test in results.results.values():
            test.update_score(test.possible)
        real(results, file)
        file.flush()
        if leave:
            os._exit(0)
    pickle.dump = dump
"""
INTO_THE_FEEDBACK = """
import json, os
def forge(leave):
    with open("$course/feedback.json", "w") as file:
        json.dump({"fractionalScore": 1.0, "feedback": ""}, file)
    if leave:
        os._exit(0)
"""
STORES = {
    "nbgrader": INTO_THE_GRADEBOOK,
    "ours": INTO_THE_GRADEBOOK,
    "otter": INTO_THE_PICKLE,
    "dlai": INTO_THE_FEEDBACK,
}
LOOK_IN_FRAMES = """def total(x):
    frame, text = sys._getframe(), ""
    while frame:
        for thing in [frame.f_code.co_consts, *frame.f_locals.values()]:
            try:
                text += str(thing)
            except Exception:
                pass
        frame = frame.f_back
    stolen = any(is_it(found, "$hidden") for found in re.findall("hidden-[0-9a-f]{16}", text))
    return sum(x) if stolen else -1"""

ATTACKS = [
    Attack("allclose", "`np.allclose` replaced", "np.allclose = lambda *a, **k: True\n", by_marks),
    Attack(
        "equal",
        "an object that equals everything",
        "class Any:\n    def __eq__(self, other):\n        return True\n",
        by_marks,
        {"total": function("total", "Any()")},
    ),
    Attack(
        "subclass",
        "an array with an `==` of its own",
        "class Yes(np.ndarray):\n    def __eq__(self, other):\n        return np.ones(1, bool)\n",
        by_marks,
        {"flip": function("flip", "np.zeros(len(x)).view(Yes)"), "total": function("total", "sum(x)")},
    ),
    Attack(
        "forged",
        "a result forged while the tests run",
        {
            "nbgrader": "def forge():\n    get_ipython().displayhook(2.0)\n",
            "ours": "def forge():\n    get_ipython().displayhook(2.0)\n",
            "otter": (
                "from otter.test_files.abstract_test import TestCaseResult\nfrom otter.test_files import ok_test\n"
                "def run(self, env):\n"
                "    self.test_case_results = [TestCaseResult(case, '', True) for case in self.test_cases]\n"
                "def forge():\n    ok_test.OKTestFile.run = run\nforge()\n"
            ),
            "dlai": (
                "import sys\ndef forge():\n"
                "    sys.modules['__main__'].compute_grading_score = lambda cases: (1.0, '')\n"
            ),
        },
        by_marks,
        {"total": "def total(x):\n    forge()\n    return -1"},
    ),
    Attack(
        "stored",
        "full marks written where marks are kept",
        STORES,
        by_marks,
        {"total": "def total(x):\n    forge(False)\n    return -1"},
    ),
    Attack(
        "exit",
        "the same, then `os._exit(0)`",
        STORES,
        by_any_marks,
        {"total": "def total(x):\n    forge(True)\n    return -1"},
    ),
    Attack("skip", "the tag `skip-execution` on the tests", "", by_marks, tags=True),
    Attack(
        "disk",
        "the hidden tests, on disk",
        SEARCH + 'stolen = any(look(place, "hidden-[0-9a-f]{16}", "$hidden") for place in [os.getcwd(), "$course"])\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "frames",
        "the hidden tests, in the callers' frames",
        SEARCH + "import sys\n",
        by_theft,
        {"total": LOOK_IN_FRAMES},
    ),
    Attack(
        "other",
        "another student's submission",
        SEARCH + 'stolen = look("$course", "other-[0-9a-f]{16}", "$other")\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "passwd",
        "`/etc/passwd` read",
        SEARCH + 'try:\n    stolen = is_it(open("/etc/passwd").read(), "$passwd")\nexcept OSError:\n    pass\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "secret",
        "a token in the grader's environment",
        SEARCH
        + "texts = list(os.environ.values())\n"
        + "process = os.getpid()\ntry:\n    while process not in (0, $attacker):\n"
        + "        texts += open('/proc/%d/environ' % process, errors='replace').read().split('\\0')\n"
        + "        process = int(open('/proc/%d/stat' % process).read().rpartition(')')[2].split()[1])\n"
        + "except OSError:\n    pass\n"
        + 'stolen = any(is_it(text.partition("=")[2] or text, "$secret") for text in texts)\n',
        by_theft,
        IF_STOLEN,
    ),
    Attack(
        "network",
        "a connection to a port of the machine",
        "import socket\ntry:\n    with socket.create_connection(('127.0.0.1', $port), 3) as wire:\n"
        "        wire.sendall(b'$message')\nexcept OSError:\n    pass\n",
        seen(was_called, "connected", "refused"),
    ),
    Attack(
        "signal",
        "a signal to a process of the host",
        "import os\ntry:\n    os.kill($pid, 15)\nexcept OSError:\n    pass\n",
        seen(was_killed, "killed", "refused"),
    ),
    Attack(
        "orphan",
        "a process that outlives the grading",
        "import os, time\ntry:\n    if os.fork() == 0:\n        try:\n            os.setsid()\n"
        "            open('/proc/self/comm', 'w').write('$orphan')\n            time.sleep(60)\n"
        "        finally:\n            os._exit(0)\nexcept OSError:\n    pass\n",
        seen(left_a_process, "alive", "gone"),
    ),
    Attack(
        "library",
        "NumPy's files changed, for the next student",
        "try:\n    open('$numpy', 'a').write('\\nallclose = lambda *a, **k: True\\n')\nexcept OSError:\n    pass\n",
        seen(spoiled_the_library, "next one got points", "no effect"),
    ),
    Attack(
        "home",
        "a startup file in the home, for the next student",
        "import os\ntry:\n    os.makedirs('$home/.ipython/profile_default/startup', exist_ok=True)\n"
        "    open('$home/.ipython/profile_default/startup/00.py', 'w').write(\n"
        "        'import numpy\\nnumpy.allclose = lambda *a, **k: True')\nexcept OSError:\n    pass\n",
        seen(spoiled_the_home, "next one got points", "no effect"),
    ),
    Attack(
        "loop",
        "an endless loop",
        "",
        by_the_clock,
        {"scale": function("scale", EXERCISES["scale"][1]), "total": "def total(x):\n    while True:\n        pass"},
    ),
]

# ---- The table -----------------------------------------------------------------------------------------------------


def measure(peer: Peer, attacks: list[Attack]) -> dict[str, str]:
    """Return what came of the honest submissions and the attacks, by name. Without a sound baseline nothing else is."""
    bench = Bench(peer)
    sound = bench.baseline()
    found = {"right": str(bench.right), "wrong": str(bench.wrong)}
    print(f"{peer.name:10}right answers {bench.right}, wrong answers {bench.wrong}", flush=True)
    if not sound:
        return found
    for attack in attacks:
        verdict = bench.attack(attack)
        found[attack.name] = "does not apply" if verdict is None else str(verdict)
        print(f"{peer.name:10}{attack.name:10}{found[attack.name]}", flush=True)
    return found


def table(attacks: list[Attack], columns: dict[str, dict[str, str]]) -> str:
    """Return the table in Markdown."""
    rows = [("right", "honest: right answers"), ("wrong", "honest: wrong answers")]
    rows += [(attack.name, attack.title) for attack in attacks]
    lines = [f"| | {' | '.join(columns)} |", f"|:--|{':--|' * len(columns)}"]
    lines += [f"| {title} | {' | '.join(c.get(name, '?') for c in columns.values())} |" for name, title in rows]
    return "\n".join(lines)


def chosen(text: str, known: list[str]) -> list[str]:
    """Return the names in a list separated by commas. Raises SystemExit if one is unknown."""
    names = text.split(",")
    unknown = ", ".join(name for name in names if name not in known)
    if unknown:
        raise SystemExit(f"unknown: {unknown}; there is: {', '.join(known)}")
    return names


def run(peers: list[str], attacks: list[Attack], work: Path) -> int:
    """Measure, print the table, and return the exit code."""
    adopt_orphans()
    prey = Prey()
    columns, versions = {}, {}
    try:
        for name in peers:
            peer = PEERS[name](work, prey)
            versions[name] = peer.versions()
            print(f"{name:10}{versions[name]}", flush=True)
            columns[name] = measure(peer, attacks)
    finally:
        kill(descendants(os.getpid()))
    print(f"\n{table(attacks, columns)}\n\nMeasured on {datetime.date.today()}, {platform.system()}", end=" ")
    print(f"{platform.release()}, Python {platform.python_version()}, as {'root' if os.geteuid() == 0 else 'a user'}:")
    for name, text in versions.items():
        print(f"- {name}: {text}")
    sound = all(column["right"] == f"{FULL:g} of {FULL:g}" for column in columns.values())
    return 0 if sound and all(column["wrong"].startswith("0 of") for column in columns.values()) else 1


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=",".join(PEERS), help="which graders, separated by commas")
    parser.add_argument("--only", default=",".join(a.name for a in ATTACKS), help="which attacks, separated by commas")
    parser.add_argument("--work", type=Path, help="keep everything in this folder, and use environments found there")
    options = parser.parse_args()
    peers = chosen(options.peers, list(PEERS))
    names = chosen(options.only, [attack.name for attack in ATTACKS])
    attacks = [attack for attack in ATTACKS if attack.name in names]
    if options.work:
        return run(peers, attacks, options.work.resolve())
    with tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # a grader that gives up root's rights must still find its interpreter
        return run(peers, attacks, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
