"""pandas' tables and what they are made of."""

import datetime
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_codec import call, check_hostile, send
from wire_pair import student

from autograder.rpc.channel import pack
from autograder.rpc.codec import Codec
from autograder.rpc.copy_restore import apply_changes
from autograder.rpc.pandas_tables import look, same_look
from autograder.rpc.proxies import Proxy
from autograder.rpc.rpc_errors import MalformedMessage, Refused
from autograder.rpc.value_limits import Limits

DATES = pd.date_range("2024-03-30", periods=3, freq="D", tz="Europe/Berlin")
COLUMNS = {
    "int": pd.Series([1, 2, 3], dtype="int16"),
    "float": pd.Series([1.5, np.nan, -0.0], dtype="float32"),
    "bool": pd.Series([True, False, True]),
    "complex": pd.Series([1j, 2, 3]),
    "text": pd.Series(["a", None, "é"]),
    "text of Python": pd.Series(["a", None, "é"], dtype="string[python]"),
    "objects": pd.Series(["a", None, 3], dtype=object),
    "values": pd.Series([[1], {"a": 2}, Decimal("1.10")]),
    "dates as objects": pd.Series([datetime.date(2020, 1, 1)] * 3),
    "moments": pd.Series(pd.to_datetime(["2024-01-01", None, "2024-01-02"])),
    "moments in seconds": pd.Series(np.array(["2024-01-01", "NaT", "1200-01-02"], "M8[s]")),
    "moments with a zone": pd.Series(DATES),
    "moments with an offset": pd.Series(pd.to_datetime(["2024-01-01T00:00+05:30"] * 3)),
    "spans": pd.Series(pd.to_timedelta(["1 day", None, "2h"])),
    "nullable int": pd.Series([1, None, 2**62 + 1], dtype="Int64"),
    "nullable float": pd.Series([1.5, None, 3], dtype="Float64"),
    "nullable bool": pd.Series([True, None, False], dtype="boolean"),
    "category": pd.Series(["b", "a", None], dtype="category"),
    "ordered category": pd.Series(pd.Categorical(["b", "a", "b"], ["b", "a", "c"], ordered=True)),
    "category of numbers": pd.Series([3, 1, 3], dtype="category"),
    "intervals": pd.cut(pd.Series([1, 5, 9]), [0, 2, 9]),
    "periods": pd.Series(pd.period_range("2024-01", periods=3, freq="M")),
}
INDICES = {
    "range": pd.RangeIndex(5, -1, -2),
    "named range": pd.RangeIndex(3, name=("a", 1)),
    "int": pd.Index([3, 1, 2], name="n"),
    "int8": pd.Index([3, 1, 2], dtype="int8"),
    "float": pd.Index([1.5, np.nan]),
    "bool": pd.Index([True, False]),
    "text": pd.Index(["a", "b", "a"]),
    "labels of all kinds": pd.Index([1, "a", None, (1, "x"), 2.5, datetime.date(2020, 1, 1)], dtype=object),
    "intervals as labels": pd.Index([pd.Interval(0, 1), "rest", pd.NA], dtype=object),
    "regular moments": DATES,
    "months": pd.date_range("2024-01-01", periods=3, freq="MS"),
    "moments": pd.DatetimeIndex(["2024-01-01", "2023-01-01"]),
    "spans": pd.timedelta_range("1h", periods=3, freq="h"),
    "category": pd.CategoricalIndex(["a", "b", "a"], name="c"),
    "intervals": pd.interval_range(0, 3, closed="left"),
    "periods": pd.period_range("2024Q1", periods=3, freq="Q-DEC"),
    "levels": pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", None]),
    "levels of dates": pd.MultiIndex.from_arrays([DATES, pd.Index([1, 2, 3])]),
    "nothing": pd.Index([]),
}
TABLES = {
    "of one type": pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"]),
    "of all types": pd.DataFrame(COLUMNS),
    "columns of one name": pd.DataFrame([[1, "x"], [2, "y"]], columns=["a", "a"]),
    "columns without a name": pd.DataFrame([[1, 2.5]]),
    "columns of any name": pd.DataFrame([[1, 2, 3]], columns=pd.Index([1, "a", ("b", 2)], dtype=object)),
    "levels": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", "y"])),
    "indexed": pd.DataFrame({"a": [1, 2, 3]}, index=DATES),
    "grouped": pd.DataFrame({"a": [1, 1, 2], "b": [1, 2, 3], "c": 1}).groupby(["a", "b"]).agg(["sum", "mean"]),
    "pivoted": pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [3, 4]}).pivot(index="a", columns="b", values="c"),
    "described": pd.DataFrame({"a": [1, 2, 3]}).describe(),
    "without rows": pd.DataFrame({"a": pd.Series([], dtype="int32"), "b": pd.Series([], dtype="datetime64[ns]")}),
    "without columns": pd.DataFrame(index=[1, 2]),
    "empty": pd.DataFrame(),
    "a slice": pd.DataFrame({"a": range(9), "b": 1})[::-2],
    "transposed": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).T,
}
SCALARS = [
    pd.Timestamp("2024-01-01T12:00:00.123456789"),
    pd.Timestamp("2024-10-27 01:30", tz="UTC").tz_convert("Europe/Berlin"),
    pd.Timestamp("1200-01-01").as_unit("s"),
    pd.Timedelta("1 day 2 ns"),
    pd.NaT,
    pd.NA,
    pd.Interval(0, 2.5, closed="both"),
    pd.Interval(pd.Timestamp("2024"), pd.Timestamp("2025")),
    pd.Period("2024-05", "M"),
]


