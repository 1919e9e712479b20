"""Every figure of the documents that the assignment comes from, against the helpers and the solution.

The expected values stand here a second time on purpose: this file is where a changed helper or a changed figure in
testCases.py shows.
"""

import numpy as np
import pytest
from helper import run_cells

import testCases
from dnn_utils import sigmoid


@pytest.fixture(scope="module")
def solved(solution):
    """The namespace of the solved notebook after a run without an error."""
    run = run_cells(solution)
    assert run.errors == {}
    return run.namespace


def assert_printed(expected: str, got) -> None:
    """Compare with an array as NumPy prints it, to the last printed digit."""
    numbers = np.array(expected.replace("[", " ").replace("]", " ").split(), dtype=float)

    assert got.size == numbers.size
    np.testing.assert_allclose(np.ravel(got), numbers, rtol=0, atol=5.01e-9)


HELPERS = {
    "linear_forward_test_case": (1, [(3, 2), (1, 3), (1, 1)]),
    "linear_activation_forward_test_case": (2, [(3, 2), (1, 3), (1, 1)]),
    "L_model_forward_test_case": (1, [(4, 2), (3, 4), (3, 1), (1, 3), (1, 1)]),
    "L_model_forward_test_case_2hidden": (6, [(5, 4), (4, 5), (4, 1), (3, 4), (3, 1), (1, 3), (1, 1)]),
    "linear_backward_test_case": (1, [(1, 2), (3, 2), (1, 3), (1, 1)]),
    "linear_activation_backward_test_case": (2, [(1, 2), (3, 2), (1, 3), (1, 1), (1, 2)]),
}


