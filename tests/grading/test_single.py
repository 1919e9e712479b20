"""`autograder check`: one notebook, no gradebook."""

import contextlib
import json
import shutil

import nbformat
import pytest
from helper import FUNCTIONS, code_cell, graded_notebook, replaced
from typer.testing import CliRunner

from autograder.cli.demo import mistakes_of, submission
from autograder.cli.main import app
from autograder.course import Course
from autograder.grading.settings import read_settings
from autograder.grading.soundness import engine_for
from autograder.release import load

KEYS = "assignment notebook score max_score status error isolation seconds repairs functions".split()
ENTRY_KEYS = "name score max_score status message misconception".split()


@pytest.fixture(scope="module")
def course(built_once, tmp_path_factory):
    """A built course that checks may be run in."""
    target = tmp_path_factory.mktemp("check") / "course"
    shutil.copytree(built_once.root, target)
    return target


@pytest.fixture
def check(course, monkeypatch, tmp_path):
    """Hand in a notebook under some name, check it, and return exit code and JSON."""
    monkeypatch.chdir(course)

    def run(notebook, name="step_by_step.ipynb", *arguments):
        path = tmp_path / name
        if isinstance(notebook, bytes):
            path.write_bytes(notebook)
        elif notebook is not None:
            nbformat.write(notebook, path)
        result = CliRunner().invoke(app, ["check", str(path), "--json", *arguments])
        return result.exit_code, json.loads(result.stdout)

    return run


def statuses(result) -> dict[str, str]:
    """Return the status of each function."""
    return {entry["name"]: entry["status"] for entry in result["functions"]}


@pytest.fixture(scope="module")
def warm(course):
    """What `engine_for` gives, started once for several checks."""
    bundle = load(course / "bundles" / "step_by_step")
    with engine_for(bundle, "step_by_step", read_settings(Course(course))) as engine:
        yield engine


