"""The activations that students are given."""

import numpy as np
import pytest

from dnn_utils import relu, relu_backward, sigmoid, sigmoid_backward

Z = np.array([[-800.0, -2.0, 0.0], [1e-3, 3.0, 800.0]])


class TestSigmoid:
    """sigmoid and sigmoid_backward."""

    def test_values_and_cache(self):
        """The activation is 1 / (1 + exp(-Z)), the cache is Z itself."""
        A, cache = sigmoid(Z)

        assert cache is Z
        np.testing.assert_allclose(A[0, 1], 1 / (1 + np.exp(2.0)), rtol=1e-15)
        assert (A[0, 0], A[0, 2], A[1, 2]) == (0.0, 0.5, 1.0)

    def test_large_numbers_do_not_overflow(self):
        """No warning however large the numbers are."""
        with np.errstate(all="raise", under="ignore"):
            sigmoid(Z)
            sigmoid_backward(np.ones_like(Z), Z)

    def test_backward_is_the_derivative(self):
        """sigmoid_backward agrees with the finite difference."""
        at, h = np.linspace(-4, 4, 9).reshape(1, 9), 1e-6
        slope = (sigmoid(at + h)[0] - sigmoid(at - h)[0]) / (2 * h)

        np.testing.assert_allclose(sigmoid_backward(3.0 * np.ones_like(at), at), 3.0 * slope, rtol=1e-8)


class TestRelu:
    """relu and relu_backward."""

    def test_values_and_cache(self):
        """Negative numbers become zero, the cache is Z itself."""
        A, cache = relu(Z)

        assert cache is Z
        np.testing.assert_array_equal(A, [[0, 0, 0], [1e-3, 3, 800]])

    def test_backward_is_zero_where_z_is_not_positive(self):
        """At zero itself nothing gets through."""
        dZ = relu_backward(np.full((2, 3), 7.0), Z)

        np.testing.assert_array_equal(dZ, [[0, 0, 0], [7, 7, 7]])

    def test_backward_leaves_its_argument_alone(self):
        """dA is not modified, and the result is no view of it."""
        dA = np.full((2, 3), 7.0)
        relu_backward(dA, Z)[:] = -1

        np.testing.assert_array_equal(dA, np.full((2, 3), 7.0))


@pytest.mark.parametrize("function", [sigmoid_backward, relu_backward])
def test_dtype_is_kept(function):
    """Gradients in single precision stay in single precision."""
    assert function(np.ones((1, 2), np.float32), np.ones((1, 2), np.float32)).dtype == np.float32
