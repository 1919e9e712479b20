"""Values by copy: what goes in comes out, and what is hostile comes to nothing."""

import collections
import copy
import sys
import time
import tracemalloc
import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.rpc.channel import pack, unpack
from autograder.rpc.codec import Codec
from autograder.rpc.copy_restore import ArgumentWatch, apply_changes
from autograder.rpc.rpc_errors import HandleRevoked, MalformedMessage, Refused, TooManyHandles
from autograder.rpc.value_limits import Limits

SEND_ERRORS = (Refused, TooManyHandles)


def send(value, codec=None, limits=None):
    """Return `value` as another process would receive it."""
    graph = unpack(pack((codec or Codec(limits)).encode(value).graph))
    return (codec or Codec(limits)).decode(graph).value


def outcome(nodes, order):
    """What the decoder makes of containers whose i-th node, the first of them the root, gets the number order[i]."""
    graph = [[order[0]], [None] * len(nodes), []]
    for number, (tag, contents) in zip(order, nodes, strict=True):
        graph[1][number] = [tag, [[order[child]] for child in contents]]
    try:
        return repr(Codec().decode(graph).value)
    except MalformedMessage:
        return "malformed"


def same(a, b, seen=None):  # noqa: PLR0911 - one case after the other
    """Return whether two graphs are equal in types, values, order and aliasing."""
    seen = {} if seen is None else seen
    if type(a) is not type(b) and not (type(a).__name__ == type(b).__name__ and hasattr(a, "_fields")):
        return False
    if isinstance(a, np.ndarray | np.generic):
        looks = [(x.dtype, x.dtype.char, x.shape, x.tobytes(), x.flags.f_contiguous) for x in (a, b)]
        return looks[0] == looks[1]
    if isinstance(a, set | frozenset):
        return canonical(a) == canonical(b)
    if isinstance(a, slice):
        a, b = (a.start, a.stop, a.step), (b.start, b.stop, b.step)
    if isinstance(a, list | tuple | dict):
        if id(a) in seen:
            return seen[id(a)] == id(b)
        seen[id(a)] = id(b)
        seen[id(b), "alive"] = (a, b)
        if isinstance(a, dict):
            if getattr(a, "default_factory", 0) != getattr(b, "default_factory", 0):
                return False
            a, b = [*a.keys(), *a.values()], [*b.keys(), *b.values()]
        return len(a) == len(b) and all(same(x, y, seen) for x, y in zip(a, b, strict=True))
    return repr(a) == repr(b)


def canonical(thing):
    """A text for an immutable value in which the order of sets does not show."""
    if isinstance(thing, set | frozenset):
        return f"{type(thing)}{sorted(map(canonical, thing))}"
    if isinstance(thing, tuple):
        return f"({list(map(canonical, thing))})"
    return repr(thing)


def has_titles(dtype):
    """Return whether a field of `dtype` has a second name."""
    if dtype.subdtype is not None:
        return has_titles(dtype.subdtype[0])
    fields = dtype.fields or {}
    return len(fields) != len(dtype.names or ()) or any(has_titles(field[0]) for field in fields.values())


DTYPES = npst.scalar_dtypes() | npst.byte_string_dtypes() | npst.unicode_string_dtypes() | npst.array_dtypes(max_size=3)
FINE_DTYPES = DTYPES.filter(lambda dtype: dtype.itemsize > 0 and not has_titles(dtype))
ARRAYS = FINE_DTYPES.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, min_side=0, max_side=4)))
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(codec=None), max_size=5)
    | st.binary(max_size=5)
    | st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9))
    | st.sampled_from([..., NotImplemented, int, np.ndarray, np.float64, ValueError, type(None), np.dtype("<M8[3h]")])
)
HASHABLE = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
Point = collections.namedtuple("Point", "x y")
VALUES = st.recursive(
    ATOMS | ARRAYS | st.binary(max_size=5).map(bytearray) | st.sets(HASHABLE, max_size=3) | HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3).map(collections.OrderedDict)
        | st.dictionaries(HASHABLE, inner, max_size=3).map(lambda d: collections.defaultdict(list, d))
        | st.dictionaries(HASHABLE, st.integers(), max_size=3).map(collections.Counter)
        | st.builds(Point, inner, inner)
        | st.builds(slice, inner, inner, inner)
        | inner.map(lambda thing: [thing, thing, (thing,)])
    ),
    max_leaves=8,
)


def check_round_trip(value):
    """The property behind the test of that name and its longer run."""
    assert same(value, send(value))


