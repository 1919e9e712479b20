"""What `expect_equal` and `attempt` say of texts, lists, dictionaries, dates and pandas' tables."""

from __future__ import annotations

import datetime
from collections import Counter, OrderedDict, deque, namedtuple
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_testCases import answer, message

from testCases import CheckFailed, attempt, expect_equal

DAY = datetime.date(2026, 3, 1)


class Colour(Enum):
    """Some members."""

    RED = 1
    BLUE = 2


class Level(IntEnum):
    """Members that are numbers, too."""

    LOW = 1
    HIGH = 2


VALUES = [
    "text",
    "",
    b"bytes",
    True,
    None,
    10**30,
    1 + 2j,
    Decimal("1.10"),
    Fraction(1, 3),
    DAY,
    datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC),
    datetime.time(12),
    datetime.timedelta(hours=1),
    Path("a/b"),
    Colour.RED,
    Level.LOW,
    range(3),
    {1, (2,)},
    frozenset({1}),
    set(),
    [],
    [1, 2.5],
    ["a", "b"],
    [[1], [2, 3]],
    [np.ones((2, 1)), np.zeros(2)],
    deque([1, 2]),
    {},
    {"a": 1, 2: "b", (1, 2): None},
    {"a": {"b": [np.ones(2), {"c": "d"}]}, "e": (1, "f")},
    ("a", [1, 2], np.ones(1)),
    np.array([True, False]),
    np.array(["a", "b"]),
    np.array([1j]),
    np.array(["2026-03-01"], "datetime64[D]"),
    np.datetime64("2026-03-01"),
    np.datetime64("NaT", "D"),
    np.timedelta64(1, "h"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_equal(value):
    """A value of each type is equal to another one like it, and to no value of another type."""
    copy = eval(repr(value), vars(np) | globals()) if isinstance(value, list | dict | set) else value
    expect_equal(answer, "x", value, copy)

    for other in VALUES:
        if type(other) is not type(value):
            with pytest.raises(CheckFailed):
                expect_equal(answer, "x", value, other)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (True, np.True_),
        (np.False_, False),
        ("a", np.str_("a")),
        ([1, 2.0], [np.float64(1), 2]),
        ([1.0, 2.0], [1.0 + 1e-9, 2.0]),
        ([1, 2], np.array([1, 2])),
        ({"a": 1.0}, {"a": np.float64(1.0)}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, Counter("a")),
        ({"a": 1}, OrderedDict(a=1)),
        (1j, 1j + 1e-12),
        ((1, 2), namedtuple("Pair", "a b")(1, 2)),
    ],
)
def test_as_good_as_the_same(expected, got):
    """NumPy's own types, another order of keys, a dictionary of a richer kind, and what rounding does to numbers."""
    expect_equal(answer, "x", expected, got)


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        ("a", None, "answer is not filled in yet: x is still None."),
        ("a", 1, "x should be a string, but is of type int."),
        (True, 1, "x should be True or False, but is of type int."),
        (1, True, "x should be a number, but is of type bool."),
        (None, 0, "x should be None, but is of type int."),
        ([1, 2], (1, 2), "x should be a list, but is of type tuple."),
        (["a"], np.array(["a"]), "x should be a list, but is of type ndarray."),
        ({"a": 1}, [("a", 1)], "x should be a dictionary, but is of type list."),
        (Counter("a"), {"a": 1}, "x should be a Counter, but is of type dict."),
        ({1}, [1], "x should be a set, but is of type list."),
        (Decimal(1), 1, "x should be a Decimal, but is of type int."),
        (DAY, "2026-03-01", "x should be a date, but is of type str."),
        (DAY, datetime.datetime(2026, 3, 1), "x should be a date, but is of type datetime."),
        (Colour.RED, 1, "x should be a Colour, but is of type int."),
        (Level.LOW, 1, "x should be a Level, but is of type int."),
        (np.array(["a"]), ["a"], "x should be a NumPy array, but is of type list."),
        (np.array([True]), np.array([1]), "x should have dtype bool, but has dtype int64."),
        ({"a": [1]}, {"a": (1,)}, "x['a'] should be a list, but is of type tuple."),
        ([1, "a"], [1, None], "answer is not filled in yet: x[1] is still None."),
    ],
)
def test_the_type_comes_first(expected, got, words):
    """It is named as the exercises name it."""
    assert message(expect_equal, answer, "x", expected, got).endswith(words)


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        ([1, 2], [1], "x should have 2 entries, but has 1."),
        ([], ["a"], "x should have 0 entries, but has 1."),
        ({1, 2}, {1}, "x should have 2 entries, but has 1."),
        ({"a": 1}, {"A": 1}, "x has no entry 'a'.\n  Capital and small letters, texts and numbers are different keys."),
        ({"a": 1}, {}, "x has no entry 'a'.\n  got:      the keys (none)"),
        ({"a": 1}, {"a": 1, "b": 2}, "x has an entry that it should not have.\n  got:      'b'"),
        (np.array(["a"]), np.array(["a", "b"]), "x has the wrong shape.\n  expected: (1,)\n  got:      (2,)"),
    ],
)
def test_then_the_size_and_the_keys(expected, got, words):
    """Before any value is looked at."""
    assert words in message(expect_equal, answer, "x", expected, got)


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        ("abc", "abd", "expected: 'abc'\n  got:      'abd'\n  The first difference is at position 2."),
        ("abc", "abcd", "The first difference is at position 3."),
        ("Abc", "aBC", "Only capital and small letters are different."),
        ("a b", "a  b\n", "Only spaces and line ends are different."),
        ("x" * 100 + "a" + "y" * 100, "x" * 100 + "b" + "y" * 100, f"got:      ...'{'x' * 20}b{'y' * 39}'..."),
        (True, np.False_, "expected: True\n  got:      False"),
        (10**30, 10**30 + 1, f"got:      {10**30 + 1}"),
        (3, 10**400, "got:      inf"),
        (Colour.RED, Colour.BLUE, "got:      <Colour.BLUE: 2>"),
        (Path("a"), Path("b"), "wrong value"),
        ([1, 2.5, 3], [1, 2.5, 4], "x[2] has the right shape, a single number, but wrong values."),
        (["a", ["b", "c"]], ["a", ["b", "d"]], "x[1][1] has the right type, but a wrong value."),
        ({"a": {"b": "c"}}, {"a": {"b": "d"}}, "x['a']['b'] has the right type"),
        ({"a": np.ones(2)}, {"a": np.zeros(2)}, "x['a'] has the right shape, (2,), but wrong values."),
        ({"a": [1.0, 2.0]}, {"a": [1.0, 2.1]}, "x['a'][1]"),
        ({1, 2}, {1, 3}, "expected: 2 in it\n  got:      3, which should not be in it"),
        (np.array(["a", "b"]), np.array(["a", "c"]), "1 of 2 values differ; the first is at index [1]:"),
        (np.array([1j, 2j]), np.array([1j, 3j]), "expected: 2j\n  got:      3j"),
        (("a", "b"), ("a", "c"), "x[1] has the right type"),
    ],
)
def test_then_the_first_difference(expected, got, words):
    """With its place, and both values."""
    assert words in message(expect_equal, answer, "x", expected, got)


