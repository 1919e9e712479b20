"""What a check knows about a call beside the right answer: sizes with their symbols, and the inputs.

A check hands one of these objects to `expect_equal` or `expect_grads`. They are asked only when an answer is wrong:

- ``sizes``: the symbols of the exercise and how large each is here;
- ``symbols(name)``: the shape of a result, in symbols;
- ``alternatives(name)``: results with one thing left out or exchanged, each with a sentence that says so;
- ``before(name)``: what a result was before the call, if the function changes it step by step;
- ``slope(name, index)``: one entry of a gradient, by finite differences;
- ``cause_of_nan(name)``: what may stand behind a nan or an infinity.

A name is the result's name in the exercise: "Z", "dW", "dA_prev"; in a network "W1", "dW1", "dA0".
"""

import re

import numpy as np

from dnn_lab.hints.finite_differences import Layer, activate, cross_entropy, slope

__all__ = ["KnownCost", "KnownGradients", "KnownLayer", "KnownModel", "KnownSizes", "KnownStep", "meaning"]

_MEANINGS = {
    "m": "the number of examples",
    "n": "the number of units in this layer",
    "n_prev": "the number of units in the layer before",
    "n_x": "the size of the input layer",
    "n_h": "the size of the hidden layer",
    "n_y": "the size of the output layer",
}

_LAYER_SHAPES = {
    "A": ("n", "m"),
    "Z": ("n", "m"),
    "dW": ("n", "n_prev"),
    "db": ("n", "1"),
    "dA_prev": ("n_prev", "m"),
}


def meaning(symbol):
    """Return what a symbol stands for, in words."""
    layer = re.search(r"\[(\d+)\]$", symbol)
    if layer and layer[1] == "0":
        return "the size of the input"
    return f"the number of units in layer {layer[1]}" if layer else _MEANINGS.get(symbol, "a size of this exercise")


class KnownSizes:
    """The sizes of a network, and no inputs.

    units -- the number of units of each layer by its symbol, the input first
    m -- the number of examples, if there are any
    """

    learning_rate = None

    def __init__(self, units, m=None):
        self.units = dict(units)
        self.sizes = self.units if m is None else self.units | {"m": m}

    @classmethod
    def of_layers(cls, numbers, m=None, letter="n"):
        """Name the sizes n[0], n[1] and so on, or by another letter."""
        return cls({f"{letter}[{layer}]": size for layer, size in enumerate(numbers)}, m)

    def symbols(self, name):
        """Return the shape of W1, b1, dA1 and the like in symbols, None if the name is unknown."""
        names = list(self.units)
        match = re.fullmatch(r"d?([WbAZ])(\d+)", name)
        if match is None or int(match[2]) >= len(names):
            return None
        unit = names[int(match[2])]
        if match[1] == "W":
            return (unit, names[int(match[2]) - 1]) if match[2] != "0" else None
        return (unit, "1") if match[1] == "b" else (unit, "m")

    def alternatives(self, name):
        """Return pairs: a sentence, and the result that it describes."""
        return []

    def before(self, name):
        """Return what the result was before the call, or None."""
        return None

    def slope(self, name, index):
        """Return one entry of a gradient by finite differences, None if that cannot be known."""
        return None

    def cause_of_nan(self, name):
        """Return a sentence, or None."""
        return None


class KnownLayer(KnownSizes):
    """The inputs of one layer, forward or backward.

    A_prev, W, b -- as in the exercises
    activation -- "sigmoid", "relu", or None for the linear part alone
    arriving -- backward: the gradient that the function is given, dA; dZ for the linear part alone
    Z -- backward through an activation: the cached Z
    """

    def __init__(self, A_prev, W, b, activation=None, arriving=None, Z=None):
        super().__init__({"n_prev": W.shape[1], "n": W.shape[0]}, A_prev.shape[1])
        self._inputs = A_prev, W, b
        self._activation = activation
        self._arriving = arriving
        self._Z = Z

    def symbols(self, name):
        """Return the shape of a result in symbols."""
        return _LAYER_SHAPES.get(name)

    def alternatives(self, name):
        """Return what the layer gives without the bias, with another sign, or another activation."""
        A_prev, W, b = self._inputs
        product = np.tensordot(W, A_prev, axes=1)
        # The cache of a layer is (linear cache, Z): the name of its Z in a message is its position.
        if name == "Z" or (name == "cache[1]" and self._activation):
            return _biases(product, b, None)
        if name != "A":
            return []
        found = _biases(product, b, self._activation)
        if self._activation:
            other = {"sigmoid": "relu", "relu": "sigmoid"}[self._activation]
            found.append(("These are the values of Z: no activation is applied.", product + b))
            found.append((f"These are the values that {other} gives.", activate(product + b, other)))
        return found

    def slope(self, name, index):
        """Return one entry of dW, db or dA_prev by finite differences."""
        if self._arriving is None or name not in ("dW", "db", "dA_prev"):
            return None
        Z = np.zeros(self._arriving.shape) if self._Z is None else self._Z
        layer = Layer(*self._inputs, Z, self._activation)
        kind, number = ("A", 0) if name == "dA_prev" else (name[1], 1)
        return slope([layer], lambda change: (self._arriving * change).sum(axis=0), kind, number, index)