class TestRoundTrip:
    """Every value arrives as an equal one of the same type."""

    @given(VALUES)
    @settings(max_examples=120, deadline=None)
    def test_any_value(self, value):
        """Types, element types, memory order, aliasing and the order of dicts survive."""
        check_round_trip(value)

    @pytest.mark.slow
    @given(VALUES)
    @settings(max_examples=5000, deadline=None)
    def test_many_values(self, value):
        """The same with more values."""
        check_round_trip(value)

    @given(ARRAYS)
    @settings(max_examples=100, deadline=None)
    def test_any_array(self, array):
        """Shape, element type, byte order, memory order and bytes survive; the copy is writeable and ours."""
        arrived = send(array)

        assert same(array, arrived)
        assert arrived.flags.writeable
        assert arrived.flags.owndata
        assert not np.shares_memory(array, arrived)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -0.0, complex(-0.0, float("nan"))])
    def test_special_floats(self, value):
        """NaN, infinities and the sign of zero survive."""
        assert same(value, send(value))

    @pytest.mark.parametrize(
        "scalar",
        [
            *(
                np.float64(1.5),
                np.float32("nan"),
                np.int8(-3),
                np.bool_(True),
                np.complex64(1 + 2j),
                np.longdouble(1) / 3,
            ),
            *(
                np.str_("a\ud800"),
                np.str_(""),
                np.bytes_(b"a\0"),
                np.datetime64("2020-01-01T00", "h"),
                np.timedelta64("NaT", "s"),
            ),
            *(np.longlong(7), np.array([(1, 2.5)], "i4,f8")[0], np.float16(0.1)),
        ],
    )
    def test_scalars(self, scalar):
        """A NumPy scalar stays a NumPy scalar of its type."""
        assert same(scalar, send(scalar))

    @pytest.mark.parametrize(
        "array",
        [
            *(
                np.array(3.0),
                np.empty((0, 5)),
                np.asfortranarray(np.eye(3)),
                np.arange(6)[::-2],
                np.zeros((2, 0, 3), order="F"),
            ),
            *(np.arange(4, dtype=">i2"), np.array(["é", ""]), np.array([b"a\0b"]), np.array([1 + 2j])),
            np.zeros(2, np.dtype({"names": ["a", "b"], "formats": ["i1", ">f8"], "offsets": [0, 8]}, align=True)),
            np.zeros(2, [("p", "f4", (2, 3)), ("q", [("r", "U3")])]),
            *(np.broadcast_to(np.float64(7), (3, 2)).copy(), np.zeros(2, "V3"), np.array(["2020"], "M8[D]")),
        ],
    )
    def test_arrays(self, array):
        """Layouts that are easily lost."""
        arrived = send(array)

        assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
        assert arrived.tobytes() == array.tobytes()
        assert arrived.flags.f_contiguous == array.flags.f_contiguous or array.ndim == 1

    def test_read_only(self):
        """A read-only array arrives read-only."""
        array = np.arange(3)
        array.flags.writeable = False

        assert not send(array).flags.writeable

    def test_named_tuples(self):
        """They arrive with their name and fields, of one class; the sender's own class when it comes back."""
        codec = Codec()
        one, two = send([Point(1, [2]), Point(3, 4)])

        assert type(one) is type(two) is not Point
        assert (type(one).__name__, one._fields, one.y) == ("Point", ("x", "y"), [2])
        assert type(send(Point(1, 2), codec)) is Point

    def test_typing_named_tuple(self):
        """One without methods is a value, with defaults and annotations of any kind or without."""

        class Plain(typing.NamedTuple):
            """A point."""

            x: int
            y: "typing.Any" = 4
            z: list[int] = []

        assert typing.get_type_hints(Plain)["x"] is int  # which Python may remember in the class
        assert send(Plain(3))._asdict() == {"x": 3, "y": 4, "z": []}

    @pytest.mark.parametrize(
        "note",
        [
            *("__static_attributes__", "__firstlineno__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
            *("__conditional_annotations__", "__classdictcell__"),
        ],
    )
    def test_named_tuple_on_a_newer_python(self, note):
        """What later versions note in a class does not make it anything but a named tuple."""
        Noted = collections.namedtuple("Noted", "x", defaults=[1])
        setattr(Noted, note, ())

        assert send(Noted()).x == 1

    def test_named_tuple_with_methods(self):
        """It would lose them and is none."""

        class Double(typing.NamedTuple):
            x: int

            def double(self):
                return 2 * self.x

        class Shown(typing.NamedTuple):
            x: int

            def __repr__(self):
                return "shown"

        class Signed(typing.NamedTuple):
            x: int

            def __neg__(self):
                return -self.x

        class Constant(typing.NamedTuple):
            x: int
            LIMIT = 3

        class Inherited(collections.namedtuple("Base", "x")):
            pass

        for kind in (Double, Shown, Signed, Constant, Inherited):
            with pytest.raises(Refused):
                send(kind(3))

    def test_default_dict(self):
        """The factory survives if it is one of the usual ones."""
        arrived = send(collections.defaultdict(list))
        arrived["x"].append(1)

        assert arrived == {"x": [1]}
        assert send(collections.defaultdict(None, {1: 2})).default_factory is None
        with pytest.raises(Refused):
            send(collections.defaultdict(lambda: 0))

    @pytest.mark.parametrize("name", ["int", "object", "numpy.ndarray", "ExceptionGroup", "numpy.linalg.LinAlgError"])
    def test_types(self, name):
        """Well-known classes arrive as themselves."""
        kind = eval(name, {"numpy": np})

        assert send(kind) is kind


class TestAliasing:
    """One object in two places is one object in two places."""

    def test_same_list(self):
        """The same list twice is the same list twice."""
        inner = [1]
        first, second, other = send([inner, inner, [1]])

        assert first is second is not other

    def test_same_array(self):
        """So with arrays, tuples, sets and bytearrays."""
        for thing in (np.zeros(2), (1, []), {1}, bytearray(b"x"), frozenset([1]), Point(1, 2)):
            first, second = send([thing, thing])

            assert first is second

    def test_cycles(self):
        """A list in itself, a dict in its own tuple, and two lists in each other."""
        loop = []
        loop.append(loop)
        arrived = send(loop)

        assert arrived[0] is arrived
        book = {}
        book["self"] = (book,)
        arrived = send(book)

        assert arrived["self"][0] is arrived
        one, two = [], []
        one.append(two)
        two.append((one,))
        arrived = send(one)

        assert arrived[0][0][0] is arrived

    def test_views(self):
        """Arrays that share memory arrive sharing memory, in the same places."""
        owner = np.arange(24.0).reshape(4, 6)
        things = [owner, owner[1:3, ::2], owner.T, owner[::-1], owner.reshape(-1)[5:]]
        arrived = send(things)
        arrived[0][...] *= 2
        for thing, copied in zip(things, arrived, strict=True):
            assert np.array_equal(thing * 2, copied)
        arrived[1][0, 0] = -1

        assert arrived[0][1, 0] == arrived[2][0, 1] == arrived[3][2, 0] == -1

    def test_views_of_other_types(self):
        """An array and its bytes, a field of a structured array, unaligned parts."""
        array = np.arange(4, dtype=np.int32)
        numbers, view = send([array, array.view(np.uint8)[1:]])
        view[3] = 7

        assert numbers[1] == 7
        table = np.zeros(3, [("a", "u1"), ("b", "<f8")])
        whole, column = send([table, table["b"]])
        column[...] = 5

        assert whole["b"].tolist() == [5, 5, 5]

    def test_separate_arrays_stay_separate(self):
        """Arrays that merely lie close do not come to share anything."""
        owner = np.zeros((4, 4))
        first, second = send([owner[:2], owner[2:]])
        first[...] = 1

        assert not np.shares_memory(first, second)
        assert not second.any()

    def test_distance_costs_nothing(self):
        """Nor does what lies between them travel."""
        owner = np.zeros(100_000)

        assert len(pack(Codec().encode([owner[:2], owner[-2:]]).graph)) < 200

    def test_alignment(self):
        """Numbers that are aligned in memory stay so, whatever they share it with."""
        owner = np.zeros(4)
        _, numbers = send([owner.view(np.uint8)[1:], owner[1:]])

        assert numbers.flags.aligned

    def test_a_view_does_not_take_its_owner_along(self):
        """What lies around or between the parts of an array that are sent is not sent."""
        owner = np.full((4, 100), 7.0)
        owner[:, 2:] = 1234.5
        secret = np.float64(1234.5).tobytes()
        for value in (owner[:, :2], [owner[:, :2], owner[:, :1]], [owner[:, 0:1], owner[:, 1:2]]):
            assert secret not in pack(Codec().encode(value).graph)

    @given(st.data())
    @settings(max_examples=100, deadline=None)
    def test_any_views(self, data):
        """Writing through any of several views is seen through the others just as it was."""
        owner = np.arange(20).reshape(4, 5)
        views = [
            owner[data.draw(npst.basic_indices(owner.shape, allow_newaxis=True, allow_ellipsis=True))] for _ in range(3)
        ]
        views = [view for view in views if isinstance(view, np.ndarray)] + [owner]
        arrived = send(views)
        number = data.draw(st.integers(0, len(views) - 1))
        for family in (views, arrived):
            family[number][...] = -5
        for view, copied in zip(views, arrived, strict=True):
            assert np.array_equal(view, copied)


class Sly:  # noqa: PLW1641 - it sets `__hash__` below
    """Everything Python calls on an object, raising."""

    def __getattribute__(self, name):
        raise AssertionError(f"asked for {name}")

    def __eq__(self, other):
        raise AssertionError("compared")

    __hash__ = __iter__ = __len__ = __reduce__ = __index__ = __float__ = __bool__ = __array__ = __eq__


class TestRefusals:
    """What is not a value is refused (or lent, where there are handles) in a sentence."""

    @pytest.mark.parametrize(
        "kind",
        [
            int,
            float,
            str,
            bytes,
            list,
            tuple,
            dict,
            set,
            frozenset,
            bytearray,
            complex,
            np.ndarray,
            collections.Counter,
        ],
    )
    def test_subclasses(self, kind):
        """An instance of a subclass is not a value, and none of its methods is called."""

        class Fake(kind):
            def __getattribute__(self, name):
                raise AssertionError(f"asked for {name}")

            __iter__ = __len__ = __eq__ = __hash__ = __repr__ = None

        thing = kind.__new__(Fake, 0) if kind is np.ndarray else kind.__new__(Fake)
        with pytest.raises(Refused):
            Codec().encode([thing])

    def test_sly(self):
        """No method of an object is called, nor of its class."""

        class Meta(type):
            def __hash__(cls):
                raise AssertionError("hashed")

            def __eq__(cls, other):
                raise AssertionError("compared")

            def __getattribute__(cls, name):
                raise AssertionError(name)

        class Tricky(metaclass=Meta):
            pass

        for thing in (Sly(), Tricky(), Tricky):
            with pytest.raises(Refused):
                Codec().encode([thing])

    @pytest.mark.parametrize(
        "thing",
        [
            *(
                lambda: 0,
                object(),
                np.array([None]),
                np.zeros(1, [("o", object)]),
                np.dtype(object),
                type("T", (), {}),
            ),
            *(
                np.random,
                np.dtypes.StringDType(),
                range(2**70),
                np.dtype("V0"),
                np.zeros(2, [("none", "f8", (0,)), ("one", "i4")]),
                np.zeros(2, "V0"),
                iter([]),
            ),
        ],
    )
    def test_other_things(self, thing):
        """Functions, objects, object arrays, modules and the like are not values."""
        with pytest.raises(Refused, match="cannot be sent"):
            send(thing)

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            (["x" * 600, "y" * 600], "larger than 1000 bytes"),
            (np.zeros(200), "larger than 1000 bytes"),
            (np.broadcast_to(1.0, (1000,) * 5), "larger than 1000 bytes"),
            ([0] * 200, "more than 100 elements"),
            ([[0] * 60, [0] * 60], "more than 100 elements"),
            (1 << 10_000, "integer of"),
            ([np.zeros(200)[::50], 1], None),
        ],
    )
    def test_limits(self, value, why):
        """Too large a value is refused, with the limit."""
        limits = Limits(total_bytes=1000, items=100, integer_bytes=500)
        if why is None:
            assert send(value, limits=limits)
            return
        with pytest.raises(Refused, match=why):
            send(value, limits=limits)

    @pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {0: x}, slice])
    def test_depth(self, wrap):
        """A deep structure is refused, never a RecursionError or a crash."""
        value = None
        for _ in range(100):
            value = wrap(value)
        arrived = send(value)
        for _ in range(20_000):
            value = wrap(value)
        with pytest.raises(Refused, match="nested more than 100 deep"):
            send(value)
        assert type(arrived) is type(value)
        while value is not None:  # take it apart: freeing nested slices overflows the stack
            parts = [value.stop] if type(value) is slice else list(value.values() if type(value) is dict else value)
            value = parts[0]

    def test_hidden_depth(self):
        """A chain of tuples is as deep as it is even if each of them is near the root."""
        chain = [()]
        for _ in range(200):
            chain.append((chain[-1],))
        with pytest.raises(Refused, match="deep"):
            send(chain)

    def test_entangled_keys(self):
        """A key that takes 2**50 steps to hash is refused at once."""
        key = (0,)
        for _ in range(50):
            key = (key, key)
        began = time.monotonic()

        assert send([key])[0][0][0] is not None
        # Such a key cannot be hashed here either, so the dict is made by hand.
        graph = Codec().encode([key]).graph
        graph[1][0] = ["dict", [[1], 0]]
        with pytest.raises(MalformedMessage, match="entangled"):
            Codec().decode(graph)
        assert time.monotonic() - began < 2

    def test_shared_memory_that_is_mostly_gaps(self):
        """Two arrays with the same far-apart elements count with what lies between."""
        owner = np.zeros(10_000)
        with pytest.raises(Refused, match="share too much memory"):
            send([owner[::9999], owner[::9999]], limits=Limits(total_bytes=10_000))


