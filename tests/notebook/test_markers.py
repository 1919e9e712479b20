"""What a marker is: the same for us as for nbgrader."""

import pytest
from helper import code_cell, grade_cell, solution_cell, text_cell
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

from autograder.notebook.markers import DEFAULTS, HIDDEN, SOLUTION, STUB, Markers, Region, stub_regions

START, END = "### START CODE HERE ###", "### END CODE HERE ###"
OTHERS = Markers(
    begin_solution="begin answer",
    end_solution="end answer",
    begin_hidden_tests="(secret",
    end_hidden_tests="secret)",
    begin_mark_scheme="<!-- scheme",
    end_mark_scheme="scheme -->",
    code_stub="...",
)
BODIES = [
    "a = 1\n{begin}\nb = 2\n{end}\nc = 3",
    "    {begin}: edge cases, and more\n    b = 2\n    ###{end}###",
    "x = '{begin}'\nb = 2\ny = '''{end}'''\nc = 3",
    "a{begin}\nb\nc{end}\nd\n{begin} again\ne\n{end} of it",
    "{begin}\nb\n{end}\n{end}\nc",
    "{end}\nb\n",
    "%%bash\n# {begin}\nls $((\n# {end}",
    "def f(:\n  # {begin}\n  'open\n  # {end}\n",
    "no marker at all\n",
    "{begin} and {end}\nx\n{end}\n",
]


class TestAsNbgrader:
    """What nbgrader's own steps make of a cell is what is made of it here."""

    @pytest.mark.parametrize("markers", [DEFAULTS, OTHERS], ids=["usual", "configured"])
    @pytest.mark.parametrize("body", BODIES)
    def test_hidden_tests(self, markers, body):
        """Of a test."""
        source = body.format(begin=markers.begin_hidden_tests, end=markers.end_hidden_tests)
        cell = grade_cell(source)
        step = ClearHiddenTests(
            begin_test_delimeter=markers.begin_hidden_tests, end_test_delimeter=markers.end_hidden_tests
        )
        step.preprocess_cell(cell, {}, 0)

        assert markers.visible(source) == cell.source

    @pytest.mark.parametrize("markers", [DEFAULTS, OTHERS], ids=["usual", "configured"])
    @pytest.mark.parametrize("body", BODIES)
    def test_a_mark_scheme(self, markers, body):
        """Of a task, which is text."""
        source = body.format(begin=markers.begin_mark_scheme, end=markers.end_mark_scheme)
        cell = text_cell(source)
        step = ClearMarkScheme(
            begin_mark_scheme_delimeter=markers.begin_mark_scheme,
            end_mark_scheme_delimeter=markers.end_mark_scheme,
            enforce_metadata=False,
        )
        step.preprocess_cell(cell, {}, 0)

        assert markers.visible(source) == cell.source

    @pytest.mark.parametrize("markers", [DEFAULTS, OTHERS], ids=["usual", "configured"])
    @pytest.mark.parametrize("body", BODIES)
    def test_solutions(self, markers, body):
        """Of a solution cell, with the stub in place."""
        source = body.format(begin=markers.begin_solution, end=markers.end_solution)
        cell = solution_cell(source)
        step = ClearSolutions(
            begin_solution_delimeter=markers.begin_solution,
            end_solution_delimeter=markers.end_solution,
            code_stub={"python": markers.code_stub},
        )
        step.preprocess_cell(cell, {"language": "python"}, 0)

        assert markers.cleared(source) == cell.source

    def test_the_defaults(self):
        """Are nbgrader's, whatever its version."""
        solutions, tests, schemes = ClearSolutions(), ClearHiddenTests(), ClearMarkScheme()

        assert (
            Markers(
                solutions.begin_solution_delimeter,
                solutions.end_solution_delimeter,
                tests.begin_test_delimeter,
                tests.end_test_delimeter,
                schemes.begin_mark_scheme_delimeter,
                schemes.end_mark_scheme_delimeter,
                solutions.code_stub["python"],
            )
            == DEFAULTS
        )


class TestRegions:
    """Where they are."""

    def test_several_kinds_in_one_cell(self):
        """In their order, with the lines of their markers."""
        source = "# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n### BEGIN HIDDEN TESTS: more\n### END HIDDEN TESTS ###"

        assert DEFAULTS.regions(source, HIDDEN, SOLUTION) == [Region(SOLUTION, 1, 3), Region(HIDDEN, 4, 5)]

    @pytest.mark.parametrize(
        "marker",
        [
            START,
            f"    {START} (≈ 1 line of code)",
            "# START CODE HERE",
            "# ---- START CODE HERE: use np.dot ----",
            "#START CODE HERE#",
            "## (2) START CODE HERE",
        ],
    )
    def test_a_gap_of_this_project(self, marker):
        """The words in a comment line, whatever stands around them."""
        assert stub_regions(f"{marker}\nx = 1\n# that was the END CODE HERE!") == [Region(STUB, 1, 3)]

    @pytest.mark.parametrize(
        "source",
        [
            f'"""Write your code between\n{START}\nand the end."""',
            f"print('{START}')",
            f"x = 1  {START}",
            "# start code here",
            "# what stands between START CODE HERE and END CODE HERE is yours",
        ],
    )
    def test_words_that_are_no_gap(self, source):
        """In a string, behind code, in small letters, or both at once."""
        assert stub_regions(source) == []

    @pytest.mark.parametrize("source", [f"%%bash\n{START}\nls $((\n{END}", f"def f(:\n{START}\n'open\n{END}"])
    def test_a_gap_in_what_is_no_python(self, source):
        """Its lines are taken as they are."""
        assert [region.begin for region in stub_regions(source)] == [2]

    def test_what_nothing_ends(self):
        """Goes on to the end of the cell, so that it is not shown by mistake."""
        assert DEFAULTS.visible("a\n# BEGIN HIDDEN TESTS\nb\n# BEGIN HIDDEN TESTS\nc") == "a"


def test_as_plain_data():
    """What was stored comes back; what another version does not know, or has more, is no harm."""
    assert Markers.from_plain(OTHERS.plain()) == OTHERS
    assert Markers.from_plain({"begin_solution": "x", "of a later version": 1}) == Markers(begin_solution="x")


def test_ordinary_cells_are_no_exception():
    """A line that nbgrader takes out of a given cell is not in the release."""
    assert DEFAULTS.visible(code_cell("a\nprint('END SOLUTION')\nb").source) == "a\nb"
