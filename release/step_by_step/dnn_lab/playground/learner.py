"""A network that learns a pattern with your own functions, one step after the other, and can say where it stands.

Its whole state is a short line of text such as

    flower m=400 noise=0.05 seed=1 layers=2,4,1 start=0.01 rate=1.2 step=300

`Learner.from_text` makes the same network of it again, by learning the same steps again.
"""

from typing import NamedTuple

import numpy as np

from dnn_lab.playground.patterns import PATTERNS, draw_pattern

__all__ = ["STARTS", "Learner", "Parts", "Settings"]

# How the first weights are scaled: as exercise 2 does it, or by the number of inputs of the layer.
STARTS = ("0.01", "1/sqrt(n)")
_MOST_STEPS = 20_000  # a line of text may ask for as many


class Parts(NamedTuple):
    """The five of your functions that a learning network needs."""

    initialize: object
    forward: object
    cost: object
    backward: object
    update: object

    @classmethod
    def of(cls, namespace):
        """Return the parts that a notebook has defined. Raises ValueError if one is missing."""
        names = (
            "initialize_parameters_deep", "L_model_forward", "compute_cost", "L_model_backward", "update_parameters",
        )  # fmt: skip
        lacking = [name for name in names if not callable(namespace.get(name))]
        if lacking:
            raise ValueError(f"{lacking[0]} is not there yet: run the cell of its exercise first.")
        return cls(*(namespace[name] for name in names))


class Settings(NamedTuple):
    """What a network is to learn, and how."""

    pattern: str = "flower"
    m: int = 400
    noise: float = 0.05
    seed: int = 1
    layers: tuple = (2, 4, 1)
    start: str = STARTS[0]
    rate: float = 1.2

    def to_text(self, step=0):
        """Return the settings and a step as a line of text."""
        layers = ",".join(map(str, self.layers))
        return (
            f"{self.pattern} m={self.m} noise={self.noise:g} seed={self.seed} layers={layers} start={self.start} "
            f"rate={self.rate:g} step={step}"
        )

    @classmethod
    def from_text(cls, text):
        """Return the settings and the step that a line of text names. Raises ValueError if it cannot be read."""
        pattern, *pairs = text.split() or [""]
        given = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        try:
            step = int(given.pop("step", "0"))
            layers = tuple(int(size) for size in given.pop("layers", "2,4,1").split(","))
            kinds = {"m": int, "noise": float, "seed": int, "start": str, "rate": float}
            settings = cls(pattern, layers=layers, **{name: kinds[name](value) for name, value in given.items()})
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"{text!r} is no state of a network: {error}. It looks like {cls().to_text()!r}."
            ) from error
        fits = (
            pattern in PATTERNS
            and 2 <= settings.m <= 5_000
            and 0 <= settings.noise <= 1
            and settings.start in STARTS
            and 0 < settings.rate <= 100
            and 0 <= step <= _MOST_STEPS
            and 2 <= len(layers) <= 8
            and (layers[0], layers[-1]) == (2, 1)
            and all(1 <= size <= 64 for size in layers)
            and settings.seed >= 0
        )
        if not fits:
            raise ValueError(
                f"{text!r} asks for what there is not: patterns are {', '.join(PATTERNS)}, layers begin with 2 and end "
                f"with 1 and have at most 64 units, step is at most {_MOST_STEPS}."
            )
        return settings, step


class Learner:
    """A network, the points that it learns, and the costs so far.

    parts -- your functions
    settings -- what it learns, and how
    """

    def __init__(self, parts, settings):
        self.parts = parts
        self.settings = settings
        self.X, self.Y = draw_pattern(settings.pattern, settings.m, settings.noise, settings.seed)
        self.parameters = parts.initialize(list(settings.layers))
        if settings.start != STARTS[0]:
            for l, n_prev in enumerate(settings.layers[:-1], start=1):
                self.parameters[f"W{l}"] = self.parameters[f"W{l}"] / 0.01 / np.sqrt(n_prev)
        self.costs = []

    @classmethod
    def from_text(cls, parts, text):
        """Return the network that a line of text describes, after its steps. Raises ValueError if it cannot be read."""
        settings, step = Settings.from_text(text)
        learner = cls(parts, settings)
        learner.learn(step)
        return learner

    def to_text(self):
        """Return the whole state as a line of text."""
        return self.settings.to_text(len(self.costs))

    def learn(self, steps=1):
        """Go round the circle as often as said: forward, cost, backward, update. Stop when the cost is no number."""
        with np.errstate(all="ignore"):  # a network that diverges is a result here, and said in words
            for _ in range(steps):
                if self.diverged:
                    break
                AL, caches = self.parts.forward(self.X, self.parameters)
                self.costs.append(float(self.parts.cost(AL, self.Y)))
                grads = self.parts.backward(AL, self.Y, caches)
                self.parameters = self.parts.update(self.parameters, grads, self.settings.rate)

    @property
    def diverged(self):
        """Whether the cost is no finite number any more: some guess was exactly 0 or 1, or the steps were too large."""
        return bool(self.costs) and not np.isfinite(self.costs[-1])

    def maps(self, points):
        """Return what each layer answers to points, shape (2, number of points), layer 1 first, the guess last."""
        AL, caches = self.parts.forward(points, self.parameters)
        hidden = [linear_cache[0] for linear_cache, _ in caches[1:]]  # what comes into the layers 2 to L
        return [*hidden, AL]

    def accuracy(self):
        """Return the share of points on the right side of the border."""
        guess, _ = self.parts.forward(self.X, self.parameters)
        return float(np.mean((guess > 0.5) == (self.Y == 1)))
