"""Activation functions and their derivatives, given to the student.

Shapes: ``Z``, ``A``, ``dA`` and ``dZ`` all have the shape (units in the layer, number of examples).
"""

import numpy as np

__all__ = ["relu", "relu_backward", "sigmoid", "sigmoid_backward"]


def sigmoid(Z):
    """Return the sigmoid of Z and the cache that `sigmoid_backward` needs.

    Z -- array of any shape
    Returns A, of the same shape, with 1 / (1 + exp(-Z)) in each place, and Z itself.
    """
    # exp is only ever taken of a negative number, so no entry overflows however large it is.
    decay = np.exp(-np.abs(Z))
    A = np.where(Z >= 0, 1, decay) / (1 + decay)
    return A, Z


def relu(Z):
    """Return the positive part of Z and the cache that `relu_backward` needs.

    Z -- array of any shape
    Returns A, of the same shape, with max(0, Z) in each place, and Z itself.
    """
    return np.maximum(0, Z), Z


def sigmoid_backward(dA, cache):
    """Return the gradient of the loss with respect to Z, for a layer whose activation is the sigmoid.

    dA -- gradient of the loss with respect to the activation A
    cache -- the Z that `sigmoid` returned, of the same shape
    Returns dZ = dA * s * (1 - s), where s is the sigmoid of Z.
    """
    s, _ = sigmoid(cache)
    return dA * s * (1 - s)


def relu_backward(dA, cache):
    """Return the gradient of the loss with respect to Z, for a layer whose activation is ReLU.

    dA -- gradient of the loss with respect to the activation A; it is not modified
    cache -- the Z that `relu` returned, of the same shape
    Returns dZ, which is dA where Z is positive and zero elsewhere.
    """
    return np.where(cache <= 0, 0, dA)
