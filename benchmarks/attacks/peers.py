"""The graders, each in a throw-away environment: how to install one, hand in, grade and read the points."""

from __future__ import annotations

import json
import shutil
import string
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from exercise import CELL_SECONDS, EXERCISES, FULL, POINTS, RUN_SECONDS, SHEET, cell, write_notebook
from host import Prey, descendants, kill

ROOT = Path(__file__).resolve().parent.parent.parent


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
