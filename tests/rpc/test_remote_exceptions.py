"""Exceptions across the wire."""

import errno

import msgpack
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wire_pair import student

from autograder.kernel.cell_names import is_cell
from autograder.rpc.channel import pack, unpack
from autograder.rpc.remote_exceptions import FailureCodec
from autograder.rpc.rpc_errors import HandleRevoked, MalformedMessage, Refused, WireError
from autograder.rpc.safe_types import EXCEPTIONS
from autograder.rpc.value_limits import Limits


class MyError(ValueError, KeyError):
    """A student's own."""

    def __str__(self):
        return "my own words"


class Nasty(Exception):  # noqa: N818
    """One whose every method raises."""

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__
    __eq__ = None
    __hash__ = None


def send(error, **options):
    """Return `error` as another process would receive it."""
    packed = unpack(pack(FailureCodec(Limits(), True, **options).pack(error)))
    return FailureCodec(Limits()).unpack(packed)


def caught(function, *arguments):
    """Return what `function` raises."""
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError


class TestBuiltIn:
    """A built-in exception arrives as itself."""

    @pytest.mark.parametrize("name", sorted(EXCEPTIONS))
    def test_every_class(self, name):
        """Exactly its class, whatever its constructor asks for."""
        kind = EXCEPTIONS[name]
        special = {
            "UnicodeDecodeError": ("utf-8", b"\xff", 0, 1, "why"),
            "UnicodeEncodeError": ("ascii", "é", 0, 1, "why"),
            "UnicodeTranslateError": ("é", 0, 1, "why"),
            "ExceptionGroup": ("why", [ValueError(1)]),
            "BaseExceptionGroup": ("why", [KeyboardInterrupt()]),
        }
        error = kind(*special.get(name, ("why",)))
        arrived = send(error)

        assert type(arrived) is kind
        assert str(arrived) == str(error)
        assert arrived.args == error.args or "Group" in name

    @pytest.mark.parametrize(
        "error",
        [
            *(
                ValueError(),
                KeyError("W1"),
                StopIteration([3]),
                SystemExit(3),
                KeyboardInterrupt(),
                ValueError(1, [2], {3}),
            ),
            *(caught(open, "/no/such/file"), caught(int, "x"), caught([].pop), caught(b"\xff".decode)),
            *(caught(compile, "a b", "<cell 3>", "exec"), caught(np.linalg.inv, np.zeros((2, 2)))),
            *(
                caught(np.sum, np.zeros(3), 5),
                caught(np.add, np.zeros(2), np.zeros(3)),
                caught(lambda: 1 / 0),
            ),
            *(
                caught(lambda: nothing),  # noqa: F821
                caught(lambda: (0).nothing),
                OSError("text"),
                OSError(errno.EACCES, "no"),
            ),
        ],
    )
    def test_real_ones(self, error):
        """Class, text and arguments survive."""
        arrived = send(error)

        assert (type(arrived), str(arrived)) == (type(error), str(error))
        assert arrived.args == error.args or isinstance(error, OSError | SyntaxError)
        assert getattr(arrived, "errno", None) == getattr(error, "errno", None)

    def test_a_syntax_error_names_no_file(self):
        """A traceback would show a line of that file, read with the grader's rights."""
        arrived = send(SyntaxError("m", ("/etc/passwd", 1, 1, "t")))

        assert (arrived.filename, arrived.text) == (None, None)
        assert "m" in str(arrived)

    def test_own_refusals(self):
        """This package's refusals arrive as themselves; a broken wire never arrives."""
        assert type(send(Refused("why"))) is Refused
        assert type(send(HandleRevoked("why"))) is HandleRevoked
        assert not isinstance(send(WireError("why")), WireError)

    def test_groups(self):
        """A group arrives with its leaves, nested groups flattened."""
        group = ExceptionGroup("why", [ValueError(1), ExceptionGroup("inner", [KeyError(2), TypeError(3)])])
        arrived = send(group)

        assert type(arrived) is ExceptionGroup
        assert [type(error) for error in arrived.exceptions] == [ValueError, KeyError, TypeError]


