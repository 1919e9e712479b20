"""Whole animals: a head from `heads` on shoulders, on a sitting or on a lying body; and a bird."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datasets.canvas import Array, Canvas, Pose, curve, ellipse, hsv, mix, polygon, stroke
from datasets.coats import Coat, fur
from datasets.heads import DARK, WHITE, bear_head, cat_head, dog_head, owl_head, rabbit_head

Head = Callable[[Canvas, Pose, Coat, np.random.Generator], None]

HEADS: dict[str, Head] = {
    "cat": cat_head,
    "dog": dog_head,
    "rabbit": rabbit_head,
    "bear": bear_head,
    "owl": owl_head,
}


def portrait(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator, kind: str) -> None:
    """Paint head and shoulders."""
    _part(canvas, pose, ellipse(pose, 0, 2.1, rng.uniform(0.9, 1.35), 1.6), coat)
    canvas.paint(pose, ellipse(pose, 0, 1.9, 0.45, 0.9), coat.pale, opacity=0.5, soft=4)
    if rng.random() < 0.3:
        collar = hsv(rng.random(), 0.8, rng.uniform(0.4, 0.9))
        canvas.paint(pose, stroke(pose, curve((-0.75, 0.7), (0, 1.15), (0.75, 0.7)), 0.09), collar)
    HEADS[kind](canvas, _turned(pose, rng), coat, rng)


def sitting(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator, kind: str) -> None:
    """Paint an animal that sits and looks this way, its tail beside it."""
    unit = pose.moved(0, -0.95, 0.62)
    _tail(canvas, pose.moved(0.6, 1.15), coat, rng, kind)
    _part(canvas, pose, ellipse(pose, 0, 0.75, 0.78, 0.75), coat)
    _part(canvas, pose, ellipse(pose, 0, 0.1, 0.52, 0.85), coat)
    for side in (-1, 1):
        _part(canvas, pose, stroke(pose, [(side * 0.22, 0.3), (side * 0.26, 1.35)], 0.17), coat)
        canvas.paint(pose, ellipse(pose, side * 0.28, 1.42, 0.22, 0.12), coat.pale)
    HEADS[kind](canvas, _turned(unit, rng), coat, rng)


def lying(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator, kind: str) -> None:
    """Paint an animal that lies or stands sideways and looks this way."""
    _tail(canvas, pose.moved(1.15, 0.3), coat, rng, kind)
    stands = rng.random() < 0.5
    if stands:
        for x in (-0.75, -0.4, 0.6, 0.95):
            _part(canvas, pose, stroke(pose, [(x, 0.5), (x, 1.3)], 0.17, 0.13), coat)
    _part(canvas, pose, ellipse(pose, 0.15, 0.4, 1.15, 0.5), coat)
    if not stands:
        _part(canvas, pose, stroke(pose, [(-1.2, 0.82), (-0.3, 0.8)], 0.14), coat)
    HEADS[kind](canvas, _turned(pose.moved(-0.75, -0.3, 0.58), rng), coat, rng)


def bird(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator) -> None:
    """Paint a bird from the side, on a branch."""
    wood = hsv(0.08, 0.5, rng.uniform(0.25, 0.55))
    canvas.paint(pose, stroke(pose, [(-3, 1.1 + rng.uniform(-0.2, 0.2)), (3, 1.1)], 0.1), wood)
    canvas.paint(pose, stroke(pose, [(0.7, 0.5), (1.7, rng.uniform(0.6, 1.2))], 0.22, 0.12), coat.deep)
    for x in (-0.1, 0.2):
        canvas.paint(pose, stroke(pose, [(x, 0.7), (x, 1.1)], 0.04), (0.8, 0.55, 0.2))
    _part(canvas, pose, ellipse(pose, 0.1, 0.2, 0.95, 0.68, 0.35), coat)
    canvas.paint(pose, ellipse(pose, -0.2, 0.45, 0.55, 0.4, 0.5), mix(coat.pale, coat.iris, 0.5))
    _part(canvas, pose, ellipse(pose, -0.55, -0.55, 0.48, 0.46), coat)
    _part(canvas, pose, ellipse(pose, 0.3, 0.15, 0.7, 0.34, 0.5), coat, 1.6)
    beak = [(-0.95, -0.65), (-0.95, -0.42), (-1.4, rng.uniform(-0.6, -0.4))]
    canvas.paint(pose, polygon(pose, beak, 0.03), (0.92, 0.65, 0.2))
    canvas.paint(pose, ellipse(pose, -0.65, -0.62, 0.13, 0.13), WHITE)
    canvas.paint(pose, ellipse(pose, -0.66, -0.62, 0.09, 0.09), DARK)


def _turned(pose: Pose, rng: np.random.Generator) -> Pose:
    """Return the pose of a head, tilted and looking a little to one side."""
    return pose.moved(0, 0, angle=rng.normal(0, 0.1), narrow=rng.uniform(1.0, 1.15))


def _part(canvas: Canvas, pose: Pose, distance: Array, coat: Coat, shade: float = 1.0) -> None:
    """Paint a part of the body, darker towards its edge."""
    cover = canvas.paint(pose, distance, fur(pose.moved(0, 0.8, 0.8), coat))
    canvas.blend(cover * np.clip(1 + distance / 0.3, 0, 1) * min(0.35 * shade, 1.0), coat.deep)


def _tail(canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator, kind: str) -> None:
    """Paint a tail from the origin: long and curved, upright, or a tuft."""
    if kind == "cat":
        lift = rng.uniform(-1.8, -0.6)
        line = curve((-0.2, 0.1), (0.9, 0.5), (0.75, lift), (rng.uniform(0.1, 1.0), lift - 0.3), steps=12)
        _part(canvas, pose, stroke(pose, line, 0.13, 0.1), coat)
    elif kind == "dog":
        _part(canvas, pose, stroke(pose, curve((-0.2, 0), (0.4, 0), (0.5, -0.9)), 0.18, 0.07), coat)
    else:
        canvas.paint(pose, ellipse(pose, 0.05, 0, 0.25, 0.25), coat.pale)
