"""The diagnosis while a notebook is graded: the student's functions are called through the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import nbformat
import pytest
from helper import FUNCTIONS, code_cell, find_cell, grade_cell, graded_notebook, replaced, solution_cell

from autograder.cli.demo import submission
from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.notebook.marks import read_marks
from autograder.release import load, store_notebook

CATALOGUE = """
[[misconception]]
id = "base-minus"
function = "base"
change = [{ old = "x + 1", new = "x - 1" }]
hint = ["Which sign?", "Plus or minus?"]
cause = "A slip."
instructor = "Only instructors read this."

[[misconception]]
id = "uses-once"
function = "uses"
change = [{ old = "* 2", new = "" }]
hint = "How often?"
cause = "A slip."
instructor = "Only instructors read this."

[[misconception]]
id = "uses-negative"
function = "uses"
change = [{ old = "return base", new = "return -base" }]
hint = "Which sign?"
cause = "A slip."
instructor = "Only instructors read this."
"""
CELLS = {
    "base": (
        "def base(x):\n    return x + 1",
        "for x in [1, 2, 5, 9]:\n    assert base(x) == x + 1",
    ),
    "uses": (
        "def uses(x):\n    return base(x) * 2",
        "for x in [1, 2, 5, 9]:\n    assert uses(x) == 2 * x + 2",
    ),
    "other": ("def other():\n    return 1", "assert other() == 1"),
}


def small(**sources: str) -> nbformat.NotebookNode:
    """Return a notebook with three functions, some of them written otherwise."""
    cells = []
    for name, (solved, test) in CELLS.items():
        cells += [solution_cell(sources.get(name, solved), name), grade_cell(test, f"test_{name}")]
    return graded_notebook(code_cell("import numpy as np"), *cells)


@pytest.fixture(scope="module")
def small_engine(tmp_path_factory) -> Iterator[Engine]:
    """An engine for that notebook."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    solved = nbformat.writes(small())
    where = {"files": {}, "siblings": {"small"}, "catalogue": folder / "catalogue.toml"}
    with Engine(store_notebook(folder / "bundle", "small", solved, {}, **where), "small") as engine:
        yield engine


@pytest.fixture
def examine(small_engine, tmp_path) -> Callable[..., tuple[nbformat.NotebookNode, Examination]]:
    """Examine that notebook with some functions written otherwise; errors are carried forward if `credit` says so."""

    def examine(credit: float | None = None, **sources: str):
        notebook = small(**sources)
        return notebook, small_engine.examine(notebook, tmp_path, carried_credit=credit)

    return examine


def printed(notebook, name: str) -> str:
    """Return what the test of a function printed."""
    outputs = find_cell(notebook, f"test_{name}").outputs
    return "".join(output.text for output in outputs if output.output_type == "stream")


class TestOneFunction:
    """A function that fails."""

    def test_the_hint_is_in_the_failed_test(self, examine):
        """In words for the student, without the id, the cause or the instructor's line; the error stays."""
        notebook, examination = examine(base="def base(x):\n    return x - 1")

        assert examination.misconceptions == {"base": ["base-minus"]}
        assert printed(notebook, "base") == "\nA hint for base: Which sign?\n"
        assert find_cell(notebook, "test_base").outputs[0].output_type == "error"
        assert "Only instructors" not in str(notebook)
        assert "base-minus" not in str(notebook)

    def test_hints_go_further(self, small_engine, tmp_path):
        """At the second attempt the second hint, and at all later ones."""
        for attempt in (2, 3):
            notebook = small(base="def base(x):\n    return x - 1")
            small_engine.examine(notebook, tmp_path, attempt=attempt)

            assert printed(notebook, "base") == "\nA hint for base: Plus or minus?\n"

    def test_nothing_is_wrong(self, examine):
        """Nothing is said."""
        notebook, examination = examine()

        assert examination.misconceptions == {}
        assert "hint" not in str(notebook)

    @pytest.mark.parametrize(
        "source",
        [
            "def base(x):\n    return x + 3",
            "def base(x):\n    return None",
            "base = 3",
            "x = 1",
            "def base(x):\n    return object()",
            "def base(x):\n    raise KeyboardInterrupt",
            "def base(x):\n    return [[]] * 100_000",
            "def base(x):\n    return x - 1 if x < 3 else x",
        ],
    )
    def test_what_is_not_known(self, examine, source):
        """No misconception is named, and the marks are there."""
        notebook, examination = examine(base=source)

        assert examination.misconceptions == {}
        assert [marks.score for marks in read_marks(notebook)] == [0, 0, 1]

    def test_what_it_prints_meanwhile_is_not_shown(self, examine):
        """A test's output is what the test made."""
        printing = "def base(x):\n    print('called')\n    display('shown')\n    return x - 1"
        notebook, examination = examine(base=printing)

        assert examination.misconceptions == {"base": ["base-minus"]}
        assert str(notebook).count("'shown'\"") == 2  # in the tests of base and of uses, once in each
        assert printed(notebook, "base").count("called") == 1

    def test_an_earlier_diagnosis_is_not_repeated(self, examine, small_engine, tmp_path):
        """If only some tests run again, the others' outputs come from the record, without their hints."""
        notebook, _ = examine(base="def base(x):\n    return x - 1")
        known = {f"test_{name}": find_cell(notebook, f"test_{name}").outputs for name in CELLS}
        again = small_engine.examine(notebook, tmp_path, known=known, carried_credit=None)

        assert again.misconceptions == {"base": ["base-minus"]}
        assert printed(notebook, "base").count("A hint") == 1


