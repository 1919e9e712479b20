"""Heads of animals, seen from the front or turned a little. The face is about a disc of radius 1 around the origin."""

from __future__ import annotations

import numpy as np

from datasets.canvas import Array, Canvas, Colour, Pose, curve, ellipse, mix, polygon, stroke
from datasets.coats import Coat, fur

DARK = (0.07, 0.05, 0.05)
WHITE = (0.98, 0.98, 0.96)


def cat_head(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator) -> None:
    """Paint a wide face, pointed ears that stand apart, almond eyes with slits, a small nose and whiskers."""
    spread, height = rng.uniform(0.0, 0.2), rng.uniform(1.3, 1.6)
    wide = rng.uniform(0.95, 1.1)
    for side in (-1, 1):
        tip = (side * (0.72 + spread), -height)
        ear = [(side * 0.98, -0.1), tip, (side * 0.1, -0.68)]
        _furry(canvas, pose, polygon(pose, ear, 0.05), coat)
        inner = [(side * 0.82, -0.45), (tip[0] * 0.98, tip[1] + 0.3), (side * 0.38, -0.72)]
        canvas.paint(pose, polygon(pose, inner), coat.skin)
    face = np.minimum(ellipse(pose, 0, 0, wide, 0.84), ellipse(pose, 0, 0.25, wide * 1.03, 0.55))
    _furry(canvas, pose, face, coat)
    canvas.paint(pose, ellipse(pose, -0.17, 0.4, 0.26, 0.2), coat.pale)
    canvas.paint(pose, ellipse(pose, 0.17, 0.4, 0.26, 0.2), coat.pale)
    wake, slit = rng.uniform(0.14, 0.26), rng.uniform(0.05, 0.13)
    gaze = rng.uniform(-0.06, 0.06)
    for side in (-1, 1):
        eye = ellipse(pose, side * 0.43, -0.06, 0.26, wake, side * -0.3)
        canvas.paint(pose, eye - 0.05, coat.deep)
        canvas.paint(pose, eye, coat.iris)
        canvas.paint(pose, np.maximum(ellipse(pose, side * 0.43 + gaze, -0.06, slit, wake), eye), DARK)
        _glint(canvas, pose, side * 0.43 + gaze - 0.06, -0.13, 0.05)
    canvas.paint(pose, polygon(pose, [(-0.11, 0.2), (0.11, 0.2), (0, 0.32)], 0.03), coat.skin)
    _mouth(canvas, pose, coat, 0.34, 0.2)
    hair = WHITE if coat.main.mean() < 0.62 else coat.deep
    for side in (-1, 1):
        for fall in (-0.12, 0.08, 0.26):
            line = [(side * 0.3, 0.4 + fall * 0.3), (side * 1.35, 0.35 + fall * 1.6)]
            canvas.paint(pose, stroke(pose, line, 0.015), hair, opacity=0.7)


def dog_head(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator) -> None:
    """Paint a long face with a muzzle, a large nose, round dark eyes, and ears that hang, fold or (seldom) stand."""
    ears = rng.choice(["hang", "hang", "hang", "fold", "fold", "stand"])
    length = rng.uniform(0.5, 0.75)
    if ears == "stand":
        for side in (-1, 1):
            ear = [(side * 0.88, -0.25), (side * rng.uniform(0.6, 0.75), -1.45), (side * 0.15, -0.75)]
            _furry(canvas, pose, polygon(pose, ear, 0.08), coat)
            canvas.paint(
                pose, polygon(pose, [(side * 0.7, -0.6), (side * 0.62, -1.15), (side * 0.38, -0.75)]), coat.skin
            )
    _furry(canvas, pose, np.minimum(ellipse(pose, 0, -0.08, 0.84, 0.88), ellipse(pose, 0, 0.4, 0.62, length)), coat)
    for side in (-1, 1):
        if ears == "hang":
            drop = curve((side * 0.6, -0.75), (side * 1.05, -0.8), (side * 1.02, rng.uniform(0.3, 0.6)))
            canvas.paint(pose, stroke(pose, drop, 0.17, 0.27), coat.deep)
        elif ears == "fold":
            flap = [(side * 0.35, -0.85), (side * 0.85, -0.98), (side * 1.12, -0.3), (side * 0.8, -0.42)]
            canvas.paint(pose, polygon(pose, flap, 0.06), coat.deep)
    canvas.paint(pose, ellipse(pose, 0, 0.42, 0.42, length * 0.72), coat.pale)
    if rng.random() < 0.4:
        tongue = mix(coat.skin, (0.9, 0.35, 0.4), 0.7)
        canvas.paint(pose, ellipse(pose, 0, 0.55 + length * 0.5, 0.15, 0.28), tongue)
    canvas.paint(pose, ellipse(pose, 0, 0.27, 0.23, 0.16), DARK)
    _glint(canvas, pose, -0.07, 0.22, 0.05)
    _mouth(canvas, pose, coat, 0.42, 0.28)
    for side in (-1, 1):
        _round_eye(canvas, pose, coat, side * 0.36, -0.16, rng.uniform(0.12, 0.16))


