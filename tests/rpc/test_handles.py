"""Objects that stay in their process, seen from the other one."""

import asyncio
import contextlib
import copy
import operator
import os
import pickle
import re
import signal
import threading
import types

import numpy as np
import pytest
from wire_pair import student

from autograder.rpc.handles import BorrowedObjects, HandleExchange, LentObjects, abilities_of
from autograder.rpc.proxies import ALL_ABILITIES, Ability, Proxy
from autograder.rpc.rpc_errors import HandleRevoked, Refused, TooManyHandles
from autograder.rpc.value_limits import Limits

EVERYTHING = ALL_ABILITIES


class Layer:
    """A layer."""

    units = 3

    def __init__(self, units=2):
        self.units = units
        self.log = []

    def forward(self, x):
        """Apply it."""
        return x * self.units


class Box:
    """Has everything that Python asks of an object."""

    def __init__(self):
        self.things = {}

    def __len__(self):
        return len(self.things)

    def __getitem__(self, key):
        return self.things[key]

    def __setitem__(self, key, value):
        self.things[key] = value

    def __delitem__(self, key):
        del self.things[key]

    def __contains__(self, key):
        return key in self.things

    def __iter__(self):
        return iter(self.things)

    def __call__(self, *arguments, **keywords):
        """Return what came."""
        return [arguments, keywords]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.things["exit"] = [kind is None, str(error)]
        return kind is KeyError

    def __eq__(self, other):
        return True

    __hash__ = None

    def __bool__(self):
        return True

    def __add__(self, other):
        return other

    __radd__ = __mul__ = __add__

    def __float__(self):
        return 1.0

    def __index__(self):
        return 1

    def __array__(self, dtype=None, copy=None):
        return np.zeros(3)

    def _repr_html_(self):
        return "<b>full marks</b>"


class NeverEqual:
    """Is not even equal to itself, and has neither a length nor a truth of its own."""

    def __eq__(self, other):
        return False

    __hash__ = None


class Lengthy:
    """Has the length that it is told."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length


class Flipping(Lengthy):
    """Is true now and then."""

    def __bool__(self):
        self.length = not self.length
        return bool(self.length)


class Countdown:
    """Is gone through, entered and left with `async`."""

    def __init__(self, start):
        self.left = start
        self.log = []

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0)
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left

    async def __aenter__(self):
        self.log.append("in")
        return self

    async def __aexit__(self, kind, error, trace):
        self.log.append(str(error))
        return kind is KeyError


class Later:
    """Can be awaited, and is no coroutine."""

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return 5

    def send(self, text):
        """Do something that has nothing to do with that."""
        return f"sent {text}"


async def add_later(x, y=1):
    """Wait, then add."""
    await asyncio.sleep(0.001)
    return x + y


async def fail_later(text):
    """Wait, then fail."""
    await asyncio.sleep(0)
    raise KeyError(text)


async def call_later(function, *arguments):
    """Await what a function of the test's gives."""
    return await function(*arguments)


async def count_later(stop):
    """Yield numbers."""
    for number in range(stop):
        await asyncio.sleep(0)
        yield number


async def share(queue=[]):  # noqa: B006 - kept on purpose
    """Use one queue of one loop in all calls."""
    queue.append(asyncio.get_running_loop())
    return len(set(map(id, queue)))


async def wait_for_ever():
    """Never end."""
    await asyncio.Event().wait()


class Sequence:
    """Iterable through its indices only."""

    def __getitem__(self, index):
        return [10, 20, 30][index]


def lazily(tell):
    """Yield numbers, and tell of each before."""
    for number in range(3):
        tell(number)
        yield number


def linear_forward(A, W, b):
    """Multiply."""
    return W @ A + b


def counting():
    """Yield three numbers."""
    yield from [1, 2, 3]


KEPT = []


def keep(thing):
    """Hold a thing of the grader's and return how many are held."""
    KEPT.append(thing)
    return len(KEPT)


def drop():
    """Let go of everything that was kept."""
    KEPT.clear()


