"""Two processes in conversation, one of them hostile."""

import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_pair import raw_student, student

from autograder.rpc.awaiting import complete
from autograder.rpc.channel import pack
from autograder.rpc.peer import Peer
from autograder.rpc.rpc_errors import (
    ChannelClosed,
    DeadlinePassed,
    MalformedMessage,
    MessageTooLarge,
    OutOfTurn,
    Refused,
    WireError,
)
from autograder.rpc.value_limits import Limits

NONE_GRAPH = [None, [], []]


def reply(identity=1, **fields):
    """A reply as an honest process sends it, with some fields changed."""
    body = {"id": identity, "graph": NONE_GRAPH, "restore": [], "failure": None, "dropped": [], "outputs": []}
    body["files"] = []
    return ["reply", body | fields]


def request(identity=1, **fields):
    """A request as an honest process sends it, with some fields changed."""
    body = {
        **{
            "id": identity,
            "op": "call",
            "on": 1,
            "graph": [[0], [["list", [[1], [2]]], ["tuple", []], ["dict", []]], []],
        },
        **{"failure": None, "random": None, "dropped": [], "outputs": [], "files": []},
    }
    return ["request", body | fields]


def normalise(x, axis):
    """Change an argument in place and return two results, one of them the argument."""
    x -= x.mean(axis=axis, keepdims=True)
    return x, {"std": x.std(), "x": x}


def apply(function, *arguments):
    """Call back."""
    return function(*arguments)


def add(a, b):
    """Add."""
    return a + b


class TestCalls:
    """The ordinary course of things."""

    def test_names(self):
        """The root object's methods get, set and delete names."""
        with student({"add": add, "costs": [1.0, 2.0]}) as peer:
            assert peer.root.get("costs") == [1.0, 2.0]
            peer.root.set("x", {"a": np.eye(2)})
            assert peer.root.get("x")["a"].tolist() == [[1, 0], [0, 1]]
            peer.root.delete("x")
            with pytest.raises(KeyError):
                peer.root.get("x")
            assert peer.root.get("add")(b=2, a=1) == 3

    def test_copy_restore(self):
        """A change to an argument is seen here, and a result that is the argument is the argument."""
        with student({"normalise": normalise}) as peer:
            x = np.arange(6.0).reshape(2, 3)
            result, extra = peer.root.get("normalise")(x, axis=1)

            assert result is x is extra["x"]
            assert x.tolist() == [[-1, 0, 1], [-1, 0, 1]]

    def test_changes_survive_a_failure(self):
        """What was changed before an exception is changed, as in one process."""

        def fill_then_fail(items):
            items.append(1)
            raise ValueError("after")

        with student({"f": fill_then_fail}) as peer:
            items = []
            with pytest.raises(ValueError, match="after"):
                peer.root.get("f")(items)
            assert items == [1]

    def test_callbacks(self):
        """The student's function may call the test's, which may call the student's."""
        with student({"apply": apply, "add": add}) as peer:
            apply_, add_ = peer.root.get("apply"), peer.root.get("add")

            assert apply_(lambda a: add_(a, 1), 2) == 3
            items = []
            apply_(lambda part: part.append(7), items)
            assert items == [7]

    def test_a_failure_of_the_test_itself(self):
        """An exception in a callback passes through the student's function and is itself."""

        def fail():
            raise FileNotFoundError(2, "no", "x")

        with student({"apply": apply}) as peer, pytest.raises(FileNotFoundError, match="no"):
            peer.root.get("apply")(fail)

    def test_nesting_is_bounded(self):
        """Endless ping-pong is a RecursionError at the caller, and the conversation goes on."""
        with student({"apply": apply}) as peer:
            apply_ = peer.root.get("apply")

            def again(depth):
                depths.append(depth)
                return apply_(again, depth + 1)

            depths = []
            with pytest.raises(RecursionError, match="more than 50"):
                again(0)
            assert 10 < max(depths) < 50
            assert apply_(len, "abc") == 3

    def test_private_methods(self):
        """The root object shows its public methods and nothing else."""
        with student({}) as peer:
            for name in ("_hidden", "__init__", "__class__"):
                with pytest.raises(AttributeError, match="public"):
                    peer._request("invoke", 0, (name,))
            with pytest.raises(LookupError):
                peer._request("getattr", 0, ("names",))
            with pytest.raises(LookupError):
                peer._request("call", 99)
            with pytest.raises(LookupError):
                peer._request("invoke", 99, ("get", "x"))

    def test_no_exports(self):
        """The grader's side has no root object."""

        def hostile(channel):
            channel.receive()
            peer = Peer(channel, trusts_peer=True)
            try:
                peer.root.get("SECRET")
            except LookupError as error:
                channel.send(reply(1, graph=[str(error), [], []]))

        with raw_student(hostile) as peer:
            assert peer.root.get("x") == "there is no root object"


