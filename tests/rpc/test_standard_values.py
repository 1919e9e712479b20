"""Values of the standard library: what goes in comes out, and what is hostile comes to nothing."""

import decimal
import io
import re
import struct
import sys
import time as clock
import uuid
import zoneinfo
from array import array
from collections import deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PosixPath, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pytest
from test_codec import call, send
from wire_pair import student

from autograder.rpc.channel import pack, unpack
from autograder.rpc.codec import Codec
from autograder.rpc.proxies import Proxy
from autograder.rpc.rpc_errors import MalformedMessage, Refused
from autograder.rpc.value_limits import Limits

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
INDIA = timezone(timedelta(hours=5, minutes=30), "India")
VALUES = [
    date(1, 1, 1),
    date.max,
    time(23, 59, 59, 999_999),
    time(1, tzinfo=INDIA, fold=1),
    datetime(2024, 2, 29, 12, 30, 5, 7),
    datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    datetime(2024, 1, 1, tzinfo=UTC),
    timedelta(days=-1, microseconds=1),
    timedelta.max,
    UTC,
    INDIA,
    BERLIN,
    Decimal("1.10"),
    Decimal("-0E+5"),
    Decimal("1E-999"),
    Decimal(1) / 3,
    Decimal("1" * 500),
    Decimal("-Infinity"),
    Decimal("sNaN123"),
    Decimal("-NaN"),
    Fraction(-1, 3),
    Fraction(2**200, 3**100),
    Path("a/b"),
    Path("/"),
    Path(),
    PurePosixPath("a//b/../c"),
    PureWindowsPath(r"C:\x\y"),
    uuid.UUID(int=2**127),
    deque([1, [2]], 3),
    deque(),
    deque(maxlen=0),
    array("d", [1.5, float("nan")]),
    array("q", [-1, 2**62]),
    array("B"),
    SimpleNamespace(a=1, b=[2]),
    SimpleNamespace(),
    {Decimal(1): date(2020, 1, 1), Fraction(1, 2): {Path("x")}, UTC: (uuid.UUID(int=0),)},
]
KINDS = [date, time, datetime, timedelta, Decimal, Fraction, PosixPath, PurePosixPath, uuid.UUID, deque, array]


def shape(value):
    """A text in which every difference shows."""
    if isinstance(value, deque):
        return f"deque({list(map(shape, value))}, {value.maxlen})"
    if isinstance(value, datetime | time):
        return f"{value!r} {value.fold} {value.tzinfo!r}"
    return f"{type(value)} {value!r}"


class TestRoundTrip:
    """Every value arrives as an equal one of the same class."""

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    def test_values(self, value):
        """With all that belongs to it: folds, zones, exponents, lengths."""
        arrived = send(value)

        assert type(arrived) is type(value)
        assert shape(arrived) == shape(value)

    def test_zones_are_themselves(self):
        """UTC is the one there is, and a named zone the one of its name."""
        assert send(UTC) is UTC
        assert send(BERLIN) is BERLIN

    def test_context(self):
        """What a student's code makes of the decimal context does not show."""
        with decimal.localcontext() as context:
            context.prec, context.capitals = 2, 0
            arrived = send(Decimal("1.2345E+30"))

        assert str(arrived) == "1.2345E+30"

    @pytest.mark.parametrize("view", [dict.keys, dict.values, dict.items])
    def test_views_of_a_dict(self, view):
        """They stay views: of the dict that goes with them."""
        book = {"a": 1, "b": [2]}
        arrived, owner = send([view(book), book])

        assert type(arrived) is type(view(book))
        assert list(arrived) == list(view(book))
        owner["c"] = 3
        assert len(arrived) == 3

    def test_views_compare_as_sets(self):
        """As the views of a local dict do."""
        assert send({"a": 1}.keys()) == {"a"}

    @pytest.mark.parametrize("kind", KINDS)
    def test_classes(self, kind):
        """So do the classes themselves."""
        assert send(kind) is kind

    def test_aliasing(self):
        """One deque in two places is one; so are those in themselves."""
        line = deque()
        line.append(line)
        space = SimpleNamespace(line=line)
        space.me = space
        arrived, again = send([space, line])

        assert arrived.me is arrived
        assert arrived.line is again is again[0]


def zone_of_a_file():
    """A time zone without a name: the shortest file of one, of one offset."""
    header = struct.pack(">4s16x6l", b"TZif", 0, 0, 0, 0, 1, 4)
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(header + struct.pack(">lbb4s", 3600, 0, 0, b"CET")))


