"""Plain nbgrader commands in the course's folder, with no extra argument."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import nbformat
import pytest

from autograder.cli.demo import mistakes_of, submission
from autograder.notebook.marks import read_marks


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run an nbgrader command as with the virtual environment activated."""
    scripts = sysconfig.get_path("scripts")
    environment = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    return subprocess.run(
        [f"{scripts}/nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_generate_assignment_gives_the_same_release(built):
    """Byte for byte what `autograder build` gives, and the bundle beside the gradebook."""
    release = built.root / "release" / "step_by_step"
    before = {path: path.read_bytes() for path in release.rglob("*") if path.is_file()}
    shutil.rmtree(release)
    shutil.rmtree(built.root / "bundles")
    (built.root / "gradebook.db").unlink()
    result = nbgrader(built.root, "generate_assignment", "step_by_step", "--force")

    assert result.returncode == 0, result.stderr
    assert {path: path.read_bytes() for path in release.rglob("*") if path.is_file()} == before
    assert (built.root / "bundles" / "step_by_step" / "bundle.json").is_file()


def test_a_wrong_marker_stops_generate_assignment(built):
    """The notebook, the cell and the line are named, and nothing is released."""
    source = built.root / "source" / "step_by_step" / "step_by_step.ipynb"
    notebook = nbformat.read(source, as_version=4)
    cell = next(cell for cell in notebook.cells if "def linear_forward" in cell.source)
    cell.source = cell.source.replace("### END CODE HERE ###", "### END CODE HER ###")
    nbformat.write(notebook, source)
    result = nbgrader(built.root, "generate_assignment", "step_by_step", "--force")

    assert result.returncode != 0
    assert "step_by_step.ipynb, cell linear_forward, line" in result.stderr
    assert not (built.root / "release" / "step_by_step").exists()


@pytest.fixture
def handed_in(built, solution, release, catalogue):
    """A course into which a perfect, an untouched and a faulty notebook were handed in."""
    for name, notebook in [
        ("perfect", submission(solution, release, ())),
        ("untouched", release),
        ("greta", submission(solution, release, mistakes_of("greta", catalogue))),
    ]:
        folder = built.root / "submitted" / name / "step_by_step"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "step_by_step.ipynb")
    return built


def test_autograde(handed_in):
    """The perfect notebook has 100, the untouched 0; a wrong linear_forward costs its own points only."""
    result = nbgrader(handed_in.root, "autograde", "step_by_step")
    assert result.returncode == 0, result.stderr

    marks = {}
    for name in ["perfect", "untouched", "greta"]:
        path = handed_in.root / "autograded" / name / "step_by_step" / "step_by_step.ipynb"
        marks[name] = {mark.name: mark.score for mark in read_marks(nbformat.read(path, as_version=4))}
    assert sum(marks["perfect"].values()) == 100
    assert sum(marks["untouched"].values()) == 0
    assert [name for name, score in marks["greta"].items() if score < 10] == [
        "linear_forward",
    ]


@pytest.mark.slow
def test_validate(built):
    """nbgrader's own validation passes on the source and reports the failures on the release."""
    good = nbgrader(built.root, "validate", "source/step_by_step/step_by_step.ipynb")
    bad = nbgrader(built.root, "validate", "release/step_by_step/step_by_step.ipynb")

    assert "Success! Your notebook passes all the tests." in good.stdout, good.stderr
    assert "VALIDATION FAILED ON 17 CELL(S)" in bad.stdout