class TestDependencies:
    """A function that calls another one of the student's."""

    def test_a_wrong_function_below_is_not_held_against_it(self, examine):
        """It is called with the reference below, so nothing is wrong with it."""
        _, examination = examine(base="def base(x):\n    return x - 1")

        assert examination.misconceptions == {"base": ["base-minus"]}

    def test_both_are_wrong(self, examine):
        """Each is told its own mistake."""
        _, examination = examine(base="def base(x):\n    return x - 1", uses="def uses(x):\n    return base(x)")

        assert examination.misconceptions == {"base": ["base-minus"], "uses": ["uses-once"]}

    def test_the_one_below_is_not_there(self, examine):
        """It is as good as wrong."""
        _, examination = examine(base="x = 1", uses="def uses(x):\n    return -base(x) * 2")

        assert examination.misconceptions == {"uses": ["uses-negative"]}

    def test_what_is_carried_forward_is_not_diagnosed(self, examine):
        """A function that is right with our reference needs no hint, and one that is not keeps its own."""
        notebook, carried = examine(1.0, base="def base(x):\n    return x - 1")
        other, wrong = examine(1.0, base="def base(x):\n    return x - 1", uses="def uses(x):\n    return base(x)")

        assert [marks.score for marks in read_marks(notebook)] == [0, 1, 1]
        assert carried.misconceptions == {"base": ["base-minus"]}
        assert [marks.score for marks in read_marks(other)] == [0, 0, 1]
        assert wrong.misconceptions == {"base": ["base-minus"], "uses": ["uses-once"]}
        assert "A hint for uses: " in printed(other, "uses")

    def test_the_reference_is_lent_for_the_diagnosis_only(self, examine):
        """A function that keeps it can do nothing with it: all tests have run, and it is taken back."""
        keeping = "kept = []\ndef uses(x):\n    kept.append(base)\n    return kept[0](x) * 2"
        notebook, examination = examine(base="def base(x):\n    return x - 1", uses=keeping)

        assert [marks.score for marks in read_marks(notebook)] == [0, 0, 1]
        assert examination.misconceptions == {"base": ["base-minus"]}


class TestTrouble:
    """A function that does in the diagnosis what it did not do in its tests."""

    HANGS = "calls = []\ndef base(x):\n    calls.append(x)\n    while len(calls) > 2:\n        {}\n    return x - 1"

    @pytest.mark.parametrize(
        ("does", "seconds"),
        [
            ("pass", 3.0),
            ("try:\n            while True: pass\n        except BaseException: pass", 4.5),
            ("import os; os._exit(1)", 2.0),
            ("import ctypes; ctypes.string_at(0)", 2.0),
        ],
    )
    def test_it_costs_the_diagnosis_and_some_time(self, examine, does, seconds):
        """The marks stand, and the next submission is as always."""
        begin = time.monotonic()
        notebook, examination = examine(base=self.HANGS.format(does))
        taken = time.monotonic() - begin

        assert [marks.score for marks in read_marks(notebook)] == [0, 0, 1]
        assert examination.misconceptions == {}
        assert examination.timed_out == set()
        assert taken < seconds + 2
        assert examine(base="def base(x):\n    return x - 1")[1].misconceptions == {"base": ["base-minus"]}

    def test_a_function_that_ran_out_of_time_is_not_called_again(self, examine, small_engine, monkeypatch):
        """It would only do it again."""
        from autograder.grading.settings import GradingLimits

        monkeypatch.setattr(small_engine, "limits", GradingLimits(cell=1.0))
        begin = time.monotonic()
        _, examination = examine(base="def base(x):\n    while True: pass")

        assert examination.timed_out == {"test_base", "test_uses"}
        assert time.monotonic() - begin < 6