def same_table(left, right):
    """Check that two tables, columns or indices have nothing that tells them apart."""
    assert type(left) is type(right)
    if isinstance(left, pd.Index):
        pd.testing.assert_index_equal(left, right, exact=True)
        assert getattr(left, "freq", None) == getattr(right, "freq", None)
    elif isinstance(left, pd.Series):
        pd.testing.assert_series_equal(left, right, check_exact=True, check_index_type=True, check_freq=True)
        assert [type(cell) for cell in left] == [type(cell) for cell in right]
    else:
        pd.testing.assert_frame_equal(left, right, check_exact=True, check_column_type=True, check_freq=True)
        assert list(map(type, left.columns)) == list(map(type, right.columns))
        assert left.index.names == right.index.names


def _is_numpys(array):
    """Whether an array of pandas' is one of NumPy's by another name."""
    return isinstance(array, pd.arrays.NumpyExtensionArray) or isinstance(array.dtype, np.dtype)


class TestRoundTrip:
    """Every table arrives as an equal one, to the last type and name."""

    @pytest.mark.parametrize("name", COLUMNS)
    def test_columns(self, name):
        """Of every type, with what is missing in it."""
        column = COLUMNS[name].rename(name)

        same_table(column, send(column))

    @pytest.mark.parametrize("name", [name for name, column in COLUMNS.items() if not _is_numpys(column.array)])
    def test_arrays(self, name):
        """What lies behind a column is a value, too, unless it is NumPy's by another name."""
        array = COLUMNS[name].array
        arrived = send(array)

        assert type(arrived) is type(array)
        pd.testing.assert_extension_array_equal(array, arrived)

    @pytest.mark.parametrize("name", INDICES)
    def test_indices(self, name):
        """Of every type, of one and of many levels."""
        same_table(INDICES[name], send(INDICES[name]))

    @pytest.mark.parametrize("name", TABLES)
    def test_tables(self, name):
        """Of columns of every type, whatever they are called."""
        same_table(TABLES[name], send(TABLES[name]))

    @pytest.mark.parametrize("scalar", SCALARS, ids=repr)
    def test_scalars(self, scalar):
        """A single moment, span, interval, or what is missing."""
        arrived = send(scalar)

        assert type(arrived) is type(scalar)
        assert arrived is scalar or (arrived == scalar and repr(arrived) == repr(scalar))
        assert getattr(arrived, "unit", None) == getattr(scalar, "unit", None)

    def test_missing_numbers(self):
        """A NaN under a mask and one that is none do not change places."""
        column = pd.Series(pd.arrays.FloatingArray(np.array([np.nan, 1.0]), np.array([False, True])))

        assert list(send(column).isna()) == list(column.isna())

    def test_cells(self):
        """What lies in cells is sent as any value, and shared with what else is sent."""
        inner = [1]
        arrived, cell = send([pd.DataFrame({"a": [inner, Fraction(1, 2)]}), inner])

        assert arrived["a"][0] is cell
        assert arrived["a"][1] == Fraction(1, 2)

    def test_a_copy(self):
        """A table that arrives shares no memory with an array beside it."""
        numbers = np.zeros(2)
        arrived, array = send([pd.DataFrame({"a": numbers}), numbers])
        array[...] = 1

        assert list(arrived["a"]) == [0, 0]

    def test_aliasing(self):
        """One table in two places is one."""
        first, second = send([TABLES["of one type"]] * 2)

        assert first is second


