"""Enumerations, dataclasses and named tuples, of the assignment and of the student's own."""

import enum
import sys
import types
import typing
from collections import namedtuple
from dataclasses import FrozenInstanceError, InitVar, asdict, dataclass, field, fields, is_dataclass

import pytest
from test_codec import call, send
from wire_pair import student

from autograder.rpc.channel import pack, unpack
from autograder.rpc.classes import find_class, shareable
from autograder.rpc.codec import Codec
from autograder.rpc.proxies import Proxy
from autograder.rpc.rpc_errors import MalformedMessage, Refused
from autograder.rpc.value_limits import Limits

GIVEN = """
from dataclasses import dataclass
from enum import Enum, IntFlag
from typing import NamedTuple

@dataclass
class Vector:
    x: float
    y: float = 0.0
    def length(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5
    def __post_init__(self):
        assert self.x >= 0
    def __setattr__(self, name, value):
        raise AttributeError("set")

@dataclass(frozen=True)
class Money:
    cents: int
    def __str__(self):
        return f"{self.cents / 100:.2f}"

class Suit(Enum):
    SPADES = "s"
    HEARTS = "h"
    @property
    def is_red(self):
        return self is Suit.HEARTS

class Card(NamedTuple):
    suit: Suit
    rank: int
    def value(self):
        return 2 * self.rank

class Mode(IntFlag):
    READ = 4
    WRITE = 2
    def text(self):
        return "rw"
"""
SHARED = frozenset(f"shapes.{name}" for name in ("Vector", "Money", "Suit", "Card", "Mode"))


@dataclass
class Point:
    """A point."""

    x: int
    y: int = 0


@dataclass(frozen=True, order=True)
class Version:
    """A version."""

    major: int
    minor: int = 0


class Light(enum.Enum):
    """With a second name for a member."""

    RED = "r"
    GREEN = "g"
    STOP = "r"


Level = enum.IntEnum("Level", "LOW HIGH")
Access = enum.Flag("Access", "READ WRITE")


class Colour(str, enum.Enum):  # noqa: UP042 - as it was written before there was StrEnum
    """Texts."""

    RED = "red"


class Name(enum.StrEnum):
    """Texts."""

    ADA = "ada"


class Pair(typing.NamedTuple):
    """Written as a class."""

    x: int
    y: int


def given():
    """The assignment's module, as one process has imported it."""
    module = types.ModuleType("shapes")
    sys.modules["shapes"] = module
    exec(GIVEN, vars(module))
    return module


@pytest.fixture
def pair(monkeypatch):
    """The module of the sender and that of the receiver, and what sends from one to the other."""
    monkeypatch.setitem(sys.modules, "shapes", None)
    theirs, ours = given(), given()
    here, there = Codec(), Codec(trusts_peer=True)
    here.classes.shared = there.classes.shared = SHARED

    def cross(value):
        sys.modules["shapes"] = theirs
        graph = unpack(pack(there.encode(value).graph))
        sys.modules["shapes"] = ours
        return here.decode(graph).value

    return theirs, ours, cross