def probe(thing, code):
    """Do to the grader's thing what `code` says, as hostile code would."""
    return eval(code, {"thing": thing, "value": 1})


def ask_raw(thing, operation, *arguments):
    """Ask the grader for an operation that the proxy would not ask for."""
    link = object.__getattribute__(thing, "__link__")
    return link.request(operation, link.number, arguments)


def call_kept(*arguments):
    """Call what was kept last."""
    return KEPT[-1](*arguments)


def echo(thing):
    """Return what came."""
    return thing


def make(count):
    """Return objects that are not values."""
    return [object() for _ in range(count)]


NAMES = {
    **{
        "Layer": Layer,
        "Box": Box,
        "Sequence": Sequence,
        "linear_forward": linear_forward,
        "counting": counting,
    },
    **{"lazily": lazily, "keep": keep, "drop": drop, "probe": probe, "ask_raw": ask_raw},
    "echo": echo,
    "twice": lambda thing: [thing, thing],
    "is_kept": lambda thing: any(thing is kept for kept in KEPT),
    "call_kept": call_kept,
    "make": make,
    **{kind.__name__: kind for kind in (NeverEqual, Lengthy, Flipping, Countdown, Later)},
    **{one.__name__: one for one in (add_later, fail_later, call_later, count_later, share, wait_for_ever)},
    "iterators": lambda: [
        zip("ab", "cd", strict=True),
        map(len, ["x"]),
        filter(None, [0, 1]),
        enumerate("a"),
        reversed([1, 2]),
    ],
    "match": lambda text: re.match(r"(\d+)", text),
}


@pytest.fixture(scope="module")
def peer():
    """The student's process with the names above."""
    with student(NAMES) as peer:
        yield peer


@pytest.fixture
def names(peer):
    """Look a name of the student's up."""
    peer.root.get("drop")()
    return peer.root.get


class TestForwarding:
    """What one does with an object is done in its process."""

    def test_call(self, names):
        """Arguments and keywords arrive, the result comes back."""
        assert names("linear_forward")(2 * np.eye(2), W=np.eye(2), b=1).tolist() == [[3, 1], [1, 3]]
        assert names("Box")()(1, x=[2]) == [(1,), {"x": [2]}]

    def test_attributes(self, names):
        """They are read, set and deleted; a method is called."""
        layer = names("Layer")(5)

        assert layer.units == 5
        layer.units = 7
        assert layer.forward(2) == 14
        del layer.units
        assert layer.units == 3
        with pytest.raises(AttributeError, match="nothing"):
            layer.nothing  # noqa: B018

    def test_container(self, names):
        """Length, items, membership and iteration."""
        box = names("Box")()
        box["a"] = [1]
        box["b"] = 2
        del box["b"]

        assert (len(box), box["a"], "a" in box, "b" in box, list(box)) == (1, [1], True, False, ["a"])
        with pytest.raises(KeyError):
            box["b"]

    def test_iteration(self, names):
        """Generators are handles; old sequences iterate too."""
        generator = names("counting")()

        assert iter(generator) is generator
        assert next(generator) == 1
        assert list(generator) == [2, 3]
        assert list(names("Sequence")()) == [10, 20, 30]

    def test_with(self, names):
        """A context is entered and left, with the exception, which it may swallow."""
        box = names("Box")()
        with box as entered:
            assert entered is box
        assert box["exit"] == [True, "None"]
        with box:
            raise KeyError("spam")
        assert box["exit"] == [False, "'spam'"]
        with pytest.raises(ValueError, match="ham"), box:
            raise ValueError("ham")

    def test_isinstance(self, names):
        """The student's classes tell their instances."""
        layer_class = names("Layer")
        layer = layer_class()

        assert isinstance(layer, layer_class)
        assert not isinstance(names("Box")(), layer_class)
        assert not isinstance(3, layer_class)
        assert issubclass(layer_class, layer_class)
        assert not isinstance(layer, np.ndarray)

    @pytest.mark.parametrize(
        ("name", "able"),
        [
            ("linear_forward", {callable}),
            ("Layer", {callable}),
            ("Box", {callable}),
        ],
    )
    def test_truth(self, names, name, able):
        """`callable`, `iter`, `len` and `with` are possible where they are possible."""
        thing = names(name)

        assert callable(thing) == (callable in able)
        for act in (iter, len, next, operator.itemgetter(0), lambda x: 1 in x):
            with pytest.raises(TypeError):
                act(thing)
        assert not callable(names("counting")())
        assert not hasattr(type(thing), "__enter__")

    def test_names(self, names):
        """The four attributes that describe a function can be read, as text."""
        function = names("linear_forward")

        assert function.__name__ == function.__qualname__ == "linear_forward"
        assert function.__doc__ == "Multiply."
        assert function.__module__ == __name__
        assert names("Layer")().__doc__ == "A layer."

    def test_other_dunders(self, names):
        """No other special attribute is, nor what decides how a notebook displays an object."""
        function = names("linear_forward")
        for name in ("__globals__", "__code__", "__wrapped__", "__dict__", "__array_interface__"):
            assert not hasattr(function, name)
        assert not hasattr(names("Box")(), "_repr_html_")
        for act in (lambda: setattr(function, "__name__", "x"), lambda: delattr(function, "__doc__")):
            with pytest.raises(AttributeError):
                act()

    def test_repr(self, names):
        """It says whose and what, without asking."""
        assert repr(names("linear_forward")) == "<student's function linear_forward>"
        assert repr(names("Layer")) == "<student's class Layer>"
        assert str(names("Layer")()) == "<student's object Layer>"


