"""How a wrong answer is related to the right one, in words that ask where the difference comes from.

Only the numbers are looked at. A relation is told if it holds for every entry and can hardly be an accident; at most
one is told, because two explanations explain nothing. Nothing here says what the code should be.
"""

import numpy as np

from dnn_lab.checks.tolerance import agree
from dnn_lab.hints.constant_factors import constant_ratio, distinct, every, in_words, origin, same_factor, telling

__all__ = ["other_shape", "wrong_values"]

# What is larger than this is no exercise's result, and would take longer than a hint is worth.
_LARGEST = 100_000


def wrong_values(expected, got, known, name):
    """Return what can be said about an array of the right shape with wrong values: a list of sentences.

    expected, got -- arrays of real numbers, of the same shape, that do not agree
    known -- what the check knows about the call (see known_inputs), or None
    name -- the result's name in the exercise
    """
    if got.size > _LARGEST:
        return []
    with np.errstate(all="ignore"):
        whole = got.dtype.kind in "iu" and not agree(np.rint(expected), expected).all()
        dtype, expected, got = got.dtype, expected.astype(float), got.astype(float)
        if not np.isfinite(got).all():
            return _not_finite(expected, got, known, name)
        if whole:
            return [f"The array can hold whole numbers only, because its dtype is {dtype}. Where was it created?"]
        relations = [_alternative, _step, _ratio, _transposed, _permuted, _signs, _zeros, _offset, _precision, _lines]
        for relation in relations:
            if sentences := relation(expected, got, known, name):
                return sentences
    return []


def other_shape(expected, got, known, name):
    """Return what can be said about an array of another shape: a list of sentences. Arguments as `wrong_values`."""
    if got.size > _LARGEST or got.size == 0:
        return []
    with np.errstate(all="ignore"):
        expected, got = expected.astype(float), got.astype(float)
        if not np.isfinite(got).all():
            return _not_finite(None, got, known, name)
        for relation in [_turned, _axis_of_one, _repeated, _before_a_sum, _after_a_sum]:
            if sentences := relation(expected, got, known, name):
                return sentences
    return []


# ---------------------------------------------------------------------------------------------------------
# Numbers that are none.


def _not_finite(expected, got, known, name):
    nan, infinite = int(np.isnan(got).sum()), int(np.isinf(got).sum())
    counts = [f"{nan} nan (not a number)"] if nan else []
    counts += [f"{infinite} infinite"] if infinite else []
    first = tuple(int(i) for i in np.argwhere(~np.isfinite(got))[0])
    place = f"; the first is at {_place(first)}" if first else ""
    lines = [f"Of {got.size} values, {' and '.join(counts)}{place}."] if got.size > 1 else []
    finite = np.isfinite(got)
    if expected is not None and telling(expected[finite]) and agree(expected, got)[finite].all():
        lines.append("All others are right.")
    if nan:
        lines.append("nan comes from 0 / 0, from 0 times infinity, or from the logarithm of a negative number.")
    else:
        lines.append("An infinity comes from a division by 0, from the logarithm of 0, or from exp of a large number.")
    if known is not None and (cause := known.cause_of_nan(name)):
        lines.append(cause)
    lines.append("When you call the function in a cell of your own, NumPy's warning shows the line.")
    return lines


# ---------------------------------------------------------------------------------------------------------
# The same shape.


def _alternative(expected, got, known, name):
    """Something left out or exchanged, which the check can compute because it has the inputs."""
    for sentence, value in known.alternatives(name) if known is not None else []:
        if value.shape == got.shape and telling(value) and agree(value, got).all():
            return [sentence]
    return []


