"""The global generators' state, from the grader to the student and not back."""

import random

import numpy as np
import pytest
from wire_pair import student

from autograder.rpc.channel import pack, unpack
from autograder.rpc.random_state import RandomStateSender, capture, install
from autograder.rpc.rpc_errors import MalformedMessage


@pytest.fixture(autouse=True)
def own_state():
    """Leave the generators as they were."""
    before = np.random.get_state(), random.getstate()
    yield
    np.random.set_state(before[0])
    random.setstate(before[1])


def draw():
    """Draw enough of everything to notice any difference."""
    return [
        np.random.randn(3).tolist(),
        np.random.rand(700).tolist(),
        [random.gauss(0, 1) for _ in range(3)],
        [random.random() for _ in range(700)],
        np.random.randn(700).tolist(),
    ]


def seed(number, draws):
    """Seed both generators and draw a few numbers."""
    np.random.seed(number)
    random.seed(number)
    if draws:
        np.random.randn(draws)
        for _ in range(draws):
            random.gauss(0, 1)


STATES = [(number, draws) for number in (0, 1, 2**31) for draws in (0, 1, 2, 9, 311, 312, 650)]


class TestState:
    """Capturing and installing."""

    @pytest.mark.parametrize("state", STATES)
    def test_round_trip(self, state):
        """The same numbers come out, a cached Gaussian included."""
        seed(*state)
        captured = unpack(pack(capture()))
        expected = draw()
        install(captured)

        assert draw() == expected

    @pytest.mark.parametrize(
        ("which", "state"),
        [
            *((0, []), (0, 3), (0, [bytes(2496), 3, 0, 0.0]), (0, [b"x", 3, 0, 0.0]), (0, ["x", 3, 0, 0.0])),
            *(
                (0, [b"\1" * 2496, 625, 0, 0.0]),
                (0, [b"\1" * 2496, -1, 0, 0.0]),
                (0, [b"\1" * 2496, "3", 0, 0.0]),
            ),
            *(
                (0, [b"\1" * 2496, 3, 0, float("nan")]),
                (0, [b"\1" * 2496, 3, None, 0.0]),
                (0, [b"\1" * 2496, 3, 0, "x"]),
            ),
            *(
                (1, [b"\1" * 2496, 3, float("inf")]),
                (1, [bytes(2496), 3, None]),
                (1, [b"\1" * 2496, 3, "x"]),
                (1, None),
            ),
        ],
    )
    def test_malformed(self, which, state):
        """A state that would hang or poison a generator is none."""
        whole = capture()
        whole[which] = state
        with pytest.raises(MalformedMessage):
            install(whole)

    @pytest.mark.parametrize("whole", [None, [], 3, [None], {}])
    def test_malformed_as_a_whole(self, whole):
        """So with what is no pair of states."""
        with pytest.raises(MalformedMessage):
            install(whole)


class TestSender:
    """When the state has to be sent."""

    @pytest.mark.parametrize("state", STATES)
    def test_marks_change_no_number(self, state):
        """The mark that the sender leaves is not seen by anyone who draws."""
        seed(*state)
        expected = draw()
        seed(*state)
        RandomStateSender().pending()

        assert draw() == expected

    @pytest.mark.parametrize("state", STATES)
    def test_seeding_again(self, state):
        """The same seed and the same draws again count as a change."""
        sender = RandomStateSender()
        seed(*state)
        sent = sender.pending()

        assert sent is not None
        assert sender.pending() is None
        seed(*state)
        assert sender.pending() == sent
        assert sender.pending() is None

    @pytest.mark.parametrize("use", [np.random.randn, np.random.rand, random.random, lambda: random.gauss(0, 1)])
    def test_using(self, use):
        """A draw from either generator counts."""
        sender = RandomStateSender()
        sender.pending()
        use()

        assert sender.pending() is not None
        assert sender.pending() is None

    def test_cached_gaussian(self):
        """So does a draw that only uses up what was drawn before."""
        sender = RandomStateSender()
        np.random.seed(1)
        np.random.randn()
        sender.pending()
        np.random.randn()

        assert sender.pending() is not None

    def test_forgetting(self):
        """What was not sent is pending again."""
        sender = RandomStateSender()
        first = sender.pending()
        sender.forget()

        assert sender.pending()[0][1:] == first[0][1:]

    def test_another_generator(self):
        """A global generator that somebody exchanged is left alone."""
        original = np.random.get_bit_generator()
        try:
            np.random.set_bit_generator(np.random.PCG64(3))

            assert RandomStateSender().pending()[0] is None
        finally:
            np.random.set_bit_generator(original)


def initialise():
    """Draw as a student's function does."""
    return np.random.randn(2, 3), random.random()


def reseed():
    """Spoil the generators."""
    np.random.seed(0)
    random.seed(0)


class TestCalls:
    """What a test sees."""

    def test_seed_then_call(self):
        """Seeding here, drawing there gives the numbers of one process, again and again."""
        np.random.seed(3)
        random.seed(3)
        expected, number = initialise()
        following, _ = initialise()
        with student({"initialise": initialise}) as peer:
            function = peer.root.get("initialise")
            for _ in range(3):
                np.random.seed(3)
                random.seed(3)

                drawn, other = function()
                assert drawn.tolist() == expected.tolist()
                assert other == number
                assert function()[0].tolist() == following.tolist()

    def test_nothing_comes_back(self):
        """What the student does to its generators stays there."""
        with student({"reseed": reseed}) as peer:
            np.random.seed(3)
            random.seed(3)
            peer.root.get("reseed")()
            drawn, number = initialise()
            np.random.seed(3)
            random.seed(3)

            assert (initialise()[0].tolist(), number) == (drawn.tolist(), random.Random(3).random())