class TestRefusals:
    """What looks like a value and is none."""

    @pytest.mark.parametrize("kind", [date, datetime, timedelta, Decimal, Fraction, PurePosixPath, uuid.UUID, deque])
    def test_subclasses(self, kind):
        """An instance of a subclass stays where it is."""
        made = type("Own", (kind,), {})
        arguments = {date: (1, 1, 1), datetime: (1, 1, 1), uuid.UUID: ("0" * 32,)}.get(kind, ())
        with pytest.raises(Refused, match="not plain data"):
            send(made(*arguments))

    @pytest.mark.parametrize(
        "value",
        [
            Decimal("1E+999999999"),
            Decimal("1E-999999999"),
            Decimal("1" * 200_000),
            Fraction(1 << 200_000),
            zone_of_a_file(),
            datetime(2020, 1, 1, tzinfo=type("Own", (type(UTC).__base__,), {})()),
            {1: 2}.__iter__(),
            type("Own", (dict,), {})(a=1).keys(),
            array("w" if sys.version_info >= (3, 13) else "u", "x"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_other_forms(self, value):
        """Numbers out of all proportion, time zones of one's own, views of other dicts, characters."""
        with pytest.raises(Refused):
            send(value)

    def test_names(self):
        """A namespace with something else for a name is none."""
        space = SimpleNamespace()
        space.__dict__[1] = 2
        with pytest.raises(Refused):
            send(space)


def value(kind, *parts, nodes=()):
    """A graph of one value with these parts."""
    return [[0], [["value", list(parts), kind], *nodes], []]


class TestHostile:
    """Data from a hostile process."""

    @pytest.mark.parametrize(
        "graph",
        [
            value("eval", "1"),
            value([], "1"),
            value("date", 2020, 1),
            value("date", 2020, 13, 1),
            value("date", True, 1, 1),
            value("date", "2020", 1, 1),
            value("time", 1, 2, 3, 4, None, 2),
            value("time", 1, 2, 3, 4, [1], 0, nodes=[["list", []]]),
            value("datetime", 2020, 1, 1, 0, 0, 0, 0, "UTC", 0),
            value("datetime", 2020, 1, 1, 0, 0, 0, 0, [1], 0, nodes=[["handle", 1, 1, "object", "x"]]),
            value("timedelta", 10**10, 0, 0),
            value("timezone", 3),
            value("timezone", [1], 3, nodes=[["value", [0, 1, 0], "timedelta"]]),
            value("timezone", [1], nodes=[["value", [9, 0, 0], "timedelta"]]),
            value("zone", "../../etc/passwd"),
            value("zone", "/etc/localtime"),
            value("zone", "No/Where"),
            value("zone", 3),
            value("decimal", "1E+999999999"),
            value("decimal", "1" * 200_000),
            value("decimal", "0x1"),
            value("decimal", "1_0"),
            value("decimal", 1.5),
            value("fraction", 1, 0),
            value("fraction", 1.5, 2),
            value("fraction", 1),
            value("fraction", [1], 3, nodes=[["int", b"\1" * 20_000]]),
            value("PosixPath", b"x"),
            value("PosixPath", "a", "b"),
            value("PosixPath"),
            value("uuid", -1),
            value("uuid", 2.0),
            value("dict_keys", [1], nodes=[["list", []]]),
            value("dict_keys", [1], nodes=[["odict", []]]),
            value("dict_keys", 3),
            value("pattern", "a", 0),
            [[0], [["value", []]], []],
            [[0], [["value", [[0]], "date"]], []],
            [[0], [["deque", [1, 2], 1]], []],
            [[0], [["deque", [], -1]], []],
            [[0], [["deque", [], "3"]], []],
            [[0], [["deque", []]], []],
            [[0], [["numbers", "u", b"\xff\xff\xff\xff"]], []],
            [[0], [["numbers", "dd", b""]], []],
            [[0], [["numbers", "d", b"1234567"]], []],
            [[0], [["numbers", "d", "12345678"]], []],
            [[0], [["space", [1, 2]]], []],
            [[0], [["space", ["a"]]], []],
        ],
        ids=lambda graph: str(graph)[:60],
    )
    def test_malformed(self, graph):
        """Every wrong form is malformed, whatever is wrong."""
        with pytest.raises(MalformedMessage):
            Codec().decode(graph)

    def test_nothing_is_imported(self):
        """A time zone is looked for among those that there are: a name leads to no module."""
        before = set(sys.modules)
        with pytest.raises(MalformedMessage, match="unknown time zone"):
            Codec().decode(value("zone", "attack/now"))

        assert not {name for name in set(sys.modules) - before if "attack" in name}

    def test_long_numbers_as_keys(self):
        """A number of many digits in many sets, hashed anew for each of them, is refused at once."""
        digits = ["value", ["1" * 99_999], "decimal"]
        nodes = [["list", [[n] for n in range(2, 1000)]], digits, *[["set", [[1]]] for _ in range(998)]]
        began = clock.monotonic()
        with pytest.raises(MalformedMessage, match="entangled"):
            Codec().decode([[0], [[nodes[0][0], [[1], *nodes[0][1]]], *nodes[1:]], []])
        assert clock.monotonic() - began < 2

    def test_limits(self):
        """Parts count as elements and text as bytes."""
        for thing in (deque([0] * 200), [date(2020, 1, 1)] * 2, PurePosixPath("x" * 2000), array("b", [0] * 2000)):
            limits = Limits(total_bytes=1000, items=100 if isinstance(thing, deque) else 3)
            with pytest.raises(Refused):
                send(thing, limits=limits)


class TestPatterns:
    """A compiled pattern goes to the student, and one of the student's stays there."""

    @pytest.mark.parametrize("pattern", [re.compile(r"(\d+)x", re.I | re.M), re.compile(b"a.c", re.S)], ids=repr)
    def test_to_the_student(self, pattern):
        """It arrives compiled, with its flags."""
        graph = unpack(pack(Codec().encode(pattern).graph))
        arrived = Codec(trusts_peer=True).decode(graph).value

        assert (arrived.pattern, arrived.flags) == (pattern.pattern, pattern.flags)

    def test_of_the_student(self):
        """Whatever it takes to match, it takes the student's time; a test uses it as it would its own."""
        names = {"make": lambda: re.compile(r"(?P<day>\d+)\."), "use": lambda pattern, text: pattern.sub("-", text)}
        with student(names) as peer:
            made = peer.root.get("make")()

            assert isinstance(made, Proxy)
            assert made.match("12.").group("day") == "12"
            assert made.fullmatch("12") is None
            assert made.pattern == r"(?P<day>\d+)\."
            assert peer.root.get("use")(re.compile("[aeiou]"), "value") == "v-l--"


class TestCopyRestore:
    """What a call changes in its copies is changed in the caller's own objects."""

    def test_deque(self):
        """Elements come and go at both ends, and what does not fit falls out as it did."""
        line = deque([1, 2, 3], 3)
        result = call(lambda line: (line.append(4), line.rotate(1), line)[2], line)

        assert result is line
        assert line == deque([4, 2, 3])

    def test_array(self):
        """Numbers change, and their count."""
        numbers = array("d", [1, 2])
        call(lambda numbers: (numbers.append(3), numbers.reverse()), numbers)

        assert numbers == array("d", [3, 2, 1])

    def test_namespace(self):
        """Attributes are set and deleted."""
        inner = [1]
        space = SimpleNamespace(a=inner, b=2)

        def change(space):
            space.a.append(space)
            space.c = space.b
            del space.b

        call(change, space)

        assert space.a is inner
        assert inner[1] is space
        assert (space.c, hasattr(space, "b")) == (2, False)

    def test_nothing_changed(self):
        """An array in use is left alone by a call that leaves it alone."""
        numbers = array("d", [1, 2])
        with memoryview(numbers):
            call(len, numbers)
            with pytest.raises(Refused, match="in use: array"):
                call(lambda numbers: numbers.append(3), numbers)

    def test_what_cannot_come_back(self):
        """A namespace that got a name which is none: the call is refused, the conversation is not broken."""

        def spoil(space):
            space.__dict__[1] = 2

        space = SimpleNamespace(a=1)
        with student({"spoil": spoil}) as peer:
            with pytest.raises(Refused, match="cannot be sent back: SimpleNamespace"):
                peer.root.get("spoil")(space)
            assert space == SimpleNamespace(a=1)
            assert peer.broken is None

    @pytest.mark.parametrize("node", [["numbers", "b", b"\1"], ["deque", [], 5], ["list", []]])
    def test_hostile_changes(self, node):
        """An array of doubles does not become one of bytes."""
        here = Codec()
        own = array("d", [1]) if node[0] == "numbers" else deque([1], 3)
        request = here.encode((own,))
        from autograder.rpc.copy_restore import apply_changes

        with pytest.raises((MalformedMessage, Refused)):
            decoded = here.decode([None, [node], []], request.objects, [[1, [0]]])
            apply_changes(request.objects, [node[0] for node in request.graph[1]], decoded)
        assert list(own) == [1]
