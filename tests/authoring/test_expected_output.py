"""Expected output against what a cell prints."""

import pytest
from helper import code_cell, graded_notebook, text_cell
from nbformat.v4 import new_output

from autograder.authoring.expected_output import compare_tables, expected_items, printed_items

TABLE = (
    "**Expected output.**\n\n| name | value |\n|:--|:--|\n| `W1` | `[[1. 2.]`<br>` [3. 4.]]` |\n| `cost` | `0.25` |\n"
)
PRINTED = "W1 =\n[[1. 2.]\n [3. 4.]]\ncost = 0.25\n"


def problems(printed: str, table: str = TABLE) -> list[str]:
    """Return what is said about a cell that printed this, over this table."""
    cell = code_cell("...")
    cell.outputs = [new_output("stream", name="stdout", text=printed)]
    return [str(problem) for problem in compare_tables(graded_notebook(cell, text_cell(table)))]


def test_reading_both():
    """Names and values of a table and of an output, with values over several lines."""
    values = {name: item.value for name, item in expected_items(TABLE).items()}
    assert values == {"W1": "[[1. 2.]\n [3. 4.]]", "cost": "0.25"}
    assert printed_items(PRINTED) == {"W1": "[[1. 2.]\n [3. 4.]]", "cost": "0.25"}
    assert printed_items("A with ReLU = [[1.]]\nnumber of caches = 3") == {
        "A with ReLU": "[[1.]]",
        "number of caches": "3",
    }


def test_equal():
    """No difference, no problem."""
    assert problems(PRINTED) == []


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (PRINTED.replace("4.", "5."), "the table says W1 = [[1. 2.]\n [3. 4.]], but the cell prints"),
        (PRINTED.replace("0.25", "0.250"), "the table says cost = 0.25, but the cell prints 0.250"),
        ("cost = 0.25", "expects W1, which the cell before it does not print"),
        (PRINTED + "b1 = [0.]", "prints b1, which the table does not list"),
    ],
)
def test_each_misprint(printed, words):
    """One digit, one space, one line too many or too few."""
    found = problems(printed)

    assert len(found) == 1
    assert words in found[0]


TRAINED = (
    "**Expected output.**\n\n| name | value | may differ by |\n|:--|:--|:--|\n| `cost` | `0.0885 at 2400` | 0.03 |\n"
)


@pytest.mark.parametrize("printed", ["0.0885 at 2400", "0.1185 at 2400", "0.0585 at 2400.01"])
def test_within_the_tolerance(printed):
    """Training in floating point ends elsewhere on other machines; the table says how far."""
    assert problems(f"cost = {printed}", TRAINED) == []


@pytest.mark.parametrize(
    "printed", ["0.1186 at 2400", "0.0584 at 2400", "0.0885 after 2400", "0.0885 at", "nan at 2400"]
)
def test_beyond_the_tolerance(printed):
    """A number farther off, other words, or a number missing."""
    assert problems(f"cost = {printed}", TRAINED) == [
        f"cell 2 ('**Expected output.**'): the table says cost = 0.0885 at 2400, but the cell prints {printed}."
    ]


def test_a_table_that_cannot_be_read():
    """The words without a table are a problem, not a pass."""
    assert "has no table" in problems(PRINTED, "**Expected output.** None.")[0]


def test_no_code_cell_before_it():
    """A table at the top belongs to nothing."""
    assert len(compare_tables(graded_notebook(text_cell(TABLE)))) == 2