def test_a_number_that_python_does_not_write():
    """Is not shown."""
    assert "too many digits to be shown" in message(expect_equal, answer, "x", 10**30, 10**5000)


class TestListsOfNumbers:
    """They have stood for arrays ever since; where a list is meant, it can be said."""

    def test_a_table_stands_for_an_array(self):
        """A list in its place is wrong."""
        assert "should be a NumPy array" in message(expect_equal, answer, "x", [[1, 2], [3, 4]], [[1, 2], [3, 4]])

    def test_a_table_that_is_meant(self):
        """Then an array is wrong, and so is another number."""
        expect_equal(answer, "x", [[1, 2], [3, 4]], [[1, 2], [3, 4]], kind=list)

        assert "x[1][0]" in message(expect_equal, answer, "x", [[1, 2], [3, 4]], [[1, 2], [5, 4]], kind=list)
        assert "should be a list" in message(expect_equal, answer, "x", [1, 2], np.array([1, 2]), kind=list)

    def test_inside_of_others(self):
        """A list in a list or in a dictionary is a list."""
        expect_equal(answer, "x", {"a": [[1, 2]]}, {"a": [[1, 2]]})

        assert "should be a list" in message(expect_equal, answer, "x", {"a": [[1.0]]}, {"a": np.array([[1.0]])})

    def test_a_list_of_arrays(self):
        """Is a list; the array that it could be made into will do."""
        rows = [np.ones(2), np.ones(2)]
        expect_equal(answer, "x", rows, [np.ones(2), np.ones(2)])
        expect_equal(answer, "x", rows, np.ones((2, 2)))


def test_what_cannot_be_compared():
    """Is the author's mistake, and no student's."""
    with pytest.raises(TypeError, match="cannot compare values of type object"):
        expect_equal(answer, "x", object(), 1)


