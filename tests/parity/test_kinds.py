"""Common kinds of tests: kernel, two processes and one give the same verdicts, or what differs is named beforehand."""

import shutil
from dataclasses import dataclass

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell
from nbformat import NotebookNode
from parity.kinds import BEHAVIOUR, ONE_LINERS, PARTS, TABLES, TIMED, Exercise

from autograder.grading.engine import Engine
from autograder.grading.jupyter_kernel import run_in_kernel
from autograder.grading.settings import GradingLimits, Settings
from autograder.grading.soundness import soundness
from autograder.notebook.score import score
from autograder.release import Bundle, store_notebook

LIMITS = GradingLimits(cell=10.0, submission=120.0)
KINDS = {"one-liners": ONE_LINERS, "tables": TABLES, "parts": PARTS, "behaviour": BEHAVIOUR, "timed": TIMED}

# Objects with behaviour of their own, and what looks into Python itself; docs/authoring.md has the list for authors.
NEED_ONE_PROCESS = {
    *BEHAVIOUR,
    *("exceptions of one's own", "questions", "source", "signatures", "context managers", "timers that call in a call"),
}


def notebook(exercises: dict[str, Exercise], answer: str) -> NotebookNode:
    """Return a notebook of exercises, each with this kind of answer: "solution", "wrong" or "blank"."""
    cells = []
    for name, one in exercises.items():
        cells.append(code_cell(one.given[0]))
        cells.append(solution_cell(getattr(one, answer), name))
        cells.append(code_cell(one.given[1]))
        cells += [grade_cell(test, f"{name}: {n}") for n, test in enumerate(one.tests)]
    return graded_notebook(*(cell for cell in cells if cell.source or "nbgrader" in cell.metadata))


def points(graded: NotebookNode) -> dict[str, float]:
    """Return what each test earned."""
    tests = (cell for cell in graded.cells if cell.metadata.get("nbgrader", {}).get("grade"))
    return {cell.metadata.nbgrader.grade_id: score(cell)[0] for cell in tests}


def said(graded: NotebookNode, test: str) -> str:
    """Return what a test stopped with."""
    return " ".join(
        f"{out.ename}: {out.evalue}" for out in find_cell(graded, test).outputs if out.output_type == "error"
    )


@dataclass
class Graded:
    """Submissions of one kind, graded in one way."""

    marks: dict[str, dict[str, float]]
    notebooks: dict[str, NotebookNode]


ANSWERS = ("solution", "blank", "wrong")


def by_engine(bundle: Bundle, exercises: dict[str, Exercise], processes: int) -> Graded:
    """Grade all three submissions by the engine."""
    graded = {answer: notebook(exercises, answer) for answer in ANSWERS}
    with Engine(bundle, "kinds", LIMITS, processes=processes) as engine:
        for one in graded.values():
            engine.examine(one, None, carried_credit=None)
    return Graded({answer: points(one) for answer, one in graded.items()}, graded)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.slow if name == "timed" else ()) for name in KINDS],
)
def kind(request) -> dict[str, Exercise]:
    """Exercises of one kind."""
    return KINDS[request.param]


@pytest.fixture(scope="module")
def bundle(kind, tmp_path_factory) -> Bundle:
    """What is released of them."""
    texts = [nbformat.writes(notebook(kind, answer)) for answer in ("solution", "blank")]
    folder = tmp_path_factory.mktemp("bundle") / "kinds"
    return store_notebook(folder, "kinds", texts[0], {}, files={}, siblings={"kinds"}, released=texts[1])


@pytest.fixture(scope="module")
def kernel(kind, tmp_path_factory) -> dict[str, dict[str, float]]:
    """What each test earns in a kernel, as plain nbgrader has it."""
    folder = tmp_path_factory.mktemp("kernel")
    marks = {}
    for answer in ANSWERS:
        marks[answer] = points(run_in_kernel(notebook(kind, answer), folder / "nothing", folder / "kinds.ipynb"))
    shutil.rmtree(folder)
    return marks


def test_the_kinds_are_what_they_say(kernel):
    """In a kernel the solution passes every test, and the other two fail one of each exercise at least."""
    assert {test for test, earned in kernel["solution"].items() if not earned} == set()
    for answer in ("blank", "wrong"):
        for name in {test.partition(":")[0] for test in kernel[answer]}:
            assert not all(earned for test, earned in kernel[answer].items() if test.startswith(f"{name}:")), name


@pytest.fixture(scope="module")
def in_two(kind, bundle) -> Graded:
    """The same by the engine, in two processes."""
    return by_engine(bundle, kind, 2)


def test_two_processes(kind, in_two, kernel):
    """What the solution passes in two processes is judged there as in a kernel, whoever wrote it."""
    graded = in_two
    sound = {test for test, earned in graded.marks["solution"].items() if earned}
    for answer in ANSWERS:
        differing = {test for test in sound if graded.marks[answer][test] != kernel[answer][test]}

        assert differing == set(), answer
    lost = {test: said(graded.notebooks["solution"], test) for test in kernel["solution"].keys() - sound}
    assert {test.partition(":")[0] for test in lost} == NEED_ONE_PROCESS & kind.keys()
    print(f"{len(sound)} of {len(kernel['solution'])} tests can be judged in two processes; the others: {lost}")
    assert all(lost.values())


def test_one_process(kind, bundle, kernel):
    """All is as in a kernel."""
    assert by_engine(bundle, kind, 1).marks == kernel


def test_what_differs_is_named(bundle, in_two, kernel):
    """Before anybody hands in, in words; and then it is graded as in a kernel."""
    found = soundness(bundle, "kinds", Settings(limits=LIMITS))
    failing = {test for test, earned in in_two.marks["solution"].items() if not earned}

    assert found.unsound == found.unsolved == found.given_away == {}
    assert found.only_in_one.keys() == failing
    assert found.processes == (1 if failing else 2)