class TestHooks:
    """What goes along with the messages."""

    def test_before_call(self):
        """It runs before each request that is no part of another, may make requests, does not recurse."""
        log = []
        with student({"apply": apply, "add": add}) as peer:
            add_, apply_ = peer.root.get("add"), peer.root.get("apply")

            def synchronise():
                log.append("sync")
                peer.root.set("y", len(log))

            peer._before_call = synchronise
            add_(1, 2)
            assert log == ["sync"]
            apply_(lambda: add_(3, 4))
            assert log == ["sync"] * 2
            assert peer.root.get("y") == 3

    def test_a_failing_before_call(self):
        """Its failure is the caller's, and the next call asks it again."""
        with student({"add": add}) as peer:
            add_ = peer.root.get("add")
            answers = iter([ZeroDivisionError(), None])

            def synchronise():
                answer = next(answers)
                if answer:
                    raise answer

            peer._before_call = synchronise
            with pytest.raises(ZeroDivisionError):
                add_(1, 2)
            assert add_(1, 2) == 3

    def test_outputs(self):
        """What the student printed comes with the next message, in order."""
        printed, received = [], []

        def drain():
            now, printed[:] = printed[:], []
            return now

        def speak(callback):
            printed.append(["stream", "before"])
            callback()
            printed.append(["stream", "after"])

        with student({"speak": speak}, {"drain_outputs": drain}, on_outputs=received.extend) as peer:
            peer.root.get("speak")(lambda: received.append("callback"))

        assert received == [["stream", "before"], "callback", ["stream", "after"]]

    def test_outputs_survive_a_result_that_is_too_large(self):
        """They come with the refusal."""
        received = []
        outputs = iter([[], ["text"]])
        with student(
            {"f": lambda: bytes(70 << 20)},
            {"drain_outputs": lambda: next(outputs)},
            on_outputs=received.extend,
        ) as peer:
            with pytest.raises(Refused, match="larger than"):
                peer.root.get("f")()
            assert received == ["text"]

    def test_a_message_that_is_too_large(self):
        """Too much in one message is refused, either way, and the conversation goes on."""
        roomy = Limits(total_bytes=1 << 30)
        with student({"size": len, "f": lambda: bytes(65 << 20)}, {"limits": roomy}, limits=roomy) as peer:
            with pytest.raises(Refused, match="longer than"):
                peer.root.get("f")()
            size = peer.root.get("size")
            with pytest.raises(Refused, match=r"arguments cannot be sent: .* longer than"):
                size(bytes(65 << 20))
            assert size(b"abc") == 3
            assert peer.broken is None

    def test_a_seed_survives_a_call_that_is_refused(self):
        """The random state goes with the next call instead."""
        roomy = Limits(total_bytes=1 << 30)
        with student({"draw": lambda *_: np.random.rand()}, limits=roomy) as peer:
            draw = peer.root.get("draw")
            np.random.seed(5)
            with pytest.raises(Refused):
                draw(bytes(65 << 20))
            assert draw() == np.random.RandomState(5).rand()


