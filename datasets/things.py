"""What is no animal: cars, houses, plants, balls, textures. Each is about 2 units wide around the origin."""

from __future__ import annotations

import numpy as np

from datasets.canvas import Array, Canvas, Pose, box, curve, ellipse, hsv, mix, polygon, stroke

DARK = (0.08, 0.08, 0.09)
GLASS = (0.65, 0.8, 0.88)


def car(canvas: Canvas, pose: Pose, colour: Array, rng: np.random.Generator) -> None:
    """Paint a car from the side."""
    roof = rng.uniform(-0.75, -0.55)
    cabin = [(-0.85, -0.05), (-0.5, roof), (0.35, roof), (0.8, -0.05)]
    canvas.paint(pose, ellipse(pose, 0, 0.62, 1.35, 0.12), DARK, opacity=0.4, soft=4)
    canvas.paint(pose, polygon(pose, cabin, 0.06), mix(colour, DARK, 0.15))
    canvas.paint(pose, polygon(pose, [(-0.68, -0.08), (-0.43, roof + 0.1), (-0.08, roof + 0.1), (-0.08, -0.08)]), GLASS)
    canvas.paint(pose, polygon(pose, [(0.02, -0.08), (0.02, roof + 0.1), (0.3, roof + 0.1), (0.6, -0.08)]), GLASS)
    canvas.paint(pose, box(pose, 0, 0.22, 1.4, 0.33, 0.18), colour)
    canvas.paint(pose, box(pose, 0, 0.42, 1.4, 0.07, 0.05), mix(colour, DARK, 0.5))
    for x in (-0.8, 0.8):
        canvas.paint(pose, ellipse(pose, x, 0.5, 0.31, 0.31), DARK)
        canvas.paint(pose, ellipse(pose, x, 0.5, 0.15, 0.15), (0.75, 0.75, 0.77))
    canvas.paint(pose, ellipse(pose, -1.3, 0.15, 0.1, 0.08), (0.98, 0.93, 0.6))


def house(canvas: Canvas, pose: Pose, colour: Array, rng: np.random.Generator) -> None:
    """Paint a house: one roof, or two gables that stand like ears."""
    roof = mix(hsv(rng.uniform(-0.03, 0.06), 0.6, 0.6), colour * 0.6, 0.4)
    canvas.paint(pose, box(pose, 0.6, -0.8, 0.13, 0.4), mix(roof, DARK, 0.3))
    canvas.paint(pose, box(pose, 0, 0.35, 0.95, 0.75), colour)
    if rng.random() < 0.5:
        canvas.paint(pose, polygon(pose, [(-1.2, -0.35), (0, -1.25), (1.2, -0.35)], 0.03), roof)
    else:
        for x in (-0.52, 0.52):
            canvas.paint(pose, polygon(pose, [(x - 0.55, -0.35), (x, -1.15), (x + 0.55, -0.35)], 0.03), roof)
    lit = rng.random() < 0.4
    window = (0.98, 0.88, 0.5) if lit else mix(GLASS, DARK, rng.uniform(0, 0.6))
    for x in (-0.52, 0.52):
        canvas.paint(pose, box(pose, x, 0.1, 0.24, 0.22), mix(colour, (1, 1, 1), 0.7))
        canvas.paint(pose, box(pose, x, 0.1, 0.18, 0.16), window)
        canvas.paint(pose, box(pose, x, 0.1, 0.02, 0.16), mix(colour, (1, 1, 1), 0.7))
    canvas.paint(pose, box(pose, 0, 0.75, 0.2, 0.36), mix(roof, DARK, 0.4))
    canvas.paint(pose, ellipse(pose, 0.11, 0.78, 0.04, 0.04), (0.9, 0.8, 0.4))


