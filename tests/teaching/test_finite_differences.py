"""Gradients by finite differences against those by the formulas."""

from itertools import pairwise

import numpy as np
import pytest

from dnn_lab.hints.finite_differences import Layer, activate, cross_entropy, slope


def backward(layers, dA):
    """Return all gradients of a network by backpropagation, in the text's numbering."""
    grads = {f"dA{len(layers)}": dA}
    for number in range(len(layers), 0, -1):
        layer = layers[number - 1]
        s = 1 / (1 + np.exp(-layer.Z))
        through = {"sigmoid": s * (1 - s), "relu": layer.Z > 0, None: 1}[layer.activation]
        dZ = grads[f"dA{number}"] * through
        grads[f"dW{number}"] = dZ @ layer.A_prev.T / dA.shape[1]
        grads[f"db{number}"] = dZ.mean(axis=1, keepdims=True)
        grads[f"dA{number - 1}"] = layer.W.T @ dZ
    return grads


def all_slopes(layers, losses, gradient, name):
    """Return a whole gradient by finite differences."""
    found = np.empty(gradient.shape)
    for index in np.ndindex(gradient.shape):
        found[index] = slope(layers, losses, name[1], int(name[2:]), index)
    return found


def network(sizes, m, consistent):
    """Return layers whose caches belong together, or are drawn each on its own as in the notebook's test cases."""
    random = np.random.default_rng(17)
    layers, signal = [], random.standard_normal((sizes[0], m))
    for number, (n_prev, n) in enumerate(pairwise(sizes), start=1):
        weights, b = random.standard_normal((n, n_prev)), random.standard_normal((n, 1))
        if not consistent:
            signal = random.standard_normal((n_prev, m))
        Z = weights @ signal + b if consistent else random.standard_normal((n, m))
        layers.append(Layer(signal, weights, b, Z, "relu" if number < len(sizes) - 1 else "sigmoid"))
        signal = activate(Z, layers[-1].activation)
    return layers, signal if consistent else random.standard_normal((sizes[-1], m))


@pytest.mark.parametrize("sizes", [[5, 1], [4, 3, 1], [3, 5, 2, 1], [6, 4, 3, 2, 1]])
@pytest.mark.parametrize("consistent", [True, False])
def test_a_network(sizes, consistent):
    """Every entry of every gradient, also where AL is no probability."""
    m = 4
    layers, AL = network(sizes, m, consistent)
    Y = np.arange(m).reshape(1, m) % 2
    grads = backward(layers, (AL - Y) / (AL * (1 - AL)))

    for name, gradient in grads.items():
        found = all_slopes(layers, cross_entropy(AL, Y), gradient, name)
        np.testing.assert_allclose(found, gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("activation", [None, "relu", "sigmoid"])
def test_one_layer(activation):
    """With an arriving gradient in the place of a cost."""
    random = np.random.default_rng(18)
    arriving, Z = random.standard_normal((3, 5)), random.standard_normal((3, 5))
    inputs = random.standard_normal((4, 5)), random.standard_normal((3, 4)), random.standard_normal((3, 1))
    layer = Layer(*inputs, Z, activation)
    grads = backward([layer], arriving)

    for name in ["dW1", "db1", "dA0"]:
        found = all_slopes([layer], lambda change: (arriving * change).sum(axis=0), grads[name], name)
        np.testing.assert_allclose(found, grads[name], rtol=1e-6, atol=1e-9)


def test_it_follows_the_whole_cost():
    """With caches that belong together it is the derivative of the cost of a forward pass."""
    layers, AL = network([4, 3, 1], 5, consistent=True)
    Y = np.array([[1, 0, 0, 1, 0]])

    def cost(weights):
        A1 = np.maximum(weights @ layers[0].A_prev + layers[0].b, 0)
        a = 1 / (1 + np.exp(-(layers[1].W @ A1 + layers[1].b)))
        return -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))

    step = np.zeros(layers[0].W.shape)
    step[1, 2] = 1e-6
    expected = (cost(layers[0].W + step) - cost(layers[0].W - step)) / 2e-6
    got = slope(layers, cross_entropy(AL, Y), "W", 1, (1, 2))
    assert got == pytest.approx(expected, rel=1e-6)
