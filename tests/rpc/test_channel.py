"""Messages over a socket pair whose other end may be hostile."""

import array
import contextlib
import os
import signal
import socket
import struct
import threading
import time
import tracemalloc

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.rpc import rpc_errors
from autograder.rpc.channel import Channel, pack, unpack
from autograder.rpc.rpc_errors import (
    ChannelClosed,
    DeadlinePassed,
    MalformedMessage,
    MessageTooLarge,
    WireError,
)

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(0, 9), inner),
    max_leaves=20,
)


@pytest.fixture
def ends():
    """A channel and the raw socket at its other end."""
    ours, theirs = socket.socketpair()
    with Channel(ours, max_message=1 << 20) as channel, theirs:
        yield channel, theirs


def soon(seconds=0.1):
    """A deadline a moment from now."""
    return time.monotonic() + seconds


class TestMessages:
    """What goes in comes out."""

    @given(PLAIN)
    @settings(max_examples=100, deadline=None)
    def test_round_trip(self, message):
        """Every plain message arrives equal, lone surrogates included."""
        assert message == unpack(pack(message))

    def test_several_in_one_write(self, ends):
        """Two messages that arrive together are received one after the other."""
        channel, other = ends
        body = pack([1])
        other.sendall(2 * (struct.pack(">I", len(body)) + body))

        assert channel.receive() == [1]
        assert channel.receive() == [1]

    def test_larger_than_the_socket_buffer(self):
        """A message that fills the buffers many times over arrives whole."""
        ours, theirs = socket.socketpair()
        with Channel(ours) as sender, Channel(theirs) as receiver:
            data = os.urandom(5 << 20)
            thread = threading.Thread(target=sender.send, args=(data,))
            thread.start()

            assert data == receiver.receive(soon(20))
            thread.join()

    def test_bytes_on_the_wire(self, ends):
        """A message is four bytes of length, the highest first, then msgpack."""
        channel, other = ends
        channel.send(["x"])

        assert other.recv(100) == b"\x00\x00\x00\x03\x91\xa1x"

    def test_a_message_that_is_not_plain(self, ends):
        """An object has no plain form."""
        channel, _ = ends
        with pytest.raises(MalformedMessage):
            channel.send(object())