def _step(expected, got, known, name):
    """A step in the wrong direction, or of another length."""
    start = known.before(name) if known is not None else None
    if start is None or start.shape != got.shape:
        return []
    ratio, times = constant_ratio(expected - start, got - start)
    if ratio is None and not agree(start, got).all():
        return []
    rate = known.learning_rate
    if ratio is None:
        return ["The values are the old ones. Is the new value stored, and under which name?"]
    recognised = {-1.0: "", 1 / rate: f"{1 / rate:.4g} is 1 / learning_rate.", rate: f"{rate:.4g} is learning_rate."}
    meant = next((text for factor, text in recognised.items() if same_factor(abs(ratio), abs(factor))), None)
    if meant is None and times < 2:
        return []
    if same_factor(ratio, -1.0):
        return ["Each value has moved as far as it should, in the opposite direction. Which way lowers the cost?"]
    direction = ", in the opposite direction" if ratio < 0 else ""
    return [f"Each value has moved {abs(ratio):.4g} times as far as it should{direction}. {meant or ''}".strip()]


def _ratio(expected, got, known, name):
    """A constant factor between the two."""
    if not np.any(got) and telling(expected):
        return [f"{every(got.size)} is 0. Which of the factors is 0, or is nothing stored at all?"]
    ratio, times = constant_ratio(expected, got)
    if ratio is None:
        return []
    where = origin(abs(ratio), known, name, times)
    if not where and times < 2 and not same_factor(ratio, -1.0):
        return []
    if same_factor(ratio, -1.0):
        return [f"{every(got.size)} has the right size and the wrong sign. Where is a minus lost, or one too many?"]
    return [in_words(ratio, got.size), *where]


def _transposed(expected, got, known, name):
    if got.ndim == 2 and got.shape[0] == got.shape[1] > 1 and distinct(expected) > 1 and agree(expected.T, got).all():
        return ["The values are right, but transposed: rows and columns have changed places."]
    return []


def _permuted(expected, got, known, name):
    """The right rows, or columns, in another order."""
    if got.ndim != 2:
        return []
    for axis, word in enumerate(["rows", "columns"]):
        right, mine = np.moveaxis(expected, axis, 0), np.moveaxis(got, axis, 0)
        # Every row is compared with every other.
        cheap = len(right) * right.size <= 4 * _LARGEST
        if cheap and min(right.shape) > 1 and distinct(right) > 2:
            same = agree(right[:, None], mine[None, :]).all(axis=2)
            if (same.sum(axis=0) == 1).all() and (same.sum(axis=1) == 1).all():
                return [f"The {word} are the right ones, in another order."]
    return []


def _signs(expected, got, known, name):
    """The right sizes, some with the wrong sign."""
    matter = np.abs(expected) > 1e-5
    if distinct(np.abs(expected)) < 2 or not agree(np.abs(expected), np.abs(got)).all():
        return []
    wrong = (np.sign(expected) != np.sign(got)) & matter
    if (got >= 0).all():
        return ["Apart from the sign every value is right; none of yours is negative. Is a sign lost on the way?"]
    return [f"Apart from the sign every value is right; {int(wrong.sum())} of {got.size} have the wrong sign."]


def _zeros(expected, got, known, name):
    """Entries that are switched off, or on, and should not be."""
    wrong = ~agree(expected, got)
    if np.count_nonzero(~wrong & (np.abs(expected) > 1e-5)) < 2:
        return []
    if not expected[wrong].any():
        return ["Every value that should not be 0 is right. Those that differ should be 0: when is an entry 0 here?"]
    if not got[wrong].any():
        return ["Those values that differ are 0 in your result, all others are right: when is an entry 0 here?"]
    return []


def _offset(expected, got, known, name):
    """The same amount too much everywhere."""
    difference = got - expected
    offset = float(np.median(difference))
    if got.size < 3 or distinct(expected) < 3 or not agree(expected + offset, got).all():
        return []
    return [f"Every value is {abs(offset):.4g} too {'large' if offset > 0 else 'small'}. What is added to all of them?"]


def _precision(expected, got, known, name):
    """Right to a few digits."""
    if distinct(expected) < 2 or not np.isclose(got, expected, rtol=1e-3, atol=1e-9).all():
        return []
    return ["The values are right to about three digits. Is something rounded, or a small number added, on the way?"]


