"""Gradients without a backward pass: move one number a little, and look how the cost moves.

What is computed here is slow and simple on purpose, so that it can serve as a second opinion. It starts from the
caches and follows a small change from layer to layer; it uses none of the functions that it gives an opinion on.

Shapes as in the exercises: A_prev (n_prev, m), W (n, n_prev), b (n, 1), Z and A (n, m). A gradient with respect to
W or b belongs to the mean over the examples, one with respect to an activation to the example it stands in.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["Layer", "activate", "cross_entropy", "slope"]

_STEP = 1e-6


class Layer(NamedTuple):
    """One layer as its cache has it; activation is "sigmoid", "relu" or None for a layer that has none."""

    A_prev: np.ndarray
    W: np.ndarray
    b: np.ndarray
    Z: np.ndarray
    activation: str | None


def activate(Z, activation):
    """Return the activation of Z; Z itself if the activation is None."""
    if activation == "sigmoid":
        return (np.tanh(Z / 2) + 1) / 2
    return (Z + np.abs(Z)) / 2 if activation == "relu" else Z


def cross_entropy(AL, Y):
    """Return a function from a change of AL to the loss of each example, for labels Y that are 0 or 1.

    The absolute value makes no difference between 0 and 1, and lets the slope be right for an AL outside, too.
    """
    return lambda change: -np.log(np.abs(1 - Y - (AL + change))).sum(axis=0)


def slope(layers, losses, kind, number, index):
    """Return the derivative of the cost with respect to one number, by central differences.

    layers -- the network's layers, the first one first
    losses -- a function from a change of the last activation, (n, m), to the losses of the examples, (m,)
    kind, number -- "W" or "b" and the layer it belongs to, counted from 1; or "A" and the layer that it is the
        activation of (0: the input)
    index -- which entry
    """
    up = losses(_carry(layers, kind, number, index, _STEP))
    down = losses(_carry(layers, kind, number, index, -_STEP))
    each = (up - down) / (2 * _STEP)
    return float(each.sum() if kind == "A" else each.mean())


def _carry(layers, kind, number, index, step):
    """Return by how much the last activation changes if one number changes by `step`."""
    row, column = index
    if kind == "A":
        inside = layers[number].A_prev if number < len(layers) else layers[-1].Z
        change = np.zeros(inside.shape)
        change[row, column] = step
        rest = layers[number:]
    else:
        layer = layers[number - 1]
        in_Z = np.zeros(layer.Z.shape)
        in_Z[row] = step * (layer.A_prev[column] if kind == "W" else 1.0)
        change = _through_activation(layer, in_Z)
        rest = layers[number:]
    for layer in rest:
        change = _through_activation(layer, np.tensordot(layer.W, change, axes=1))
    return change


def _through_activation(layer, in_Z):
    return activate(layer.Z + in_Z, layer.activation) - activate(layer.Z, layer.activation)