class TestHostile:
    """Data from a hostile process."""

    @pytest.mark.parametrize(
        "graph",
        [
            *(
                None,
                [],
                [0, []],
                [0, [], [], 0],
                {},
                [[0], [], []],
                [[-1], [], []],
                [[True], [], []],
                [[0.0], [], []],
            ),
            *(
                [0, [["none", 1]], []],
                [[0], [["none"]], []],
                [[0], [[]], []],
                [[0], [3], []],
                [[0], [["list"]], []],
            ),
            *(
                [[0], [["list", 3]], []],
                [[0], [["list", [[1]]]], []],
                [[0], [["list", [[0, 0]]]], []],
                [{}, [], []],
            ),
            *([[0], [["list", [{}]]], []], [[0], [["list", [[]]]], []], [[0], [["list", [], 0]], []]),
            *(
                [[0], [["set", [[1]]], ["list", []]], []],
                [[0], [["dict", [1]]], []],
                [[0], [["dict", [[1], 0]], ["list", []]], []],
            ),
            *(
                [[0], [["tuple", [[0]]]], []],
                [[0], [["tuple", [[1]]], ["frozenset", [[0]]]], []],
                [[0], [["slice", [1]]], []],
            ),
            *(
                [[0], [["int", 3]], []],
                [[0], [["int", "x"]], []],
                [[0], [["complex", 1, 2]], []],
                [[0], [["range", 0, 1, 0]], []],
            ),
            *(
                [[0], [["range", 0, 1]], []],
                [[0], [["const", "exit"]], []],
                [[0], [["type", "os.system"]], []],
                [[0], [["type", []]], []],
            ),
            *(
                [[0], [["ddict", [], "eval"]], []],
                [[0], [["ddict", []]], []],
                [[0], [["bytearray", "x"]], []],
                [[0], [["bytearray", 10**12]], []],
            ),
            *([[0], [["named", [1], "class", ["x"]]], []], [[0], [["named", [1], "P", ["x", "y"]]], []]),
            *([[0], [["named", [1], "P", ["_x"]]], []], [[0], [["named", [1, 2], "P", ["x", "x"]]], []]),
            *([[0], [["named", [1], "P", ["x=exit()"]]], []], [[0], [["named", [1], "P", ["lambda"]]], []]),
            *(
                [[0], [["dtype", "O"]], []],
                [[0], [["dtype", "f8,O"]], []],
                [[0], [["dtype", "<f8"]], []],
                [[0], [["dtype", "<V0"]], []],
            ),
            *(
                [[0], [["dtype", ["<d", [0]]]], []],
                [[0], [["dtype", ["<d", [2**31, 2**31]]]], []],
                [[0], [["dtype", "<U9999999999"]], []],
            ),
            *(
                [[0], [["scalar", "<d", b"1234567"]], []],
                [[0], [["scalar", "|?", b"\x02"]], []],
                [[0], [["scalar", "<U1", b"\xff" * 4]], []],
            ),
            *(
                [[0], [["text", b""]], []],
                [[0], [["handle", 1, 1, "object", "x"]], []],
                [[0], [["yours", 1]], []],
            ),
            *([0, [], [b""]], [0, [], ["x"]], [0, [], {}]),
            [[0], [["list", []], ["list", []]], []],
            [[0], [["list", []], ["list", [[1]]]], []],
            [[0], [["list", []], ["list", [[2]]], ["list", [[1]]]], []],
        ],
    )
    def test_malformed(self, graph):
        """Every wrong graph is malformed, whatever is wrong."""
        with pytest.raises(MalformedMessage):
            Codec().decode(graph)

    @given(st.data())
    @settings(max_examples=200, deadline=None)
    def test_numbering_means_nothing(self, data):
        """Whether a graph is malformed, and what it stands for, does not depend on how its nodes are numbered."""
        total = data.draw(st.integers(1, 6))
        references = st.lists(st.integers(0, total - 1), max_size=3)
        nodes = [[data.draw(st.sampled_from(["list", "tuple"])), data.draw(references)] for _ in range(total)]
        order = data.draw(st.permutations(range(total)))

        assert outcome(nodes, range(total)) == outcome(nodes, order)

    @pytest.mark.parametrize(
        "node",
        [
            ["array", "<d", [2], "C", True, b"1234567"],
            ["array", "<d", [2**40, 2**40], "C", True, b""],
            ["array", "<d", [2**62, 0, 2**62], "C", True, b"1"],
            ["array", "<d", [-1], "C", True, b""],
            ["array", "<d", [-1, -1], "C", True, b"12345678"],
            ["array", "<d", [1.0], "C", True, b"12345678"],
            ["array", "<d", [1], "K", True, b"12345678"],
            ["array", "<d", [1], "C", 1, b"12345678"],
            ["array", "<d", [1] * 65, "C", True, b"12345678"],
            ["array", "|O", [1], "C", True, b"12345678"],
            ["array", ["<d", [2]], [1], "C", True, bytes(16)],
            ["array", "|?", [2], "C", True, b"\x00\x02"],
            [
                "array",
                {"names": ["a"], "formats": ["|?"], "offsets": [1], "itemsize": 2, "aligned": False},
                [1],
                "C",
                True,
                b"\x00\x02",
            ],
            [
                "array",
                {"names": ["a"], "formats": ["|?"], "offsets": [2], "itemsize": 2, "aligned": False},
                [1],
                "C",
                True,
                b"\x00\x00",
            ],
            [
                "array",
                {
                    "names": ["a", "a"],
                    "formats": ["|?"] * 2,
                    "offsets": [0, 0],
                    "itemsize": 1,
                    "aligned": False,
                },
                [1],
                "C",
                True,
                b"\x00",
            ],
            ["array", ">U1", [1], "C", True, b"\x00\x11\x00\x00"],
            ["view", "<d", [2], [8], 1, True, 0],
            ["view", "<d", [2], [8], -8, True, 0],
            ["view", "<d", [2], [-8], 0, True, 0],
            ["view", "<d", [2], [2**61], 0, True, 0],
            ["view", "<d", [3], [8], 0, True, 0],
            ["view", "<d", [1], [8], 0, True, 1],
            ["view", "<d", [1], [8], 0, True, -1],
            ["view", "<d", [1], [], 0, True, 0],
            ["view", "<d", [0], [8], 0, True, 0],
            ["view", "<d", [2**50], [0], 0, True, 0],
            ["view", "<d", [2], [8], 0, True],
        ],
    )
    def test_arrays(self, node):
        """No array leaves its bytes, claims memory it has not sent, or holds what no array holds."""
        with pytest.raises(MalformedMessage):
            Codec().decode([[0], [node], [bytes(16)]])

    def test_a_good_view(self):
        """The cases above are close to one that is accepted."""
        node = ["view", "<d", [2], [8], 0, True, 0]

        assert Codec().decode([[0], [node], [bytes(16)]]).value.tolist() == [0, 0]

    @pytest.mark.parametrize("keyed", [True, False])
    def test_colliding_keys(self, keyed):
        """Keys made to collide do not make the receiver work for hours."""
        step = sys.hash_info.modulus
        numbers = [["int", (k * step).to_bytes(12, "little", signed=True)] for k in range(10, 50_000)]
        references = [[n + 1] for n in range(len(numbers))]
        node = ["dict", [part for item in references for part in (item, 0)]] if keyed else ["set", references]
        began = time.monotonic()
        with pytest.raises(MalformedMessage, match="collide"):
            Codec().decode([[0], [node, *numbers], []])
        assert time.monotonic() - began < 3

    def test_limits(self):
        """The receiver has the limits of the sender."""
        limits = Limits(items=50, total_bytes=100, depth=5)
        deep = [["list", [[n + 1]]] for n in range(5)] + [["list", []]]
        for graph in (
            [[0], [["list", [0] * 50]], []],
            [[0], [["array", "<d", [13], "C", True, bytes(104)]], []],
            [[0], deep, []],
        ):
            assert Codec().decode(graph) is not None
            with pytest.raises(MalformedMessage):
                Codec(limits).decode(graph)

    def test_many_large_views(self):
        """Small buffers that are shown as large arrays, again and again, are not looked at for hours."""
        nodes = [["view", "|?", [50 << 20], [0], 0, True, 0] for _ in range(1000)]
        began = time.monotonic()
        with pytest.raises(MalformedMessage, match="too large"):
            Codec().decode([[0], [["list", [[n + 1] for n in range(1000)]], *nodes], [b"x\0"[1:]]])
        assert time.monotonic() - began < 3

    def test_too_many_classes(self):
        """The receiver does not make classes without end."""
        codec = Codec(Limits(named_types=10))
        nodes = [["named", [1], f"P{n}", ["x"]] for n in range(11)]
        with pytest.raises(MalformedMessage, match="too many classes"):
            codec.decode([[0], [["list", [[n + 1] for n in range(11)]], *nodes], []])

    def test_memory(self):
        """A message does not allocate what it has not brought along."""
        tracemalloc.start()
        for node in (
            ["array", "<d", [2**33], "C", True, b""],
            ["view", "<d", [2**33], [0], 0, True, 0],
            ["scalar", "|V2000000000", b""],
            ["array", "<V2000000000", [0], "C", True, b""],
        ):
            try:
                Codec().decode([[0], [node], [bytes(16)]])
            except MalformedMessage:
                continue
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert peak < 1 << 20

    @given(VALUES, st.data())
    @settings(max_examples=100, deadline=None)
    def test_mutated_messages(self, value, data):
        """A valid message with a few bytes changed decodes or is malformed, nothing else."""
        message = bytearray(pack(Codec().encode(value).graph))
        for _ in range(data.draw(st.integers(1, 4))):
            message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
        check_hostile(bytes(message))

    @pytest.mark.slow
    @given(VALUES, st.data())
    @settings(max_examples=5000, deadline=None)
    def test_many_mutated_messages(self, value, data):
        """The same with more messages."""
        message = bytearray(pack(Codec().encode(value).graph))
        for _ in range(data.draw(st.integers(1, 4))):
            message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
        check_hostile(bytes(message))

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-5, 5)
            | st.binary(max_size=9)
            | st.sampled_from(["list", "tuple", "dict", "set", "array", "view", "<d", "C", "scalar", "int", "named"]),
            lambda inner: st.lists(inner, max_size=6),
            max_leaves=30,
        )
    )
    @settings(max_examples=150, deadline=None)
    def test_any_nodes(self, nodes):
        """Arbitrary plain data decodes or is malformed, nothing else."""
        check_hostile(pack([[0], nodes if isinstance(nodes, list) else [nodes], [b"12345678"]]))


