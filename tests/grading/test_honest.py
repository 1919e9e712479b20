"""Honest submissions: what a test means in two processes is what it means in one."""

from dataclasses import replace
from functools import partial

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell

from autograder.grading.engine import Engine
from autograder.grading.grading_errors import UnsoundBundleError
from autograder.grading.settings import GradingLimits
from autograder.notebook.score import score
from autograder.release import store_notebook


def test_the_solution_has_all_points(examine):
    """Nothing fails, nothing is repaired, nothing is noted."""
    graded = examine()

    assert graded.failed == []
    assert graded.examination.repairs == graded.examination.notes == []


class TestArguments:
    """What a function does to what it is given."""

    def test_a_changed_input_fails_the_test_that_forbids_it(self, examine):
        """In place, although the result is right."""
        assert examine(keep="def keep(x):\n    x += 1\n    return x").failed == ["keep"]

    def test_a_changed_input_passes_the_test_that_asks_for_it(self, examine):
        """The caller's own list grows and comes back as the same object; a copy fails."""
        assert examine().failed == []
        assert examine(grow="def grow(items):\n    return items + [len(items)]").failed == ["grow"]


class TestNames:
    """Whose names are seen where."""

    def test_a_later_cell_uses_what_a_test_bound(self, examine):
        """The visible part's variable, not the hidden part's."""

        def change(notebook):
            notebook.cells.append(code_cell("print(factor * 2, a)"))
            notebook.cells.append(code_cell("print(secret)"))

        graded = examine(change)

        assert graded.notebook.cells[-2].outputs[0].text == "6 [0. 1. 2.]\n"
        assert graded.notebook.cells[-1].outputs[0].ename == "NameError"

    def test_a_test_deletes_and_rebinds_a_students_function(self, examine):
        """The student's own calls notice; a function that does not call base is found out."""
        assert examine().failed == []
        assert examine(uses="def uses():\n    return 2").failed == ["uses"]

    def test_a_missing_function_is_unbound_and_never_the_reference(self, examine):
        """A NameError for its own test, and for those that use it."""
        graded = examine(base="pass")

        assert graded.failed == ["base", "uses"]
        assert "name 'base' is not defined" in graded.output("base")

    def test_variables_come_by_value(self, examine):
        """A variable of the student's is tested as such."""
        assert examine(answer="answer = 42.0").failed == ["answer"]


class TestObjects:
    """Functions and objects that are more than values."""

    def test_a_class_with_methods_and_state(self, examine):
        """One that counts wrong fails."""
        wrong = "class Tally:\n    seen = [2, 3]\n    def add(self, x):\n        return self\n    def __len__(self):\n        return 2"

        assert examine(Tally=wrong).failed == ["Tally"]

    def test_a_generator_that_ends_too_early(self, examine):
        """The elements cross one by one."""
        assert examine(squares="def squares(n):\n    yield 0\n    yield 1").failed == ["squares"]

    def test_what_a_function_prints_shows_in_the_test(self, examine):
        """As plain output."""
        assert "so loud" in examine().output("loud")

    def test_another_error_than_the_expected_one(self, examine):
        """The test's except clause sees the student's own exception."""
        graded = examine(strict="def strict(x):\n    if x < 0:\n        raise KeyError('negative')\n    return x")

        assert graded.failed == ["strict"]
        assert "negative" in graded.output("strict")

    def test_a_students_own_exception_class_is_caught_by_its_base(self, examine):
        """A subclass of ValueError is a ValueError."""
        own = "class Mine(ValueError):\n    pass\n\ndef strict(x):\n    if x < 0:\n        raise Mine('negative')\n    return x"

        assert examine(strict=own).failed == []

    def test_a_warning_costs_nothing(self, examine):
        """Neither on stderr nor by warnings."""
        warn = "import warnings\n\ndef last():\n    warnings.warn('old')\n    print('x', file=sys.stderr)\n    np.log(np.zeros(1))\n    return 'end'"

        graded = examine(last=warn)
        assert graded.failed == []
        assert "old" in graded.output("last")


