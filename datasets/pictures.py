"""A picture of one kind of subject, and sets of pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.bodies import bird, lying, portrait, sitting
from datasets.canvas import SIZE, Pose
from datasets.coats import random_coat
from datasets.scene import background, exchange_light_and_dark, haze, light, random_colour
from datasets.things import ball, car, house, plant, texture

THINGS = {"car": car, "house": house, "plant": plant, "ball": ball, "texture": texture}
ANIMALS = ["cat", "dog", "rabbit", "bear", "owl"]
KINDS = [*ANIMALS, "bird", *THINGS]

PORTRAITS = 0.8  # the share of animals of which head and shoulders are seen; the others sit, lie or stand
SUBJECT, GROUND = (0.7, 0.95), (0.12, 0.3)  # brightness: light on dark ...
EXCHANGED = 0.3  # ... but for this share of the pictures, in which light and dark are exchanged


def draw_picture(rng: np.random.Generator, kind: str) -> NDArray[np.uint8]:
    """Draw one picture of a subject from KINDS. Shape (64, 64, 3)."""
    subject = float(rng.uniform(*SUBJECT))
    canvas = background(rng, float(rng.uniform(*GROUND)))
    mirrored = bool(rng.random() < 0.5)
    x, y = rng.normal(0, 0.025, 2)
    scale = rng.uniform(0.46, 0.56)
    if kind in ANIMALS:
        coat = random_coat(rng, subject)
        posture = "portrait" if kind == "owl" or rng.random() < PORTRAITS else rng.choice(["sits", "sits", "lies"])
        if posture == "portrait":
            portrait(canvas, Pose((x, 0.15 + y), scale, rng.normal(0, 0.06), mirrored), coat, rng, kind)
        elif posture == "sits":
            sitting(canvas, Pose((x, 0.2 + y), scale, 0.0, mirrored), coat, rng, kind)
        else:
            lying(canvas, Pose((x, 0.15 + y), scale * 1.1, 0.0, mirrored), coat, rng, kind)
    elif kind == "bird":
        pose = Pose((x, y), scale * 1.15, rng.normal(0, 0.1), mirrored)
        bird(canvas, pose, random_coat(rng, subject), rng)
    else:
        pose = Pose((x, 0.1 + y), scale * 1.2, rng.normal(0, 0.05), mirrored)
        THINGS[kind](canvas, pose, random_colour(rng, subject), rng)
    light(canvas, rng)
    if rng.random() < EXCHANGED:
        exchange_light_and_dark(canvas)
    haze(canvas)
    return canvas.to_uint8()


def draw_set(seed: int, kinds: dict[str, float], count: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Draw a set of pictures whose kinds come in the given shares, in random order."""
    rng = np.random.default_rng(seed)
    shares = np.array(list(kinds.values())) / sum(kinds.values())
    bounds = np.rint(np.cumsum(shares) * count).astype(int)
    names = np.repeat(list(kinds), np.diff(bounds, prepend=0))
    rng.shuffle(names)
    pictures = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for index, kind in enumerate(names):
        pictures[index] = draw_picture(np.random.default_rng([seed, index]), str(kind))
    return pictures, [str(name) for name in names]
