"""`autograder check` and `autograder grade` on the files that people really hand in."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from helper import FUNCTIONS, ROOT, replaced
from intake.forms import (
    as_bytes,
    as_script,
    in_one_cell,
    older_helpers,
    source_of,
    stripped,
    version_3,
    with_source,
    without_markers,
    zipped,
)
from typer.testing import CliRunner

from autograder.authoring.generate import generate
from autograder.cli.demo import throw_away_course
from autograder.cli.main import app
from autograder.course import Course

NAME = "step_by_step"


@pytest.fixture
def check(step_by_step, monkeypatch, tmp_path):
    """Check a file, and return exit code and JSON."""
    monkeypatch.chdir(step_by_step.course.root)

    def run(data: bytes, name: str = f"{NAME}.ipynb", *arguments: str):
        (tmp_path / name).write_bytes(data)
        result = CliRunner().invoke(app, ["check", str(tmp_path / name), "--json", *arguments])
        return result.exit_code, json.loads(result.stdout)

    return run


GRADED = {
    "metadata stripped": lambda nb: (f"{NAME}.ipynb", as_bytes(stripped(nb))),
    "markers removed too": lambda nb: ("Untitled.ipynb", as_bytes(without_markers(stripped(nb)))),
    "one cell": lambda nb: (f"{NAME}.ipynb", as_bytes(in_one_cell(nb))),
    "nbformat 3": lambda nb: (f"{NAME}.ipynb", version_3(nb)),
    "older helpers": lambda nb: ("Building_v3.ipynb", as_bytes(stripped(older_helpers(nb)))),
    "zip": lambda nb: ("hand-in.zip", zipped({f"x/{NAME}.ipynb": as_bytes(nb), "x/../../evil.py": b"1"})),
    "UTF-16": lambda nb: (f"{NAME}.ipynb", as_bytes(nb).decode().encode("utf-16")),
}


class TestCheck:
    """One file."""

    @pytest.mark.parametrize(
        "form", [pytest.param(form, marks=() if form in ("one cell", "zip") else pytest.mark.slow) for form in GRADED]
    )
    def test_what_its_functions_deserve(self, check, solved, form):
        """Nine right functions, one wrong."""
        code, result = check(*reversed(GRADED[form](replaced(solved, "compute_cost", "np.sum(", "np.mean("))))

        assert (code, result["status"], result["score"]) == (0, "graded", 90.0)
        assert {one["name"] for one in result["functions"] if one["status"] == "passed"} == set(FUNCTIONS) - {
            "compute_cost"
        }
        assert result["repairs"]

    def test_the_third_function_is_a_syntax_error(self, check, solved):
        """What does not need it has full marks, and the repairs name nothing that is not so."""
        broken = source_of(solved, "linear_forward").replace("np.dot(W, A) + b", "np.dot(W, A")
        code, result = check(as_bytes(with_source(solved, {"linear_forward": broken})))
        right = {one["name"] for one in result["functions"] if one["status"] == "passed"}

        assert code == 0
        assert right == set(FUNCTIONS) - {"linear_forward", "linear_activation_forward", "L_model_forward"}

    @pytest.mark.parametrize(
        ("data", "name", "words"),
        [
            (b"", f"{NAME}.ipynb", "is empty"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500), f"{NAME}.ipynb", "is a picture (JPEG), not a notebook"),
            (b'{"cells": [' + b" " * (200 << 20), f"{NAME}.ipynb", "has 200 MiB, more than the 50"),
            (b'{"cells": ' + b"[" * 200_000, f"{NAME}.ipynb", "nested too deep"),
            (b'{"cells": [{"cell_type": "code", "sou', f"{NAME}.ipynb", "was cut off"),
            (b"<!DOCTYPE html><html><body>Log in</body></html>", f"{NAME}.ipynb", "is a web page"),
            (b"\xff" * 1000, "x.ipynb", "is no notebook"),
            (zipped({"a.txt": b"x", "b.png": b"y"}), "x.zip", "holds no notebook"),
            (zipped({"bomb.ipynb": bytes(100 << 20)}), "x.zip", "unpacks to more than the 64 MiB"),
            (b"Rar!\x1a\x07" + bytes(90), "x.rar", "is a RAR archive"),
            (b"dear teacher, my notebook is on my drive", "x.ipynb", "is no notebook"),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_refused(self, check, data, name, words):
        """In one sentence with the remedy, and the exit code says so."""
        code, result = check(data, name)

        assert (code, result["status"], result["functions"]) == (1, "error", [])
        assert words in result["error"]
        assert "\n" not in result["error"]
        assert result["error"].endswith(".")

    def test_no_file(self, check, tmp_path):
        """A folder and a pipe are none, and nobody waits for the pipe's other end."""
        os.mkfifo(tmp_path / "pipe.ipynb")
        for path in (tmp_path, tmp_path / "pipe.ipynb", tmp_path / "nowhere.ipynb"):
            result = CliRunner().invoke(app, ["check", str(path), "--json"])

            assert result.exit_code == 1
            assert json.loads(result.stdout)["error"].endswith(".")

    @pytest.mark.slow
    def test_nothing_of_the_courses_own_is_copied(self, solved, monkeypatch, tmp_path):
        """A notebook that lies in the course's folder does not bring the solutions along."""
        folder = tmp_path / "course"
        shutil.copytree(
            ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("images", "__pycache__")
        )
        shutil.copytree(ROOT / "source", folder / "source")
        shutil.copyfile(ROOT / "nbgrader_config.py", folder / "nbgrader_config.py")
        spying = stripped(solved)
        lines = "import os\nassert not os.path.exists('source') and not os.path.exists('step_by_step.py'), os.listdir()"
        spying.cells.append(nbformat.v4.new_code_cell(f"{lines}\ndel compute_cost"))
        spying.cells.append(nbformat.v4.new_code_cell(source_of(solved, "compute_cost")))
        monkeypatch.chdir(folder)
        for place in (folder, folder / "notebooks"):
            (place / "mine.ipynb").write_bytes(as_bytes(spying))
            result = json.loads(CliRunner().invoke(app, ["check", str(place / "mine.ipynb"), "--json"]).stdout)

            assert result["score"] == 100, result