class TestShared:
    """A class of the assignment's is the receiver's own, with all that it can do."""

    def test_records(self, pair):
        """Its fields come, and nothing is called with them: not its `__init__`, nor its `__setattr__`."""
        theirs, ours, cross = pair
        sent = object.__new__(theirs.Vector)
        vars(sent).update(x=-3, y=4)
        arrived = cross(sent)

        assert type(arrived) is ours.Vector is not theirs.Vector
        assert (arrived.x, arrived.y, arrived.length()) == (-3, 4, 5)

    def test_frozen_records(self, pair):
        """They are hashed by the receiver's code, and where they are keys."""
        theirs, ours, cross = pair
        arrived = cross({theirs.Money(5): {theirs.Money(7)}})

        assert arrived == {ours.Money(5): {ours.Money(7)}}
        assert str(next(iter(arrived))) == "0.05"

    def test_named_tuples_and_members(self, pair):
        """One in the other, too."""
        theirs, ours, cross = pair
        arrived = cross([theirs.Card(theirs.Suit.HEARTS, 3), theirs.Suit.SPADES, theirs.Suit])

        assert arrived == [ours.Card(ours.Suit.HEARTS, 3), ours.Suit.SPADES, ours.Suit]
        assert arrived[0].suit is ours.Suit.HEARTS
        assert arrived[0].suit.is_red
        assert arrived[0].value() == 6

    @pytest.mark.parametrize("value", [0, 2, 6])
    def test_flags(self, pair, value):
        """Alone, together, and none."""
        theirs, ours, cross = pair

        assert cross(theirs.Mode(value)) is ours.Mode(value)

    def test_a_member_that_is_unknown(self, pair):
        """The student's version of the class has more members: that one cannot cross, and that is said."""
        theirs, _, cross = pair
        theirs.Suit = enum.Enum("Suit", "CLUBS", module="shapes")
        with pytest.raises(Refused, match="Suit has no member CLUBS"):
            cross(theirs.Suit.CLUBS)

    def test_a_class_that_is_missing(self, pair):
        """Where the student has deleted it, that is said."""
        theirs, ours, cross = pair
        del ours.Suit
        with pytest.raises(Refused, match=r"shapes.Suit is not defined"):
            cross(theirs.Suit.HEARTS)

    def test_a_class_with_other_fields(self, pair):
        """An instance of the student's version of a class is none of ours."""
        theirs, ours, cross = pair
        theirs.Vector = dataclass(type("Vector", (), {"__annotations__": {"z": int}, "__module__": "shapes"}))
        arrived = cross(theirs.Vector(3))

        assert type(arrived) is not ours.Vector
        assert arrived.z == 3

    def test_only_what_is_shared(self, pair):
        """Where nothing is shared, a class with methods is no value, and none of the receiver's can be named."""
        theirs, ours, _ = pair
        sys.modules["shapes"] = theirs
        for thing in (
            object.__new__(theirs.Vector),
            theirs.Money(1),
            theirs.Suit.SPADES,
            theirs.Card(1, 2),
            theirs.Suit,
        ):
            with pytest.raises(Refused):
                Codec().encode(thing)
        record = [[0], [["record", [1, 2], "shapes.Vector", ["x", "y"], False]], []]

        assert type(Codec().decode(record).value) is not ours.Vector
        with pytest.raises(Refused, match="not defined"):
            Codec().decode([[0], [["enum", [], "shapes.Suit", None, []]], []])

    def test_which_are(self):
        """Those whose instances can be values, in the notebook and in modules; of others their own name."""
        import http

        values = {"A": Point, "B": Light, "C": Pair, "D": http.HTTPStatus}
        others = {"E": TestShared, "F": 3, "G": int, "H": len, "I": Point(1)}
        names = {f"test_classes.{name}" for name in ("Point", "Light", "Pair")}

        assert shareable(values | others, []) == names | {"http.HTTPStatus"}
        assert "http.HTTPStatus" in shareable({}, [http])

    def test_classes_are_found_by_their_own_name(self):
        """Never by another one, and nothing else is found."""
        assert find_class("test_classes.Point") is Point
        assert find_class("test_classes.Point.x") is None
        for name in ("test_classes.np", "os.system", "sys.modules", "collections.abc", "test_classes.pytest", "", "."):
            assert find_class(name) is None


