"""Inputs with known results, and the checks under each exercise.

Three kinds of names are meant for the notebooks (``from testCases import *``):

- ``..._test_case()`` returns the inputs of one exercise, always the same ones;
- ``check_...(function)`` runs your function on them and says what is off: the type first, then the shape,
  then the values;
- ``attempt``, ``expect_...`` and ``CheckFailed`` are what the checks are made of.

NumPy is the only package needed.
"""

import linecache
from itertools import pairwise

import numpy as np

__all__ = [
    "CheckFailed",
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
    return _check_parameters(function, part, _INITIAL, parameters)


def check_initialize_parameters_deep(function, part):
    """Check the "weights" or the "biases" of initialize_parameters_deep([5, 4, 3])."""
    parameters = attempt(function, [5, 4, 3])
    return _check_parameters(function, part, _INITIAL_DEEP, parameters)


def check_linear_forward(function):
    """Check Z and the cache of linear_forward."""
    A, W, b = linear_forward_test_case()
    Z, cache = attempt(function, A, W, b, returns=("Z", "cache"))
    expect_equal(function, "Z", _FORWARD_Z, Z)
    expect_equal(function, "cache", (A, W, b), cache)
    return _passed(function, "Z and the cache")


def check_linear_activation_forward(function, activation):
    """Check A and the cache of linear_activation_forward for one activation, "sigmoid" or "relu"."""
    A_prev, W, b = linear_activation_forward_test_case()
    A, cache = attempt(function, A_prev, W, b, activation=activation, returns=("A", "cache"))
    expect_equal(function, f"A with {activation}", _FORWARD_A[activation], A)
    expect_equal(function, "cache", ((A_prev, W, b), [[3.43896131, -2.08938436]]), cache)
    return _passed(function, f"A and the cache with {activation}")


def check_L_model_forward(function):
    """Check AL and the caches of L_model_forward with one and with two hidden layers."""
    for case, expected in [
        (L_model_forward_test_case, _MODEL_AL_1HIDDEN),
        (L_model_forward_test_case_2hidden, _MODEL_AL),
    ]:
        X, parameters = case()
        AL, caches = attempt(function, X, parameters, returns=("AL", "caches"))
        expect_equal(function, "AL", expected, AL)
        expect_length(function, "caches", len(parameters) // 2, caches)
    return _passed(function, "AL and the number of caches")


def check_compute_cost(function):
    """Check the cost that compute_cost returns: its value, and that it is one number."""
    Y, AL = compute_cost_test_case()
    expect_equal(function, "cost", _COST, attempt(function, AL, Y))
    return _passed(function, "the cost")


def check_linear_backward(function, item):
    """Check one of the three gradients of linear_backward: "dA_prev", "dW" or "db"."""
    dZ, cache = linear_backward_test_case()
    gradients = attempt(function, dZ, cache, returns=("dA_prev", "dW", "db"))
    got = dict(zip(_LINEAR_BACKWARD, gradients, strict=True))
    expect_equal(function, item, _LINEAR_BACKWARD[item], got[item])
    return _passed(function, item)


def check_linear_activation_backward(function, activation):
    """Check the three gradients of linear_activation_backward for one activation, "relu" or "sigmoid"."""
    dA, cache = linear_activation_backward_test_case()
    expected = _ACTIVATION_BACKWARD[activation]
    gradients = attempt(function, dA, cache, activation=activation, returns=tuple(expected))
    for (name, value), got in zip(expected.items(), gradients, strict=True):
        expect_equal(function, f"{name} with {activation}", value, got)
    return _passed(function, f"dA_prev, dW and db with {activation}")


def check_L_model_backward(function):
    """Check all gradients of L_model_backward; either numbering of dA will do (see `expect_grads`)."""
    expect_grads(function, _MODEL_GRADS, attempt(function, *L_model_backward_test_case()))
    return _passed(function, "all gradients")


def check_update_parameters(function, part):
    """Check the "weights" or the "biases" that update_parameters returns for a learning rate of 0.1."""
    parameters, grads = update_parameters_test_case()
    before = _copy(parameters)
    updated = attempt(function, parameters, grads, 0.1, may_change=(0,))
    expect_keys(function, "parameters", before, updated)
    if all(_same(before[name], updated[name]) for name in before):
        raise CheckFailed(
            f"{_name(function)} is not filled in yet: the parameters come back exactly as they went in.",
            "Does your code store the new values in `parameters`?",
        )
    return _check_parameters(function, part, _UPDATED, updated)


def _check_parameters(function, part, expected, parameters):
    expect_keys(function, "parameters", expected, parameters)
    letter = {"weights": "W", "biases": "b"}[part]
    for name, value in expected.items():
        if name.startswith(letter):
            expect_equal(function, f'parameters["{name}"]', value, parameters[name])
    return _passed(function, f"the {part}")


def _passed(function, what):
    print(f"{_name(function)}: {what} — right.")
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
# What the checks are made of.


class CheckFailed(AssertionError):
    """A check did not pass; the message says why, in words for the student.

    lines -- the sentences of the message, one a line
    """

    def __init__(self, *lines):
        super().__init__("\n".join(lines))

    def _render_traceback_(self):
        """Show the message alone in a notebook: the frames would all be this file's, not the student's."""
        return str(self).split("\n")


def attempt(function, *arguments, returns=None, may_change=(), **keywords):
    """Call a student's function and return its result.

    arguments, keywords -- what the function is called with
    returns -- names of the items that it should return, if it should return several
    may_change -- positions of the arguments that the exercise allows it to modify
    Raises CheckFailed if it stops with an error, modifies another argument or returns too few or many items.
    """
    before = _copy(arguments)
    try:
        # A warning about a division by zero belongs in the student's own cells, not in a grade cell,
        # where nbgrader takes any text on stderr for a failure. The result shows it anyway, as inf or nan.
        with np.errstate(all="ignore"):
            result = function(*arguments, **keywords)
    except CheckFailed:
        raise
    except Exception as error:
        raise CheckFailed(*_describe_error(function, error)) from error
    for position, (old, new) in enumerate(zip(before, arguments, strict=True)):
        if position not in may_change and not _same(old, new):
            raise CheckFailed(
                f"{_name(function)} changes its argument number {position + 1} in place.",
                "Compute a new array instead: whoever calls the function still needs the old one.",
            )
    if returns is not None and (not isinstance(result, tuple | list) or len(result) != len(returns)):
        got = f"{len(result)} items" if isinstance(result, tuple | list) else _kind(result)
        raise CheckFailed(
            f"{_name(function)} should return {len(returns)} items ({', '.join(returns)}), but returns {got}."
        )
    return result


def expect_equal(function, item, expected, got):
    """Compare one returned item with what it should be: type, then shape (strictly), then values.

    function -- the student's function, for the message
    item -- what the item is called, for the message
    expected, got -- a number, an array, or tuples of these; expected may be nested lists of numbers
    Raises CheckFailed at the first difference.
    """
    if isinstance(expected, tuple):
        expect_length(function, item, len(expected), got, kind=tuple)
        for position, (inner, value) in enumerate(zip(expected, got, strict=True)):
            expect_equal(function, f"{item}[{position}]", inner, value)
        return
    expected = np.asarray(expected)
    got = _as_numbers(function, item, expected, got)
    if got.shape != expected.shape:
        raise CheckFailed(
            f"{_name(function)}: {item} has the wrong shape.",
            f"  expected: {_shape(expected)}",
            f"  got:      {_shape(got)}",
        )
    close = np.isclose(got, expected, rtol=1e-6, atol=1e-7)  # the figures above have eight decimals
    if not close.all():
        index = tuple(int(i) for i in np.argwhere(~close)[0])
        lines = [f"{_name(function)}: {item} has the right shape, {_shape(expected)}, but wrong values."]
        if index:
            differ = f"{int((~close).sum())} of {close.size} values differ"
            lines.append(f"  {differ}; the first is at index [{', '.join(map(str, index))}]:")
        lines.append(f"  expected: {float(expected[index]):.8g}")
        lines.append(f"  got:      {float(got[index]):.8g}")
        raise CheckFailed(*lines)


def expect_length(function, item, length, got, kind=list):
    """Raise CheckFailed unless `got` is a list (or a tuple, by `kind`) of the given length."""
    if not isinstance(got, kind):
        raise CheckFailed(f"{_name(function)}: {item} should be a {kind.__name__}, but is {_kind(got)}.")
    if len(got) != length:
        raise CheckFailed(f"{_name(function)}: {item} should have {length} entries, but has {len(got)}.")


def expect_keys(function, item, keys, got):
    """Raise CheckFailed unless `got` is a dictionary that has all the given keys."""
    if not isinstance(got, dict):
        raise CheckFailed(f"{_name(function)}: {item} should be a dictionary, but is {_kind(got)}.")
    missing = [key for key in keys if key not in got]
    if missing:
        raise CheckFailed(
            f'{_name(function)}: {item} has no entry "{missing[0]}".',
            f"  its keys are: {', '.join(str(key) for key in got) or 'none'}",
        )


def expect_grads(function, expected, grads):
    """Compare the dictionary that L_model_backward returns with the gradients it should hold.

    expected -- "dW1" ... "dWL", "db1" ... "dbL", "dA0" ... "dAL"; "dA" and a number is the gradient
    with respect to the activation of that layer (0: the input)

    Gradients of activations are numbered in two ways in what people write: as here, or one higher throughout
    ("dA1" for what is sent back to the input). Either will do if it is kept throughout. With the first, an
    additional "dAL" is right if it holds the gradient of the cost with respect to the output.
    Raises CheckFailed at the first difference.
    """
    L = sum(name.startswith("dW") for name in expected)
    for layer in range(L, 0, -1):
        for name in [f"dW{layer}", f"db{layer}"]:
            expect_keys(function, "grads", [name], grads)
            expect_equal(function, f'grads["{name}"]', expected[name], grads[name])
    shift = 0 if "dA0" in grads else 1
    for layer in range(L - 1, -1, -1):
        name = f"dA{layer + shift}"
        if name not in grads:
            raise CheckFailed(
                f'{_name(function)}: grads has no entry "{name}", though its other dA need it.',
                f"  its dA are: {', '.join(sorted(str(key) for key in grads if str(key).startswith('dA')))}",
                f'  number them "dA{L - 1}" (from the output layer) down to "dA0" (from layer 1).',
            )
        expect_equal(function, f'grads["{name}"]', expected[f"dA{layer}"], grads[name])
    if shift == 0 and f"dA{L}" in grads:
        expect_equal(function, f'grads["dA{L}"]', expected[f"dA{L}"], grads[f"dA{L}"])


def _as_numbers(function, item, expected, got):
    """Return `got` as an array of numbers, or say why it is none."""
    scalar = expected.shape == ()
    wanted = "a number" if scalar else "a NumPy array"
    # NumPy wraps a None in an array of shape ().
    if got is None or (getattr(got, "shape", None) == () and got.item() is None):
        raise CheckFailed(f"{_name(function)} is not filled in yet: {item} is still None.")
    # Exactly these types: a subclass (np.matrix for one) multiplies and adds by rules of its own.
    right_type = type(got) is np.ndarray or (
        scalar and isinstance(got, int | float | np.number) and not isinstance(got, bool)
    )
    if not right_type:
        raise CheckFailed(f"{_name(function)}: {item} should be {wanted}, but is {_kind(got)}.")
    got = np.asarray(got)
    if got.dtype.kind not in "fiu":
        raise CheckFailed(f"{_name(function)}: {item} should hold real numbers, but has dtype {got.dtype}.")
    return got


def _describe_error(function, error):
    """Return the lines that tell a student about an error inside their function."""
    name = _name(function)
    frame, line = _students_frame(error)
    still_none = "'NoneType' object has no attribute 'shape'", "cannot unpack non-iterable NoneType object"
    if isinstance(error, AttributeError | TypeError) and str(error) in still_none:
        inner = frame or name
        calls = f"{name} calls {inner}: " if inner != name else ""
        return (
            f"{calls}{inner} is not filled in yet: it still works with a None.",
            "Replace each None between START CODE HERE and END CODE HERE by your own code.",
        )
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    lines = [f"{name} stops with {what}"]
    if line:
        lines.append(f"  at this line of {frame}: {line}" if frame else f"  at this line: {line}")
    if isinstance(error, AssertionError) and ".shape" in line:
        lines.append("  so an array does not have the shape that this line asks for.")
    return lines


def _students_frame(error):
    """Return the student's innermost function that the error passed through, and the line it was at."""
    # A grader that runs the student's code in another process hands the lines over with the error.
    frames = list(getattr(error, "student_traceback", []))
    traceback = None if frames else error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename != __file__ and "site-packages" not in code.co_filename:
            line = linecache.getline(code.co_filename, traceback.tb_lineno, traceback.tb_frame.f_globals)
            frames.append((code.co_filename, traceback.tb_lineno, code.co_name, line))
        traceback = traceback.tb_next
    return (frames[-1][2], frames[-1][3].strip()) if frames else ("", "")


def _name(function):
    return getattr(function, "__name__", "the function")


def _kind(value):
    return "None" if value is None else f"of type {type(value).__name__}"


def _shape(array):
    return "a single number" if array.shape == () else str(array.shape)


def _copy(value):
    """Copy nested tuples, lists and dictionaries down to their arrays."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_copy(inner) for inner in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(old, new):
    """Tell whether two nested values have the same keys, lengths, shapes and numbers (NaN equals NaN)."""
    if isinstance(old, dict):
        return isinstance(new, dict) and old.keys() == new.keys() and all(_same(old[k], new[k]) for k in old)
    if isinstance(old, tuple | list):
        return type(old) is type(new) and len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, np.ndarray):
        return isinstance(new, np.ndarray) and np.array_equal(old, new, equal_nan=True)
    return old == new