def _lines(expected, got, known, name):
    """Whole rows or columns that are wrong while the others are right."""
    wrong = ~agree(expected, got)
    if got.ndim != 2 or min(got.shape) < 2:
        return []
    for axis, word in [(1, "row"), (0, "column")]:
        lines = wrong.all(axis=axis)
        right = ~wrong.any(axis=axis)
        if lines.any() and (lines | right).all() and distinct(expected.compress(right, axis=1 - axis)) > 1:
            numbers = ", ".join(str(i) for i in np.flatnonzero(lines))
            several = "s" if lines.sum() > 1 else ""
            return [f"Only {word}{several} {numbers} differ{'' if several else 's'}; the others are right throughout."]
    return []


# ---------------------------------------------------------------------------------------------------------
# Another shape.


def _turned(expected, got, known, name):
    if got.ndim == 2 and got.shape == expected.shape[::-1]:
        return _but(expected, got.T, known, name, "They are transposed: rows and columns have changed places.")
    return []


def _axis_of_one(expected, got, known, name):
    """The same numbers with an axis of length 1 too many or too few."""
    if np.squeeze(got).shape != np.squeeze(expected).shape:
        return []
    if expected.ndim == 0:
        shape = "It is inside an array, where the plain number is asked for."
    elif got.ndim < expected.ndim:
        shape = "An axis of length 1 is missing. What drops it: a sum, an index?"
    elif got.ndim > expected.ndim:
        shape = "There is an axis of length 1 too many."
    else:
        shape = "The axis of length 1 is in another place."
    return _but(expected, got.reshape(expected.shape), known, name, shape)


def _repeated(expected, got, known, name):
    try:
        copies = np.broadcast_to(expected, got.shape)
    except ValueError:
        return []
    if not telling(expected) or not agree(copies, got).all():
        return []
    return ["Each right value is there several times. What has the shape that the result was stretched to?"]


def _before_a_sum(expected, got, known, name):
    """What is asked for is a sum or a mean of what came."""
    for words, value in _reductions(got):
        fits = _same_but_axes_of_one(expected, value) and telling(expected)
        if fits and agree(expected, value.reshape(expected.shape)).all():
            return [f"The {words} is what is asked for, if it is taken of your values. Is a step missing?"]
    return []


def _after_a_sum(expected, got, known, name):
    """What came is a sum or a mean of what is asked for."""
    for words, value in _reductions(expected):
        fits = _same_but_axes_of_one(value, got) and telling(value)
        # Each of the summed values is known to eight decimals only.
        if fits and agree(value.reshape(got.shape), got, scale=expected.size).all():
            return [f"This is the {words} of the right values. Along which axis is summed, and what stays?"]
    return []


def _same_but_axes_of_one(one, other):
    return np.squeeze(one).shape == np.squeeze(other).shape


def _reductions(array):
    """Yield the sums and means of an array along each axis that has a length, with words for them."""
    axes = [axis for axis, length in enumerate(array.shape) if length > 1]
    for axis in [*axes, None] if len(axes) > 1 else axes:
        words = "of everything" if axis is None else f"along axis {axis}"
        yield f"sum {words}", array.sum(axis=axis)
        yield f"mean {words}", array.mean(axis=axis)


def _but(expected, got, known, name, shape):
    """Say that all is right but the shape, or the shape and a factor; `shape` says what is wrong with that."""
    if agree(expected, got).all():
        return [f"The value{' is' if got.size == 1 else 's are'} right, only the shape is not. {shape}"]
    ratio, times = constant_ratio(expected, got)
    where = origin(abs(ratio), known, name, times) if ratio is not None else []
    return [shape, f"That is not all. {in_words(ratio, got.size)}", *where] if where else []


def _place(index):
    return f"index [{', '.join(map(str, index))}]"