class TestHostile:
    """The other end does what it can."""

    def test_announced_length(self, ends):
        """Too long a message is refused before it is read."""
        channel, other = ends
        other.sendall(struct.pack(">I", (1 << 20) + 1))
        with pytest.raises(MessageTooLarge, match="1048577 bytes"):
            channel.receive(soon(5))

    def test_sending_too_much(self, ends):
        """Nothing of a message that is too long is sent."""
        channel, other = ends
        with pytest.raises(MessageTooLarge):
            channel.send(bytes(1 << 20))
        channel.send(None)

        assert other.recv(100) == b"\x00\x00\x00\x01\xc0"

    def test_one_byte_at_a_time(self, ends):
        """The deadline holds against a peer that always has one more byte."""
        channel, other = ends
        stop = threading.Event()

        def trickle():
            other.sendall(struct.pack(">I", 1 << 20))
            while not stop.wait(0.005):
                other.send(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            channel.receive(soon(0.2))

        assert time.monotonic() - began < 1
        stop.set()
        thread.join()

    def test_a_peer_that_never_reads(self):
        """Sending ends at its deadline too."""
        ours, theirs = socket.socketpair()
        with Channel(ours) as channel, theirs, pytest.raises(DeadlinePassed):
            channel.send(bytes(8 << 20), soon())

    def test_a_deadline_that_has_passed(self, ends):
        """It is no licence to wait."""
        channel, _ = ends
        with pytest.raises(DeadlinePassed):
            channel.receive(time.monotonic() - 1)

    @pytest.mark.parametrize("sent", [b"", b"\0", b"\0\0\0\x05abc"])
    def test_hanging_up(self, ends, sent):
        """A peer that goes away in mid-message has gone."""
        channel, other = ends
        other.sendall(sent)
        other.close()
        with pytest.raises(ChannelClosed):
            channel.receive()

    def test_sending_to_nobody(self, ends):
        """A closed other end is an error, not a signal."""
        channel, other = ends
        other.close()
        with pytest.raises(ChannelClosed):
            channel.send([0])

    def test_closed_here(self):
        """A closed channel says so."""
        ours, theirs = socket.socketpair()
        channel = Channel(ours)
        channel.close()
        channel.close()
        with theirs, pytest.raises(ChannelClosed):
            channel.receive(soon())

        assert channel.fileno() == -1

    def test_descriptors_are_not_received(self, ends):
        """A descriptor attached to a message does not arrive in this process."""
        channel, other = ends
        reading, writing = os.pipe()
        before = set(os.listdir("/proc/self/fd"))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [reading]))]
        other.sendmsg([b"\x00\x00\x00\x01\xc0"], rights)

        assert channel.receive(soon(5)) is None
        assert before == set(os.listdir("/proc/self/fd"))
        os.close(reading)
        os.close(writing)

    @given(st.binary(max_size=200))
    @settings(max_examples=300, deadline=None)
    def test_any_bytes(self, data):
        """Arbitrary bytes are a message or malformed, never anything else."""
        with contextlib.suppress(MalformedMessage):
            unpack(data)

    @pytest.mark.parametrize(
        "data",
        [
            msgpack.packb(msgpack.Timestamp(0)),
            msgpack.packb(msgpack.ExtType(5, b"")),
            b"\xc7\x00\xff",
            b"\xa1\xff",
            b"\x81\x90\x01",
            b"\xc1",
            b"\x01\x01",
            b"\x91" * 2000 + b"\x01",
            b"\xdd\xff\xff\xff\xff",
            b"",
        ],
    )
    def test_unusual_messages(self, data):
        """No extension types, bad text, unhashable keys, rests, towers or empty promises."""
        with pytest.raises(MalformedMessage):
            unpack(data)

    @pytest.mark.parametrize("filler", [b"\x90", b"\x80", b"\xdd\x00\x0f\x00\x00"])
    def test_memory(self, filler):
        """A message of many empty containers, or of large promises, does not take memory for them all."""
        tracemalloc.start()
        with pytest.raises(MalformedMessage):
            unpack(b"\xdd\x00\x10\x00\x00" + filler * 1_000_000, max_items=100_000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert peak < 50 << 20

    def test_many_small_containers(self):
        """Elements are counted over the whole message, not list by list."""
        message = pack([[0] * 100] * 40)

        assert len(unpack(message, max_items=5000)) == 40
        with pytest.raises(MalformedMessage):
            unpack(message, max_items=4000)


class TestInterrupts:
    """A signal handler may raise at any moment."""

    def test_receive_goes_on(self, ends):
        """What had arrived before an interrupt is not lost."""
        channel, other = ends
        body = pack(list(range(1000)))
        whole = struct.pack(">I", len(body)) + body
        other.sendall(whole[:100])
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            channel.receive()
        other.sendall(whole[100:])

        assert list(range(1000)) == channel.receive()

    @pytest.mark.parametrize("again", [True, False])
    def test_send_goes_on(self, again):
        """What had not been sent at an interrupt goes out before the next message, and once."""
        ours, theirs = socket.socketpair()
        with Channel(ours) as sender, Channel(theirs) as receiver:
            first = os.urandom(4 << 20)
            frame = sender.prepare(first)
            signal.signal(signal.SIGALRM, _interrupt)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                sender.post(frame)
            if again:
                with pytest.raises(DeadlinePassed):
                    sender.post(frame, soon(0))
            thread = threading.Thread(target=sender.send, args=("second",))
            thread.start()

            assert first == receiver.receive(soon(20))
            assert receiver.receive(soon(20)) == "second"
            thread.join()

    def test_a_storm(self):
        """Messages survive interrupts at random moments, each exactly once."""
        ours, theirs = socket.socketpair()
        with Channel(ours) as channel, Channel(theirs) as other:
            thread = threading.Thread(target=_echo, args=(other, 300))
            sending = False

            def interrupt(number, frame):
                # Another thread may have taken the signal, so that this comes late: after the message was sent.
                if sending:
                    raise KeyboardInterrupt

            signal.signal(signal.SIGALRM, interrupt)
            thread.start()
            answers, interrupts = [], 0
            for number in range(300):
                frame = channel.prepare([number, bytes(3000)])
                sent = False
                while not sent:
                    try:
                        sending = True
                        signal.setitimer(signal.ITIMER_REAL, 0.00003)
                        channel.post(frame)
                        sent = True
                        sending = False
                    except KeyboardInterrupt:
                        interrupts += 1
                answers.append(channel.receive()[0])
            thread.join()

        assert answers == list(range(300))
        assert interrupts > 0


def _interrupt(number, frame):
    raise KeyboardInterrupt


def _echo(channel, times):
    for _ in range(times):
        channel.send(channel.receive())


class TestErrors:
    """The exception tree."""

    def test_names(self):
        """Every public name is an IsolationError and a built-in error, and is drawn in the tree."""
        for name in rpc_errors.__all__:
            kind = getattr(rpc_errors, name)

            assert issubclass(kind, rpc_errors.IsolationError)
            assert name in rpc_errors.__doc__
        assert issubclass(ChannelClosed, WireError)
        assert issubclass(ChannelClosed, ConnectionError)
        assert issubclass(DeadlinePassed, TimeoutError)
        assert not issubclass(rpc_errors.Refused, WireError)

    def test_copies(self):
        """They survive copying and pickling."""
        import copy
        import pickle

        for name in rpc_errors.__all__:
            error = getattr(rpc_errors, name)("why")
            for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
                assert type(twin) is type(error)
                assert str(twin) == "why"