class TestStudentsOwn:
    """A class that the student defined."""

    def test_name_and_bases(self):
        """It arrives under its name, derived from the nearest built-in classes, with its own text."""
        arrived = send(MyError(1, [2]))

        assert type(arrived).__name__ == "MyError"
        assert isinstance(arrived, ValueError)
        assert isinstance(arrived, KeyError)
        assert str(arrived) == "my own words"
        assert arrived.args == (1, [2])

    def test_one_class(self):
        """Twice the same class is one class."""
        here, there = FailureCodec(Limits()), FailureCodec(Limits())
        one, two = (there.unpack(here.pack(MyError(n))) for n in (1, 2))

        assert type(one) is type(two)
        assert str(one) == str(two)

    def test_nasty(self):
        """One that cannot be printed is still an exception of its name."""
        arrived = send(Nasty(Nasty()))

        assert type(arrived).__name__ == "Nasty"
        assert str(arrived) == "<cannot be printed>"
        assert arrived.args == ("<cannot be printed>",)

    @pytest.mark.parametrize("member", ["__cause__", "__class__", "__dict__", "args", "__notes__", "__traceback__"])
    def test_nasty_members(self, member):
        """Nor does one whose members lie get in the way."""
        trap = property(lambda self: 1 / 0)
        kind = type("Trap", (ValueError,), {member: trap})

        assert isinstance(send(kind("x")), ValueError | RuntimeError)

    def test_incompatible_bases(self):
        """Bases that cannot be combined here are not combined."""
        packed = FailureCodec(Limits()).pack(ValueError("x"))
        packed["class"] = {"name": "E", "bases": ["OSError", "StopIteration", "UnicodeDecodeError"]}

        assert isinstance(FailureCodec(Limits()).unpack(packed), OSError)

    def test_too_many_classes(self):
        """After so many, a student's class arrives as the built-in one."""
        codec = FailureCodec(Limits(named_types=3))
        for number in range(5):
            packed = codec.pack(ValueError("x"))
            packed["class"] = {"name": f"E{number}", "bases": ["ValueError"]}
            kind = type(codec.unpack(packed))
        assert kind is ValueError

    def test_names(self):
        """A name is cleaned: it cannot forge a line of a report."""
        kind = type("Evil\n\x1b[31mPASSED" + "x" * 500, (ValueError,), {})
        name = type(send(kind())).__name__

        assert name.startswith("Evil???31mPASSED")
        assert len(name) <= 80


class TestDetails:
    """What goes with an exception."""

    def test_arguments_that_are_no_values(self):
        """They arrive as text."""
        arrived = send(ValueError(print, 3))

        assert arrived.args == ("<built-in function print>", 3)

    def test_bounds(self):
        """Text, notes, arguments and chains are bounded."""
        error = ValueError("x" * 10**6, *range(100))
        for number in range(100):
            error.add_note(f"{number}" * 10**5)
        for _ in range(100):
            error, inner = ValueError(), error
            error.__cause__ = inner
        packed = pack(FailureCodec(Limits(), True).pack(error))
        arrived = FailureCodec(Limits()).unpack(unpack(packed))
        depth = 0
        while arrived is not None:
            depth, arrived = depth + 1, arrived.__cause__

        assert len(packed) < 10**6
        assert depth == 6
        assert len(pack(FailureCodec(Limits(), True).pack(inner))) < 10**6

    def test_notes_and_chain(self):
        """Notes, cause and context survive."""
        error = ValueError("outer")
        error.add_note("a note")
        error.__cause__ = KeyError("cause")
        arrived = send(error)

        assert arrived.__notes__ == ["a note"]
        assert type(arrived.__cause__) is KeyError
        assert arrived.__suppress_context__
        error = ValueError()
        error.__context__ = MyError()
        assert str(send(error).__context__) == "my own words"

    def test_traceback(self):
        """The student's lines travel, as data, beside untouched notes; nobody else's do."""
        namespace = {}
        exec(compile("def f():\n    return 1 / 0", "<cell 3>", "exec"), namespace)

        def foreign():
            namespace["f"]()

        arrived = send(caught(foreign))

        assert arrived.student_traceback == [("<cell 3>", 2, "f", "")]
        assert not hasattr(arrived, "__notes__")
        arrived = send(caught(foreign), is_student_file=lambda name: name == __file__)
        assert [line[2:] for line in arrived.student_traceback] == [
            ("caught", "function(*arguments)"),
            ("foreign", 'namespace["f"]()'),
        ]

    def test_cells(self):
        """Cells are told by their file names."""
        assert is_cell("<ipython-input-3-abc>")
        assert is_cell("<cell 3>")
        assert not is_cell("/usr/lib/python3/json/__init__.py")

    def test_the_grader_tells_less(self):
        """Without `tell_all` neither lines nor what lies behind an exception are sent."""
        error = caught(lambda: 1 / 0)
        error.__context__ = AssertionError("a hidden test's text")
        packed = FailureCodec(Limits(), is_student_file=lambda name: True).pack(error)

        assert b"hidden" not in msgpack.packb(packed)
        assert b"lambda" not in msgpack.packb(packed)


GOOD = FailureCodec(Limits(), True).pack(MyError(1, "x"))