class TestOfTheStudent:
    """A class of a solution cell: one of that name is made, with fields or members and nothing else."""

    def test_records(self):
        """Compared and printed by their fields, of one class."""
        codec = Codec()
        graph = Codec().encode([Point(1, 2), Point(1, 2), Point(1, [3])]).graph
        first, second, third = codec.decode(graph).value

        assert type(first) is type(third) is type(codec.decode(graph).value[0]) is not Point
        assert first == second != third
        assert repr(third) == "Point(x=1, y=[3])"
        assert is_dataclass(first)
        assert [one.name for one in fields(first)] == ["x", "y"]
        assert asdict(first) == {"x": 1, "y": 2}
        first.x = 7
        assert first.x == 7

    def test_frozen_and_ordered(self):
        """They are hashed, compared, and not changed."""
        low, high, again = send([Version(1, 2), Version(1, 3), Version(1, 2)])

        assert low < high
        assert {low: 1}[again] == 1
        assert send({Version(1): {Version(2)}})
        with pytest.raises(FrozenInstanceError):
            low.major = 3

    def test_aliasing(self):
        """One record in two places is one, and one that refers to itself does."""
        point = Point(1)
        point.y = [point, Version(point)]
        arrived, again = send([point, point])

        assert arrived is again is arrived.y[0] is arrived.y[1].major

    @pytest.mark.parametrize("kind", [Light, Level, Access, Colour, Name])
    def test_enumerations(self, kind):
        """The class crosses with all its members, and each member is the one there is."""
        codec = Codec()
        arrived, member = send([kind, next(iter(kind))], codec=None)
        graph = Codec().encode([kind, *kind]).graph
        made, *members = codec.decode(graph).value

        assert issubclass(made, enum.Enum)
        assert made.__bases__ == kind.__bases__
        assert list(made) == members
        assert [(one.name, one.value) for one in made] == [(one.name, one.value) for one in kind]
        assert codec.decode(graph).value[1] is members[0]
        assert made[members[0].name] is made(members[0].value) is members[0]
        assert repr(made) == repr(kind)
        assert member in arrived

    def test_aliases(self):
        """A second name for a member is one."""
        arrived = send(Light)

        assert arrived.STOP is arrived.RED
        assert len(arrived) == 2

    def test_numbers_and_texts(self):
        """Members that are numbers or texts compare as these."""
        assert send(Level.HIGH) == 2
        assert send(Colour.RED) == "red"
        assert send(Name.ADA).upper() == "ADA"
        assert send(Access.READ | Access.WRITE).value == 3

    def test_two_classes_of_one_name(self):
        """Which differ in a value stay two."""
        codec = Codec()
        one, two = enum.Enum("E", {"A": 1}), enum.Enum("E", {"A": True})
        first, second = codec.decode(Codec().encode([one.A, two.A]).graph).value

        assert first is not second
        assert (type(first.value), type(second.value)) == (int, bool)

    def test_written_named_tuples(self):
        """A named tuple that is written as a class crosses as any other."""
        arrived = send(Pair(1, 2))

        assert arrived == (1, 2)
        assert (arrived.x, type(arrived).__name__) == (1, "Pair")

    def test_going_home(self):
        """What comes back is of the sender's own class, whichever module that is in."""
        values = [Point(1), Version(1), Light.GREEN, Light, Pair(1, 2), Access.READ | Access.WRITE]
        back = Codec(), Codec(trusts_peer=True)
        arrived = back[0].decode(Codec().encode(values).graph).value
        returned = back[1].decode(back[0].encode(arrived).graph).value

        assert returned == values
        assert [type(one) for one in returned] == [type(one) for one in values]

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(dataclass(type("A", (), {"go": lambda self: 1})), id="a method"),
            pytest.param(dataclass(type("A", (), {"__eq__": lambda *_: True})), id="its own =="),
            pytest.param(dataclass(type("A", (), {"__repr__": lambda *_: ""})), id="its own repr"),
            pytest.param(dataclass(type("A", (), {"__lt__": lambda *_: True})), id="its own <"),
            pytest.param(dataclass(type("A", (), {"__bool__": lambda *_: True})), id="its own truth"),
            pytest.param(dataclass(type("A", (), {"count": 3})), id="a variable"),
            pytest.param(lambda: dataclass(type("A", (Point,), {"z": 3}))(1), id="a base"),
            pytest.param(dataclass(eq=False)(type("A", (), {})), id="compared by identity"),
            pytest.param(dataclass(unsafe_hash=True)(type("A", (), {})), id="hashed though it can change"),
            pytest.param(lambda: Partly(1, 2), id="a field that is not compared"),
            pytest.param(lambda: more(Point(1)), id="an attribute more"),
            pytest.param(lambda: less(Point(1)), id="a field less"),
            pytest.param(lambda: Talking.A, id="an enumeration with a method"),
            pytest.param(lambda: Planet.EARTH, id="an enumeration with its own __init__"),
            pytest.param(lambda: enum.Enum("E", {"A": []}).A, id="a member that can change"),
            pytest.param(lambda: enum.Enum("E", {"A": len}).A, id="a member that is an object"),
            pytest.param(lambda: enum.Enum("E", {}), id="an enumeration of nothing"),
            pytest.param(lambda: namedtuple("N", "x")._make([1]).__class__, id="a class of named tuples"),
            pytest.param(lambda: Point, id="a dataclass itself"),
        ],
    )
    def test_behaviour_of_its_own(self, value):
        """A class that is more than its fields or members stays where it is."""
        with pytest.raises(Refused):
            send(value())

    def test_what_does_not_show(self):
        """A class may have its own way of being made, slots, a documentation and defaults."""
        arrived = send([Made(2), Slotted(1, [2])])

        assert [repr(one) for one in arrived] == ["Made(double=4)", "Slotted(a=1, b=[2])"]


