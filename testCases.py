"""Inputs with known results, and the checks under each exercise.

Three kinds of names are meant for the notebooks (``from testCases import *``):

- ``..._test_case()`` returns the inputs of one exercise, always the same ones;
- ``check_...(function)`` runs your function on them and says what is off: the type first, then the shape,
  then the values;
- ``attempt``, ``expect_...`` and ``CheckFailed`` are what the checks are made of (dnn_lab/checks), and ``Known...`` is
  what they know about a call, so that they can give hints (dnn_lab/hints).

NumPy is the only package needed.
"""

from itertools import pairwise

import numpy as np

from dnn_lab.checks.calling import CheckFailed, attempt, deep_copy, function_name, same
from dnn_lab.checks.comparing import expect_keys, expect_length
from dnn_lab.hints.comparing import expect_equal, expect_grads
from dnn_lab.hints.known_inputs import KnownCost, KnownGradients, KnownLayer, KnownModel, KnownSizes, KnownStep

__all__ = [
    "EXERCISES",
    "CheckFailed",
    "KnownCost",
    "KnownGradients",
    "KnownLayer",
    "KnownModel",
    "KnownSizes",
    "KnownStep",
    "L_model_backward_test_case",
    "L_model_forward_test_case",
    "L_model_forward_test_case_2hidden",
    "attempt",
    "check_L_model_backward",
    "check_L_model_forward",
    "check_compute_cost",
    "check_initialize_parameters",
    "check_initialize_parameters_deep",
    "check_linear_activation_backward",
    "check_linear_activation_forward",
    "check_linear_backward",
    "check_linear_forward",
    "check_update_parameters",
    "compute_cost_test_case",
    "expect_equal",
    "expect_grads",
    "expect_keys",
    "expect_length",
    "linear_activation_backward_test_case",
    "linear_activation_forward_test_case",
    "linear_backward_test_case",
    "linear_forward_test_case",
    "print_grads",
    "update_parameters_test_case",
]


# ---------------------------------------------------------------------------------------------------------
# Test cases. Each draws from a generator of its own, so that looking at one never changes your results.


def linear_forward_test_case():
    """Return A (3, 2), W (1, 3), b (1, 1)."""
    draw = np.random.RandomState(1).randn
    return draw(3, 2), draw(1, 3), draw(1, 1)


def linear_activation_forward_test_case():
    """Return A_prev (3, 2), W (1, 3), b (1, 1)."""
    draw = np.random.RandomState(2).randn
    return draw(3, 2), draw(1, 3), draw(1, 1)


def L_model_forward_test_case():
    """Return X (4, 2) and the parameters of a network with one hidden layer of 3 units."""
    draw = np.random.RandomState(1).randn
    X = draw(4, 2)
    return X, _draw_parameters(draw, [4, 3, 1])


def L_model_forward_test_case_2hidden():
    """Return X (5, 4) and the parameters of a network with two hidden layers, of 4 and 3 units."""
    draw = np.random.RandomState(6).randn
    X = draw(5, 4)
    return X, _draw_parameters(draw, [5, 4, 3, 1])


def compute_cost_test_case():
    """Return the labels Y (1, 3) and the predictions AL (1, 3)."""
    return np.array([[1, 1, 1]]), np.array([[0.8, 0.9, 0.4]])


def linear_backward_test_case():
    """Return dZ (1, 2) and the cache (A_prev (3, 2), W (1, 3), b (1, 1))."""
    draw = np.random.RandomState(1).randn
    return draw(1, 2), (draw(3, 2), draw(1, 3), draw(1, 1))


def linear_activation_backward_test_case():
    """Return dA (1, 2) and the cache ((A_prev (3, 2), W (1, 3), b (1, 1)), Z (1, 2))."""
    draw = np.random.RandomState(2).randn
    return draw(1, 2), ((draw(3, 2), draw(1, 3), draw(1, 1)), draw(1, 2))