class TestHostile:
    """Failures that no honest process would send."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(
                ("class", "os.system"),
                ("class", 3),
                ("class", []),
                ("class", {}),
                ("class", {"name": "x", "bases": []}),
            ),
            *(("class", {"name": 3, "bases": ["ValueError"]}), ("class", {"name": "x", "bases": ["int"]})),
            *(("class", {"name": "x", "bases": 3}), ("class", {"name": "x" * 99, "bases": ["ValueError"]})),
            *(
                ("class", "WireError"),
                ("class", "autograder.WireError"),
                ("class", "autograder.MalformedMessage"),
            ),
            *(
                ("message", 3),
                ("message", "x" * 30_000),
                ("arguments", 3),
                ("arguments", [3]),
                ("arguments", [["eval", "x"]]),
            ),
            *(
                ("arguments", [["value", 3]]),
                ("arguments", [["text", 3]]),
                ("arguments", [["text", "x"]] * 99),
            ),
            *(
                ("notes", 3),
                ("notes", [3]),
                ("notes", ["x"] * 99),
                ("cause", 3),
                ("context", {}),
                ("suppress", 1),
            ),
            *(
                ("traceback", 3),
                ("traceback", [3]),
                ("traceback", [["x", "1", "f", "s"]]),
                ("traceback", [["x", 1, "f"]]),
            ),
            *(
                ("traceback", [["x" * 999, 1, "f", "s"]]),
                ("traceback", [["x", 1, "f", "s"]] * 99),
                ("more", 1),
            ),
        ],
    )
    def test_malformed(self, field, value):
        """Every wrong field is malformed."""
        with pytest.raises(MalformedMessage):
            FailureCodec(Limits()).unpack({**GOOD, field: value})

    @pytest.mark.parametrize("members", [None, [], [3], 3, [GOOD] * 99])
    def test_groups(self, members):
        """So with the members of a group."""
        with pytest.raises(MalformedMessage):
            FailureCodec(Limits()).unpack({**GOOD, "class": "ExceptionGroup", "members": members})

    @pytest.mark.parametrize("field", ["cause", "context", "members"])
    def test_towers(self, field):
        """A chain without end is cut off."""
        tower = dict(GOOD)
        for _ in range(500):
            if field == "members":
                tower = {**GOOD, "class": "ExceptionGroup", "arguments": [["text", "x"]], field: [tower]}
            else:
                tower = {**GOOD, field: tower}
        with pytest.raises(MalformedMessage):
            FailureCodec(Limits()).unpack(tower)

    @given(
        st.sampled_from(sorted(EXCEPTIONS)),
        st.lists(st.none() | st.integers() | st.text() | st.binary(), max_size=6),
    )
    @settings(max_examples=200, deadline=None)
    @example("numpy.exceptions.AxisError", [])
    @example("numpy.exceptions.AxisError", [None])
    def test_any_arguments(self, name, arguments):
        """A built-in exception with any arguments is one of that class, and can be printed."""
        packed = FailureCodec(Limits()).pack(ValueError(*arguments))
        packed["class"] = name
        try:
            error = FailureCodec(Limits()).unpack(packed)
        except MalformedMessage:
            assert "Group" in name
            return

        assert type(error) is EXCEPTIONS[name]
        str(error)

    @given(st.binary(min_size=1, max_size=3), st.integers(0, 10_000))
    @settings(max_examples=150, deadline=None)
    def test_mutated(self, data, position):
        """A failure with some bytes changed is a failure or malformed."""
        message = pack(GOOD)
        position %= len(message)
        try:
            error = FailureCodec(Limits()).unpack(unpack(message[:position] + data + message[position + len(data) :]))
        except MalformedMessage:
            return
        assert isinstance(error, BaseException)


def fail(kind, *arguments):
    """Raise."""
    raise kind(*arguments)


def recurse():
    """Recurse."""
    return recurse()


class TestInPlace:
    """The same through a peer."""

    def test_raised(self):
        """The caller catches what the student raised; the conversation goes on."""
        with student(
            {"fail": fail, "recurse": recurse, "own": lambda: fail(MyError, 3), "grab": lambda: bytes(2**62)}
        ) as peer:
            get = peer.root.get
            for kind in (
                ValueError,
                KeyboardInterrupt,
                SystemExit,
                StopIteration,
                GeneratorExit,
                np.linalg.LinAlgError,
            ):
                with pytest.raises(kind) as info:
                    get("fail")(kind, "why")
                assert info.value.student_traceback[-1][2:] == ("fail", "raise kind(*arguments)")
            with pytest.raises(RecursionError):
                get("recurse")()
            with pytest.raises((MemoryError, OverflowError)):
                get("grab")()
            with pytest.raises(ValueError, match="my own words") as info:
                get("own")()
            assert type(info.value).__name__ == "MyError"
            with pytest.raises(KeyError, match="nothing"):
                get("nothing")
