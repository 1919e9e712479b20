"""Markers of regions, right and wrong."""

import pytest

from autograder.authoring.errors import RegionError
from autograder.authoring.regions import HIDDEN, SOLUTION, STUB, Region, find_regions

START, END = "### START CODE HERE ###", "### END CODE HERE ###"


class TestRight:
    """Markers that are as they should be."""

    def test_several_regions_in_one_cell(self):
        """Regions are found in their order, with the lines of their markers."""
        source = f"{START}\nx = 1\n{END}\n\nif x:\n    {START} (≈ 1 line of code)\n    y = 2\n    {END}"

        assert find_regions(source) == [Region(STUB, 1, 3), Region(STUB, 6, 8)]

    def test_nbgraders_own_markers(self):
        """nbgrader's markers count with and without hashes behind them."""
        source = "# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS ###"

        assert [region.kind for region in find_regions(source)] == [SOLUTION, HIDDEN]

    @pytest.mark.parametrize(
        "source",
        [
            f'"""Write your code between\n{START}\nand the end."""',
            f"print('{START}')",
            f"x = 1  {START}",
            "# the START and the END of the code here are yours",
            "# what follows is hidden from the tests",
            "%%bash\n# START of it\necho $(( ",
            "!ls '\n%cd ..\nx = 1",
        ],
    )
    def test_words_that_are_no_marker(self, source):
        """Only a comment on a line of its own is a marker."""
        assert find_regions(source) == []


class TestWrong:
    """Markers that would hand a solution to the students."""

    @pytest.mark.parametrize(
        ("source", "line", "words"),
        [
            (f"x = 0\n{START}\nx = 1", 2, "without an END CODE HERE"),
            (f"x = 1\n{END}", 2, "without a START CODE HERE"),
            (f"{START}\n{START}\n{END}", 2, "cannot be nested"),
            (f"{START}\n### BEGIN HIDDEN TESTS\n{END}", 2, "cannot be nested"),
            ("### BEGIN SOLUTION\nx = 1\n### END HIDDEN TESTS", 3, "without a BEGIN HIDDEN TESTS"),
            ("### STRAT CODE HERE ###\nx = 1", 1, "misspelt"),
            ("### START CODE HERE\nx = 1", 1, "misspelt"),
            ("## START CODE HERE ##", 1, "misspelt"),
            ("### start code here ###", 1, "misspelt"),
            (f"{START}\nx = 1\n### END CODE HER ###", 3, "misspelt"),
            ("### BEGIN HIDEN TESTS\nassert 1", 1, "misspelt"),
            ("### BEGIN HIDDEN TEST\nassert 1", 1, "misspelt"),
            (f"def f(:\n    {START}\n   x = 'open", None, "can be read"),
        ],
    )
    def test_is_an_error_with_its_line(self, source, line, words):
        """Each is refused in a sentence that says what to do."""
        with pytest.raises(RegionError, match=words) as caught:
            find_regions(source)

        assert caught.value.line == line