@dataclass
class Partly:
    """Not compared by all its fields."""

    x: int
    y: int = field(compare=False)


@dataclass
class Made:
    """Made of something else."""

    half: InitVar[int]
    double: int = field(init=False, default=0, kw_only=True)

    def __post_init__(self, half):
        self.double = 2 * half


@dataclass(slots=True)
class Slotted:
    """Without a dict."""

    a: int
    b: list = field(default_factory=list)


class Talking(enum.Enum):
    """With a method."""

    A = 1

    def talk(self):
        """Speak."""
        return "a"


class Planet(enum.Enum):
    """Whose members are more than their values."""

    EARTH = (5.976e24, 6.37814e6)

    def __init__(self, mass, radius):
        self.mass = mass


def more(point):
    """Set an attribute that is no field."""
    point.z = 1
    return point


def less(point):
    """Delete a field."""
    del point.x
    return point


class TestConversation:
    """Through two processes."""

    def test_a_class_of_the_student(self):
        """Calling it, telling its instances, changing them: as in one process."""

        def move(point, by):
            point.x += by
            return point

        names = {"Point": Point, "move": move, "is_green": lambda light: light is Light.GREEN, "Light": Light}
        with student(names) as peer:
            kind, light = peer.root.get("Point"), peer.root.get("Light")
            point = kind(1, y=5)

            assert isinstance(kind, Proxy)
            assert point == kind(1, 5) != kind(1)
            assert isinstance(point, kind)
            assert not isinstance(3, kind)
            assert peer.root.get("move")(point, 3) is point
            assert point == kind(4, 5)
            assert light is peer.root.get("Light")
            assert isinstance(light.GREEN, light)
            assert [peer.root.get("is_green")(one) for one in light] == [False, True]
            with pytest.raises(TypeError):
                kind(1, 2, 3)

    def test_a_forged_equality(self):
        """A class whose `==` says yes to all is no value, whatever it claims to be."""

        class Sly:
            __dataclass_fields__ = Point.__dataclass_fields__
            __dataclass_params__ = Point.__dataclass_params__
            __match_args__ = ()
            __hash__ = None

            def __init__(self, x=0, y=0):
                self.x, self.y = x, y

            def __eq__(self, other):
                return True

        with student({"Sly": Sly, "Point": Point}) as peer:
            sly = peer.root.get("Sly")(1, 2)
            for other in (peer.root.get("Sly")(1, 2), peer.root.get("Point")(1, 2), 3):
                with pytest.raises(TypeError, match="lives in another process"):
                    assert sly != other


class TestCopyRestore:
    """A call changes the caller's own record."""

    def test_fields(self):
        """To something else, to the record itself; what was in a field is what it was."""
        inner = [1]
        point = Point(inner, 2)

        def change(point):
            point.x.append(2)
            point.y = point

        call(change, point)

        assert point.x is inner == [1, 2]
        assert point.y is point

    def test_nothing_changed(self):
        """A record without a change does not come back."""
        point = Slotted(float("nan"), [])
        before = point.a
        call(lambda point: None, point)

        assert point.a is before

    @pytest.mark.parametrize("change", [more, less])
    def test_other_fields(self, change):
        """A record that has become something else is refused, and the conversation goes on."""
        with student({"change": change}) as peer:
            point = Point(1)
            with pytest.raises(Refused, match="cannot be sent back: Point"):
                peer.root.get("change")(point)
            assert point == Point(1)
            assert peer.broken is None

    def test_hostile_changes(self):
        """A record does not become one of another class."""
        from autograder.rpc.copy_restore import apply_changes

        here = Codec()
        own = Point(1, 2)
        request = here.encode((own,))
        node = ["record", [5, 6], "Other", ["x", "y"], False]
        with pytest.raises(MalformedMessage):
            decoded = here.decode([None, [node], []], request.objects, [[1, [0]]])
            apply_changes(request.objects, [node[0] for node in request.graph[1]], decoded)
        assert own == Point(1, 2)


