"""Comparing what a student's function returns with what it should be, and the words for what is off.

The type comes first, then the shape, then the values. A message may end in a hint about the numbers; it is worked
out only when something is wrong.
"""

import re

import numpy as np

from calling import CheckFailed, function_name, kind_of
from constant_factors import agree
from known_inputs import meaning
from numerical_hints import other_shape, wrong_values

__all__ = ["expect_equal", "expect_grads", "expect_keys", "expect_length"]


def expect_equal(function, item, expected, got, known=None):
    """Compare one returned item with what it should be: type, then shape (strictly), then values.

    function -- the student's function, for the message
    item -- what the item is called, for the message
    expected, got -- a number, an array, or tuples of these; expected may be nested lists of numbers
    known -- what is known about the call, for hints: one of the classes in known_inputs
    Raises CheckFailed at the first difference.
    """
    # 'parameters["W1"]' and "dW with relu" are about W1 and dW.
    key = re.search(r'\["(\w+)"\]$', item)
    _compare(function, item, expected, got, known, key[1] if key else item.split(" with ")[0])


def entries(number):
    """Return a number of entries in words."""
    return f"{number} {'entry' if number == 1 else 'entries'}"


def expect_length(function, item, length, got, kind=list):
    """Raise CheckFailed unless `got` is a list (or a tuple, by `kind`) of the given length."""
    if not isinstance(got, kind):
        raise CheckFailed(f"{function_name(function)}: {item} should be a {kind.__name__}, but is {kind_of(got)}.")
    if len(got) != length:
        lines = [f"{function_name(function)}: {item} should have {entries(length)}, but has {len(got)}."]
        if kind is list and len(got) == 0:
            lines.append("  Nothing is stored in it. What is to be stored, and when?")
        elif kind is list and len(got) == 2 * length:
            lines.append("  That is twice as many. Is something stored twice in each round?")
        elif kind is list and len(got) == length - 1:
            lines.append("  One is missing. Is it the first, the last, or one that was never stored?")
        raise CheckFailed(*lines)


def expect_keys(function, item, keys, got):
    """Raise CheckFailed unless `got` is a dictionary that has all the given keys."""
    if not isinstance(got, dict):
        raise CheckFailed(f"{function_name(function)}: {item} should be a dictionary, but is {kind_of(got)}.")
    missing = [key for key in keys if key not in got]
    if missing:
        lines = [
            f'{function_name(function)}: {item} has no entry "{missing[0]}".',
            f"  its keys are: {', '.join(str(key) for key in got) or 'none'}",
        ]
        if any(str(key).lower() == str(missing[0]).lower() for key in got):
            lines.append("  Capital and small letters are different in a key.")
        raise CheckFailed(*lines)


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
    L = sum(name.startswith("dW") for name in expected)
    for layer in range(L, 0, -1):
        for name in [f"dW{layer}", f"db{layer}"]:
            expect_keys(function, "grads", [name], grads)
            _compare(function, f'grads["{name}"]', expected[name], grads[name], known, name)
    shift = 0 if "dA0" in grads else 1
    for layer in range(L - 1, -1, -1):
        name = f"dA{layer + shift}"
        if name not in grads:
            raise CheckFailed(
                f'{function_name(function)}: grads has no entry "{name}", though its other dA need it.',
                f"  its dA are: {', '.join(sorted(str(key) for key in grads if str(key).startswith('dA')))}",
                f'  number them "dA{L - 1}" (from the output layer) down to "dA0" (from layer 1).',
            )
        _compare(function, f'grads["{name}"]', expected[f"dA{layer}"], grads[name], known, f"dA{layer}")
    if shift == 0 and f"dA{L}" in grads:
        _compare(function, f'grads["dA{L}"]', expected[f"dA{L}"], grads[f"dA{L}"], known, f"dA{L}")


def _compare(function, item, expected, got, known, key):
    """Compare as `expect_equal` does; `key` is the item's name in the exercise."""
    if isinstance(expected, tuple):
        expect_length(function, item, len(expected), got, kind=tuple)
        for position, (inner, value) in enumerate(zip(expected, got, strict=True)):
            _compare(function, f"{item}[{position}]", inner, value, known, f"{key}[{position}]")
        return
    expected = np.asarray(expected)
    got = _as_numbers(function, item, expected, got)
    if got.shape != expected.shape:
        raise CheckFailed(
            f"{function_name(function)}: {item} has the wrong shape.",
            *_shapes(expected, got, known, key),
            *_indented(other_shape(expected, got, known, key)),
        )
    close = agree(expected, got)
    if not close.all():
        index = tuple(int(i) for i in np.argwhere(~close)[0])
        lines = [f"{function_name(function)}: {item} has the right shape, {_shape(expected)}, but wrong values."]
        if index:
            differ = f"{int((~close).sum())} of {close.size} values differ"
            lines.append(f"  {differ}; the first is at index [{', '.join(map(str, index))}]:")
        lines.append(f"  expected: {float(expected[index]):.8g}")
        lines.append(f"  got:      {float(got[index]):.8g}")
        lines += _indented(wrong_values(expected, got, known, key))
        lines += _second_opinion(expected, got, known, key, index)
        raise CheckFailed(*lines)


