"""Constant factors between a result and what it should be, and where in the exercises such a factor may come from."""

import math

import numpy as np

from dnn_lab.checks.tolerance import agree
from dnn_lab.hints.known_inputs import meaning

__all__ = ["constant_ratio", "distinct", "every", "in_words", "origin", "same_factor", "telling"]

# Factors of the exercises that are no size: the scale of random weights, and what appears or is lost by itself.
_PLAIN = {100.0: "100", 2.0: "2"}
_LOGARITHMS = {math.log(10): "ln 10", math.log(2): "ln 2"}


def telling(array):
    """Tell whether an array holds anything but zeros and what may be a rounding error."""
    return bool((np.abs(array) > 1e-5).any())


def distinct(array):
    """Return how many different values that are not 0 an array holds."""
    return len(np.unique(np.round(array[np.abs(array) > 1e-5], 6)))


def constant_ratio(expected, got):
    """Return the factor r in got = r * expected, and on how many different values it rests; None if there is none."""
    if not telling(expected):
        return None, 0
    ratio = float((got * expected).sum() / (expected * expected).sum())
    if abs(ratio) < 1e-9 or not agree(ratio * expected, got, abs(ratio)).all():
        return None, 0
    return ratio, distinct(expected)


def same_factor(ratio, factor):
    """Tell whether two factors are the same, as closely as eight decimals allow."""
    return math.isclose(ratio, factor, rel_tol=2e-6)


def in_words(ratio, size):
    """Say a ratio in words; `size` is the number of values that have it."""
    length = abs(ratio)
    sign = " and has the wrong sign" if ratio < 0 else ""
    if same_factor(length, 1.0):
        return f"{every(size)} has the right size and the wrong sign."
    if same_factor(length, round(length)):
        return f"{every(size)} is {round(length)} times too large{sign}."
    if same_factor(1 / length, round(1 / length)):
        return f"{every(size)} is 1/{round(1 / length)} of what it should be{sign}."
    return f"{every(size)} is {length:.4g} times what it should be{sign}."


def every(size):
    """Begin a sentence about all of `size` values."""
    return "Every value" if size > 1 else "The value"


def origin(factor, known, name, values):
    """Return a sentence on where a positive factor may come from, in a list; none if it is not recognised.

    known -- what the check knows about the call, or None
    name -- the result's name in the exercise
    values -- on how many different values the factor rests; with one it may be an accident, so less is recognised
    """
    return next(([sentence] for one, sentence in _origins(known, name, values) if same_factor(factor, one)), [])


def _origins(known, name, values):
    """Yield factors that mistakes leave behind, the likelier first, each with a sentence."""
    sizes = {symbol: size for symbol, size in (known.sizes if known is not None else {}).items() if size > 1}
    m = sizes.pop("m", None)
    if m:
        # Another size may be the same number, but m is the one that gradients and costs are divided by.
        divided = name == "cost" or name.startswith(("dW", "db", "dA"))
        question = " How often is a sum divided by m here, and how often should it be?" if divided else ""
        yield from _both_ways(m, f"{m} is m, {meaning('m')}.{question}")
    if name == "cost":
        for number, words in _LOGARITHMS.items():
            yield 1 / number, f"{1 / number:.4g} is 1 / {words}. Which logarithm does the formula have?"
    if m:
        for symbol, size in sizes.items():
            yield m / size, f"That is m / {symbol}, {m} / {size}. Where do you take m from?"
    for symbol, size in sizes.items():
        yield from _both_ways(size, f"{size} is {symbol}, {meaning(symbol)}.")
    for number, words in _PLAIN.items():
        yield from _both_ways(number, f"Is a factor of {words} or 1/{words} missing, or there twice?")
    if m and values > 1:
        for number in range(2, 13):
            yield m / number, f"It is as if {number} stood in the place of m, which is {m} here."


def _both_ways(number, sentence):
    yield number, sentence
    yield 1 / number, sentence