class KnownModel(KnownSizes):
    """The inputs of the forward pass through a whole network: X and the parameters."""

    def __init__(self, X, parameters):
        self._X, self._parameters = X, parameters
        self._count = len(parameters) // 2
        numbers = [X.shape[0]] + [parameters[f"b{layer}"].shape[0] for layer in range(1, self._count + 1)]
        named = KnownSizes.of_layers(numbers, X.shape[1])
        super().__init__(named.units, X.shape[1])

    def symbols(self, name):
        """Return the shape of AL in symbols."""
        return ("1", "m") if name == "AL" else super().symbols(name)

    def alternatives(self, name):
        """Return what the network gives without biases, and with other activations."""
        if name != "AL":
            return []
        found = [("These are the values without b, in every layer.", self._run(bias=0))]
        if self._count > 1:
            found.append(("These are the values with sigmoid in every layer.", self._run(hidden="sigmoid")))
            found.append(("These are the values with no activation in the hidden layers.", self._run(hidden=None)))
        found.append(("These are the values with relu in every layer.", self._run(last="relu")))
        found.append(("These are the values of the last Z: its activation is missing.", self._run(last=None)))
        return found

    def _run(self, bias=1, hidden="relu", last="sigmoid"):
        signal = self._X
        for layer in range(1, self._count + 1):
            product = np.tensordot(self._parameters[f"W{layer}"], signal, axes=1)
            signal = activate(product + bias * self._parameters[f"b{layer}"], hidden if layer < self._count else last)
        return signal


class KnownCost(KnownSizes):
    """The inputs of the cost: the guesses and the labels."""

    def __init__(self, AL, Y):
        super().__init__({}, Y.shape[1])
        self._logarithms = bool(((AL > 0) & (AL < 1)).all() and (Y * (1 - Y) == 0).all())

    def cause_of_nan(self, name):
        """Say which logarithms exist."""
        if not self._logarithms:
            return None
        return (
            "AL and 1 - AL lie between 0 and 1 here, so their logarithms exist. "
            "Y or 1 - Y is 0, which has none. What is in the brackets of each log?"
        )


class KnownGradients(KnownSizes):
    """The inputs of the backward pass through a whole network: AL, Y and the caches."""

    def __init__(self, AL, Y, caches):
        kinds = ["relu"] * (len(caches) - 1) + ["sigmoid"]
        self._layers = [Layer(*linear, Z, kind) for (linear, Z), kind in zip(caches, kinds, strict=True)]
        self._losses = cross_entropy(AL, Y)
        self._quotients = bool((AL * (1 - AL) != 0).all() and (Y * (1 - Y) == 0).all())
        numbers = [self._layers[0].W.shape[1]] + [layer.W.shape[0] for layer in self._layers]
        named = KnownSizes.of_layers(numbers, AL.shape[1])
        super().__init__(named.units, AL.shape[1])

    def slope(self, name, index):
        """Return one entry of dW1, db1, dA0 and the like by finite differences."""
        return slope(self._layers, self._losses, name[1], int(name[2:]), index)

    def cause_of_nan(self, name):
        """Say which divisions are possible."""
        if not self._quotients:
            return None
        return (
            "Neither AL nor 1 - AL is 0 here, but Y or 1 - Y is. "
            "In the derivative of the cost, what is divided by what?"
        )


class KnownStep(KnownSizes):
    """The inputs of an update: the parameters as they were, and the learning rate."""

    def __init__(self, parameters, learning_rate):
        count = len(parameters) // 2
        numbers = [parameters["W1"].shape[1]] + [parameters[f"b{layer}"].shape[0] for layer in range(1, count + 1)]
        super().__init__(KnownSizes.of_layers(numbers).units)
        # The function may change the dictionary, and its arrays.
        self._parameters = {name: value.copy() for name, value in parameters.items()}
        self.learning_rate = learning_rate

    def before(self, name):
        """Return a parameter as it was."""
        return self._parameters.get(name)


def _biases(product, b, activation):
    return [
        ("These are the values without b.", activate(product, activation)),
        ("These are the values with b subtracted.", activate(product - b, activation)),
        ("These are the values with b added twice.", activate(product + 2 * b, activation)),
    ]