class TestTruth:
    """An object without a truth of its own is true unless its length is 0, as Python has it."""

    def test_without_a_length(self, names):
        """It is true."""
        assert names("NeverEqual")()
        assert names("linear_forward")
        assert names("Layer")
        assert names("counting")()
        assert names("match")("12")
        assert names("match")("x") is None

    def test_of_a_length(self, names):
        """Its length decides."""
        assert names("Lengthy")(2)
        assert not names("Lengthy")(0)

    @pytest.mark.parametrize("length", [-1, 2.5, "1", None])
    def test_of_no_length(self, names, length):
        """What is no length is an error."""
        with pytest.raises((TypeError, ValueError)):
            bool(names("Lengthy")(length))

    def test_of_its_own(self, names):
        """An object that decides for itself is neither true nor false, and is told so."""
        with pytest.raises(TypeError, match="because its class decides that"):
            bool(names("Flipping")(1))


class TestIteration:
    """What is gone through once."""

    def test_iterators(self, names):
        """Python's own iterators give their elements, one after the other."""
        pairs, lengths, true, numbered, backwards = names("iterators")()

        assert list(pairs) == [("a", "c"), ("b", "d")]
        assert [list(one) for one in (lengths, true, numbered, backwards)] == [[1], [1], [(0, "a")], [2, 1]]
        assert list(pairs) == []

    def test_builtin_functions(self, names):
        """They take what can be gone through."""
        assert sorted(names("counting")(), reverse=True) == [3, 2, 1]
        assert sum(names("counting")()) == 6
        assert dict(names("iterators")()[0]) == {"a": "c", "b": "d"}
        assert next(names("counting")()) == 1
        assert 2 in names("counting")()

    def test_generators_are_lazy(self, names):
        """Nothing is computed that nobody asks for."""
        seen = []
        generator = names("lazily")(seen.append)

        assert (next(generator), seen) == (0, [0])
        assert (next(generator), seen) == (1, [0, 1])
        generator.close()
        with pytest.raises(StopIteration):
            next(generator)