class TestRefusals:
    """What cannot cross exactly stays where it is, and is used there."""

    @pytest.mark.parametrize(
        "thing",
        [
            pd.Series(pd.arrays.SparseArray([0, 0, 1])),
            pd.Series([1], index=[Fraction(1, 2)]),
            pd.Series([1], name=frozenset([1])),
            pd.Series([1], index=pd.DatetimeIndex(["2020-01-01"], freq=pd.DateOffset(days=1, hours=1))),
            type("Own", (pd.DataFrame,), {})({"a": [1]}),
            type("Own", (pd.Series,), {})([1]),
            pd.DataFrame({"a": [1]}).groupby("a"),
            pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
        ],
        ids=lambda thing: type(thing).__name__,
    )
    def test_others(self, thing):
        """Types that are rare, tables of a class of one's own, and what is no table."""
        with pytest.raises(Refused):
            send(thing)

    def test_notes(self):
        """A table with notes of its author's, which would be lost."""
        table = pd.DataFrame({"a": [1]})
        table.attrs["source"] = "x"
        with pytest.raises(Refused):
            send(table)

    def test_limits(self):
        """Cells count as elements, and numbers as bytes."""
        with pytest.raises(Refused, match="larger than"):
            send(pd.DataFrame({"a": np.zeros(200)}), limits=Limits(total_bytes=1000))
        with pytest.raises(Refused, match="elements"):
            send(pd.Series([None] * 200, dtype=object), limits=Limits(items=100))

    def test_grouped(self):
        """Groups are gone through where they are; each comes as a table."""
        with student({"f": lambda table: table.groupby("a")}) as peer:
            groups = peer.root.get("f")(pd.DataFrame({"a": [1, 2, 1], "b": [1, 2, 3]}))

            assert isinstance(groups, Proxy)
            assert [(key, list(group["b"])) for key, group in groups] == [((1), [1, 3]), ((2), [2])]


def ints(*numbers):
    """The node of an array of integers."""
    return ["array", "<q", [len(numbers)], "C", True, np.array(numbers, "<i8").tobytes()]


def array(dtype, shape, size):
    """The node of an array of zeros."""
    return ["array", dtype, shape, "C", True, bytes(size)]


def rows(count, at):
    """The nodes of so many rows' numbers, the first of them node `at`."""
    return ["index", [[at + 1], None], "pandas.RangeIndex"], ["range", 0, count, 1]


def levels(codes):
    """The nodes of an index of one level of one label, from node 1."""
    return *rows(1, at=1), ints(codes), ["tuple", [None]]


def moments(*days):
    """The node of an array of days."""
    return ["array", "<M8[ns]", [len(days)], "C", True, np.array(days, "M8[ns]").tobytes()]