def leaves(value):
    """Yield the arrays of nested tuples, lists and dictionaries in their order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


class TestHelpers:
    """The inputs are the seeded draws of the documents."""

    @pytest.mark.parametrize("name", HELPERS)
    def test_draws(self, name):
        """Seed, shapes and order of the draws."""
        seed, shapes = HELPERS[name]
        np.random.seed(seed)
        expected = [np.random.randn(*shape) for shape in shapes]
        got = list(leaves(getattr(testCases, name)()))

        assert [a.shape for a in expected] == [a.shape for a in got]
        for a, b in zip(expected, got, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_compute_cost_test_case(self):
        """Labels and guesses are fixed numbers, the labels first."""
        Y, AL = testCases.compute_cost_test_case()

        np.testing.assert_array_equal(Y, [[1, 1, 1]])
        np.testing.assert_array_equal(AL, [[0.8, 0.9, 0.4]])

    def test_L_model_backward_test_case(self):
        """AL, then per layer A, W, b and Z, from seed 3; the labels are one and zero."""
        AL, Y, caches = testCases.L_model_backward_test_case()
        np.random.seed(3)
        shapes = [(1, 2), (4, 2), (3, 4), (3, 1), (3, 2), (3, 2), (1, 3), (1, 1), (1, 2)]
        expected = [np.random.randn(*shape) for shape in shapes]

        np.testing.assert_array_equal(Y, [[1, 0]])
        for a, b in zip(expected, [AL, *leaves(caches)], strict=True):
            np.testing.assert_array_equal(a, b)

    def test_update_parameters_test_case(self):
        """Parameters from seed 2, then gradients in the same shapes from seed 3."""
        parameters, grads = testCases.update_parameters_test_case()
        for seed, values, names in [
            (2, parameters, ["W1", "b1", "W2", "b2"]),
            (3, grads, ["dW1", "db1", "dW2", "db2"]),
        ]:
            np.random.seed(seed)
            assert list(values) == names
            for name, shape in zip(names, [(3, 4), (3, 1), (1, 3), (1, 1)], strict=True):
                np.testing.assert_array_equal(values[name], np.random.randn(*shape))

    def test_helpers_leave_the_global_generator_alone(self):
        """Looking at a test case does not change what a student draws next."""
        np.random.seed(5)
        expected = np.random.randn()
        np.random.seed(5)
        for name in HELPERS:
            getattr(testCases, name)()

        assert np.random.randn() == expected


class TestSolution:
    """The solution gives the figures that the documents print."""

    def test_initialize_parameters(self, solved):
        """Sizes 3, 2 and 1."""
        got = solved["initialize_parameters"](3, 2, 1)

        assert_printed("[[0.01624345 -0.00611756 -0.00528172] [-0.01072969 0.00865408 -0.02301539]]", got["W1"])
        assert_printed("[[0.] [0.]]", got["b1"])
        assert_printed("[[0.01744812 -0.00761207]]", got["W2"])
        assert_printed("[[0.]]", got["b2"])

    def test_initialize_parameters_deep(self, solved):
        """Sizes 5, 4 and 3, the whole table."""
        got = solved["initialize_parameters_deep"]([5, 4, 3])

        assert_printed(
            """[[ 0.01788628 0.0043651 0.00096497 -0.01863493 -0.00277388]
            [-0.00354759 -0.00082741 -0.00627001 -0.00043818 -0.00477218]
            [-0.01313865 0.00884622 0.00881318 0.01709573 0.00050034]
            [-0.00404677 -0.0054536 -0.01546477 0.00982367 -0.01101068]]""",
            got["W1"],
        )
        assert_printed("[[0.] [0.] [0.] [0.]]", got["b1"])
        assert_printed(
            """[[-0.01185047 -0.0020565 0.01486148 0.00236716]
            [-0.01023785 -0.00712993 0.00625245 -0.00160513]
            [-0.00768836 -0.00230031 0.00745056 0.01976111]]""",
            got["W2"],
        )
        assert_printed("[[0.] [0.] [0.]]", got["b2"])

    def test_linear_forward(self, solved):
        """Z of the test case."""
        Z, _ = solved["linear_forward"](*testCases.linear_forward_test_case())

        assert_printed("[[3.26295337 -1.23429987]]", Z)

    @pytest.mark.parametrize(
        ("activation", "expected"), [("sigmoid", "0.96890023 0.11013289"), ("relu", "3.43896131 0.")]
    )
    def test_linear_activation_forward(self, solved, activation, expected):
        """A with either activation."""
        inputs = testCases.linear_activation_forward_test_case()

        assert_printed(expected, solved["linear_activation_forward"](*inputs, activation)[0])

    def test_L_model_forward(self, solved):
        """AL with two hidden layers and three caches, and with one hidden layer and two."""
        AL, caches = solved["L_model_forward"](*testCases.L_model_forward_test_case_2hidden())
        assert_printed("[[0.03921668 0.70498921 0.19734387 0.04728177]]", AL)
        assert len(caches) == 3

        AL, caches = solved["L_model_forward"](*testCases.L_model_forward_test_case())
        assert_printed("[[0.17007265 0.2524272]]", AL)
        assert len(caches) == 2

    def test_compute_cost(self, solved):
        """The cost, to its last digit."""
        Y, AL = testCases.compute_cost_test_case()

        assert str(solved["compute_cost"](AL, Y)) == "0.41493159961539694"

    def test_linear_backward(self, solved):
        """The three gradients."""
        dA_prev, dW, db = solved["linear_backward"](*testCases.linear_backward_test_case())

        assert_printed("[[0.51822968 -0.19517421] [-0.40506361 0.15255393] [2.37496825 -0.89445391]]", dA_prev)
        assert_printed("[[-0.10076895 1.40685096 1.64992505]]", dW)
        assert_printed("[[0.50629448]]", db)

    @pytest.mark.parametrize(
        ("activation", "expected"),
        [
            (
                "sigmoid",
                [
                    "[[0.11017994 0.01105339] [0.09466817 0.00949723] [-0.05743092 -0.00576154]]",
                    "[[0.10266786 0.09778551 -0.01968084]]",
                    "[[-0.05729622]]",
                ],
            ),
            (
                "relu",
                [
                    "[[0.44090989 0.] [0.37883606 0.] [-0.2298228 0.]]",
                    "[[0.44513824 0.37371418 -0.10478989]]",
                    "[[-0.20837892]]",
                ],
            ),
        ],
    )
    def test_linear_activation_backward(self, solved, activation, expected):
        """The three gradients with either activation."""
        dA, cache = testCases.linear_activation_backward_test_case()
        got = solved["linear_activation_backward"](dA, cache, activation)

        for text, gradient in zip(expected, got, strict=True):
            assert_printed(text, gradient)

    def test_L_model_backward(self, solved):
        """The gradients of layer 1, and those that reach its activation and the input."""
        grads = solved["L_model_backward"](*testCases.L_model_backward_test_case())

        assert_printed(
            """[[0.41010002 0.07807203 0.13798444 0.10502167] [0 0 0 0]
            [0.05283652 0.01005865 0.01777766 0.0135308]]""",
            grads["dW1"],
        )
        assert_printed("[[-0.22007063] [0.] [-0.02835349]]", grads["db1"])
        assert_printed("[[0.12913162 -0.44014127] [-0.14175655 0.48317296] [0.01663708 -0.05670698]]", grads["dA1"])
        assert_printed(
            "[[0. 0.52257901] [0. -0.3269206] [0. -0.32070404] [0. -0.74079187]]",
            grads["dA0"],
        )

    def test_update_parameters(self, solved):
        """All parameters after one step with the learning rate 0.1."""
        got = solved["update_parameters"](*testCases.update_parameters_test_case(), 0.1)

        assert_printed(
            """[[-0.59562069 -0.09991781 -2.14584584 1.82662008] [-1.76569676 -0.80627147 0.51115557 -1.18258802]
            [-1.0535704 -0.86128581 0.68284052 2.20374577]]""",
            got["W1"],
        )
        assert_printed("[[-0.04659241] [-1.28888275] [0.53405496]]", got["b1"])
        assert_printed("[[-0.55569196 0.0354055 1.32964895]]", got["W2"])
        assert_printed("[[-0.84610769]]", got["b2"])


def test_gradients_agree_with_finite_differences(solved):
    """The whole backward pass against the cost, one parameter at a time, without the helpers of the backward pass."""
    rng = np.random.default_rng(3)
    sizes, m, h = [4, 3, 2, 1], 5, 1e-6
    X, Y = rng.standard_normal((sizes[0], m)), np.array([[1, 0, 1, 1, 0]])
    parameters = {}
    for layer, (n_prev, n) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), start=1):
        parameters[f"W{layer}"], parameters[f"b{layer}"] = rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))

    def cost_of(values):
        A = X
        for layer in range(1, 4):
            Z = values[f"W{layer}"] @ A + values[f"b{layer}"]
            A = sigmoid(Z)[0] if layer == 3 else np.maximum(Z, 0)
        return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    AL, caches = solved["L_model_forward"](X, parameters)
    grads = solved["L_model_backward"](AL, Y, caches)
    for name, value in parameters.items():
        for index in np.ndindex(value.shape):
            step = np.zeros_like(value)
            step[index] = h
            slope = cost_of(parameters | {name: value + step}) - cost_of(parameters | {name: value - step})

            np.testing.assert_allclose(grads["d" + name][index], slope / (2 * h), rtol=1e-5, atol=1e-8)
