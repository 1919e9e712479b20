"""Comparing as `dnn_lab.checks` does, with hints from the numbers and from what a check knows about a network."""

import numpy as np

from dnn_lab.checks import comparing
from dnn_lab.checks.calling import CheckFailed, function_name
from dnn_lab.checks.comparing import expect_keys
from dnn_lab.hints import numerical_hints
from dnn_lab.hints.known_inputs import meaning

__all__ = ["expect_equal", "expect_grads"]


def expect_equal(function, item, expected, got, known=None, kind=None):
    """Compare as `dnn_lab.checks.comparing.expect_equal` does, with hints about wrong numbers.

    known -- what is known about the call: one of the classes in `dnn_lab.hints.known_inputs`
    """
    comparing.expect_equal(function, item, expected, got, _Hints(known), kind)


def expect_grads(function, expected, grads, known=None):
    """Compare the dictionary that L_model_backward returns with the gradients it should hold.

    expected -- "dW1" ... "dWL", "db1" ... "dbL", "dA0" ... "dAL"; "dA" and a number is the gradient
    with respect to the activation of that layer (0: the input)
    known -- what is known about the call, for hints: a KnownGradients

    Gradients of activations are numbered in two ways in what people write: as here, or one higher throughout
    ("dA1" for what is sent back to the input). Either will do if it is kept throughout. With the first, an
    additional "dAL" is right if it holds the gradient of the loss with respect to the output.
    Raises CheckFailed at the first difference.
    """
    hints = _Hints(known)
    L = sum(name.startswith("dW") for name in expected)
    for layer in range(L, 0, -1):
        for name in [f"dW{layer}", f"db{layer}"]:
            expect_keys(function, "grads", [name], grads)
            comparing.expect_equal(function, f'grads["{name}"]', expected[name], grads[name], hints)
    shift = 0 if "dA0" in grads else 1
    for layer in range(L - 1, -1, -1):
        name = f"dA{layer + shift}"
        if name not in grads:
            raise CheckFailed(
                f'{function_name(function)}: grads has no entry "{name}", though its other dA need it.',
                f"  its dA are: {', '.join(sorted(str(key) for key in grads if str(key).startswith('dA')))}",
                f'  number them "dA{L - 1}" (from the output layer) down to "dA0" (from layer 1).',
            )
        key = f"dA{layer}"
        comparing.expect_equal(function, f'grads["{name}"]', expected[key], grads[name], hints, key=key)
    if shift == 0 and f"dA{L}" in grads:
        comparing.expect_equal(function, f'grads["dA{L}"]', expected[f"dA{L}"], grads[f"dA{L}"], hints)


class _Hints:
    """What can be said about wrong numbers.

    known -- what the check knows about the call, or None
    """

    def __init__(self, known):
        self._known = known

    def shapes(self, key, expected, got):
        """Return what follows each shape, and lines below: the symbols of the exercise, and what they stand for."""
        known = self._known
        symbols = known.symbols(key) if known is not None else None
        if not symbols or tuple(known.sizes.get(symbol, 1) for symbol in symbols) != expected.shape:
            return "", "", []
        mine = ""
        # A size that stands for one symbol only can be named in the other shape, too.
        names = [[symbol for symbol, size in known.sizes.items() if size == length] for length in got.shape]
        names = [["1"] if length == 1 else found for length, found in zip(got.shape, names, strict=True)]
        if all(len(found) == 1 for found in names) and any(found != ["1"] for found in names):
            mine = f" = ({', '.join(found[0] for found in names)}{',' * (got.ndim == 1)})"
        used = dict.fromkeys([*symbols, *(found[0] for found in names if len(found) == 1)])
        explained = [f"{one} = {known.sizes[one]} is {meaning(one)}." for one in used if one in known.sizes]
        return f" = ({', '.join(symbols)})", mine, explained

    def other_shape(self, key, expected, got):
        """Return what the numbers say about an array of another shape."""
        return numerical_hints.other_shape(expected, got, self._known, key)

    def wrong_values(self, key, expected, got, index):
        """Return how wrong values are related to the right ones, and what finite differences say about one of them."""
        return [
            *numerical_hints.wrong_values(expected, got, self._known, key),
            *self._second_opinion(key, expected, got, index),
        ]

    def _second_opinion(self, key, expected, got, index):
        """Return what finite differences say about one entry of a gradient, if they are sure."""
        known = self._known
        if known is None or len(index) != 2 or not np.isfinite(got[index]):
            return []
        with np.errstate(all="ignore"):
            numeric = known.slope(key, index)
        # Where the slope jumps, a difference says nothing.
        if numeric is None or not np.isclose(numeric, expected[index], rtol=1e-5, atol=1e-6):
            return []
        numeric = 0.0 if expected[index] == 0 else numeric
        mine = float(got[index])
        ratio = f", ratio {mine / numeric:.2f}" if numeric else ""
        what = "the loss of its example" if key.startswith("dA") else "the cost"
        return [
            f"A second opinion, without your code: move one number a little, and see how far {what} moves.",
            f"{key}[{', '.join(map(str, index))}]: yours {mine:.6g}, numerically {numeric:.6g}{ratio}",
        ]