class TestHostile:
    """Data from a hostile process."""

    @pytest.mark.parametrize(
        "node",
        [
            ["record", [1], "P", ["x", "y"], False],
            ["record", [1], "P", ["__class__"], False],
            ["record", [1], "P", ["__dict__"], False],
            ["record", [1], "P", ["x=exit()"], False],
            ["record", [1], "P", ["class"], False],
            ["record", [1], "P", [3], False],
            ["record", [1], "P", "x", False],
            ["record", [1, 1], "P", ["x", "x"], False],
            ["record", [1], "P", ["x"], 1],
            ["record", [1], "P", ["x"]],
            ["record", [1], "P()", ["x"], False],
            ["record", [1], "a..b", ["x"], False],
            ["record", [1], 3, ["x"], False],
            ["record", [1], "P" * 100, ["x"], False],
            ["frozen", [1], "P", ["x"], None],
            ["frozen", [[0]], "P", ["x"], False],
            ["enum", [1], "E", "eval", ["A"]],
            ["enum", [1], "E", [], ["A"]],
            ["enum", [1], "E", "Enum", ["A", "B"]],
            ["enum", [], "E", "Enum", []],
            ["enum", [1], "E", "Enum", ["mro"]],
            ["enum", [1], "E", "Enum", ["_ignore_"]],
            ["enum", [1], "E", "Enum", ["__init__"]],
            ["enum", [1, 2], "E", "Enum", ["A", "A"]],
            ["enum", ["x"], "E", "IntEnum", ["A"]],
            ["enum", [1], "E", "StrEnum", ["A"]],
            ["enum", [1.5], "E", "IntFlag", ["A"]],
            ["enum", [[1]], "E", "Enum", ["A"]],
            ["enum", list(range(2000)), "E", "Enum", [f"A{n}" for n in range(2000)]],
            ["enum", [1], None, None, ["A"]],
            ["member", [1], ["A"]],
            ["member", [[1]], ["A"]],
            ["member", [], ["A"]],
        ],
        ids=lambda node: str(node)[:60],
    )
    def test_malformed(self, node):
        """Every wrong form is malformed, whatever is wrong."""
        with pytest.raises(MalformedMessage):
            Codec().decode([[0], [node, ["list", []]], []])

    @pytest.mark.parametrize("names", [[], ["A", "A"], ["B"], "A", [3], [["A"]]])
    def test_members(self, names):
        """A member has one name, and one that there is."""
        nodes = [["member", [[1]], names], ["enum", [1], "E", "Enum", ["A"]]]
        with pytest.raises((MalformedMessage, Refused)):
            Codec().decode([[0], nodes, []])

    @pytest.mark.parametrize(
        "name", ["os.system", "autograder.rpc.value_limits.Limits", "test_classes.Point", "dataclasses.Field"]
    )
    def test_classes_of_the_receiver(self, name):
        """None of its classes can be named that it does not share."""
        arrived = Codec().decode([[0], [["record", [1, 2], name, ["x", "y"], False]], []]).value

        assert type(arrived).__bases__ == (object,)
        assert type(arrived) is not Point

    @pytest.mark.parametrize("kind", ["record", "enum"])
    def test_too_many_classes(self, kind):
        """The receiver does not make classes without end."""
        codec = Codec(Limits(named_types=10))
        tail = [["x"], False] if kind == "record" else ["Enum", ["x"]]
        nodes = [[kind, [1], f"P{n}", *tail] for n in range(11)]
        with pytest.raises(MalformedMessage, match="too many classes"):
            codec.decode([[0], [["list", [[n + 1] for n in range(11)]], *nodes], []])