def _as_numbers(function, item, expected, got):
    """Return `got` as an array of numbers, or say why it is none."""
    scalar = expected.shape == ()
    wanted = "a number" if scalar else "a NumPy array"
    # NumPy wraps a None in an array of shape (); from another process that comes as something that is called only.
    if got is None or (getattr(got, "shape", None) == () and got.item() is None):
        raise CheckFailed(f"{function_name(function)} is not filled in yet: {item} is still None.")
    # Exactly these types: a subclass (np.matrix for one) multiplies and adds by rules of its own.
    right_type = type(got) is np.ndarray or (
        scalar and isinstance(got, int | float | np.number) and not isinstance(got, bool)
    )
    if not right_type:
        raise CheckFailed(
            f"{function_name(function)}: {item} should be {wanted}, but is {kind_of(got)}.",
            *_indented(_other_type(expected, got)),
        )
    got = np.asarray(got)
    if got.dtype.kind not in "fiu":
        raise CheckFailed(
            f"{function_name(function)}: {item} should hold real numbers, but has dtype {got.dtype}.",
            *_indented(_OTHER_DTYPES.get(got.dtype.kind, [])),
        )
    return got


_OTHER_DTYPES = {
    "O": ["An array gets this dtype if there is a None in it, or if its rows have different lengths."],
    "b": ["It holds True and False. Is the result of a comparison returned in place of numbers?"],
    "U": ["It holds text. Where does a number become text?"],
}


def _other_type(expected, got):
    """Return what can be said about a value of a wrong type: a list of sentences."""
    if type(got) is tuple:
        for position, inner in enumerate(got[:10]):
            numbers = type(inner) is np.ndarray and inner.dtype.kind in "fiu" and inner.shape == expected.shape
            if numbers and agree(expected, inner).all():
                return [
                    f"Its item {position} is what is asked for. A call that returns several values needs several names."
                ]
        return ["A call that returns several values needs several names."]
    if type(got) is list:
        return ["A list has no shape, and + and * do other things with it. Which NumPy function makes an array?"]
    if isinstance(got, np.matrix):
        return ["A matrix multiplies by rules of its own. Use arrays."]
    if callable(got):
        return ["That can be called. Are the brackets of a call missing?"]
    return []


def _shapes(expected, got, known, key):
    """Return both shapes, with the symbols of the exercise if they are known, and what the symbols stand for."""
    symbols = known.symbols(key) if known is not None else None
    right, mine, explained = f"  expected: {_shape(expected)}", f"  got:      {_shape(got)}", []
    if symbols and tuple(known.sizes.get(symbol, 1) for symbol in symbols) == expected.shape:
        right += f" = ({', '.join(symbols)})"
        # A size that stands for one symbol only can be named in the other shape, too.
        names = [[symbol for symbol, size in known.sizes.items() if size == length] for length in got.shape]
        names = [["1"] if length == 1 else found for length, found in zip(got.shape, names, strict=True)]
        if all(len(found) == 1 for found in names) and any(found != ["1"] for found in names):
            mine += f" = ({', '.join(found[0] for found in names)}{',' * (got.ndim == 1)})"
        used = dict.fromkeys([*symbols, *(found[0] for found in names if len(found) == 1)])
        explained = [f"  {one} = {known.sizes[one]} is {meaning(one)}." for one in used if one in known.sizes]
    return [right, mine, *explained]


def _second_opinion(expected, got, known, key, index):
    """Return what finite differences say about one entry of a gradient, if they are sure."""
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
        f"  A second opinion, without your code: move one number a little, and see how far {what} moves.",
        f"  {key}[{', '.join(map(str, index))}]: yours {mine:.6g}, numerically {numeric:.6g}{ratio}",
    ]


def _indented(sentences):
    return [f"  {sentence}" for sentence in sentences]


def _shape(array):
    return "a single number" if array.shape == () else str(array.shape)