class TestResult:
    """The object that is printed."""

    @pytest.fixture(autouse=True)
    def _warm(self, warm, monkeypatch):
        monkeypatch.setattr("autograder.grading.single.engine_for", lambda *_, **__: contextlib.nullcontext(warm))

    def test_a_perfect_notebook(self, check, solution, release):
        """Its keys are those that were promised, and everything is passed."""
        code, result = check(submission(solution, release, ()))

        assert code == 0
        assert list(result) == KEYS
        assert (result["score"], result["max_score"], result["status"]) == (100.0, 100.0, "graded")
        assert statuses(result) == dict.fromkeys(FUNCTIONS, "passed")
        assert all(list(entry) == ENTRY_KEYS for entry in result["functions"])
        assert result["repairs"] == []

    def test_an_untouched_notebook(self, check, release):
        """Everything is missing, each with a message for the student."""
        code, result = check(release)

        assert (code, result["score"]) == (0, 0.0)
        assert statuses(result) == dict.fromkeys(FUNCTIONS, "missing")

    def test_mistakes_have_messages(self, check, solution, release, catalogue):
        """Failed, partly right, and not to be judged because of what it depends on."""
        notebook = submission(solution, release, mistakes_of("chandra", catalogue))
        notebook = replaced(notebook, "linear_forward", "Z = np.dot(W, A) + b", "Z = None")
        notebook = replaced(notebook, "compute_cost", "np.sum(", "np.mean(")
        _, result = check(notebook, "step_by_step.ipynb", "--no-carry-forward")

        assert statuses(result) == {
            "initialize_parameters": "passed",
            "initialize_parameters_deep": "passed",
            "linear_forward": "missing",
            "linear_activation_forward": "not_judged",
            "L_model_forward": "not_judged",
            "compute_cost": "failed",
            "linear_backward": "partial",
            "linear_activation_backward": "failed",
            "L_model_backward": "failed",
            "update_parameters": "passed",
        }
        messages = {entry["name"]: entry["message"] for entry in result["functions"]}
        assert messages["linear_activation_forward"].startswith("linear_activation_forward calls linear_forward")
        assert "got:      0.13831" in messages["compute_cost"]
        assert "is 1/3 of what it should be.\n  3 is m, the number of examples." in messages["compute_cost"]
        found = {entry["name"]: entry["misconception"] for entry in result["functions"] if entry["misconception"]}
        assert found == {"linear_backward": "lb-no-mean"}
        assert "\nHint: The cost is an average over the examples." in messages["linear_backward"]

    def test_a_wrong_function_costs_its_own_points(self, check, solution, release, catalogue):
        """Nine functions have theirs, and the tenth is told what is wrong with it."""
        notebook = submission(solution, release, mistakes_of("greta", catalogue))
        _, result = check(notebook)

        assert result["score"] == 90
        wrong = ["linear_forward"]
        carried = ["linear_activation_forward", "L_model_forward"]
        assert statuses(result) == (
            dict.fromkeys(FUNCTIONS, "passed") | dict.fromkeys(wrong, "failed") | dict.fromkeys(carried, "carried")
        )
        messages = {entry["name"]: entry["message"] for entry in result["functions"]}
        assert messages["linear_forward"].startswith("linear_forward")
        sentence = "correct; it was tested with our linear_forward, because yours does not pass its own checks"
        assert {messages[name] for name in carried} == {sentence}
        assert {messages[name] for name in messages if name not in [*wrong, *carried]} == {None}

    def test_a_wrong_function_without_carrying_forward(self, check, solution, release, catalogue):
        """What needs it is wrong, too."""
        notebook = submission(solution, release, mistakes_of("greta", catalogue))
        _, result = check(notebook, "step_by_step.ipynb", "--no-carry-forward")

        assert result["score"] < 90
        assert "carried" not in statuses(result).values()

    def test_an_error_names_the_students_line(self, check, solution, release):
        """The line comes from the student's process."""
        _, result = check(
            replaced(submission(solution, release, ()), "linear_forward", "np.dot(W, A)", "np.dot(A, W.T)")
        )
        entry = result["functions"][2]

        assert "stops with ValueError: shapes (3,2) and (3,1) not aligned" in entry["message"]
        assert "at this line of linear_forward: Z = np.dot(A, W.T) + b" in entry["message"]


class TestWhose:
    """Finding the assignment."""

    def test_by_what_it_defines(self, check, solution, release):
        """Under another file name."""
        code, result = check(submission(solution, release, ()), "Untitled (3).ipynb")

        assert (code, result["assignment"], result["score"]) == (0, "step_by_step", 100.0)

    def test_by_neither(self, check):
        """A notebook of something else is refused with the remedy."""
        code, result = check(graded_notebook(code_cell("x = 1")), "poem.ipynb")

        assert (code, result["status"]) == (1, "error")
        assert "--assignment NAME (there is: application, step_by_step)" in result["error"]

    @pytest.mark.slow
    def test_as_it_is_told(self, check):
        """Then it is graded, and has nothing."""
        code, result = check(graded_notebook(code_cell("x = 1")), "poem.ipynb", "--assignment", "step_by_step")

        assert (code, result["score"]) == (0, 0.0)
        assert sum("was missing and was put back" in repair for repair in result["repairs"]) == 17


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"{}", "no cells"), (b"\xff\xd8\xff\xe0 JPEG", "not a notebook"), (None, "no file")],
)
def test_files_that_are_no_notebook(check, content, words):
    """Refused in one sentence, exit code 1."""
    code, result = check(content)

    assert (code, result["status"]) == (1, "error")
    assert words in result["error"]


def test_a_table_for_people(course, monkeypatch, release, tmp_path):
    """Without --json."""
    monkeypatch.chdir(course)
    nbformat.write(release, tmp_path / "step_by_step.ipynb")
    result = CliRunner().invoke(app, ["check", str(tmp_path / "step_by_step.ipynb")])

    assert result.exit_code == 0
    assert "0 of 100" in result.stdout
    assert "compute_cost is not filled in yet: cost is still None." in result.stdout