def check_hostile(message):
    """Decode what may be anything; what comes out is a value again."""
    try:
        value = Codec().decode(unpack(message)).value
    except MalformedMessage:
        return
    Codec().encode(value)


def call(function, *arguments):
    """Call `function` as if it lived in another process; return its result."""
    here, there = Codec(), Codec()
    request = here.encode(arguments)
    asked = there.decode(unpack(pack(request.graph)))
    watch = ArgumentWatch(asked)
    result = function(*asked.value)
    reply = there.encode(result, asked.objects, watch.changed())
    graph, restore = unpack(pack([reply.graph, reply.restore]))
    decoded = here.decode(graph, request.objects, restore)
    apply_changes(request.objects, [node[0] for node in request.graph[1]], decoded)
    return decoded.value


def scramble(number, *things):
    """Change mutable things in a way that depends on `number`, and return some of them."""
    for step, thing in enumerate(things):
        # ruff: noqa: B023 - each function is called in the turn of the loop that makes it
        turn = (number + step) % 5
        if isinstance(thing, list):
            [
                lambda: thing.append(number),
                thing.clear,
                thing.reverse,
                lambda: thing.extend(things),
                lambda: None,
            ][turn]()
        elif isinstance(thing, dict):
            if turn < 3:
                thing[f"new{turn}"] = [thing, things[0]][: turn + 1]
            elif thing:
                thing.pop(next(iter(thing)))
        elif isinstance(thing, set):
            thing.add(number)
        elif isinstance(thing, bytearray):
            thing.extend(b"xy"[:turn])
        elif isinstance(thing, np.ndarray) and thing.size and thing.dtype.kind in "iufc":
            thing.reshape(-1)[-1:] = turn
            if thing.flags.c_contiguous:
                thing[...] += 1
    return [things[number % len(things)], things[-1], number] if things else number


