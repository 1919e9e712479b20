"""Small problems with known results, and the checks under the two exercises of *Application*.

Three kinds of names are meant for the notebook (``from testCases_application import *``):

- ``..._test_case()`` returns examples, labels and layer sizes of a small problem, always the same ones;
- ``check_...(function, part)`` trains your model on it and says what is off;
- ``train`` and ``expect_...`` are what the checks are made of, beside those of testCases.

A model may return the parameters and the costs, or the parameters alone.
"""

from itertools import pairwise

import numpy as np

from dnn_lab.checks.comparing import entries
from testCases import CheckFailed, attempt, expect_equal, expect_keys, expect_length

__all__ = [
    "EXERCISES",
    "CheckFailed",
    "L_layer_model_test_case",
    "check_L_layer_model",
    "check_two_layer_model",
    "expect_costs",
    "expect_parameters",
    "train",
    "two_layer_model_test_case",
]


def two_layer_model_test_case():
    """Return X (3, 8), Y (1, 8) and the sizes (3, 4, 1). A learning rate of 1.2 suits it."""
    X = np.random.RandomState(4).randn(3, 8)
    return X, _labels(X), (3, 4, 1)


def L_layer_model_test_case():
    """Return X (4, 9), Y (1, 9) and the sizes [4, 5, 3, 1]. A learning rate of 0.3 suits it."""
    X = np.random.RandomState(5).randn(4, 9)
    return X, _labels(X), [4, 5, 3, 1]


def _labels(X):
    """Return 1 where the first two features have the same sign: no straight line separates these."""
    return (X[:1] * X[1:2] > 0).astype(int)


# ---------------------------------------------------------------------------------------------------------
# What 250 iterations on these problems must give.

_TWO_LAYER = {
    "rate": 1.2,
    "costs": [0.69317411, 0.03659937, 0.01055434],
    "parameters": {
        "W1": [
            [2.31382204, 0.01250825, 2.09206048],
            [-2.30184678, 0.7824614, -0.67075112],
            [0.75219971, 0.54156033, -1.0452689],
            [-2.96243595, 0.98666696, -0.84412917],
        ],
        "b1": [[1.14165758], [-0.54832791], [0.08213161], [-0.68651603]],
        "W2": [[-3.28705022, -2.57206501, 1.39812122, -3.29506889]],
        "b2": [[3.31875554]],
    },
}

_L_LAYER = {
    "rate": 0.3,
    "costs": [0.69747537, 0.31749339, 0.24521383],
    "parameters": {
        "W1": [
            [1.15257685, -0.83776827, -0.34280767, -0.32907009],
            [0.09779721, -1.11900252, 1.09342234, -0.38975395],
            [0.02523488, -0.35885906, 0.74862659, -1.02573306],
            [-0.20580376, -0.41077171, 0.56410823, -0.54690897],
            [-0.62999747, -0.69813354, -0.0203347, 0.91231794],
        ],
        "b1": [[-0.15048814], [0.06787403], [-0.16752731], [-0.09083241], [0.34687748]],
        "W2": [
            [-1.17504424, 0.6768659, 0.53775409, 0.4438836, 1.31048788],
            [-0.30577239, -0.05495818, -0.41848881, -0.11980319, 0.12376645],
            [-0.30932009, -0.17743357, -0.30731297, -0.37798745, -0.3001904],
        ],
        "b2": [[1.44119099], [-0.1865309], [0.0]],
        "W3": [[2.28684471, -0.63873825, 0.13533997]],
        "b3": [[-2.63430674]],
    },
}


# ---------------------------------------------------------------------------------------------------------
# The checks. Each returns True or raises CheckFailed, so a grade cell asserts it.


def check_two_layer_model(function, part):
    """Check the "costs" or the "parameters" of two_layer_model after 250 iterations, or two "short" trainings."""
    return _check(function, part, two_layer_model_test_case(), _TWO_LAYER)


def check_L_layer_model(function, part):
    """Check the "costs" or the "parameters" of L_layer_model after 250 iterations, or two "short" trainings."""
    return _check(function, part, L_layer_model_test_case(), _L_LAYER)


