"""Error carried forward: a function is judged on its own merit, whatever the functions that it needs are worth."""

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell
from nbgrader.utils import determine_grade

from autograder.grading.engine import Engine
from autograder.grading.settings import GradingLimits
from autograder.notebook.score import score
from autograder.release import store_notebook

# name of the function -> its solution and its test
PAIRS = {
    "double": (
        "def double(x):\n    return [2 * n for n in x]",
        "assert double([3, 4]) == [6, 8], 'not double'",
    ),
    "add": (
        "def add(x, step):\n    for place in range(len(x)):\n        x[place] += step\n    return x",
        "note = 'first'\nassert add([1], 2) == [3]",
    ),
    "both": (
        "def both(x):\n    return add(double(x), 1)",
        "assert note == 'first'\ngot = both([3])\nassert got == [7], f'got {got}'",
    ),
    "alone": ("def alone(x):\n    return -x", "note = 'later'\nassert alone(2) == -2"),
    "top": (
        "def top(x):\n    return sum(both(x)) + len(x)",
        "assert top([1, 2]) == 10, 'not the sum'\n"
        "### BEGIN HIDDEN TESTS\nassert top([5]) == 12\nassert top([0]) == 2\n### END HIDDEN TESTS",
    ),
    "rest": (
        "def rest(seconds):\n    import time\n    time.sleep(seconds)\n    return seconds",
        "assert rest(0) == 0",
    ),
    "after": ("def after(seconds):\n    return rest(seconds) + 1", "assert after(0) == 1"),
    "maker": ("def maker():\n    return lambda x: double(x)", "made = maker()\nassert made([4]) == [8]"),
}
WRONG = "def double(x):\n    return list(x)"


def master():
    """Return the solved notebook, with an ordinary cell that defines a helper."""
    cells = [code_cell("import os\ndef helper(x):\n    return both(x)")]
    for name, (solution, test) in PAIRS.items():
        cells += [solution_cell(solution, name), grade_cell(test, f"test_{name}")]
    return graded_notebook(*cells)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """An engine for the master, with short limits."""
    folder = tmp_path_factory.mktemp("bundle")
    bundle = store_notebook(folder, "task", nbformat.writes(master()), {}, files={}, siblings={"task"})
    with Engine(bundle, "task", GradingLimits(cell=2.0, submission=30.0)) as engine:
        yield engine


class Graded:
    """A graded notebook: the tests without their point, what was lent, and what tests show."""

    def __init__(self, notebook, examination):
        self.notebook, self.examination = notebook, examination
        self.lent = {name.removeprefix("test_"): lent for name, lent in examination.lent.items()}
        self.carried = sorted(name.removeprefix("test_") for name in examination.carried)

    @property
    def failed(self):
        """The functions whose test did not earn its point."""
        return [name for name in PAIRS if self.points(name) != 1]

    def points(self, name):
        """The points of a function's test, which nbgrader counts the same."""
        cell = find_cell(self.notebook, f"test_{name}")
        points = score(cell)[0]
        assert points == determine_grade(cell)[0]
        return points

    def shown(self, name):
        """What a function's test shows, in one string."""
        outputs = find_cell(self.notebook, f"test_{name}").outputs
        return "\n".join(out.get("text", "") + out.get("evalue", "") for out in outputs)


@pytest.fixture
def examine(engine, tmp_path):
    """Grade the solution with some cells replaced, changed by a function if one is given."""

    def run(change=None, credit=1.0, **answers):
        notebook = master()
        for name, source in answers.items():
            find_cell(notebook, name).source = source
        if change is not None:
            change(notebook)
        examination = engine.examine(notebook, tmp_path, carried_credit=credit)
        nbformat.validate(notebook)
        return Graded(notebook, examination)

    return run