def L_model_backward_test_case():
    """Return AL (1, 2), Y (1, 2) and the caches of a network with layers of 4, 3 and 1 units."""
    draw = np.random.RandomState(3).randn
    AL = draw(1, 2)
    Y = np.array([[1, 0]])
    caches = []
    for n_prev, n in [(4, 3), (3, 1)]:
        linear_cache = draw(n_prev, 2), draw(n, n_prev), draw(n, 1)
        caches.append((linear_cache, draw(n, 2)))
    return AL, Y, caches


def update_parameters_test_case():
    """Return the parameters of a network with layers of 4, 3 and 1 units, and gradients for them."""
    parameters = _draw_parameters(np.random.RandomState(2).randn, [4, 3, 1])
    drawn = _draw_parameters(np.random.RandomState(3).randn, [4, 3, 1])
    return parameters, {"d" + name: value for name, value in drawn.items()}


def _draw_parameters(draw, sizes):
    """Draw W1, b1, W2, b2, ... in this order for layers of the given sizes."""
    parameters = {}
    for layer, (n_prev, n) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{layer}"] = draw(n, n_prev)
        parameters[f"b{layer}"] = draw(n, 1)
    return parameters


# ---------------------------------------------------------------------------------------------------------
# The results that these inputs must give, to eight decimals.

_INITIAL = {
    "W1": [[0.01624345, -0.00611756, -0.00528172], [-0.01072969, 0.00865408, -0.02301539]],
    "b1": [[0.0], [0.0]],
    "W2": [[0.01744812, -0.00761207]],
    "b2": [[0.0]],
}

_INITIAL_DEEP = {
    "W1": [
        [0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388],
        [-0.00354759, -0.00082741, -0.00627001, -0.00043818, -0.00477218],
        [-0.01313865, 0.00884622, 0.00881318, 0.01709573, 0.00050034],
        [-0.00404677, -0.0054536, -0.01546477, 0.00982367, -0.01101068],
    ],
    "b1": [[0.0], [0.0], [0.0], [0.0]],
    "W2": [
        [-0.01185047, -0.0020565, 0.01486148, 0.00236716],
        [-0.01023785, -0.00712993, 0.00625245, -0.00160513],
        [-0.00768836, -0.00230031, 0.00745056, 0.01976111],
    ],
    "b2": [[0.0], [0.0], [0.0]],
}

_FORWARD_Z = [[3.26295337, -1.23429987]]

_FORWARD_A = {"sigmoid": [[0.96890023, 0.11013289]], "relu": [[3.43896131, 0.0]]}

_MODEL_AL = [[0.03921668, 0.70498921, 0.19734387, 0.04728177]]

_MODEL_AL_1HIDDEN = [[0.17007265, 0.2524272]]

_COST = 0.41493159961539694

_LINEAR_BACKWARD = {
    "dA_prev": [[0.51822968, -0.19517421], [-0.40506361, 0.15255393], [2.37496825, -0.89445391]],
    "dW": [[-0.10076895, 1.40685096, 1.64992505]],
    "db": [[0.50629448]],
}

_ACTIVATION_BACKWARD = {
    "sigmoid": {
        "dA_prev": [[0.11017994, 0.01105339], [0.09466817, 0.00949723], [-0.05743092, -0.00576154]],
        "dW": [[0.10266786, 0.09778551, -0.01968084]],
        "db": [[-0.05729622]],
    },
    "relu": {
        "dA_prev": [[0.44090989, 0.0], [0.37883606, 0.0], [-0.2298228, 0.0]],
        "dW": [[0.44513824, 0.37371418, -0.10478989]],
        "db": [[-0.20837892]],
    },
}

_MODEL_GRADS = {
    "dW1": [
        [0.41010002, 0.07807203, 0.13798444, 0.10502167],
        [0.0, 0.0, 0.0, 0.0],
        [0.05283652, 0.01005865, 0.01777766, 0.0135308],
    ],
    "db1": [[-0.22007063], [0.0], [-0.02835349]],
    "dW2": [[-0.39202432, -0.13325855, -0.04601089]],
    "db2": [[0.15187861]],
    "dA0": [[0.0, 0.52257901], [0.0, -0.3269206], [0.0, -0.32070404], [0.0, -0.74079187]],
    "dA1": [[0.12913162, -0.44014127], [-0.14175655, 0.48317296], [0.01663708, -0.05670698]],
    "dA2": [[-0.5590876, 1.77465392]],
}