def rabbit_head(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator) -> None:
    """Paint an egg-shaped face under long ears, one of which may be bent, with a small nose and teeth."""
    apart, length = rng.uniform(0.05, 0.4), rng.uniform(1.75, 2.1)
    bent = rng.choice([-1, 0, 0, 1])
    for side in (-1, 1):
        tip = (side * (0.35 + apart), -length)
        if side == bent:
            tip = (side * (0.95 + apart), -length * 0.6)
        ear = curve((side * 0.32, -0.55), (side * 0.3, -length * 0.85), tip)
        _furry(canvas, pose, stroke(pose, ear, 0.24, 0.17), coat)
        canvas.paint(pose, stroke(pose, ear[2:-1], 0.12, 0.07), coat.skin)
    face = np.minimum(ellipse(pose, 0, -0.05, 0.72, 0.82), ellipse(pose, 0, 0.3, 0.82, 0.55))
    _furry(canvas, pose, face, coat)
    canvas.paint(pose, ellipse(pose, -0.18, 0.42, 0.25, 0.2), coat.pale)
    canvas.paint(pose, ellipse(pose, 0.18, 0.42, 0.25, 0.2), coat.pale)
    canvas.paint(pose, ellipse(pose, 0, 0.62, 0.09, 0.13), WHITE)
    canvas.paint(pose, ellipse(pose, 0, 0.26, 0.12, 0.08), coat.skin)
    _mouth(canvas, pose, coat, 0.34, 0.16)
    for side in (-1, 1):
        _round_eye(canvas, pose, coat, side * 0.48, -0.1, rng.uniform(0.14, 0.19))


def bear_head(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator) -> None:
    """Paint a round face with small round ears and a pale muzzle."""
    size = rng.uniform(0.3, 0.42)
    for side in (-1, 1):
        _furry(canvas, pose, ellipse(pose, side * 0.74, -0.68, size, size), coat)
        canvas.paint(pose, ellipse(pose, side * 0.74, -0.66, size * 0.55, size * 0.55), coat.deep)
    _furry(canvas, pose, ellipse(pose, 0, 0, 0.98, 0.9), coat)
    canvas.paint(pose, ellipse(pose, 0, 0.36, 0.44, 0.38), coat.pale)
    canvas.paint(pose, ellipse(pose, 0, 0.2, 0.2, 0.14), DARK)
    _mouth(canvas, pose, coat, 0.34, 0.22)
    for side in (-1, 1):
        _round_eye(canvas, pose, coat, side * 0.38, -0.16, rng.uniform(0.09, 0.13))


def owl_head(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator) -> None:
    """Paint two discs with staring eyes and a beak, under tufts that a hasty reader takes for ears."""
    tufts = rng.uniform(0.15, 0.5)
    for side in (-1, 1):
        tuft = [(side * 0.95, -0.35), (side * 0.85, -0.75 - tufts), (side * 0.25, -0.75)]
        _furry(canvas, pose, polygon(pose, tuft, 0.05), coat)
    _furry(canvas, pose, ellipse(pose, 0, 0, 0.98, 0.9), coat)
    for side in (-1, 1):
        canvas.paint(pose, ellipse(pose, side * 0.4, -0.05, 0.44, 0.44), coat.pale)
        canvas.paint(pose, ellipse(pose, side * 0.4, -0.05, 0.27, 0.27), coat.iris)
        canvas.paint(pose, ellipse(pose, side * 0.4, -0.05, 0.14, 0.14), DARK)
        _glint(canvas, pose, side * 0.4 - 0.06, -0.12, 0.06)
    canvas.paint(pose, polygon(pose, [(-0.12, 0.12), (0.12, 0.12), (0, 0.45)], 0.03), (0.9, 0.65, 0.2))


def _furry(canvas: Canvas, pose: Pose, distance: Array, coat: Coat) -> None:
    """Paint fur, a little darker towards the edge, so that parts stand out from each other."""
    cover = canvas.paint(pose, distance, fur(pose, coat))
    canvas.blend(cover * np.clip(1 + distance / 0.22, 0, 1) * 0.28, coat.deep)


def _round_eye(canvas: Canvas, pose: Pose, coat: Coat, x: float, y: float, radius: float) -> None:
    """Paint a dark eye with a glint, and a paler ring where the fur is dark."""
    ring: Colour = coat.pale if coat.main.mean() < 0.45 else coat.deep
    canvas.paint(pose, ellipse(pose, x, y, radius * 1.35, radius * 1.3), ring)
    canvas.paint(pose, ellipse(pose, x, y, radius, radius), (0.12, 0.07, 0.05))
    _glint(canvas, pose, x - radius * 0.35, y - radius * 0.4, radius * 0.4)


def _glint(canvas: Canvas, pose: Pose, x: float, y: float, radius: float) -> None:
    """Paint the light's reflection."""
    canvas.paint(pose, ellipse(pose, x, y, radius, radius), WHITE)


def _mouth(canvas: Canvas, pose: Pose, coat: Coat, y: float, width: float) -> None:
    """Paint the two curves below a nose."""
    line = mix(coat.deep, DARK, 0.5)
    for side in (-1, 1):
        smile = curve((0, y), (side * 0.02, y + 0.2), (side * width, y + 0.17), steps=4)
        canvas.paint(pose, stroke(pose, smile, 0.025), line, opacity=0.8)