MUTABLE = st.recursive(
    st.builds(lambda n: np.arange(n, dtype=float), st.integers(0, 4))
    | st.builds(lambda: np.zeros((2, 3), ">i4", order="F"))
    | st.sets(st.integers(), max_size=3)
    | st.binary(max_size=3).map(bytearray)
    | st.builds(lambda: collections.Counter("aab")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3).map(collections.OrderedDict)
        | inner.map(lambda thing: [thing, {"again": thing}])
    ),
    max_leaves=6,
)


class TestCopyRestore:
    """A call does to its arguments what it does in one process."""

    @given(st.integers(0, 9), st.lists(MUTABLE, min_size=1, max_size=3), st.booleans())
    @settings(max_examples=100, deadline=None)
    def test_same_as_in_one_process(self, number, things, twice):
        """Arguments and result, with their aliasing, are those of the plain call."""
        if twice:
            things.append(things[0])
        twins = copy.deepcopy(things)
        plain = scramble(number, *twins)
        wired = call(scramble, number, *things)

        assert same([twins, plain], [things, wired])

    def test_identity_of_results(self):
        """An argument that is returned, or put into a result, is the caller's own object."""
        array, items, pair = np.zeros(3), [1], (1, [2])
        a, b, c, d = call(lambda array, items, pair: (array, {"x": items}, pair, pair[1]), array, items, pair)

        assert a is array
        assert b["x"] is items
        assert c is pair
        assert d is pair[1]

    def test_an_unchanged_argument_stays_away(self):
        """Only what changed is sent back."""
        here = Codec()
        request = here.encode([np.zeros(3), [1, {}], {"a": [2]}, {3}, bytearray(b"x")])
        asked = here.decode(request.graph)
        watch = ArgumentWatch(asked)

        assert watch.changed() == []
        asked.value[2]["a"].append(0)
        asked.value[0][1] = float("nan")

        changed = [asked.objects[number] for number in watch.changed()]
        assert any(thing is asked.value[0] for thing in changed)
        assert any(thing is asked.value[2]["a"] for thing in changed)
        assert len(changed) == 2

    def test_nan_is_not_a_change(self):
        """An array with NaN is compared by its bytes."""
        asked = Codec().decode(Codec().encode([np.array([np.nan]), [float("nan")]]).graph)

        assert ArgumentWatch(asked).changed() == []

    def test_a_view_of_the_argument(self):
        """A change through one of two overlapping arrays is seen in both of the caller's."""
        owner = np.zeros(6)

        def change(whole, part):
            part += 1

        call(change, owner, owner[2:4])

        assert owner.tolist() == [0, 0, 1, 1, 0, 0]

    def test_dict_order(self):
        """A dict has the order that the call gave it, and a Counter its counts."""
        book, counts, ordered = (
            {"a": 1, "b": 2},
            collections.Counter("aab"),
            collections.OrderedDict(x=1, y=2),
        )

        def change(book, counts, ordered):
            book["a"] = book.pop("a")
            counts["a"] += 1
            ordered.move_to_end("x")

        call(change, book, counts, ordered)

        assert list(book) == ["b", "a"]
        assert counts == {"a": 3, "b": 1}
        assert list(ordered) == ["y", "x"]

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda array: array.resize((4,), refcheck=False), r"changed the shape .* \(2, 2\) -> \(4,\)"),
            (lambda array: setattr(array, "dtype", np.int64), "changed the type .* float64 -> int64"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Setting the dtype:DeprecationWarning")
    def test_arrays_in_another_shape(self, change, why):
        """A changed shape or element type cannot be had in place, and nothing else is changed then."""
        items, array = [1], np.zeros((2, 2))

        def both(items, array):
            items.append(2)
            change(array)

        with pytest.raises(Refused, match=why):
            call(both, items, array)
        assert items == [1]
        assert array.shape == (2, 2)

    def test_read_only_arguments(self):
        """A write that got around the flag is refused at the caller's own array."""
        array = np.zeros(2)
        array.flags.writeable = False

        def write(array):
            array.flags.writeable = True
            array[0] = 1

        with pytest.raises(Refused, match="read-only"):
            call(write, array)
        with pytest.raises(ValueError, match="read-only"):
            call(lambda array: array.fill(1), array)
        assert not array.any()

    def test_bytearray_in_use(self):
        """A bytearray whose memory is in use cannot change its length."""
        data = bytearray(b"abc")
        with memoryview(data), pytest.raises(Refused, match="in use"):
            call(lambda data: data.extend(b"d"), data)

    @pytest.mark.parametrize(
        "restore",
        [
            *(
                [[0, [0]]],
                [[99, [0]]],
                [[-1, [0]]],
                [[1, 0]],
                [[1, [-2]]],
                [[1, [5]]],
                [[1]],
                [1],
                [[1, [0]], [1, [0]]],
            ),
            *([["1", [0]]], [[2, [0]]], [[3, [0]]], 7, [[True, [0]]]),
        ],
    )
    def test_hostile_changes(self, restore):
        """Only what was sent is changed, once, into the same kind of thing."""
        here = Codec()
        items, array = [1], np.zeros(1)
        request = here.encode((items, array, (2,)))  # node 0 is the tuple of arguments, 1 to 3 are these
        with pytest.raises(MalformedMessage):
            decoded = here.decode([[0], [["list", []]], []], request.objects, restore)
            apply_changes(request.objects, [node[0] for node in request.graph[1]], decoded)
            if restore == [[1, [0]]]:
                raise AssertionError
        assert items == [1]

    def test_references_to_no_argument(self):
        """A reply cannot refer to more arguments than there were."""
        here = Codec()
        request = here.encode(([1],))

        assert here.decode([[-2], [], []], request.objects).value is request.objects[1]
        with pytest.raises(MalformedMessage):
            here.decode([[-3], [], []], request.objects)


def test_revoked_handles_pass_through():
    """That an object was taken back is not the sender's fault."""

    class Table:
        def borrow(self, node):
            raise HandleRevoked.of(node[1])

    with pytest.raises(HandleRevoked):
        Codec(handles=Table()).decode([[0], [["yours", 1]], []])