class TestAwaiting:
    """Coroutines run to their end in their process, in its own loop."""

    def test_await(self, names):
        """A coroutine gives its result, more than once, in a loop of the test's."""

        async def test():
            add = names("add_later")
            return [await add(1), await add(1, y=5)]

        assert asyncio.run(test()) == [2, 6]

    def test_run(self, names):
        """It is a coroutine to `asyncio`, which runs, gathers and schedules it."""
        add = names("add_later")

        async def together():
            task = asyncio.create_task(add(1))
            return [await task, *await asyncio.gather(add(2), add(3)), await asyncio.wait_for(add(4), 10)]

        assert asyncio.run(add(1)) == 2
        assert asyncio.run(together()) == [2, 3, 4, 5]
        assert asyncio.iscoroutine(add(1))
        assert not asyncio.iscoroutine(add)

    def test_failures(self, names):
        """What it raises is raised where it is awaited."""

        async def test():
            with pytest.raises(KeyError, match="spam"):
                await names("fail_later")("spam")
            return await names("add_later")(1)

        assert asyncio.run(test()) == 2

    def test_cancelled_before_it_began(self, names):
        """A task that is cancelled at once never runs, and is no unawaited coroutine in its process."""

        async def test():
            task = asyncio.create_task(names("add_later")(1))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(test())

    def test_other_awaitables(self, names):
        """What can be awaited and is no coroutine keeps its methods."""

        async def test():
            later = names("Later")()
            return await later, later.send("x")

        assert asyncio.run(test()) == (5, "sent x")

    def test_one_loop(self, names):
        """What belongs to a loop can be used in the next call, too."""
        assert [asyncio.run(names("share")()) for _ in range(3)] == [1, 1, 1]

    def test_async_for(self, names):
        """Generators and iterators."""

        async def test():
            numbers = [number async for number in names("count_later")(3)]
            return numbers + [number async for number in names("Countdown")(2)]

        assert asyncio.run(test()) == [0, 1, 2, 1, 0]

    def test_async_with(self, names):
        """A context is entered and left, with the exception, which it may swallow."""

        async def test():
            async with names("Countdown")(1) as entered:
                raise KeyError("spam")
            return entered.log

        assert asyncio.run(test()) == ["in", "'spam'"]

    def test_a_coroutine_of_the_test(self, names):
        """The student's code awaits it, whether or not a loop of the test's runs, and it may await the student's."""

        async def twice(x):
            await asyncio.sleep(0)
            return 2 * await names("add_later")(x)

        async def test():
            return await names("call_later")(twice, 3)

        assert asyncio.run(test()) == 8
        assert asyncio.run(names("call_later")(twice, 4)) == 10

    def test_abilities(self, names):
        """What cannot be awaited says so."""

        async def test():
            with pytest.raises(TypeError, match="await"):
                await names("Layer")()
            with pytest.raises(TypeError, match="async for"):
                [x async for x in names("Layer")()]

        asyncio.run(test())

    def test_interrupted(self, peer, names):
        """An interrupt ends a coroutine that never ends, and the conversation goes on."""

        async def test():
            await names("wait_for_ever")()

        timer = threading.Timer(0.3, os.kill, (peer.student_pid, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(test())
        timer.join()
        assert asyncio.run(names("add_later")(1)) == 2


class TestNeverForwarded:
    """What would let the student's code decide whether a test passes."""

    @pytest.mark.parametrize("compare", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
    def test_comparison(self, names, compare):
        """An always-equal object is not equal to anything else: it cannot be compared."""
        box = names("Box")()
        for other in (names("Box")(), 1, None, "x", np.zeros(3), np.float64(1), [1]):
            for arguments in ((box, other), (other, box)):
                with pytest.raises(TypeError, match="lives in another process"):
                    compare(*arguments)

    def test_comparison_with_itself(self, names):
        """An object is itself, whatever its `==` says, and is found among others before it is compared with any."""
        box = names("NeverEqual")()

        assert (box == box, box != box) == (True, False)  # noqa: PLR0124
        assert box in [box, 1]
        assert [box] == [box]
        with pytest.raises(TypeError, match="lives in another process"):
            box in [1, box]  # noqa: B015
        with pytest.raises(TypeError, match="lives in another process"):
            box < box  # noqa: B015, PLR0124

    @pytest.mark.parametrize(
        "calculate",
        [
            *(
                operator.add,
                operator.mul,
                operator.matmul,
                operator.pow,
                operator.and_,
                operator.mod,
                operator.iadd,
            ),
            *(divmod, lambda x, y: y + x, lambda x, y: y @ x),
        ],
    )
    def test_arithmetic(self, names, calculate):
        """Nor calculated with, on either side."""
        for other in (1, np.zeros(3), np.float64(2)):
            with pytest.raises(TypeError):
                calculate(names("Box")(), other)

    @pytest.mark.parametrize(
        "convert",
        [
            *(
                bool,
                float,
                int,
                complex,
                operator.index,
                operator.neg,
                abs,
                round,
                operator.invert,
                range,
                np.asarray,
            ),
            *(
                np.sum,
                np.exp,
                lambda x: np.allclose(x, 0),
                lambda x: np.add(x, 1),
                lambda x: np.array([x, x]),
            ),
            *(copy.copy, copy.deepcopy, pickle.dumps, lambda x: [1, 2][x], lambda x: {x: 1}[1] if x else 0),
        ],
    )
    def test_conversion(self, names, convert):
        """Nor turned into a number, a truth value, an array or a copy."""
        with pytest.raises((TypeError, pickle.PicklingError)):
            convert(names("Box")())

    def test_array_equal(self, names):
        """`np.array_equal` cannot be had by an object that claims to be an array."""
        assert not np.array_equal(names("Box")(), np.zeros(3))

    def test_hash(self, names):
        """It is by identity, whatever the object says."""
        box, other = names("Box")(), names("Box")()

        assert {box: 1, other: 2}[box] == 1
        assert hash(box) == object.__hash__(box)

    def test_display(self, names):
        """IPython displays a proxy as its `repr`."""
        from IPython.core.formatters import DisplayFormatter

        data, _ = DisplayFormatter().format(names("Box")())

        assert data == {"text/plain": "<student's object Box>"}


class TestIdentity:
    """One object has one proxy, and a proxy that goes home is the object."""

    def test_same_proxy(self, names):
        """As long as it lives."""
        function = names("linear_forward")

        assert function is names("linear_forward")
        first, second = names("twice")(function)
        assert first is second is function

    def test_going_home(self, names):
        """The owner gets its own object."""

        def mine():
            return "mine"

        assert names("echo")(mine) is mine
        names("keep")(mine)
        assert names("is_kept")(mine)
        assert names("call_kept")() == "mine"
        layer = names("Layer")()
        names("keep")(layer)
        assert names("is_kept")(layer)

    def test_inside_containers(self, names):
        """Handles travel in dicts, sets and as keys."""
        layer = names("Layer")()
        arrived = names("echo")({"a": [layer], layer: 1, "s": {layer}})

        assert arrived["a"][0] is layer
        assert arrived[layer] == 1
        assert arrived["s"] == {layer}


class TestRelease:
    """Nobody holds the other's objects longer than needed."""

    def test_dropped_proxies(self):
        """Dropping a proxy frees the object, with the next message."""
        with student({**NAMES, "make": lambda: [object() for _ in range(30)]}, {"limits": Limits(handles=40)}) as peer:
            make = peer.root.get("make")
            for _ in range(10):
                things = make()
                del things

            assert len(peer._borrowed._proxies) <= 2

    def test_borrowed_again_before_the_news(self):
        """An object that is sent again while its release is under way stays."""
        lent = LentObjects(10, False)
        number = lent.lend(thing := object())
        lent.lend(thing)
        lent.give_back(number, 1)

        assert lent.get(number) is thing
        lent.give_back(number, 1)
        with pytest.raises(HandleRevoked):
            lent.get(number)
        lent.give_back(number, 5)
        lent.give_back(99, 1)

        assert len(lent) == 0

    def test_the_grader_forgets_too(self, peer, names):
        """What the student's process lets go of is let go of here."""
        for _ in range(5):
            names("keep")(object())
        before = len(peer._lent)
        names("drop")()
        names("echo")(1)
        names("echo")(1)

        assert len(peer._lent) < before

    def test_bound(self):
        """The number of objects in use is bounded, and the conversation survives it."""
        with student(NAMES, {"limits": Limits(handles=20)}) as peer:
            make = peer.root.get("make")
            with pytest.raises(TooManyHandles, match="more than 20 objects"):
                make(21)
            assert len(make(10)) == 10

    def test_failed_messages_lend_nothing(self):
        """What could not be sent is not held."""
        lent = LentObjects(10, False)
        exchange = HandleExchange(lent, BorrowedObjects(Limits(), print, "x"))
        exchange.take_back([exchange.lend(print)])

        assert len(lent) == 0


class TestRevocation:
    """An object can be lent for a while."""

    def test_revoked(self, peer, names):
        """After that the other side has nothing of it; lending it again is a new beginning."""

        def reference(x):
            return 2 * x

        names("keep")(reference)
        assert names("call_kept")(4) == 8
        peer.revoke(reference)
        with pytest.raises(HandleRevoked, match="taken back"):
            names("call_kept")(4)
        assert names("probe")(reference, "thing(5)") == 10

    def test_a_revoked_object_that_comes_back(self, peer, names):
        """It is refused as such: the student's process has done nothing wrong."""

        def reference():
            pass

        names("keep")(reference)
        peer.revoke(reference)
        with pytest.raises(HandleRevoked):
            names("probe")(None, "__import__('test_handles').KEPT[-1]")
        assert names("echo")(1) == 1


SECRET = "the hidden test"


class Examiner:
    """An object of the grader's with things that are nobody's business."""

    limit = 3

    def __init__(self):
        self.values = [1]
        self._answer = SECRET
        self.module = types

    def method(self):
        """Return the limit."""
        return self.limit

    def frames(self):
        """Yield once."""
        yield 1


class TestGuard:
    """What hostile code can do with an object that a test passed to it."""

    @pytest.mark.parametrize(
        "name",
        [
            "__globals__",
            "__code__",
            "__closure__",
            "__self__",
            "__func__",
            "__class__",
            "__dict__",
            "_answer",
            "__init__",
        ],
    )
    def test_hidden_names(self, names, name):
        """Nothing that leads to the grader's namespace can be read, even by asking directly."""
        for thing in (lambda: SECRET, Examiner(), Examiner().method, Examiner):
            with pytest.raises(AttributeError, match="out of reach"):
                names("ask_raw")(thing, "getattr", name)

    def test_introspection(self, names):
        """Nor the frame of a generator."""
        for name in ("gi_frame", "gi_code"):
            with pytest.raises(AttributeError, match="out of reach"):
                names("ask_raw")(Examiner().frames(), "getattr", name)
        assert names("probe")(Examiner().frames(), "next(thing)") == 1

    def test_modules(self, names):
        """A module is not lent, whoever asks for it."""
        with pytest.raises(Refused, match="module cannot be sent"):
            names("echo")(np)
        with pytest.raises(Refused, match="module cannot be sent"):
            names("probe")(Examiner(), "thing.module")

    @pytest.mark.parametrize("operation", ["setattr", "delattr"])
    def test_changing_classes(self, names, operation):
        """A class or function of the grader's cannot be changed, an instance can."""
        extra = [3] if operation == "setattr" else []
        for thing in (Examiner, Examiner().method, lambda: 0):
            with pytest.raises(AttributeError, match="out of reach"):
                names("ask_raw")(thing, operation, "limit", *extra)
        tester = Examiner()
        names("ask_raw")(tester, "setattr", "values", 5)

        assert tester.values == 5

    @pytest.mark.parametrize(
        ("operation", "arguments"),
        [
            *(
                ("getattr", ()),
                ("getattr", (1,)),
                ("getitem", ()),
                ("isinstance", (3,)),
                ("len", (1, 2)),
                ("exit", (1, 2)),
            ),
            ("getattr", ("values", "a", "b")),
        ],
    )
    def test_wrong_arguments(self, names, operation, arguments):
        """They are a failure of that operation and of nothing else."""
        with pytest.raises((TypeError, IndexError, AttributeError)):
            names("ask_raw")(Examiner(), operation, *arguments)
        assert names("echo")(3) == 3

    def test_other_names(self, names):
        """What a student's function would do with such an object works."""
        tester = Examiner()

        assert names("probe")(tester, "thing.values") == [1]
        assert names("probe")(tester, "thing.method()") == 3
        assert names("probe")(Examiner, "isinstance(thing(), thing)")
        assert names("probe")(tester, "repr(thing)") == "<grader's object Examiner>"


class TestHostileHandles:
    """Handles that no honest process would send."""

    @pytest.mark.parametrize(
        "node",
        [
            *(
                (0, 0, "object", "x"),
                (-1, 0, "object", "x"),
                (2**60, 0, "object", "x"),
                ("1", 0, "object", "x"),
            ),
            *(
                (1, -1, "object", "x"),
                (1, EVERYTHING + 1, "object", "x"),
                (1, True, "object", "x"),
                (1, 0, "teapot", "x"),
            ),
            *((1, 0, "object", 3), (True, 0, "object", "x"), (1, 0, [], "x")),
        ],
    )
    def test_wrong_handles(self, node):
        """They are refused."""
        borrowed = BorrowedObjects(Limits(), print, "student's")
        with pytest.raises(ValueError):
            borrowed.borrow(*node)

    def test_names(self):
        """A name is cut and cleaned: it cannot forge a line of a report."""
        borrowed = BorrowedObjects(Limits(), print, "student's")
        proxy = borrowed.borrow(1, EVERYTHING, "object", "a\n\x1b[31m<b>'\"" + "x" * 500)

        assert len(repr(proxy)) < 110
        assert not set(repr(proxy)) & set('\n\x1b[]"')

    @pytest.mark.parametrize("name", ["_repr_html_", "_ipython_display_", "__array_struct__", "__iter__", "__len__"])
    def test_special_names(self, name):
        """They are not even asked for: a hostile process would have an answer."""
        borrowed = BorrowedObjects(Limits(), lambda *_, **__: "forged", "student's")
        proxy = borrowed.borrow(1, 0, "object", "x")

        assert proxy.anything == "forged"
        assert not hasattr(proxy, name)

    def test_too_many(self):
        """A hostile process cannot make proxies without end."""
        borrowed = BorrowedObjects(Limits(handles=5), print, "student's")
        kept = [borrowed.borrow(n, 0, "object", "x") for n in range(1, 6)]
        with pytest.raises(ValueError, match="too many"):
            borrowed.borrow(6, 0, "object", "x")
        assert len(kept) == 5

    @pytest.mark.parametrize("answer", [3, "yes", None])
    def test_answers(self, answer):
        """A question for yes or no is not answered otherwise."""
        borrowed = BorrowedObjects(Limits(), lambda *_, **__: answer, "student's")
        proxy = borrowed.borrow(1, EVERYTHING, "object", "x")
        for act in (
            lambda: 1 in proxy,
            lambda: isinstance(1, proxy),
            lambda: proxy.__exit__(None, None, None),
        ):
            with pytest.raises(TypeError):
                act()
        with contextlib.suppress(AttributeError):
            assert isinstance(proxy.__name__, str)

    def test_a_proxy_of_another_process(self):
        """It cannot be passed on."""
        one, two = (BorrowedObjects(Limits(), print, "x") for _ in range(2))
        exchange = HandleExchange(LentObjects(5, True), one)
        with pytest.raises(Refused, match="third"):
            exchange.lend(two.borrow(1, 0, "object", "x"))


def test_abilities():
    """They are told from the class, as Python does, and a method that is None is none."""

    class Not(list):
        __iter__ = None

    assert abilities_of(lambda: 0) == Ability.CALL
    assert abilities_of(Layer) == Ability.CALL | Ability.CLASS
    assert abilities_of(Layer()) == Ability(0)
    assert Ability.ITER not in abilities_of(Not())
    assert Ability.LEN in abilities_of(Not())
    assert issubclass(Proxy, object)
