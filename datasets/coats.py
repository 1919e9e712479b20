"""Colours and markings of animals, light or dark, and the backgrounds' colours that go with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.canvas import Array, Colour, Pose, hsv, mix

MARKINGS = ["plain", "plain", "tabby", "patched", "pale muzzle", "masked"]


@dataclass(frozen=True)
class Coat:
    """What an animal is coloured with.

    main -- most of it; pale -- belly and muzzle; deep -- stripes, ear tips, outlines
    skin -- nose and the inside of the ears; iris -- the eyes
    markings -- one of MARKINGS; spot -- where and how large its patch is, in the head's coordinates
    """

    main: Array
    pale: Array
    deep: Array
    skin: Array
    iris: Array
    markings: str
    spot: tuple[float, float, float]


def random_coat(rng: np.random.Generator, tone: float) -> Coat:
    """Return the coat of an animal whose brightness is about `tone`, in [0, 1]."""
    hue, saturation = [
        (rng.uniform(0.04, 0.09), rng.uniform(0.25, 0.75)),  # ginger, sand, brown
        (rng.uniform(0.05, 0.12), rng.uniform(0.0, 0.2)),  # cream, warm grey, charcoal
        (rng.uniform(0.55, 0.65), rng.uniform(0.02, 0.22)),  # blue-grey
    ][rng.integers(3)]
    value = float(np.clip(tone + rng.normal(0, 0.05), 0.1, 0.97))
    main = hsv(hue, saturation * (1.15 - 0.45 * value), value)
    lift = rng.uniform(0.35, 0.8)
    return Coat(
        main=main,
        pale=mix(main, (0.97, 0.95, 0.9), lift),
        deep=mix(main, (0.08, 0.05, 0.04), rng.uniform(0.3, 0.6)),
        skin=mix(main, hsv(0.98, 0.45, 0.85), rng.uniform(0.45, 0.9)),
        iris=hsv(rng.uniform(0.1, 0.55), rng.uniform(0.5, 0.9), rng.uniform(0.65, 0.95)),
        markings=str(rng.choice(MARKINGS)),
        spot=(rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.3), rng.uniform(0.35, 0.7)),
    )


def fur(pose: Pose, coat: Coat) -> Array:
    """Return the fur's colour at every pixel of a head or a body, markings included. Shape (64, 64, 3)."""
    colour: Colour = np.broadcast_to(coat.main, (*pose.x.shape, 3))
    if coat.markings == "tabby":
        bands = np.sin(9 * np.abs(pose.x) + 5 * pose.y * np.sign(pose.y + 0.4))
        share = np.clip(bands * 1.5 - 0.3, 0, 1) * np.clip(0.9 * np.hypot(pose.x, pose.y), 0, 0.8)
        colour = _cover(colour, coat.deep, share)
    elif coat.markings == "patched":
        x, y, radius = coat.spot
        share = np.clip((radius - np.hypot(pose.x - x, pose.y - y)) / (2 * pose.pixel) + 0.5, 0, 1)
        colour = _cover(colour, coat.pale if coat.main.mean() < 0.5 else coat.deep, share)
    elif coat.markings == "pale muzzle":
        share = np.clip((pose.y + 0.15 - 1.1 * np.abs(pose.x)) / 0.3 + 0.5, 0, 1)
        colour = _cover(colour, coat.pale, share)
    elif coat.markings == "masked":
        share = np.clip(1.1 - np.hypot(pose.x / 0.75, (pose.y - 0.2) / 0.75), 0, 0.8)
        colour = _cover(colour, coat.deep, share)
    return np.asarray(colour)


def _cover(colour: Colour, over: Colour, share: Array) -> Array:
    """Return the colours with another one over them, by its share at each pixel."""
    return np.asarray(colour) + share[:, :, None] * (np.asarray(over) - np.asarray(colour))
