"""The ten functions of the first assignment, ready to be put together.

Made by `autograder build` from the solution of step_by_step: edit that, not this.
"""

import numpy as np
from dnn_utils import relu, relu_backward, sigmoid, sigmoid_backward

__all__ = [
    "L_model_backward",
    "L_model_forward",
    "compute_cost",
    "initialize_parameters",
    "initialize_parameters_deep",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "update_parameters",
]


def initialize_parameters(n_x, n_h, n_y):
    """Create the parameters of a network with two layers.

    Arguments:
    n_x -- size of the input layer
    n_h -- size of the hidden layer
    n_y -- size of the output layer

    Returns:
    parameters -- dictionary with
        W1 -- weights, shape (n_h, n_x)
        b1 -- biases, shape (n_h, 1)
        W2 -- weights, shape (n_y, n_h)
        b2 -- biases, shape (n_y, 1)
    """
    np.random.seed(1)

    W1 = np.random.randn(n_h, n_x) * 0.01
    b1 = np.zeros((n_h, 1))
    W2 = np.random.randn(n_y, n_h) * 0.01
    b2 = np.zeros((n_y, 1))

    assert W1.shape == (n_h, n_x)
    assert b1.shape == (n_h, 1)
    assert W2.shape == (n_y, n_h)
    assert b2.shape == (n_y, 1)

    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}

    return parameters


def initialize_parameters_deep(layer_dims):
    """Create the parameters of a network with any number of layers.

    Arguments:
    layer_dims -- list with the size of each layer, the input first

    Returns:
    parameters -- dictionary with "W1", "b1", ..., "WL", "bL"; for layer l
        Wl -- weights, shape (layer_dims[l], layer_dims[l-1])
        bl -- biases, shape (layer_dims[l], 1)
    """
    np.random.seed(1)
    parameters = {}
    L = len(layer_dims)  # one more than the number of layers, because the input is in the list

    for l in range(1, L):
        parameters['W' + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) / np.sqrt(layer_dims[l - 1])
        parameters['b' + str(l)] = np.zeros((layer_dims[l], 1))

        assert parameters["W" + str(l)].shape == (layer_dims[l], layer_dims[l - 1])
        assert parameters["b" + str(l)].shape == (layer_dims[l], 1)

    return parameters


def linear_forward(A, W, b):
    """Compute the linear part of a layer.

    Arguments:
    A -- activations of the layer before (or the input), shape (size of the layer before, number of examples)
    W -- weights, shape (size of this layer, size of the layer before)
    b -- biases, shape (size of this layer, 1)

    Returns:
    Z -- what goes into the activation function, shape (size of this layer, number of examples)
    cache -- the tuple (A, W, b), kept for the backward pass
    """
    Z = np.dot(W, A) + b

    assert Z.shape == (W.shape[0], A.shape[1])
    cache = (A, W, b)

    return Z, cache


def linear_activation_forward(A_prev, W, b, activation):
    """Compute one layer: the linear part and the activation.

    Arguments:
    A_prev -- activations of the layer before (or the input), shape (size of the layer before, number of examples)
    W -- weights, shape (size of this layer, size of the layer before)
    b -- biases, shape (size of this layer, 1)
    activation -- which activation the layer uses, "sigmoid" or "relu"

    Returns:
    A -- activations of this layer, shape (size of this layer, number of examples)
    cache -- the tuple (linear_cache, activation_cache), kept for the backward pass
    """
    if activation == "sigmoid":
        Z, linear_cache = linear_forward(A_prev, W, b)
        A, activation_cache = sigmoid(Z)

    elif activation == "relu":
        Z, linear_cache = linear_forward(A_prev, W, b)
        A, activation_cache = relu(Z)

    assert A.shape == (W.shape[0], A_prev.shape[1])
    cache = (linear_cache, activation_cache)

    return A, cache


def L_model_forward(X, parameters):
    """Compute the whole network: (L-1) times LINEAR -> RELU, then LINEAR -> SIGMOID.

    Arguments:
    X -- input, shape (size of the input, number of examples)
    parameters -- what initialize_parameters_deep returns

    Returns:
    AL -- activation of the last layer, shape (1, number of examples)
    caches -- list of the L caches that linear_activation_forward returned, layer 1 first
    """
    caches = []
    A = X
    L = len(parameters) // 2  # each layer has two parameters

    # The layers 1 to L-1: LINEAR -> RELU.
    for l in range(1, L):
        A_prev = A
        A, cache = linear_activation_forward(A_prev, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)

    # Layer L: LINEAR -> SIGMOID.
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)

    assert AL.shape == (1, X.shape[1])

    return AL, caches