class TestBroken:
    """A conversation that is broken stays broken."""

    @pytest.mark.parametrize(
        ("message", "kind"),
        [
            *((None, MalformedMessage), (["reply"], MalformedMessage), (["other", {}], MalformedMessage)),
            *(
                (["reply", None], MalformedMessage),
                (["reply", {}], MalformedMessage),
                ([[], {}], MalformedMessage),
            ),
            *(
                (reply(2), OutOfTurn),
                (reply(0), OutOfTurn),
                (reply("1"), MalformedMessage),
                (reply(True), MalformedMessage),
            ),
            *((reply(graph=None), MalformedMessage), (reply(graph=[[0], [], []]), MalformedMessage)),
            *((reply(restore=None), MalformedMessage), (reply(restore=[[0, [0]]]), MalformedMessage)),
            *(
                (reply(failure=3), MalformedMessage),
                (reply(failure={}), MalformedMessage),
                (reply(extra=1), MalformedMessage),
            ),
            *((reply(dropped=None), MalformedMessage), (reply(dropped=[3]), MalformedMessage)),
            *((reply(dropped=[[1, -5]]), MalformedMessage), (reply(dropped=[["1", 1]]), MalformedMessage)),
            *((reply(outputs=None), MalformedMessage), (reply(outputs=["x"]), MalformedMessage)),
            *((reply(files=None), MalformedMessage), (reply(files=[["work/x", b""]]), MalformedMessage)),
            *(
                (request(op="eval"), MalformedMessage),
                (request(op=3), MalformedMessage),
                (request(on="x"), MalformedMessage),
            ),
            *((request(on=None), MalformedMessage), (request(graph=None), MalformedMessage)),
            *(
                (request(graph=NONE_GRAPH), MalformedMessage),
                (request(random=[None, None]), MalformedMessage),
            ),
            *((request(op="exit", failure=3, on=0), MalformedMessage), (["request", []], MalformedMessage)),
            *((["lost", "out of memory"], ChannelClosed),),
        ],
    )
    def test_violations(self, message, kind):
        """Every violation is told at once, and the peer is of no more use."""

        def hostile(channel):
            channel.receive()
            channel.send(message)
            channel.receive()

        with raw_student(hostile) as peer:
            with pytest.raises(kind):
                peer.root.get("x")
            assert isinstance(peer.broken, kind)
            with pytest.raises(ChannelClosed, match="cannot be used any more"):
                peer.root.get("x")
            with pytest.raises(ChannelClosed):
                peer.serve(request())

    def test_a_request_without_a_handle(self):
        """Asking for what was never lent fails for the one who asks, and for nobody else."""
        graph = request()[1]["graph"]

        def hostile(channel):
            channel.receive()
            channel.send(request(5, on=7, graph=graph))
            answer = channel.receive()
            channel.send(reply(1, graph=[answer[1]["failure"]["class"], [], []]))

        with raw_student(hostile) as peer:
            assert peer.root.get("x") == "LookupError"

    def test_death(self):
        """A process that dies in a call has gone."""
        with student({"die": lambda: os._exit(3)}) as peer:
            die = peer.root.get("die")
            with pytest.raises(ChannelClosed):
                die()
            with pytest.raises(ChannelClosed):
                die.anything  # noqa: B018
            assert repr(die) == "<student's function <lambda>>"

    def test_a_process_that_hangs(self):
        """A deadline for replies can be set, where nobody else holds the clock."""
        with student({"sleep": time.sleep}) as peer:
            sleep = peer.root.get("sleep")
            peer.deadline = time.monotonic() + 0.2
            with pytest.raises(DeadlinePassed):
                sleep(0.5)

    def test_too_long(self):
        """A message that is announced as too long breaks the conversation."""

        def hostile(channel):
            channel.receive()
            os.write(channel.fileno(), b"\xff" * 4)
            channel.receive()

        with raw_student(hostile) as peer, pytest.raises(MessageTooLarge):
            peer.root.get("x")

    def test_serving_what_is_no_request(self):
        """A host's loop hands over requests only."""

        def hostile(channel):
            channel.receive()

        with raw_student(hostile) as peer:
            with pytest.raises(OutOfTurn):
                peer.serve(reply())
            assert peer.broken is not None
            peer._channel.send(None)

    @given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3), st.booleans())
    @settings(max_examples=60, deadline=None)
    def test_mutated_messages(self, position, data, asks):
        """A message with some bytes changed is understood or a WireError: no hang, no other error."""
        failure = {"class": "ValueError", "message": "x", "arguments": [], "notes": []}
        failure |= {"cause": None, "context": None, "suppress": False, "members": None, "traceback": []}
        graph = [
            [0],
            [
                ["list", [[1], [2], 3]],
                ["array", "<d", [1], "C", True, bytes(8)],
                ["handle", 1, 1, "object", "x"],
            ],
            [],
        ]
        whole = request(3, on=1) if asks else reply(graph=graph, failure=None if position % 2 else failure)
        message = bytearray(pack(whole))
        position %= len(message)
        message[position : position + len(data)] = data

        def hostile(channel):
            channel.receive()
            os.write(channel.fileno(), len(message).to_bytes(4, "big") + message)
            if asks:
                channel.receive()

        with raw_student(hostile) as peer:
            peer.deadline = time.monotonic() + 10
            try:
                peer.root.get("x")
            except (WireError, ValueError):
                assert not isinstance(peer.broken, DeadlinePassed)


