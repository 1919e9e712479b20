"""The commands, as somebody types them."""

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from autograder.cli.main import app


@pytest.fixture
def run(built, monkeypatch):
    """Run a command in a built course that the test may change."""
    monkeypatch.chdir(built.root)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


class TestBuild:
    """`autograder build`."""

    def test_check_passes_after_a_build(self, run):
        """Exit code 0 and a sentence."""
        result = run("build", "--check")

        assert result.exit_code == 0
        assert "are what the masters give" in result.stdout

    @pytest.mark.slow
    def test_check_names_what_differs(self, run, built):
        """One changed line in a master: exit code 1, the file, the remedy."""
        master = built.root / "notebooks" / "step_by_step.py"
        master.write_text(master.read_text(encoding="utf-8").replace("np.dot(W, A) + b", "np.dot(W, A) + (b)"), "utf-8")
        result = run("build", "--check")

        assert result.exit_code == 1
        assert "source/step_by_step/step_by_step.ipynb: not what step_by_step.py gives now" in result.stderr
        assert "source/application/dnn_app_utils.py: not what application.py gives now" in result.stderr
        assert "autograder build step_by_step" in result.stderr

    @pytest.mark.slow
    def test_an_edited_source(self, run, built):
        """Refused with exit code 1, taken by --pull."""
        source = built.root / "source" / "step_by_step" / "step_by_step.ipynb"
        source.write_text(source.read_text(encoding="utf-8").replace("in a circle.", "in a loop."), encoding="utf-8")

        refused = run("build")
        assert refused.exit_code == 1
        assert "--pull step_by_step" in refused.stderr
        pulled = run("build", "--pull")
        assert pulled.exit_code == 0
        assert "took edits back into notebooks/step_by_step.py" in pulled.stdout
        assert "learns in a loop." in (built.root / "notebooks" / "step_by_step.py").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["build", "nothing"], "There is: application, step_by_step"),
            (["build", "--check", "--pull"], "give one of them"),
        ],
    )
    def test_wrong_usage(self, run, arguments, words):
        """Exit code 2 and what there is to choose from."""
        result = run(*arguments)

        assert result.exit_code == 2
        assert words in result.stderr


@pytest.mark.parametrize("command", ["build", "validate", "demo"])
def test_outside_of_a_course(tmp_path, monkeypatch, command):
    """A sentence with the remedy and exit code 2, no traceback."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [command])

    assert result.exit_code == 2
    assert "Change into the course's folder" in result.stderr
    assert "Traceback" not in result.output


class TestValidate:
    """`autograder validate`."""

    @pytest.mark.slow
    def test_a_sound_assignment(self, run):
        """Exit code 0, 100 for the solution, 0 for the release with ten messages; every mistake is caught."""
        result = run("validate", "step_by_step")

        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.count("not filled in yet") == 10
        assert "100 of 100" in result.stdout
        assert re.search(r"misconceptions caught (\d+) of \1, told apart \1 of \1$", result.stdout, re.M)
        killed, made, explained = map(
            int, re.search(r"mutants killed (\d+) of (\d+), (\d+) explained", result.stdout).groups()
        )
        assert made > killed == made - explained

    @pytest.mark.slow
    def test_an_unsound_assignment(self, run, built):
        """A wrong solution and a misprinted table: exit code 1, and both are named."""
        master = built.root / "notebooks" / "step_by_step.py"
        text = master.read_text(encoding="utf-8").replace("np.dot(W, A) + b", "np.dot(W, A) - b")
        master.write_text(text.replace("`[[0.50629448]]`", "`[[0.50629449]]`"), encoding="utf-8")
        catalogue = built.assignments(["step_by_step"])[0].catalogue
        catalogue.unlink()  # the build would refuse a solution that its catalogue does not fit
        assert run("build").exit_code == 0
        result = run("validate", "step_by_step")

        assert result.exit_code == 1
        assert (
            "cell test_linear_forward: the solution fails here: linear_forward: Z has the right shape" in result.stderr
        )
        assert "the table says db = [[0.50629449]], but the cell prints [[0.50629448]]" in result.stderr
        assert "cell test_linear_forward: the solution scores 0 of 10" in result.stderr
        assert "no mistakes were tried out" in result.stdout

    @pytest.mark.slow
    def test_a_survivor_that_nobody_explains(self, run, built):
        """An explanation that is gone, and one that is out of date: exit code 1, both with what to do."""
        survivors = built.assignments(["step_by_step"])[0].survivors
        text = survivors.read_text(encoding="utf-8")
        survivors.write_text(text.replace('after = "m = dZ.shape[1]"', 'after = "m = dZ.shape[7]"'), encoding="utf-8")
        result = run("validate", "step_by_step")

        assert result.exit_code == 1
        assert (
            "all tests pass with linear_backward: `m = A_prev.shape[1]` changed to `m = dZ.shape[1]`" in result.stderr
        )
        assert "say why in step_by_step.survivors.toml" in result.stderr
        assert "no mutant survives that changes `m = A_prev.shape[1]` to `m = dZ.shape[7]`" in result.stderr

    def test_not_built(self, run, built):
        """The remedy is in the message."""
        (built.root / "release" / "step_by_step" / "step_by_step.ipynb").unlink()
        result = run("validate", "step_by_step")

        assert result.exit_code == 1
        assert "run `autograder build step_by_step`" in result.stderr


def test_help_imports_nothing_heavy():
    """--help answers at once because nbgrader and NumPy are not imported for it."""
    heavy = ("numpy", "nbgrader", "nbformat", "rich")
    code = f"import sys, autograder.cli.main; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