def test_an_object_that_is_equal_to_everything():
    """Its own comparison is never asked."""

    class Equal(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    for expected in ("a", True, DAY, ["a"], {"a": "b"}, {1}, np.array(["a"])):
        assert "should be" in message(expect_equal, answer, "x", expected, Equal("b"))
    assert "should be a string" in message(expect_equal, answer, "x", ["a"], [Equal("b")])


class TestAttempt:
    """Arguments that are none of numbers and arrays."""

    @pytest.mark.parametrize("value", [*VALUES, float("nan"), namedtuple("Pair", "a b")([1], 2)], ids=repr)
    def test_goes_through(self, value):
        """Nothing is said to have changed."""
        assert attempt(lambda x: x, value) is value

    @pytest.mark.parametrize(
        ("argument", "change"),
        [
            ({1, 2}, lambda x: x.add(3)),
            ([{"a": {1}}], lambda x: x[0]["a"].clear()),
            (["a"], lambda x: x.append("b")),
            ({"a": 1}, lambda x: x.pop("a")),
            (np.array(["a", "b"]), lambda x: x.sort() or x.__setitem__(0, "c")),
            (namedtuple("Pair", "a b")([1], 2), lambda x: x.a.append(1)),
        ],
    )
    def test_a_changed_argument(self, argument, change):
        """Is noticed at any depth."""

        def spoil(x):
            change(x)

        assert "spoil changes its argument number 1 in place" in message(attempt, spoil, argument)


class TestPandas:
    """Tables, if there is pandas."""

    @pytest.fixture
    def pandas(self):
        """The library, which students need not have."""
        return pytest.importorskip("pandas")

    @pytest.fixture
    def table(self, pandas):
        """A table with a number that is missing, and a text that is."""
        return pandas.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", None, "z"], "c": [1, 2, 3]}, index=[10, 20, 30])

    def test_equal(self, pandas, table):
        """What is missing in both is equal, and a column of whole numbers may hold the same as others."""
        expect_equal(answer, "x", table, table.astype({"c": float}))
        expect_equal(answer, "x", table["b"], table["b"].copy())
        expect_equal(answer, "x", table.set_index(["b", "c"]), table.set_index(["b", "c"]))
        expect_equal(answer, "x", {"rows": [table.index]}, {"rows": [pandas.Index([10, 20, 30])]})
        expect_equal(answer, "x", pandas.Timestamp("2026-03-01"), pandas.Timestamp("2026-03-01"))
        expect_equal(answer, "x", pandas.Series([1, None], dtype="Int64"), pandas.Series([1, None], dtype="Int64"))
        expect_equal(answer, "x", pandas.DataFrame(), pandas.DataFrame())

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda t: t["a"], "x should be a DataFrame, but is of type Series."),
            (lambda t: t.to_numpy(), "x should be a DataFrame, but is of type ndarray."),
            (lambda t: None, "answer is not filled in yet: x is still None."),
            (lambda t: t.drop(columns="b"), "x has no column 'b'.\n  got:      the columns 'a', 'c'"),
            (
                lambda t: t.assign(d=1),
                "x has a column that it should not have.\n  got:      the columns 'a', 'b', 'c', 'd'",
            ),
            (lambda t: t[["b", "a", "c"]], "x has its columns in another order.\n  expected: 'a', 'b', 'c'"),
            (lambda t: t[:2], "x has the wrong shape.\n  expected: (3, 3)\n  got:      (2, 3)"),
            (
                lambda t: t.reset_index(drop=True),
                "the index of x has the right shape, (3,), but wrong values.\n  3 of 3",
            ),
            (lambda t: t.astype({"c": str}), "x['c'] should hold numbers, but has dtype"),
            (
                lambda t: t.assign(c=[1, 2, 4]),
                "1 of 3 values differ; the first is at index 30:\n  expected: 3\n  got:      4",
            ),
            (lambda t: t.fillna({"a": 0.0}), "the first is at index 30:\n  expected: nan\n  got:      0"),
            (
                lambda t: t.assign(b=["x", None, "y"]),
                "x['b'] at 30 has the right type, but a wrong value.\n  expected: 'z'\n  got:      'y'",
            ),
            (lambda t: t.fillna({"b": "y"}), "x['b'] at 20 has the right type, but a wrong value."),
        ],
    )
    def test_a_difference(self, table, change, words):
        """Type, columns, rows, then the first value, by the names that it has in the table."""
        assert words in message(expect_equal, answer, "x", table, change(table))

    def test_of_a_series_and_an_index(self, pandas):
        """By the label."""
        dates = pandas.Series(pandas.to_datetime(["2026-03-01", "2026-03-02"]), index=["one", "two"])
        later = dates + pandas.to_timedelta([0, 1], unit="D")
        pairs = dates.groupby([dates, dates]).size()

        assert "x at 'two' has" in message(expect_equal, answer, "x", dates, later)
        assert "x at 1 has" in message(expect_equal, answer, "x", pandas.Index(["a", "b"]), pandas.Index(["a", "c"]))
        assert "should have 2 levels" in message(expect_equal, answer, "x", pairs, pandas.Series([1, 1]))

    def test_attempt(self, table):
        """A table as an argument, changed and left alone."""

        def spoil(x):
            x.loc[10, "a"] = 5.0

        assert attempt(lambda x: x, table) is table
        assert "spoil changes its argument number 1 in place" in message(attempt, spoil, table)
        assert "changes its argument" in message(attempt, lambda x: x["t"].pop("b"), {"t": table})