class TestCarried:
    """What an honest mistake costs."""

    def test_nothing_is_wrong(self, examine):
        """No test runs twice, and nothing is said."""
        graded = examine()

        assert (graded.failed, graded.lent, graded.examination.notes) == ([], {}, [])

    def test_a_wrong_function_costs_its_own_points(self, examine):
        """Whatever needs it, through others too, has its points; a sentence says how."""
        graded = examine(double=WRONG)

        assert graded.failed == ["double"]
        assert graded.carried == ["both", "maker", "top"]
        assert graded.lent == {"both": ["double"], "top": ["double"], "maker": ["double"]}
        sentence = "correct; it was tested with our double, because yours does not pass its own checks\n"
        assert graded.shown("both") == graded.shown("top") == sentence
        assert graded.shown("double") == "not double"

    def test_two_wrong_functions(self, examine):
        """Both are lent to what needs both, and to what needs one, the one."""
        graded = examine(double=WRONG, add="def add(x, step):\n    return [n - step for n in x]")

        assert graded.failed == ["double", "add"]
        assert graded.lent == {"both": ["add", "double"], "top": ["add", "double"], "maker": ["double"]}
        assert "tested with our add and double, because yours do not pass their own checks" in graded.shown("top")

    @pytest.mark.parametrize("source", ["", "def double(x):", "def dubble(x):\n    return 2 * x", "double = 3"])
    def test_a_function_that_is_not_there(self, examine, source):
        """Missing is wrong, too."""
        graded = examine(double=source)

        assert graded.failed == ["double"]
        assert graded.carried == ["both", "maker", "top"]

    @pytest.mark.parametrize("body", ["os._exit(3)", "while True:\n        pass"])
    @pytest.mark.slow
    def test_a_function_that_ends_or_stops_the_process(self, examine, body):
        """It is not called where another one stands in for it."""
        graded = examine(double=f"def double(x):\n    {body}")

        assert graded.failed == ["double"]
        assert graded.examination.timed_out <= {"test_double"}

    def test_a_mistake_of_its_own(self, examine):
        """A function that is wrong with ours, too, has no points; what it shows is its own mistake."""
        graded = examine(double=WRONG, both="def both(x):\n    return add(double(x), 5)")

        assert graded.failed == ["double", "both"]
        assert graded.shown("both") == (
            "tested with our double, because yours does not pass its own checks\n\ngot [11]"
        )
        assert graded.lent["top"] == ["both", "double"]
        assert graded.carried == ["maker", "top"]

    def test_arguments_that_change(self, examine):
        """A reference changes what it is given, as it does in one process."""
        graded = examine(
            add="def add(x, step):\n    return x",
            both="def both(x):\n    mine = double(x)\n    same = add(mine, 1)\n    return mine if same is mine else None",
        )

        assert graded.failed == ["add"]

    def test_what_a_function_prints(self, examine):
        """It is shown after the sentence."""
        graded = examine(double=WRONG, both="def both(x):\n    print('here')\n    return add(double(x), 1)")

        assert graded.shown("both").endswith("own checks\nhere\n")

    def test_the_order_in_the_notebook(self, examine):
        """Cells that a student moved count as before: what is wrong is lent, even if it is tested last."""

        def move(notebook):
            moved = [
                cell for cell in notebook.cells if "double" in cell.metadata.get("nbgrader", {}).get("grade_id", "")
            ]
            for cell in moved:
                notebook.cells.remove(cell)
                notebook.cells.append(cell)

        graded = examine(move, double=WRONG)

        assert graded.failed == ["double"]

    @pytest.mark.slow
    def test_a_reference_that_is_kept_busy(self, examine):
        """A call of what was lent that takes too long is stopped; the marks of the first run stand, and it is said."""
        graded = examine(
            rest="def rest(seconds):\n    return -1", after="def after(seconds):\n    return rest(60) - 59"
        )

        assert graded.failed == ["rest", "after"]
        assert any("were not run again with our functions" in note for note in graded.examination.notes)
        assert graded.examination.disturbed  # a machine that stands still looks like this

    def test_a_second_run_that_takes_too_long(self, examine):
        """It is known to have run out of time, so that it is tried again when nothing else runs."""
        graded = examine(double=WRONG, both="def both(x):\n    while double([1]) == [2]:\n        pass\n    return x")

        assert "test_both" in graded.examination.timed_out
        assert "test_double" not in graded.examination.timed_out

    def test_without(self, examine):
        """Nothing is run again, and the marks are nbgrader's."""
        graded = examine(double=WRONG, credit=None)

        assert graded.failed == ["double", "both", "top", "maker"]
        assert graded.lent == {}

    @pytest.mark.parametrize("credit", [0.5, 0.0])
    def test_part_of_the_points(self, examine, credit):
        """The course may give less; nbgrader reads the same."""
        graded = examine(double=WRONG, credit=credit)

        assert [graded.points(name) for name in PAIRS] == [0, 1, credit, 1, credit, 1, 1, credit]
        assert graded.carried == ["both", "maker", "top"]

    def test_the_time_of_the_submission_is_up(self, engine, tmp_path, monkeypatch):
        """What was found before stands."""
        monkeypatch.setattr(engine, "limits", GradingLimits(cell=2.0, submission=0.5))
        notebook = master()
        find_cell(notebook, "double").source = "import time\ndef double(x):\n    time.sleep(5)"
        graded = Graded(notebook, engine.examine(notebook, tmp_path))

        assert "double" in graded.failed
        assert graded.carried == []