def compute_cost(AL, Y):
    """Compute the cross-entropy cost, equation (7).

    Arguments:
    AL -- the network's guesses, one probability per example, shape (1, number of examples)
    Y -- the true labels, for example 1 for a cat and 0 for anything else, shape (1, number of examples)

    Returns:
    cost -- the cost, a single number
    """
    m = Y.shape[1]

    cost = -(1 / m) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))

    cost = np.squeeze(cost)  # turns [[17]] into 17
    assert cost.shape == ()

    return cost


def linear_backward(dZ, cache):
    """Compute the gradients of the linear part of one layer.

    Arguments:
    dZ -- gradient of the loss with respect to the layer's Z, shape (size of this layer, number of examples)
    cache -- the tuple (A_prev, W, b) that linear_forward returned for this layer

    Returns:
    dA_prev -- gradient with respect to the activations of the layer before, same shape as A_prev
    dW -- gradient with respect to W, same shape as W
    db -- gradient with respect to b, same shape as b
    """
    A_prev, W, b = cache
    m = A_prev.shape[1]

    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = W.T @ dZ

    assert dA_prev.shape == A_prev.shape
    assert dW.shape == W.shape
    assert db.shape == b.shape

    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    """Compute the gradients of one layer: through the activation, then through the linear part.

    Arguments:
    dA -- gradient of the loss with respect to this layer's activations
    cache -- the tuple (linear_cache, activation_cache) that linear_activation_forward returned for this layer
    activation -- which activation the layer uses, "sigmoid" or "relu"

    Returns:
    dA_prev -- gradient with respect to the activations of the layer before, same shape as A_prev
    dW -- gradient with respect to W, same shape as W
    db -- gradient with respect to b, same shape as b
    """
    linear_cache, activation_cache = cache

    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
        dA_prev, dW, db = linear_backward(dZ, linear_cache)

    elif activation == "sigmoid":
        dZ = sigmoid_backward(dA, activation_cache)
        dA_prev, dW, db = linear_backward(dZ, linear_cache)

    return dA_prev, dW, db


def L_model_backward(AL, Y, caches):
    """Compute all gradients of the network: LINEAR -> SIGMOID backward, then (L-1) times LINEAR -> RELU backward.

    Arguments:
    AL -- the network's guesses, as L_model_forward returned them, shape (1, number of examples)
    Y -- the true labels, shape (1, number of examples)
    caches -- the list of L caches that L_model_forward returned; caches[l] belongs to layer l + 1

    Returns:
    grads -- dictionary with
        grads["dA" + str(l)] for l = 0, ..., L-1
        grads["dW" + str(l)] and grads["db" + str(l)] for l = 1, ..., L
    """
    grads = {}
    L = len(caches)  # number of layers
    m = AL.shape[1]
    Y = Y.reshape(AL.shape)  # from here on, Y has the shape of AL

    # Where the backward pass starts: the gradient of the loss with respect to AL.
    dAL = - (np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))

    # Layer L: SIGMOID -> LINEAR. Needs dAL and the layer's cache; gives dA of layer L-1, dW and db of layer L.
    current_cache = caches[L - 1]
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(
        dAL, current_cache, "sigmoid"
    )

    for l in reversed(range(L - 1)):
        # Layer l + 1: RELU -> LINEAR. Needs dA of layer l + 1 and the layer's cache;
        # gives dA of layer l, dW and db of layer l + 1.
        current_cache = caches[l]
        dA_prev_temp, dW_temp, db_temp = linear_activation_backward(
            grads["dA" + str(l + 1)], current_cache, "relu"
        )
        grads["dA" + str(l)] = dA_prev_temp
        grads["dW" + str(l + 1)] = dW_temp
        grads["db" + str(l + 1)] = db_temp

    return grads


def update_parameters(parameters, grads, learning_rate):
    """Move every parameter one step of gradient descent.

    Arguments:
    parameters -- dictionary with "W1", "b1", ..., "WL", "bL"
    grads -- dictionary with the gradients, as L_model_backward returned it
    learning_rate -- the step size alpha

    Returns:
    parameters -- dictionary with the new values under the same names
    """
    L = len(parameters) // 2  # each layer has two parameters

    # The update rule for every parameter; use a for loop.
    for l in range(1, L + 1):
        parameters["W" + str(l)] = parameters["W" + str(l)] - learning_rate * grads["dW" + str(l)]
        parameters["b" + str(l)] = parameters["b" + str(l)] - learning_rate * grads["db" + str(l)]

    return parameters