@pytest.fixture(scope="module")
def classroom(tmp_path_factory, request) -> Path:
    """A course in which students have handed in all kinds of files, graded."""
    solved = request.getfixturevalue("solved")
    release = request.getfixturevalue("release")
    folder = tmp_path_factory.mktemp("intake") / "course"
    course = Course(ROOT)
    generate(throw_away_course(course.assignments([NAME]), folder).assignments()[0])
    shutil.copytree(course.masters, folder / "notebooks", dirs_exist_ok=True)
    half = as_bytes(replaced(solved, "compute_cost", "np.sum(", "np.mean("))
    handed_in = {
        "another_name": {"Untitled3.ipynb": half},
        "zipped": {"all.zip": zipped({"w/a.ipynb": as_bytes(stripped(older_helpers(solved)))})},
        "script": {"my solution.py": as_script(solved, "prompts"), "dnn_utils.py": b"1 / 0"},
        "two": {f"{NAME}.ipynb": as_bytes(release), f"{NAME} (1).ipynb": half},
        "version_3": {f"{NAME}.ipynb": version_3(solved)},
        "broken": {f"{NAME}.ipynb": b"\xff\xd8\xff\xe0JFIF"},
        "broken_and_good": {f"{NAME}.ipynb": b"", "good.ipynb": as_bytes(solved)},
        "usual": {f"{NAME}.ipynb": as_bytes(solved)},
    }
    for student, files in handed_in.items():
        place = folder / "submitted" / student / NAME
        place.mkdir(parents=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    run = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", NAME, "--workers", "1"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "said").write_text(f"{run.returncode}\n{run.stdout}{run.stderr}", encoding="utf-8")
    return folder


@pytest.mark.slow
class TestGrade:
    """A class."""

    def totals(self, folder: Path) -> dict[str, float]:
        """Return the points in the gradebook, by student."""
        with sqlite3.connect(folder / "gradebook.db") as connection:
            rows = connection.execute(
                "select student_id, sum(auto_score) from grade join submitted_notebook on grade.notebook_id = "
                "submitted_notebook.id join submitted_assignment on submitted_notebook.assignment_id = "
                "submitted_assignment.id group by student_id"
            ).fetchall()
        connection.close()
        return dict(rows)

    def test_marks(self, classroom):
        """Each has what the functions deserve; what is no notebook has no mark, and that is an error."""
        said = (classroom / "said").read_text(encoding="utf-8")

        assert self.totals(classroom) == {
            "another_name": 90,
            "zipped": 100,
            "script": 100,
            "two": 90,
            "version_3": 100,
            "broken_and_good": 100,
            "usual": 100,
        }, said
        assert said.startswith("1\n")
        assert "is a picture (JPEG), not a notebook" in said

    def test_feedback_says_what_was_mended(self, classroom):
        """In a cell at the top of the graded notebook, which has the assignment's name; else there is none."""
        first = {
            path.parent.parent.name: json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
            for path in (classroom / "autograded").glob(f"*/{NAME}/{NAME}.ipynb")
        }

        assert "the notebook was handed in as Untitled3.ipynb" in "".join(first["another_name"])
        assert "step" in "".join(first["two"])
        assert "not graded: step" in "".join(first["two"]).replace("\\", "")
        assert "is empty" in "".join(first["broken_and_good"])
        assert "mended" not in "".join(first["usual"])

    def test_nbgrader_gets_as_far_as_it_can(self, classroom, solved, tmp_path):
        """Its own command grades a notebook without notes; what is called otherwise it does not find."""
        shutil.copytree(classroom, tmp_path / "course")
        folder = tmp_path / "course"
        shutil.rmtree(folder / "submitted")
        place = folder / "submitted" / "bare" / NAME
        place.mkdir(parents=True)
        bare = without_markers(stripped(older_helpers(solved)))
        bare.cells = [cell for cell in bare.cells if "check_" not in cell.source or "import" in cell.source]
        (place / f"{NAME}.ipynb").write_bytes(as_bytes(bare))
        scripts = Path(sys.executable).parent
        environment = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
        command = [str(scripts / "nbgrader"), "autograde", NAME, "--student", "bare", "--create"]
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

        assert run.returncode == 0, run.stderr
        assert self.totals(folder)["bare"] == 100