def test_a_broken_catalogue_is_no_reason_not_to_grade(tmp_path):
    """Whoever generates the assignment hears of it; grading goes on without."""
    (tmp_path / "catalogue.toml").write_text("[[", encoding="utf-8")
    where = {"files": {}, "siblings": {"small"}, "catalogue": tmp_path / "catalogue.toml"}
    stored = store_notebook(tmp_path / "bundle", "small", nbformat.writes(small()), {}, **where)
    notebook = small(base="def base(x):\n    return x - 1")
    with Engine(stored, "small") as engine:
        examination = engine.examine(notebook, tmp_path)

    assert examination.misconceptions == {}
    assert [marks.score for marks in read_marks(notebook)] == [0, 1, 1]


def test_a_mistake_that_hangs_or_does_not_fit(tmp_path):
    """The author's, in the catalogue: it is left out, and the others are recognised."""
    text = CATALOGUE.replace('new = "return -base"', r'new = "while True: pass\n    return base"').replace(
        '"* 2"', '"* 3"'
    )
    (tmp_path / "catalogue.toml").write_text(text, encoding="utf-8")
    where = {"files": {}, "siblings": {"small"}, "catalogue": tmp_path / "catalogue.toml"}
    stored = store_notebook(tmp_path / "bundle", "small", nbformat.writes(small()), {}, **where)
    notebook = small(base="def base(x):\n    return x - 1", uses="def uses(x):\n    return base(x)")
    with Engine(stored, "small") as engine:
        examination = engine.examine(notebook, tmp_path)

    assert examination.misconceptions == {"base": ["base-minus"]}


@pytest.fixture(scope="module")
def engine(built_once) -> Iterator[Engine]:
    """An engine for the first assignment."""
    with Engine(load(built_once.root / "bundles" / "step_by_step"), "step_by_step") as engine:
        yield engine


class TestStepByStep:
    """The first assignment."""

    def test_two_bugs_in_different_results(self, engine, solution, release, catalogue, tmp_path):
        """Both are named, each with its hint."""
        wrong = [catalogue.entries[name] for name in ("lb-no-mean-dW", "lb-mean-everywhere")]
        notebook = submission(solution, release, wrong)
        examination = engine.examine(notebook, tmp_path)

        assert examination.misconceptions == {"linear_backward": ["lb-mean-everywhere", "lb-no-mean-dW"]}
        told = str(find_cell(notebook, "test_linear_backward_dW").outputs)
        assert all(entry.hints[0] in told for entry in wrong)

    def test_the_same_mistake_written_otherwise(self, engine, solution, release, tmp_path):
        """What a function does counts, not how it is written."""
        other = "dW = (dZ @ np.transpose(A_prev)) * (1 / m)"
        notebook = replaced(
            submission(solution, release, ()), "linear_backward", "dW = np.dot(dZ, A_prev.T) / m", other
        )
        notebook = replaced(
            notebook, "linear_backward", "np.sum(dZ, axis=1, keepdims=True) / m", "dZ.sum(axis=1).reshape(-1, 1)"
        )
        examination = engine.examine(notebook, tmp_path)

        assert examination.misconceptions == {"linear_backward": ["lb-no-mean-db"]}

    def test_a_notebook_that_is_not_filled_in(self, engine, release, tmp_path):
        """There is nothing to explain."""
        assert engine.examine(nbformat.from_dict(release), tmp_path).misconceptions == {}


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_entry_through_the_engine(engine, solution, release, catalogue, tmp_path, function):
    """Its function fails, all others have their points, and the diagnosis names it and no other."""
    entries = [entry for entry in catalogue.entries.values() if entry.function == function]
    assert entries
    for entry in entries:
        notebook = submission(solution, release, [entry])
        examination = engine.examine(notebook, tmp_path)
        marks = {mark.name: mark for mark in read_marks(notebook)}

        assert marks[function].score < 10, entry.id
        assert {name for name, mark in marks.items() if mark.score < 10} == {function}, entry.id
        assert examination.misconceptions == {function: [entry.same_as or entry.id]}, entry.id
        tests = [test for test in engine.specification.grade_cells if test.startswith(f"test_{function}")]
        told = catalogue.entries[entry.same_as or entry.id].hints[0]
        assert any(told in printed(notebook, test.removeprefix("test_")) for test in tests), entry.id
