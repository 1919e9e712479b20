"""What a function does, item by item."""

import numpy as np
import pytest

from autograder.diagnosis.observation import (
    ABSENT,
    RAISES,
    Probe,
    TooMuchError,
    deviation,
    observe,
    quietly,
    same_value,
)


def wrong(function, reference, *arguments, **keywords) -> set[str]:
    """Return the names of the items in which a function is not the reference."""
    probe = Probe(arguments, keywords)
    return set(deviation(observe(function, probe), observe(reference, probe)))


class TestItems:
    """What is told apart."""

    @pytest.mark.parametrize(
        ("got", "expected", "items"),
        [
            ((1.0, 2.0), (1.0, 3.0), {"result[1]"}),
            ({"dW1": 1.0, "db1": 2.0}, {"dW1": 1.5, "db1": 2.0}, {'result["dW1"]'}),
            ({"dw1": 1.0}, {"dW1": 1.0}, {"result", 'result["dw1"]', 'result["dW1"]'}),
            ([1.0], [1.0, 2.0], {"result", "result[1]"}),
            ((1.0,), [1.0], {"result"}),
            (None, 1.0, {"result"}),
            (True, 1.0, {"result"}),
            (np.ones((1, 2)), np.ones(2), {"result"}),
            (np.ones(2), np.ones(2) * (1 + 1e-9), set()),
            (np.ones(2), [1.0, 1.0], {"result", "result[0]", "result[1]"}),
            (np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), set()),
            (np.array([np.nan]), np.array([0.0]), {"result"}),
            (np.array([100.0]), np.array([np.inf]), {"result"}),
            (np.array([np.inf]), np.array([100.0]), {"result"}),
            (np.float64(2), 2, set()),
            ("a", "b", {"result"}),
        ],
    )
    def test_results(self, got, expected, items):
        """By place and key; kinds and shapes strictly, numbers to a tolerance."""
        assert wrong(lambda: got, lambda: expected) == items

    def test_objects_are_all_alike(self):
        """Nothing is known of what stays in another process."""
        assert wrong(object, lambda: print) == set()

    def test_changes_of_arguments(self):
        """Which argument and which part of it."""

        def changes(x, parameters):
            x += 1
            parameters["W1"] = 0
            return x

        found = wrong(changes, lambda x, parameters: x + 1, np.ones(2), {"W1": 1.0, "b1": 2.0})
        assert found == {"argument 1", 'argument 2["W1"]'}

    def test_the_probe_stays_as_it_is(self):
        """A function works on a copy."""
        probe = Probe((np.ones(2),))
        observe(lambda x: x.fill(7), probe)

        assert probe.arguments[0].tolist() == [1, 1]

    def test_random_numbers_are_the_same_each_time(self):
        """Also where the function does not seed; and nothing outside changes."""
        np.random.seed(5)
        with quietly():
            assert wrong(lambda: np.random.randn(2), lambda: np.random.randn(2)) == set()

        assert np.random.randn() == np.random.RandomState(5).randn()

    def test_a_result_without_end(self):
        """It is not compared."""
        with pytest.raises(TooMuchError):
            observe(lambda: [0] * 100_000, Probe(()))


class TestErrors:
    """A function that stops."""

    def test_an_error_is_the_only_item(self):
        """Nothing else is known of the call."""
        assert wrong(lambda: 1 / 0, lambda: (1, 2)) == {RAISES}

    def test_a_reference_that_stops(self):
        """A function that does not is wrong in that."""
        found = deviation(observe(lambda: 1, Probe(())), observe(lambda: 1 / 0, Probe(())))

        assert found[RAISES] == ABSENT

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            (("error", "ValueError", None), ("error", "ValueError", None), True),
            (("error", "ValueError", None), ("error", "TypeError", None), False),
            (("error", "KeyError", "'W0'"), ("error", "KeyError", "'W1'"), False),
            (("error", "AssertionError", "assert a"), ("error", "AssertionError", None), True),
        ],
    )
    def test_when_two_are_the_same(self, one, other, same):
        """By their names, and by the assert or the key if both are known."""
        assert same_value(one, other) is same

    def test_the_shapes_are_known(self):
        """Two products whose shapes do not fit are not one mistake, unless the shapes are the same."""
        wide, other, tall = np.ones((2, 5)), np.ones((2, 6)), np.ones((3, 4))
        raised = [observe(lambda A=A: np.dot(A, tall), Probe(()))[RAISES] for A in (wide, other, wide)]

        assert raised[0] == ("error", "ValueError", "(2,5) (3,4)")
        assert same_value(raised[0], raised[2])
        assert not same_value(raised[0], raised[1])

    def test_the_assert_is_known(self, bench):
        """The line of the solution, however deep."""
        function = bench.solution.function("linear_activation_backward")
        cache = ((np.ones((2, 3)), np.ones((1, 2)), np.ones((2, 2))), np.ones((1, 3)))
        found = observe(function, Probe((np.ones((1, 3)), cache, "relu")))

        assert found[RAISES] == ("error", "AssertionError", "assert db.shape == b.shape")