class TestHostile:
    """Data from a hostile process."""

    @pytest.mark.parametrize(
        "nodes",
        [
            [["value", [], "pandas.read_pickle"]],
            [["value", [], "pandas.DataFrame"]],
            [["table", [], "pandas.DataFrame"]],
            [["table", [], "date"]],
            [["table", [[1], None, None], "pandas.Series"], ints(1)],
            [["table", [[1], [2], None], "pandas.Series"], ints(1, 2), *rows(1, at=2)],
            [["table", [[1], [2], [4]], "pandas.Series"], ints(), *rows(0, at=2), ["list", []]],
            [["table", [[2], [2], [1], [1]], "pandas.DataFrame"], ints(1), *rows(1, at=2)],
            [["table", [[2], [2], [1]], "pandas.DataFrame"], array("<q", [1, 1], 8), *rows(1, at=2)],
            [["table", [[2], [2], [1]], "pandas.DataFrame"], array("|V3", [1], 3), *rows(1, at=2)],
            [["index", [[1], None], "pandas.RangeIndex"], ["list", []]],
            [["index", [[1], None], "pandas.Index"], ["list", []]],
            [["index", [[1], None], "pandas.Index"], ["tuple", [[2]]], ["list", []]],
            [["index", [[1], [2]], "pandas.Index"], ["tuple", []], ["list", []]],
            [["index", [[1], None], "pandas.DatetimeIndex"], ints(1)],
            [["index", [[1], None, None], "pandas.DatetimeIndex"], ints(1)],
            [["index", [[1], None, "D"], "pandas.DatetimeIndex"], moments("2020-01-01", "2020-01-05")],
            [["index", [[1], None, "(lambda: 0)()"], "pandas.DatetimeIndex"], moments("2020-01-01")],
            [["index", [[1], None, 3], "pandas.DatetimeIndex"], moments("2020-01-01")],
            [["index", [[1], [3], [4]], "pandas.MultiIndex"], *levels(codes=0)[:-1], ["list", []]],
            [["index", [[1], [3]], "pandas.MultiIndex"], *levels(codes=0)[:-1]],
            [["index", [], "pandas.MultiIndex"]],
            [["index", [[1], [3], [4]], "pandas.MultiIndex"], *levels(codes=7)],
            [["value", [[1], [2], True], "pandas.Categorical"], ints(5), *rows(1, at=2)],
            [["value", [[1], [2], 1], "pandas.Categorical"], ints(0), *rows(1, at=2)],
            [["value", [[1], [1], True], "pandas.Categorical"], ints(0)],
            [["value", [[1], [1]], "pandas.IntegerArray"], ints(1)],
            [["value", [[1], "python", 3], "pandas.StringArray"], ["tuple", []]],
            [["value", [[1], "python", True], "pandas.StringArray"], ["tuple", [3]]],
            [["value", [[1], "os.system", True], "pandas.StringArray"], ["tuple", []]],
            [["value", [[1], "UTC"], "pandas.DatetimeArray"], ints(1)],
            [["value", [[1], "../x"], "pandas.DatetimeArray"], moments("2020-01-01")],
            [["value", [[1], [1], "left"], "pandas.IntervalArray"], ints(1)],
            [["value", [[1], "eval"], "pandas.PeriodArray"], ints(1)],
            [["value", [1, "M"], "pandas.Timestamp"]],
            [["value", ["2020", None], "pandas.Timestamp"]],
            [["value", [1], "pandas.Timedelta"]],
            [["value", [2, 1, "left"], "pandas.Interval"]],
            [["value", ["a", "b", "left"], "pandas.Interval"]],
            [["value", [1, 2, [1]], "pandas.Interval"], ["list", []]],
            [["value", [2**63, "M"], "pandas.Period"]],
            [["value", [1], "pandas.NaTType"]],
        ],
        ids=lambda nodes: str(nodes)[:70],
    )
    def test_malformed(self, nodes):
        """Every wrong form is malformed, whatever is wrong."""
        with pytest.raises(MalformedMessage):
            Codec().decode([[0], nodes, []])

    def test_one_array_in_many_columns(self):
        """A table that would be much larger than what was sent of it is not made."""
        count = 1_000
        nodes = [["table", [[1], [2], *[[3]] * count], "pandas.DataFrame"]]
        nodes += [["index", [[4], None], "pandas.RangeIndex"], ["index", [[5], None], "pandas.RangeIndex"]]
        nodes += [["array", "|b", [1 << 20], "C", True, bytes(1 << 20)]]
        nodes += [["range", 0, count, 1], ["range", 0, 1 << 20, 1]]
        began = time.monotonic()
        with pytest.raises(MalformedMessage, match="too large"):
            Codec().decode([[0], nodes, []])
        assert time.monotonic() - began < 3

    def test_colliding_labels(self):
        """Labels made to collide do not make the receiver work for hours."""
        numbers = [["int", (k * sys.hash_info.modulus).to_bytes(12, "little", signed=True)] for k in range(10, 1000)]
        cells = ["tuple", [[n + 2] for n in range(len(numbers))]]
        with pytest.raises(MalformedMessage, match="collide"):
            Codec().decode([[0], [["index", [[1], None], "pandas.Index"], cells, *numbers], []])

    @given(st.sampled_from([*COLUMNS.values(), *INDICES.values(), *TABLES.values()]), st.data())
    @settings(max_examples=100, deadline=None)
    def test_mutated_messages(self, value, data):
        """A valid message with a few bytes changed decodes or is malformed, nothing else."""
        message = bytearray(pack(Codec().encode(value).graph))
        for _ in range(data.draw(st.integers(1, 4))):
            message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
        check_hostile(bytes(message))

    def test_pandas_is_not_imported_for_anything_else(self):
        """A process that has nothing to do with tables does without it."""
        code = "import sys, datetime; from autograder.rpc.codec import Codec\n"
        code += "Codec().decode(Codec().encode([datetime.date(2020, 1, 1), object]).graph)\n"
        code += "assert 'pandas' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True)


