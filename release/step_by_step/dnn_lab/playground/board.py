"""The picture of a network that learns: the border between the two classes, the cost, and what each unit answers.

`Board` draws it many times a second: what does not change is drawn once and kept.
"""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from dnn_lab.figures.output import BLUE, CARD, GREY, INK, SIGNED, VERMILLION, Picture, new_figure

__all__ = ["Board"]

_EDGE = 1.3  # the plane is drawn from -_EDGE to _EDGE
_FINE, _COARSE = 60, 24  # points per side of the large map, and of the map of one unit
_MOST_UNITS = 8  # maps per layer
_DPI = 96
_PALETTE = (255 * SIGNED(np.linspace(0, 1, 256))[:, :3]).astype(np.uint8)


class Board:
    """The picture of one learner.

    learner -- a dnn_lab.playground.learner.Learner
    """

    def __init__(self, learner):
        self.learner = learner
        self._hidden = [min(size, _MOST_UNITS) for size in learner.settings.layers[1:-1]]
        self._points = {side: _plane(side) for side in (_FINE, _COARSE)}
        self._span = 200  # iterations on the axis of the cost
        self._highest = 0.8
        self._figure = new_figure(9.0, 4.3)
        self._canvas = FigureCanvasAgg(self._figure)
        self._figure.set_dpi(_DPI)
        self._border, self._curve, self._units = self._prepare()
        self._background = None

    def jpeg(self):
        """Return the picture as it is now, as a JPEG: that is made quicker than a PNG."""
        self._update()
        if self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            artist.axes.draw_artist(artist)
        file = io.BytesIO()
        picture = Image.frombuffer("RGBA", self._canvas.get_width_height(), self._canvas.buffer_rgba())
        picture.convert("RGB").save(file, format="jpeg", quality=90)
        return file.getvalue()

    def alt(self):
        """Return in words what the picture shows."""
        learner, settings = self.learner, self.learner.settings
        cost = (
            f"the cost is {learner.costs[-1]:.3f} after {len(learner.costs)} steps" if learner.costs else "no step yet"
        )
        return (
            f"A network with the layers {list(settings.layers)} learns the pattern {settings.pattern}: {cost}, and "
            f"{learner.accuracy():.0%} of {settings.m} points lie on the right side of its border. Beside it are "
            "the curve of the cost and a map for each hidden unit, blue where the unit is active."
        )

    def picture(self):
        """Return the picture with its alternative text, sharp enough to keep."""
        self._update()
        for artist in self._moving:
            artist.set_animated(False)
        picture = Picture(self._figure, self.alt())
        for artist in self._moving:
            artist.set_animated(True)
        self._background = None
        return picture

    def _prepare(self):
        settings = self.learner.settings
        plane = self._figure.add_axes((0.045, 0.09, 0.42, 0.84), aspect="equal")
        plane.set(xlim=(-_EDGE, _EDGE), ylim=(-_EDGE, _EDGE), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        plane.set_title("Border between the classes", fontsize=10, color=INK)
        extent = (-_EDGE, _EDGE, -_EDGE, _EDGE)
        empty = _colours(np.zeros((_FINE, _FINE)))
        border = plane.imshow(empty, extent=extent, origin="lower", interpolation="bilinear", animated=True)
        self._moving = [border]
        for label, marker, colour in [(0, "o", VERMILLION), (1, "^", BLUE)]:
            chosen = self.learner.Y[0] == label
            self._moving += plane.plot(
                *self.learner.X[:, chosen],
                marker,
                color=colour,
                markersize=4.5,
                markeredgecolor=CARD,
                markeredgewidth=0.6,
                animated=True,
            )
        self._cost = self._figure.add_axes((0.54, 0.66 if self._hidden else 0.2, 0.43, 0.26 if self._hidden else 0.6))
        self._cost.set_title("Cost", fontsize=10, color=INK)
        self._cost.grid(color="#E3E7EB")
        self._cost.tick_params(labelsize=8)
        (curve,) = self._cost.plot([], [], color=BLUE, linewidth=1.6, animated=True)
        self._moving.append(curve)
        units = None
        if self._hidden:
            below = self._figure.add_axes((0.54, 0.06, 0.43, 0.46))
            below.axis("off")
            title = "What each hidden unit answers" + (" (the first 8 of a layer)" if max(settings.layers) > 8 else "")
            below.set_title(title, fontsize=10, color=INK)
            units = below.imshow(self._tiles(), vmin=0, vmax=255, animated=True, interpolation="nearest")
            for row in range(len(self._hidden)):
                y = (row + 0.5) * (_COARSE + 2) - 1
                below.text(-4, y, f"layer {row + 1}", ha="right", va="center", fontsize=8, color=GREY)
            self._moving.append(units)
        return border, curve, units

    def _update(self):
        guess = self.learner.maps(self._points[_FINE])[-1].reshape(_FINE, _FINE)
        self._border.set_data(_colours(0.75 * (2 * guess - 1)))
        costs = np.asarray(self.learner.costs)
        finite = costs[np.isfinite(costs)]
        while self._span < costs.size:
            self._span *= 2
            self._background = None
        if finite.max(initial=0.0) > self._highest:
            self._highest = finite.max() * 1.3
            self._background = None
        self._cost.set(xlim=(0, self._span), ylim=(0, self._highest))
        every = max(1, costs.size // 400)
        self._curve.set_data(np.arange(1, costs.size + 1)[::every], costs[::every])
        if self._units is not None:
            self._units.set_data(self._tiles())

    def _tiles(self):
        """Return the maps of the hidden units as one picture in colours, a row per layer."""
        tiles = np.full((len(self._hidden) * (_COARSE + 2), max(self._hidden) * (_COARSE + 2), 3), 255, dtype=np.uint8)
        maps = self.learner.maps(self._points[_COARSE])
        for row, (shown, answers) in enumerate(zip(self._hidden, maps[:-1], strict=True)):
            most = np.nan_to_num(np.abs(answers[:shown])).max(axis=1, keepdims=True)
            scaled = answers[:shown] / np.where(most > 0, most, 1)
            colours = _colours(scaled.reshape(shown, _COARSE, _COARSE)[:, ::-1])
            for column in range(shown):
                top, left = row * (_COARSE + 2), column * (_COARSE + 2)
                tiles[top : top + _COARSE, left : left + _COARSE] = colours[column]
        return tiles


def _colours(values):
    """Return the colours of numbers from -1 to 1, an array of bytes with one more axis."""
    steps = np.clip(np.nan_to_num(values) * 127.5 + 127.5, 0, 255).astype(np.uint8)
    return _PALETTE[steps]


def _plane(side):
    """Return the points of a grid over the plane, shape (2, side * side)."""
    line = np.linspace(-_EDGE, _EDGE, side)
    return np.stack([grid.ravel() for grid in np.meshgrid(line, line)])
