"""Points in the plane with two labels, drawn afresh from a seed: something small for a network to learn."""

import numpy as np

__all__ = ["PATTERNS", "draw_pattern"]


def draw_pattern(name, m=400, noise=0.1, seed=1):
    """Return points X, shape (2, m), within about -1 and 1, and their labels Y, shape (1, m), of zeros and ones.

    name -- one of PATTERNS
    m -- number of points, half of them with each label
    noise -- how far points stray from their place, as a standard deviation
    seed -- the same seed draws the same points

    Raises ValueError for a name that is not known.
    """
    if name not in PATTERNS:
        raise ValueError(f"there is no pattern {name!r}; choose one of {', '.join(PATTERNS)}.")
    rng = np.random.default_rng(seed)
    Y = np.arange(m) % 2
    X = PATTERNS[name](rng, Y) + noise * rng.standard_normal((2, m))
    return X, Y.reshape(1, m)


def _flower(rng, label):
    """Six petals, the labels by turns."""
    petal = 2 * rng.integers(3, size=label.size) + label
    across = rng.uniform(-1, 1, label.size)
    along = np.sqrt(rng.uniform(0.02, 1, label.size)) * np.sqrt(1 - across**2)
    return _around(along, (petal + 0.5 * across) * np.pi / 3)


def _moons(rng, label):
    """Two half circles, each with an end inside the other."""
    angle = rng.uniform(0, np.pi, label.size) + np.pi * label
    return _around(0.65, angle) + np.where(label, [[0.3], [0.15]], [[-0.3], [-0.15]])


def _spirals(rng, label):
    """Two arms that wind around each other one and a half times."""
    turn = np.sqrt(rng.uniform(0.02, 1, label.size))
    return _around(turn, 3 * np.pi * turn + np.pi * label)


def _circles(rng, label):
    """A disc inside a ring."""
    return _around(np.where(label, 0.35, 0.95), rng.uniform(0, 2 * np.pi, label.size))


def _around(radius, angle):
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)])


PATTERNS = {"flower": _flower, "moons": _moons, "spirals": _spirals, "circles": _circles}