class TestCopyRestore:
    """What a call changes in its copy of a table is changed in the caller's own."""

    @pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
    @pytest.mark.parametrize(
        "change",
        [
            lambda table: table.__setitem__("new", [1, 2, 3]),
            lambda table: table.loc.__setitem__((0, "a"), 99),
            lambda table: table.drop(columns="a", inplace=True),
            lambda table: table.drop(index=[0, 2], inplace=True),
            lambda table: table.rename(columns={"a": "z"}, inplace=True),
            lambda table: table.sort_values("a", ascending=False, inplace=True),
            lambda table: table.fillna({"b": "none"}, inplace=True),
            lambda table: setattr(table, "index", ["x", "y", "z"]),
            lambda table: setattr(table.index, "name", "n"),
            lambda table: table.drop(table.index, inplace=True),
        ],
    )
    def test_tables(self, change):
        """Cells, columns, rows, names and types, in place, and nothing else is made of them."""
        own = pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "y"], "c": pd.Categorical(["u", "v", "u"])})
        expected = own.copy(deep=True)
        change(expected)
        result = call(lambda table: (change(table), table)[1], own)

        assert result is own
        same_table(expected, own)

    def test_columns(self):
        """A column that is passed alone."""
        own = pd.Series([1, 2, 3], name="a")
        call(lambda column: column.replace(2, 7, inplace=True), own)

        same_table(pd.Series([1, 7, 3], name="a"), own)

    @pytest.mark.parametrize("name", TABLES)
    def test_nothing_changed(self, name):
        """A table that is only looked at does not come back."""
        before = look(table := TABLES[name])
        call(lambda table: (table.isna(), table.index.is_unique, table.to_string())[1], table)

        assert same_look(before, look(table))
        here = Codec()
        request = here.encode((table,))
        from autograder.rpc.copy_restore import ArgumentWatch

        watch = ArgumentWatch(Codec().decode(request.graph))
        assert watch.changed() == []

    def test_cells(self):
        """A list in a cell is changed where it is."""
        inner = [1]
        own = pd.DataFrame({"a": [inner, [2]]})
        call(lambda table: table["a"][0].append(5), own)

        assert inner == [1, 5]
        assert own["a"][0] is inner

    def test_what_cannot_come_back(self):
        """A table that a call makes into one that does not cross is refused, and the conversation goes on."""

        def spoil(table):
            table["a"] = pd.arrays.SparseArray([0, 1])

        with student({"spoil": spoil}) as peer:
            own = pd.DataFrame({"a": [0, 1]})
            with pytest.raises(Refused, match="cannot be sent back: DataFrame"):
                peer.root.get("spoil")(own)
            same_table(pd.DataFrame({"a": [0, 1]}), own)
            assert peer.broken is None

    def test_hostile_changes(self):
        """A table does not become a column."""
        here = Codec()
        own = pd.DataFrame({"a": [1]})
        request = here.encode((own,))
        nodes = Codec().encode(pd.Series([1])).graph[1]
        with pytest.raises(MalformedMessage):
            decoded = here.decode([None, nodes, []], request.objects, [[1, [0]]])
            apply_changes(request.objects, [node[0] for node in request.graph[1]], decoded)
        same_table(pd.DataFrame({"a": [1]}), own)
