"""What is behind a subject, and the light on the whole picture."""

from __future__ import annotations

import numpy as np

from datasets.canvas import SIZE, Array, Canvas, Pose, box, ellipse, hsv, mix, polygon

PICTURE = Pose()  # the picture's own coordinates


def random_colour(rng: np.random.Generator, tone: float) -> Array:
    """Return a colour of any hue whose brightness is about `tone`, in [0, 1]."""
    return hsv(rng.random(), rng.uniform(0.05, 0.6), float(np.clip(tone + rng.normal(0, 0.06), 0.05, 1)))


def background(rng: np.random.Generator, tone: float) -> Canvas:
    """Return a canvas with a place on it: a wall, a room, a meadow, spots of light, wallpaper or a window."""
    first = random_colour(rng, tone)
    second = mix(first, random_colour(rng, tone), rng.uniform(0.2, 0.7))
    canvas = Canvas(first)
    turn = rng.uniform(0, 2 * np.pi)
    slope = np.clip(0.5 + 0.5 * (np.cos(turn) * PICTURE.x + np.sin(turn) * PICTURE.y), 0, 1)
    canvas.blend(slope, second)
    place = rng.choice(["wall", "room", "meadow", "lights", "wallpaper", "window"])
    if place == "room":
        level = rng.uniform(0.2, 0.7)
        floor = mix(random_colour(rng, tone), (0.4, 0.28, 0.18), 0.25)
        canvas.paint(PICTURE, level - PICTURE.y, floor)
    elif place == "meadow":
        hill = rng.uniform(0.1, 0.6) + 0.15 * np.sin(rng.uniform(1, 3) * PICTURE.x + rng.uniform(0, 6))
        grass = hsv(rng.uniform(0.2, 0.38), rng.uniform(0.2, 0.6), tone)
        canvas.paint(PICTURE, hill - PICTURE.y, grass)
    elif place == "lights":
        for _ in range(int(rng.integers(4, 9))):
            radius = rng.uniform(0.1, 0.35)
            spot = ellipse(PICTURE, rng.uniform(-1, 1), rng.uniform(-1, 1), radius, radius)
            canvas.paint(PICTURE, spot, random_colour(rng, tone + 0.12), opacity=0.5, soft=3)
    elif place == "wallpaper":
        wave = np.sin((np.cos(turn) * PICTURE.x + np.sin(turn) * PICTURE.y) * rng.uniform(8, 22))
        canvas.blend(np.clip(wave * 2 + 0.5, 0, 1) * rng.uniform(0.2, 0.6), random_colour(rng, tone))
    elif place == "window":
        x, y = rng.uniform(-0.8, 0.8), rng.uniform(-0.7, 0.0)
        frame = mix(first, (1, 1, 1), 0.3)
        canvas.paint(PICTURE, box(PICTURE, x, y, 0.5, 0.45), frame)
        canvas.paint(PICTURE, box(PICTURE, x, y, 0.43, 0.38), random_colour(rng, tone))
        canvas.paint(PICTURE, box(PICTURE, x, y, 0.03, 0.4), frame)
        floor = [(-1, 0.75), (1, rng.uniform(0.6, 0.9)), (1, 1.2), (-1, 1.2)]
        canvas.paint(PICTURE, polygon(PICTURE, floor), second * 0.85)
    return canvas


def light(canvas: Canvas, rng: np.random.Generator) -> None:
    """Light the picture: from one side, with a tint, brighter or darker, and with a camera's noise."""
    turn = rng.uniform(0, 2 * np.pi)
    side = np.cos(turn) * PICTURE.x + np.sin(turn) * PICTURE.y
    shade = rng.uniform(0.85, 1.1) * (1 + rng.uniform(0, 0.2) * side)
    tint = 1 + rng.normal(0, 0.03, 3)
    canvas.pixels *= shade[:, :, None] * tint
    canvas.pixels += rng.normal(0, rng.uniform(0.004, 0.012), (SIZE, SIZE, 1))


def exchange_light_and_dark(canvas: Canvas) -> None:
    """Make light what is dark and dark what is light, with the colours as they are: a dark animal on light ground."""
    brightness = canvas.pixels.clip(0, 1) @ (0.3, 0.59, 0.11)
    canvas.pixels += (1 - 2 * brightness)[:, :, None]


def haze(canvas: Canvas) -> None:
    """Draw all colours towards grey, as a pale day does."""
    canvas.pixels = 0.5 + 0.7 * (canvas.pixels - 0.5)
