"""Grading of files by what is in them, with warm processes that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from helper import modules_in
from nbformat import NotebookNode

from autograder.cli.demo import submission
from autograder.course import Assignment
from autograder.grading.engine import Engine
from autograder.grading.settings import GradingLimits
from autograder.intake.aliases import Aliases
from autograder.intake.companion_files import Beside
from autograder.intake.formats import receive
from autograder.intake.normalize import Layout
from autograder.intake.selection import choose
from autograder.notebook.cells import owners
from autograder.notebook.markers import Markers
from autograder.notebook.marks import read_marks
from autograder.notebook.specification import Specification
from autograder.release import Bundle, store_notebook

NAME = "step_by_step"


@dataclass
class Graded:
    """What grading a file gave: points by function, repairs, messages by function, and the graded notebook."""

    points: dict[str, float]
    repairs: list[str]
    messages: dict[str, str]
    notebook: NotebookNode

    @property
    def total(self) -> float:
        """All points."""
        return sum(self.points.values())

    @property
    def missed(self) -> dict[str, float]:
        """The functions that have not all of their 10 points."""
        return {name: points for name, points in self.points.items() if points != 10}


@pytest.fixture(scope="session")
def specification(step_by_step: Assignment) -> Specification:
    """What the assignment says of its cells."""
    return Specification.read(step_by_step.source, Markers(single_none=True))


@pytest.fixture(scope="session")
def layout(specification: Specification) -> Layout:
    """What lays out submissions."""
    return Layout.of(specification)


@pytest.fixture(scope="session")
def solved(solution: NotebookNode, release: NotebookNode) -> NotebookNode:
    """What a student hands in who solves everything. Copy before changing it."""
    notebook = submission(solution, release, ())
    # What follows the last test trains a network, which no test here is about.
    last = max(n for n, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade"))
    notebook.cells = notebook.cells[: last + 1]
    return notebook


@pytest.fixture(scope="session")
def bundle(step_by_step: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """What was released."""
    folder = step_by_step.source.parent
    files = modules_in(folder)
    solved = step_by_step.source.read_text(encoding="utf-8")
    return store_notebook(tmp_path_factory.mktemp("bundle"), NAME, solved, {}, files=files, siblings={NAME})


@pytest.fixture(scope="session")
def engine(bundle: Bundle) -> Iterator[Engine]:
    """Warm processes."""
    with Engine(bundle, NAME, GradingLimits(cell=20.0, submission=60.0)) as engine:
        yield engine


@pytest.fixture
def grade(engine: Engine, bundle: Bundle, tmp_path: Path) -> Callable[..., Graded]:
    """Grade a file, or a notebook, as `autograder check` does."""
    beside = Beside(bundle.files, Aliases())

    def run(handed_in: bytes | NotebookNode, name: str = f"{NAME}.ipynb", folder: Path | None = None) -> Graded:
        data = handed_in if isinstance(handed_in, bytes) else nbformat.writes(handed_in).encode()
        candidates = receive(data, name)
        chosen = choose(candidates, engine.layout.exercises, NAME) or candidates[0]
        places = [path.relative_to(folder).as_posix() for path in folder.rglob("*")] if folder else []
        repairs = list(chosen.repairs)
        notebook = chosen.notebook
        repairs += engine.layout.apply(notebook, beside.environment([*places, *chosen.companions]))
        around = beside.around(notebook, places, chosen.companions)
        examination = engine.examine(notebook, folder, around=around)
        nbformat.validate(notebook)
        given = read_marks(notebook, owners(engine.specification.cells))
        return Graded(
            {one.name: one.score for one in given},
            [*repairs, *around.repairs, *examination.repairs],
            {one.name: one.message or "" for one in given},
            notebook,
        )

    return run