class TestInterrupts:
    """Interrupts as Jupyter sends them."""

    def test_the_students_side(self):
        """An endless loop that is interrupted raises KeyboardInterrupt here; the conversation goes on."""

        def loop():
            os.kill(os.getpid(), signal.SIGINT)
            for _ in itertools.count():
                pass

        with student({"loop": loop, "add": add}) as peer:
            with pytest.raises(KeyboardInterrupt):
                peer.root.get("loop")()
            assert peer.root.get("add")(1, 2) == 3

    def test_this_side(self):
        """A call that is given up is answered later, and the answer means nothing."""
        with student({"sleep": time.sleep, "add": add}) as peer:
            sleep, add_ = peer.root.get("sleep"), peer.root.get("add")
            timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                sleep(0.4)
            timer.join()

            assert add_(1, 2) == 3
            assert peer.broken is None
            assert not peer._unanswered

    def test_a_coroutine(self):
        """An interrupt ends what the other side awaits, and its event loop goes on."""

        async def work(endless):
            if endless:
                os.kill(os.getpid(), signal.SIGINT)
            while endless:
                pass
            return 3

        with student({"run": lambda endless: complete(work(endless))}) as peer:
            run = peer.root.get("run")
            peer.deadline = time.monotonic() + 20
            for _ in range(2):
                with pytest.raises(KeyboardInterrupt):
                    run(True)
                assert run(False) == 3

    def test_an_outer_call_is_not_answered_early(self):
        """A reply to a call that still waits further out is out of turn."""

        def hostile(channel):
            channel.receive()
            channel.send(request(1, on=1))
            channel.receive()
            channel.send(reply(1))
            channel.receive()

        with raw_student(hostile) as peer:

            def callback():
                return peer.root.get("y")

            with pytest.raises(OutOfTurn):
                peer.root.get(callback)


def test_public_names():
    """What a peer offers."""
    public = {name for name in vars(Peer) if not name.startswith("_")}

    assert public == {"is_serving", "open_to_threads", "revoke", "serve", "tell_files"}


@pytest.mark.slow
def test_time_of_a_call():
    """Two hundred calls with three small arrays take well under a second."""
    A, W, b = np.ones((3, 4)), np.ones((2, 3)), np.zeros((2, 1))
    with student({"f": lambda A, W, b: W @ A + b}) as peer:
        function = peer.root.get("f")
        began = time.perf_counter()
        for _ in range(200):
            function(A, W, b)
        assert time.perf_counter() - began < 1