def _check(function, part, case, known):
    if part == "short":
        start, none = train(function, *case, known["rate"], 0)
        moved, one = train(function, *case, known["rate"], 1)
        expect_costs(function, [], none)
        expect_costs(function, known["costs"][:1], one)
        expect_keys(function, "parameters", known["parameters"], start)
        expect_keys(function, "parameters", known["parameters"], moved)
        if all(np.array_equal(start[name], moved[name]) for name in known["parameters"]):
            raise CheckFailed(
                f"{function.__name__}: one iteration leaves every parameter as it was.",
                "Is there an update, and does the next iteration begin with what it returned?",
            )
        print(f"{function.__name__}: trainings of 0 and 1 iterations — right.")
        return True
    parameters, costs = train(function, *case, known["rate"], 250)
    if part == "costs":
        expect_costs(function, known["costs"], costs)
        if costs is None:  # then the parameters have to speak for it
            expect_parameters(function, known["parameters"], parameters)
    else:
        expect_parameters(function, known["parameters"], parameters)
    print(f"{function.__name__}: the {part} — right.")
    return True


# ---------------------------------------------------------------------------------------------------------
# What the checks are made of.


def train(function, X, Y, layers_dims, learning_rate, num_iterations, print_cost=False):
    """Train a student's model and return its parameters and its costs; None for the costs if it returns none.

    X -- examples, shape (number of features, m)
    Y -- labels, shape (1, m)
    Raises CheckFailed if it stops with an error, changes an argument or returns something else.
    """
    result = attempt(
        function,
        X,
        Y,
        layers_dims,
        learning_rate=learning_rate,
        num_iterations=num_iterations,
        print_cost=print_cost,
    )
    parameters, costs = result if isinstance(result, tuple | list) and len(result) == 2 else (result, None)
    if parameters is None:
        raise CheckFailed(f"{function.__name__} is not filled in yet: it returns None for the parameters.")
    names = [f"{letter}{layer}" for layer in range(1, len(layers_dims)) for letter in "Wb"]
    expect_keys(function, "parameters", names, parameters)
    for layer, (n_prev, n) in enumerate(pairwise(layers_dims), start=1):
        for name, shape in [(f"W{layer}", (n, n_prev)), (f"b{layer}", (n, 1))]:
            if getattr(parameters[name], "shape", None) != shape:
                # The comparison of the shapes has the words for what is wrong.
                expect_equal(function, f'parameters["{name}"]', np.zeros(shape), parameters[name])
    return parameters, costs


def expect_costs(function, expected, costs):
    """Compare the costs that a model recorded, every 100th iteration from iteration 0 on, with what they should be.

    costs -- a list or an array; None, from a model that returns none, is passed over
    Raises CheckFailed at the first difference.
    """
    if costs is None:
        return
    costs = list(costs) if isinstance(costs, np.ndarray) and costs.ndim == 1 else costs
    if isinstance(costs, list) and len(costs) != len(expected):
        rule = "The cost of iterations 0, 100, 200, ... is recorded, whether it is printed or not."
        raise CheckFailed(
            f"{function.__name__}: costs should have {entries(len(expected))}, but has {len(costs)}.", f"  {rule}"
        )
    expect_length(function, "costs", len(expected), costs)
    for position, (value, cost) in enumerate(zip(expected, costs, strict=True)):
        expect_equal(function, f"costs[{position}]", value, np.squeeze(cost) if _is_array(cost) else cost)


def expect_parameters(function, expected, parameters):
    """Compare all parameters of a trained model with what they should be, the last layer first.

    What goes wrong on the way back goes wrong from the last layer on, so there it is easiest to find.
    Raises CheckFailed at the first difference.
    """
    expect_keys(function, "parameters", expected, parameters)
    for name in sorted(expected, key=lambda name: (-int(name[1:]), name[0])):
        expect_equal(function, f'parameters["{name}"]', expected[name], parameters[name])


def _is_array(value):
    return isinstance(value, np.ndarray)


# ---------------------------------------------------------------------------------------------------------
# The exercises in their order: name, check, and the points of each part. `show_progress` reads them.

EXERCISES = [
    ("two_layer_model", check_two_layer_model, {"costs": 20, "parameters": 20, "short": 10}),
    ("L_layer_model", check_L_layer_model, {"costs": 20, "parameters": 20, "short": 10}),
]