class TestOutput:
    """What cells show."""

    def test_all_cells_together(self, examine, monkeypatch):
        """A cell whose output finds no room any more shows nothing, which is said; the others and tests are as ever."""
        monkeypatch.setattr("autograder.grading.examination.CELLS_SHOWN", 0.005)

        def change(notebook):
            notebook.cells += [
                code_cell(f"print('{letter}' * {n})") for letter, n in [("x", 4000), ("y", 4000), ("z", 9)]
            ]

        graded = examine(change)

        shown = [cell.outputs[0].text.strip() for cell in graded.notebook.cells[-3:]]
        assert shown == ["x" * 4000, "[output truncated: the cells of a notebook show too much]", "z" * 9]
        assert graded.failed == []
        (note,) = graded.examination.notes
        assert "the notebook shows more than one may" in note


class TestDisasters:
    """What ends a process, or does not end: it costs the function that did it, and no other."""

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("while True:\n        pass", "KeyboardInterrupt"),
            (
                "while True:\n        try:\n            while True:\n                pass\n        except BaseException:\n            pass",
                "did not stop",
            ),
            ("sys.exit()", "SystemExit"),
            ("os._exit(3)", "called os._exit(3)"),
            ("ctypes.string_at(0)", "SIGSEGV"),
            # Process 1 of a namespace is not ended by its own SIGABRT, but by what the C library does then.
            ("os.abort()", "ended by signal SIG"),
            ("return base()()", "TypeError"),
            ("def f():\n        return f()\n    return f()", "RecursionError"),
        ],
    )
    def test_it_costs_that_function_only(self, examine, body, words):
        """All later functions still earn their points."""
        graded = examine(adder=f"def adder(n):\n    {body}")

        assert graded.failed == ["adder"]
        assert words in graded.output("adder") + str(
            [out.get("ename") for out in find_cell(graded.notebook, "test_adder").outputs]
        )

    @pytest.mark.parametrize("count", ["yield 1", "yield sum(range(20000))"])
    def test_an_endless_generator(self, examine, count):
        """The two processes play ping-pong until the time is up: the student's failure, every time."""
        for _ in range(3):
            assert examine(squares=f"def squares(n):\n    while True:\n        {count}").failed == ["squares"]

    @pytest.mark.parametrize("work", ["0", "sum(range(2000))"])
    def test_a_callback_without_end(self, examine, work):
        """A function that calls what it was given for ever costs no other function."""
        for _ in range(3):
            endless = f"def apply(fn, n):\n    while True:\n        fn({work})"
            assert examine(apply=endless).failed == ["apply"]

    def test_a_cell_that_hangs(self, examine):
        """The cell has an error, what stands in other cells is graded."""
        graded = examine(adder="def adder(n):\n    return lambda x: x + n\n\nwhile True:\n    pass")

        assert graded.failed == []
        assert find_cell(graded.notebook, "adder").outputs[-1].ename == "KeyboardInterrupt"

    def test_a_cell_that_kills_its_process(self, examine):
        """What it defined is lost, the cells before it are run again."""
        graded = examine(adder="def adder(n):\n    return lambda x: x + n\n\nos._exit(0)")

        assert graded.failed == ["adder"]
        assert find_cell(graded.notebook, "adder").outputs[-1].ename == "StudentProcessFailed"
        assert graded.examination.notes

    def test_the_time_for_the_whole_submission(self, engine, examine, monkeypatch):
        """What is not reached is not judged right."""
        from autograder.grading.settings import GradingLimits

        monkeypatch.setattr(engine, "limits", GradingLimits(cell=1.0, submission=2.0))
        sleepy = "import time\n\ndef keep(x):\n    time.sleep(0.9)\n    return x + 1"
        graded = examine(keep=sleepy, base="while True:\n    pass")

        assert graded.failed[-1] == "last"
        assert "used up its 2 seconds" in graded.output("last")


def test_cells_that_need_not_run(engine, examine, monkeypatch):
    """A cell that the master tags is skipped; a tag of the student's own skips nothing."""

    def change(notebook):
        notebook.cells.append(code_cell("print('long training')"))
        notebook.cells.append(code_cell("print('mine')"))
        notebook.cells[-1].metadata.tags = ["skip-execution"]

    assert [cell.outputs != [] for cell in examine(change).notebook.cells[-2:]] == [True, True]

    tagged = code_cell("print('long training')")
    tagged.metadata.tags = ["skip-execution"]
    monkeypatch.setattr(
        engine, "specification", replace(engine.specification, cells=[*engine.specification.cells, tagged])
    )

    assert [cell.outputs != [] for cell in examine(change).notebook.cells[-2:]] == [False, True]