_UPDATED = {
    "W1": [
        [-0.59562069, -0.09991781, -2.14584584, 1.82662008],
        [-1.76569676, -0.80627147, 0.51115557, -1.18258802],
        [-1.0535704, -0.86128581, 0.68284052, 2.20374577],
    ],
    "b1": [[-0.04659241], [-1.28888275], [0.53405496]],
    "W2": [[-0.55569196, 0.0354055, 1.32964895]],
    "b2": [[-0.84610769]],
}


# ---------------------------------------------------------------------------------------------------------
# The checks. Each returns True or raises CheckFailed: nbgrader takes the value of a cell's last expression
# for partial credit, so a grade cell asserts its check instead of ending in it.


def check_initialize_parameters(function, part):
    """Check the "weights" or the "biases" of initialize_parameters(3, 2, 1)."""
    parameters = attempt(function, 3, 2, 1)
    known = KnownSizes({"n_x": 3, "n_h": 2, "n_y": 1})
    return _check_parameters(function, part, _INITIAL, parameters, known)


def check_initialize_parameters_deep(function, part):
    """Check the "weights" or the "biases" of initialize_parameters_deep([5, 4, 3])."""
    parameters = attempt(function, [5, 4, 3])
    known = KnownSizes.of_layers([5, 4, 3], letter="layer_dims")
    return _check_parameters(function, part, _INITIAL_DEEP, parameters, known)


def check_linear_forward(function):
    """Check Z and the cache of linear_forward."""
    A, W, b = linear_forward_test_case()
    Z, cache = attempt(function, A, W, b, returns=("Z", "cache"))
    known = KnownLayer(A, W, b)
    expect_equal(function, "Z", _FORWARD_Z, Z, known)
    expect_equal(function, "cache", (A, W, b), cache, known)
    return _passed(function, "Z and the cache")


def check_linear_activation_forward(function, activation):
    """Check A and the cache of linear_activation_forward for one activation, "sigmoid" or "relu"."""
    A_prev, W, b = linear_activation_forward_test_case()
    A, cache = attempt(function, A_prev, W, b, activation=activation, returns=("A", "cache"))
    known = KnownLayer(A_prev, W, b, activation)
    expect_equal(function, f"A with {activation}", _FORWARD_A[activation], A, known)
    expect_equal(function, "cache", ((A_prev, W, b), [[3.43896131, -2.08938436]]), cache, known)
    return _passed(function, f"A and the cache with {activation}")