def plant(canvas: Canvas, pose: Pose, colour: Array, rng: np.random.Generator) -> None:
    """Paint a flower in a pot."""
    green = hsv(rng.uniform(0.25, 0.4), rng.uniform(0.4, 0.8), rng.uniform(0.3, 0.65))
    canvas.paint(pose, stroke(pose, curve((0, 0.6), (rng.uniform(-0.3, 0.3), 0.1), (0, -0.5)), 0.06), green)
    for side in (-1, 1):
        canvas.paint(pose, ellipse(pose, side * 0.35, 0.25, 0.36, 0.13, side * -0.6), green)
    petals = int(rng.integers(5, 9))
    for turn in np.arange(petals) * 2 * np.pi / petals:
        x, y = 0.42 * np.cos(turn), -0.55 + 0.42 * np.sin(turn)
        canvas.paint(pose, ellipse(pose, x, y, 0.32, 0.18, turn), colour)
        canvas.blend(np.clip(-ellipse(pose, x, y, 0.32, 0.18, turn) * 2, 0, 0.3), mix(colour, DARK, 0.6))
    canvas.paint(pose, ellipse(pose, 0, -0.55, 0.22, 0.22), (0.92, 0.75, 0.25))
    pot = hsv(rng.uniform(0.02, 0.08), 0.6, rng.uniform(0.35, 0.75))
    canvas.paint(pose, polygon(pose, [(-0.5, 0.6), (0.5, 0.6), (0.35, 1.25), (-0.35, 1.25)], 0.03), pot)
    canvas.paint(pose, box(pose, 0, 0.6, 0.58, 0.1, 0.03), mix(pot, (1, 1, 1), 0.15))


def ball(canvas: Canvas, pose: Pose, colour: Array, rng: np.random.Generator) -> None:
    """Paint a striped ball and its shadow."""
    canvas.paint(pose, ellipse(pose, 0.15, 0.95, 0.95, 0.16), DARK, opacity=0.4, soft=4)
    disc = ellipse(pose, 0, 0, 1, 1)
    canvas.paint(pose, disc, colour)
    other = hsv(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.5, 0.95))
    turn = rng.uniform(0, np.pi)
    for offset in (-0.75, 0.0, 0.75):
        x, y = offset * np.cos(turn), offset * np.sin(turn)
        canvas.paint(pose, np.maximum(ellipse(pose, x, y, 0.2, 1.1, turn), disc), other)
    canvas.blend(np.clip(-disc * 3, 0, 1) * np.clip((pose.x + pose.y) * 0.4, 0, 0.5), mix(colour, DARK, 0.8))
    canvas.paint(pose, ellipse(pose, -0.4, -0.4, 0.2, 0.15, -0.8), (1, 1, 1), opacity=0.6, soft=3)


def texture(canvas: Canvas, pose: Pose, colour: Array, rng: np.random.Generator) -> None:
    """Cover the whole picture with stripes, checks, dots, waves or bricks."""
    other = hsv(rng.random(), rng.uniform(0.1, 0.7), rng.uniform(0.2, 0.95))
    style = rng.choice(["stripes", "checks", "dots", "waves", "bricks"])
    period = rng.uniform(0.35, 0.9)
    x, y = pose.x / period, pose.y / period
    edge = period / (2 * np.pi * pose.pixel)  # makes the edge of a stripe about a pixel wide
    if style == "stripes":
        share = np.sin(2 * np.pi * x) * edge
    elif style == "checks":
        share = np.sin(2 * np.pi * x) * np.sin(2 * np.pi * y) * edge
    elif style == "dots":
        share = (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y) - rng.uniform(0, 1.2)) * edge
    elif style == "waves":
        share = np.sin(2 * np.pi * x + rng.uniform(1, 2.5) * np.sin(2 * np.pi * y * 0.6)) * edge
    else:
        row = np.floor(2 * y)
        share = np.minimum(np.abs(np.sin(np.pi * (x + row / 2))), np.abs(np.sin(2 * np.pi * y)))
        share = (share - 0.2) * edge * 2
    canvas.pixels[:] = colour
    canvas.blend(np.clip(share + 0.5, 0, 1), other)
