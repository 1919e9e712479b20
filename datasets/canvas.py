"""A small picture of floating-point colours, and shapes with soft edges to paint on it.

Coordinates: the picture spans [-1, 1] in x (right) and y (down). A `Pose` moves, turns, scales and mirrors the
coordinates that a subject is drawn in. A shape is its signed distance, an array with one value per pixel: negative
inside, zero on the edge, in the units of the pose. Painting turns the distance into coverage, so edges are
anti-aliased without drawing anything larger.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SIZE = 64  # pixels on each side

Array = NDArray[np.float64]
Colour = tuple[float, float, float] | Array
Points = Sequence[tuple[float, float]]


def hsv(hue: float, saturation: float, value: float) -> Array:
    """Return red, green and blue in [0, 1] for hue (any real number, period 1), saturation and value in [0, 1]."""
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)))


def mix(first: Colour, second: Colour, share: float) -> Array:
    """Return the colour that has `share` of the second and the rest of the first."""
    return (1 - share) * np.asarray(first, float) + share * np.asarray(second, float)


@dataclass(frozen=True)
class Pose:
    """Where a subject is: its coordinates at every pixel.

    centre -- the subject's origin in the picture
    scale -- the length of the subject's unit in the picture
    angle -- turn in radians, clockwise
    mirrored -- left and right exchanged
    narrow -- width divided by this, for a head that is turned to the side
    """

    centre: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    angle: float = 0.0
    mirrored: bool = False
    narrow: float = 1.0
    x: Array = field(init=False, repr=False)
    y: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compute the coordinates."""
        axis = (np.arange(SIZE) + 0.5) * 2 / SIZE - 1
        across, down = np.meshgrid(axis - self.centre[0], axis - self.centre[1])
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        x = (cosine * across + sine * down) / self.scale * (-1 if self.mirrored else 1) * self.narrow
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", (cosine * down - sine * across) / self.scale)

    @property
    def pixel(self) -> float:
        """The width of a pixel in the subject's unit."""
        return 2 / SIZE / self.scale

    def moved(self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, narrow: float = 1.0) -> Pose:
        """Return the pose of a part whose origin is (x, y) here, turned and scaled relative to this one."""
        x = x / self.narrow * (-1 if self.mirrored else 1)
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        centre = (
            self.centre[0] + self.scale * (cosine * x - sine * y),
            self.centre[1] + self.scale * (sine * x + cosine * y),
        )
        turned = self.angle + (-angle if self.mirrored else angle)
        return Pose(centre, self.scale * scale, turned, self.mirrored, self.narrow * narrow)


def ellipse(pose: Pose, x: float, y: float, width: float, height: float, angle: float = 0.0) -> Array:
    """Return the distance to an ellipse around (x, y) with these half axes; exact on the edge, close to it near by."""
    across, down = pose.x - x, pose.y - y
    if angle:
        cosine, sine = np.cos(angle), np.sin(angle)
        across, down = cosine * across + sine * down, cosine * down - sine * across
    u, v = across / width, down / height
    radius = np.hypot(u, v)
    slope = np.hypot(u / width, v / height)
    return (radius - 1) * radius / np.maximum(slope, 1e-9) if width != height else (radius - 1) * width


def polygon(pose: Pose, points: Points, rounding: float = 0.0) -> Array:
    """Return the distance to a polygon whose corners are rounded outwards by `rounding`."""
    distance = np.full(pose.x.shape, np.inf)
    inside = np.zeros(pose.x.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        distance = np.minimum(distance, _segment(pose, x0, y0, x1, y1)[0])
        if y0 != y1:
            crosses = (y0 > pose.y) != (y1 > pose.y)
            inside ^= crosses & (pose.x < (x1 - x0) * (pose.y - y0) / (y1 - y0) + x0)
    return np.where(inside, -distance, distance) - rounding


def box(pose: Pose, x: float, y: float, width: float, height: float, rounding: float = 0.0) -> Array:
    """Return the distance to a box around (x, y) with these half sides, the rounded corners included in them."""
    across = np.abs(pose.x - x) - (width - rounding)
    down = np.abs(pose.y - y) - (height - rounding)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    return outside + np.minimum(np.maximum(across, down), 0) - rounding


def stroke(pose: Pose, points: Points, start: float, end: float | None = None) -> Array:
    """Return the distance to a line through the points whose half width goes from `start` to `end`."""
    end = start if end is None else end
    widths = np.linspace(start, end, len(points))
    distance = np.full(pose.x.shape, np.inf)
    for index, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        away, along = _segment(pose, x0, y0, x1, y1)
        distance = np.minimum(distance, away - (widths[index] + along * (widths[index + 1] - widths[index])))
    return distance


def curve(*controls: tuple[float, float], steps: int = 8) -> list[tuple[float, float]]:
    """Return points on the Bezier curve with these control points."""
    points = [np.array(controls, float)] * (steps + 1)
    for _ in range(len(controls) - 1):
        points = [(1 - t / steps) * p[:-1] + t / steps * p[1:] for t, p in enumerate(points)]
    return [(float(p[0, 0]), float(p[0, 1])) for p in points]


def _segment(pose: Pose, x0: float, y0: float, x1: float, y1: float) -> tuple[Array, Array]:
    """Return the distance to a line segment, and where along it the nearest point lies, in [0, 1]."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((pose.x - x0) * dx + (pose.y - y0) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
    return np.hypot(pose.x - x0 - along * dx, pose.y - y0 - along * dy), along


class Canvas:
    """Colours in [0, 1], shape (64, 64, 3), that shapes are painted on one after the other."""

    def __init__(self, colour: Colour) -> None:
        self.pixels: Array = np.broadcast_to(np.asarray(colour, float), (SIZE, SIZE, 3)).copy()

    def paint(self, pose: Pose, distance: Array, colour: Colour, opacity: float = 1.0, soft: float = 1.0) -> Array:
        """Paint a shape; `soft` is the width of its edge in pixels. Return its coverage, shape (64, 64)."""
        width = soft * pose.pixel
        cover = np.clip(0.5 - distance / width, 0, 1)
        self.blend(cover * opacity, colour)
        return cover

    def blend(self, cover: Array, colour: Colour) -> None:
        """Cover each pixel by its share in `cover`, of one colour or of one per pixel."""
        self.pixels += cover[:, :, None] * (np.asarray(colour, float) - self.pixels)

    def to_uint8(self) -> NDArray[np.uint8]:
        """Return the picture as it is stored."""
        return np.rint(np.clip(self.pixels, 0, 1) * 255).astype(np.uint8)