def check_L_model_forward(function):
    """Check AL and the caches of L_model_forward with one and with two hidden layers."""
    for case, expected in [
        (L_model_forward_test_case, _MODEL_AL_1HIDDEN),
        (L_model_forward_test_case_2hidden, _MODEL_AL),
    ]:
        X, parameters = case()
        AL, caches = attempt(function, X, parameters, returns=("AL", "caches"))
        expect_equal(function, "AL", expected, AL, KnownModel(X, parameters))
        expect_length(function, "caches", len(parameters) // 2, caches)
    return _passed(function, "AL and the number of caches")


def check_compute_cost(function):
    """Check the cost that compute_cost returns: its value, and that it is one number."""
    Y, AL = compute_cost_test_case()
    expect_equal(function, "cost", _COST, attempt(function, AL, Y), KnownCost(AL, Y))
    # The second example the other way round: 0.1 for a label of 0 is as good as 0.9 for a label of 1.
    Y, AL = np.array([[1, 0, 1]]), np.array([[0.8, 0.1, 0.4]])
    expect_equal(function, "cost with a label 0", _COST, attempt(function, AL, Y), KnownCost(AL, Y))
    return _passed(function, "the cost")


def check_linear_backward(function, item):
    """Check one of the three gradients of linear_backward: "dA_prev", "dW" or "db"."""
    dZ, cache = linear_backward_test_case()
    gradients = attempt(function, dZ, cache, returns=("dA_prev", "dW", "db"))
    got = dict(zip(_LINEAR_BACKWARD, gradients, strict=True))
    expect_equal(function, item, _LINEAR_BACKWARD[item], got[item], KnownLayer(*cache, arriving=dZ))
    return _passed(function, item)


def check_linear_activation_backward(function, activation):
    """Check the three gradients of linear_activation_backward for one activation, "relu" or "sigmoid"."""
    dA, cache = linear_activation_backward_test_case()
    expected = _ACTIVATION_BACKWARD[activation]
    gradients = attempt(function, dA, cache, activation=activation, returns=tuple(expected))
    linear_cache, Z = cache
    known = KnownLayer(*linear_cache, activation, arriving=dA, Z=Z)
    for (name, value), got in zip(expected.items(), gradients, strict=True):
        expect_equal(function, f"{name} with {activation}", value, got, known)
    return _passed(function, f"dA_prev, dW and db with {activation}")


def check_L_model_backward(function):
    """Check all gradients of L_model_backward; either numbering of dA will do (see `expect_grads`)."""
    AL, Y, caches = L_model_backward_test_case()
    expect_grads(function, _MODEL_GRADS, attempt(function, AL, Y, caches), KnownGradients(AL, Y, caches))
    return _passed(function, "all gradients")


def check_update_parameters(function, part):
    """Check the "weights" or the "biases" that update_parameters returns for a learning rate of 0.1."""
    parameters, grads = update_parameters_test_case()
    before = deep_copy(parameters)
    updated = attempt(function, parameters, grads, 0.1, may_change=(0,))
    expect_keys(function, "parameters", before, updated)
    if all(same(before[name], updated[name]) for name in before):
        raise CheckFailed(
            f"{function_name(function)} is not filled in yet: the parameters come back exactly as they went in.",
            "Does your code store the new values in `parameters`?",
        )
    return _check_parameters(function, part, _UPDATED, updated, KnownStep(before, 0.1))


def _check_parameters(function, part, expected, parameters, known):
    expect_keys(function, "parameters", expected, parameters)
    letter = {"weights": "W", "biases": "b"}[part]
    for name, value in expected.items():
        if name.startswith(letter):
            expect_equal(function, f'parameters["{name}"]', value, parameters[name], known)
    return _passed(function, f"the {part}")


def _passed(function, what):
    print(f"{function_name(function)}: {what} — right.")
    return True


def print_grads(grads):
    """Print the gradients of layer 1 and of both activations, for the network of L_model_backward_test_case.

    grads -- the dictionary from L_model_backward. If its dA are numbered one higher than in the text
    (dA2 and dA1 in place of dA1 and dA0), they are printed under the text's names all the same.
    """
    shift = 0 if "dA0" in grads else 1
    for name in ["dW1", "db1"]:
        print(f"{name} =\n{grads[name]}")
    for layer in [1, 0]:
        print(f"dA{layer} =\n{grads[f'dA{layer + shift}']}")


# ---------------------------------------------------------------------------------------------------------
# The exercises in their order: name, check, and the points of each part. `show_progress` reads them.

EXERCISES = [
    ("initialize_parameters", check_initialize_parameters, {"weights": 5, "biases": 5}),
    ("initialize_parameters_deep", check_initialize_parameters_deep, {"weights": 5, "biases": 5}),
    ("linear_forward", check_linear_forward, {None: 10}),
    ("linear_activation_forward", check_linear_activation_forward, {"sigmoid": 5, "relu": 5}),
    ("L_model_forward", check_L_model_forward, {None: 10}),
    ("compute_cost", check_compute_cost, {None: 10}),
    ("linear_backward", check_linear_backward, {"dW": 4, "db": 3, "dA_prev": 3}),
    ("linear_activation_backward", check_linear_activation_backward, {"relu": 5, "sigmoid": 5}),
    ("L_model_backward", check_L_model_backward, {None: 10}),
    ("update_parameters", check_update_parameters, {"weights": 5, "biases": 5}),
]