class TestFiles:
    """What is handed in beside the notebook."""

    def test_a_file_is_there_and_stays_as_it_was(self, examine, tmp_path):
        """The student's code works in a copy."""
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        body = "def last():\n    text = open('notes.txt').read()\n    open('notes.txt', 'w').write('x')\n    return 'end' * (text == 'mine')"

        assert examine(last=body).failed == []
        assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"

    def test_too_much_of_it_is_left_out(self, examine, tmp_path, monkeypatch):
        """And said so."""
        monkeypatch.setattr("autograder.grading.engine.HANDED_IN_BYTES", 3)
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        graded = examine(last="def last():\n    return open('notes.txt').read()")

        assert graded.failed == ["last"]
        assert "none of it was copied" in graded.examination.notes[0]


class TestMachine:
    """What the grading machine lacks is nobody's wrong answer, nor what the solution itself gets wrong."""

    def test_a_test_that_the_solution_fails(self, tmp_path):
        """It is known which, and why; the others count."""
        cells = [
            solution_cell("def one():\n    return 1", "one"),
            grade_cell("assert one() == 1", "test_one"),
            grade_cell("assert one() == 2, 'it is not two'", "test_two"),
        ]
        text = nbformat.writes(graded_notebook(*cells))
        bundle = store_notebook(tmp_path / "bundle", "task", text, {}, files={}, siblings={"task"})
        with Engine(bundle, "task", GradingLimits(cell=5.0)) as engine:
            assert engine.failing_tests == {"test_two": "AssertionError: it is not two"}
            engine.examine(notebook := graded_notebook(*cells), None)

        assert [score(cell)[0] for cell in notebook.cells[1:]] == [1.0, 0.0]

    IMPORTS = "import struct, unsound\nfrom checks import *\nimport json"

    @pytest.mark.parametrize("for_many", [True, False])
    @pytest.mark.parametrize("missing", ["import nowhere_to_be_found", "raise ValueError('built for another version')"])
    def test_an_import_that_fails(self, tmp_path, missing, for_many):
        """Whatever the error: without it the student could say what the names are that the tests check with."""
        (tmp_path / "unsound.py").write_text(missing)
        (tmp_path / "checks.py").write_text("def check(got):\n    assert got == 1")
        files = {name: tmp_path / name for name in ("unsound.py", "checks.py")}
        cells = [
            code_cell(self.IMPORTS),
            solution_cell("def one():\n    return 1", "one"),
            grade_cell("check(one())", "test_one"),
        ]
        text = nbformat.writes(graded_notebook(*cells))
        bundle = store_notebook(tmp_path / "bundle", "task", text, {}, files=files, siblings={"task"})
        cells[0].source, cells[1].source = "def check(got):\n    pass", "def one():\n    return 2"
        with (
            Engine(bundle, "task", GradingLimits(cell=5.0), for_many=for_many) as engine,
            pytest.raises(UnsoundBundleError, match=r"cannot run on this machine: (Import|ModuleNotFound)Error"),
        ):
            engine.examine(graded_notebook(*cells), None)


def test_partial_credit_is_the_tests_own(examine):
    """The points of a test that returns a number are read as nbgrader does."""
    graded = examine()
    cell = find_cell(graded.notebook, "test_last")

    assert score(cell) == (1.0, 1.0)


class TestWholeCells:
    """A cell runs as a whole; only what stands behind a failure runs on its own."""

    @pytest.fixture
    def examine(self, examine, engine):
        """Grade a notebook that was laid out before."""
        return partial(examine, engine.layout.apply)

    def test_nothing_fails(self, examine):
        """A cell that calls between its definitions stays one, with its outputs in one place."""
        source = "print('before')\ndef keep(x):\n    return x + 1\nprint('between')\ndef base():\n    return 1\nprint(keep(1))"
        graded = examine(keep=source)
        cell = find_cell(graded.notebook, "keep")

        assert cell.source == source
        assert "".join(output.text for output in cell.outputs) == "before\nbetween\n2\n"
        assert graded.failed == []

    def test_a_failure_in_the_middle(self, examine):
        """What stands behind it is defined, what stood before it ran once, and the cell shows all of it."""
        source = "print('once')\nundefined_name()\nprint('never')\ndef keep(x):\n    print('kept')\n    return x + 1"
        graded = examine(keep=source)
        cell = find_cell(graded.notebook, "keep")

        assert graded.failed == []
        assert [output.output_type for output in cell.outputs] == ["stream", "error"]
        assert cell.outputs[0].text == "once\n"
        assert any("fails at line 2" in repair for repair in graded.examination.repairs)