class TestCheating:
    """A function fails on purpose, and the others make of it what they can."""

    def test_only_what_the_master_says(self, examine):
        """What needs nothing in the solution is lent nothing."""
        graded = examine(
            double=WRONG, alone="def alone(x):\n    return -double([x])[0] // 2 * 1 if 0 else double([x])[0]"
        )

        assert graded.failed == ["double", "alone"]
        assert "alone" not in graded.lent

    def test_handing_it_back_as_an_answer(self, examine):
        """A test that is given the lent function does not get the reference's answers from it."""
        graded = examine(double=WRONG, maker="def maker():\n    return double")

        assert graded.failed == ["double", "maker"]
        assert "lent to the student's code; it is no answer" in graded.shown("maker")

    def test_keeping_it(self, examine):
        """When the test is over the handle is dead, though the process is the same."""
        graded = examine(
            double=WRONG,
            both="kept = []\ndef both(x):\n    kept.append(double)\n    return add(double(x), 1)",
            top="def top(x):\n    return sum(add(kept[-1](x), 1)) + len(x)",
        )

        assert graded.failed == ["double", "top"]
        assert "taken back" in graded.shown("top")

    def test_calling_it_from_another_cell(self, examine):
        """A cell between the tests finds the student's own function."""

        def insert(notebook):
            place = notebook.cells.index(find_cell(notebook, "test_both")) + 1
            notebook.cells.insert(place, code_cell("seen = double([21])"))

        graded = examine(insert, double=WRONG, top="def top(x):\n    print(seen)\n    return sum(both(x)) + len(x)")

        assert graded.failed == ["double"]
        assert "[21]" in graded.shown("top")

    def test_what_can_be_seen_of_it(self, examine):
        """Its name, and nothing of the solution or of the grader."""
        names = (
            "__globals__ __code__ __closure__ __defaults__ __kwdefaults__ __dict__ __self__ __wrapped__ __doc__".split()
        )
        look = (
            "def both(x):\n"
            f"    for name in {names}:\n"
            "        try:\n"
            "            print(name, getattr(double, name))\n"
            "        except AttributeError:\n"
            "            pass\n"
            "        link = object.__getattribute__(double, '__link__')\n"
            "        try:\n"
            "            print('asked', name, link.request('getattr', link.number, (name,)))\n"
            "        except AttributeError:\n"
            "            pass\n"
            "    print(repr(double), double.__name__, double.__module__)\n"
            "    return add(double(x), 1)"
        )
        graded = examine(double=WRONG, both=look)

        shown = graded.shown("both").splitlines()[1:]
        assert {line for line in shown if not line.startswith(("__doc__", "asked __doc__"))} == {
            "<grader's function double> double __main__"
        }
        assert {line.rpartition(" ")[2] for line in shown if "__doc__" in line} == {"None"}

    @pytest.mark.parametrize("argument", ["print", "both", "[object()]", "(n for n in x)"])
    def test_plain_values_only(self, examine, argument):
        """It is not called with something that would lead the reference into the student's process."""
        graded = examine(double=WRONG, both=f"def both(x):\n    double({argument})\n    return add(double(x), 1)")

        assert graded.failed == ["double", "both"]
        assert "plain data" in graded.shown("both")

    def test_what_was_seen_is_of_no_use_elsewhere(self, examine):
        """Answers that were taken down in one test are not there in a test that is lent something else."""
        graded = examine(
            double="def double(x):\n    raise NotImplementedError",
            add="def add(x, step):\n    raise NotImplementedError",
            both="notes = {}\ndef both(x):\n    notes['add'] = add(double(x), 1)\n    return notes['add']",
            maker="def maker():\n    print(sorted(notes))\n    return lambda x: double(x)",
        )

        assert graded.lent["maker"] == ["double"]
        assert "[]" in graded.shown("maker")
        assert graded.failed == ["double", "add"]


class TestDependencies:
    """What the master says."""

    def test_of_this_notebook(self, engine):
        """Names that the solution's code uses, directly or through others, with the cell that defines each."""
        needed = {
            grade_id.removeprefix("test_"): list(needs) for grade_id, needs in engine.specification.dependencies.items()
        }

        assert needed == {
            "double": [],
            "add": [],
            "both": ["add", "double"],
            "alone": [],
            "top": ["add", "both", "double"],
            "rest": [],
            "after": ["rest"],
            "maker": ["double"],
        }
