"""Draw the figures of the notebooks.

    python notebooks/images/draw.py [--output DIR]

One unit of the drawing is one pixel of a picture shown 900 pixels wide, and y grows downward. Every picture brings
its own light card, so it can be read on any page. What the colours say is said a second time by the outlines:
forward is blue and solid, backward is vermillion and dashed, what is stored or given is grey and dotted.
"""

from __future__ import annotations

import argparse
import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure as MplFigure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

WIDTH = 900
CARD, RIM, INK, SOFT = "#FFFFFF", "#C9D1D9", "#1B1F24", "#4A545E"

STYLE = {
    "svg.fonttype": "path",  # the picture looks alike where the fonts are missing
    "svg.hashsalt": "deep neural network",  # otherwise the ids differ from run to run
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "mathtext.fontset": "cm",
    "path.simplify": False,
}


@dataclass(frozen=True)
class Role:
    """What a mark stands for, and how that looks."""

    edge: str
    fill: str
    ink: str
    dash: str | tuple[float, tuple[float, ...]]


FORWARD = Role("#0072B2", "#E8F2F9", "#00507D", "solid")
BACKWARD = Role("#D55E00", "#FDF0E6", "#8F3F00", (0, (5, 2.5)))
STORED = Role("#5F6B76", "#F3F4F6", INK, (0, (1.2, 2.2)))
PLAIN = Role("#5F6B76", "#F3F4F6", INK, "solid")

# Kinds of text: size, and how matplotlib is to set it.
KINDS = {
    "title": (16, {"weight": "bold"}),
    "label": (15, {"weight": "bold"}),
    "note": (14, {}),
    "code": (14, {"family": "DejaVu Sans Mono"}),
    "math": (21, {}),
}


def at(symbol: str, layer: str) -> str:
    """Return ``symbol`` with the layer as its superscript, in mathtext without dollar signs."""
    return rf"{symbol}^{{[{layer.replace('-', '{-}')}]}}"


def shape(rows: str, columns: str) -> str:
    """Return a shape in mathtext; a number or ``m`` stands for itself, anything else is a layer."""
    rows, columns = (side if side in ("1", "m") else at("n", side) for side in (rows, columns))
    return rf"$({rows},\,{columns})$"


class Canvas:
    """A card to draw on."""

    def __init__(self, height: float) -> None:
        self.figure = MplFigure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
        self.axes.axis("off")
        self.panel(2, 2, WIDTH - 4, height - 4, Role(RIM, CARD, INK, "solid"), radius=16, width=1)

    def _add(self, patch) -> None:
        self.axes.add_patch(patch)
        patch.set_clip_on(False)

    def panel(self, x, y, w, h, role: Role, radius: float = 9, width: float = 1.8) -> None:
        """Draw an empty box with round corners."""
        style = f"round,pad=0,rounding_size={radius}"
        self._add(FancyBboxPatch((x, y), w, h, style, fc=role.fill, ec=role.edge, lw=width, ls=role.dash))

    def text(self, x, y, words: str, kind: str = "note", ink: str = INK, align: str = "center") -> None:
        """Write one line whose middle is at height ``y``."""
        size, options = KINDS[kind]
        drop = 0.30 if kind == "math" else 0.36  # from the middle down to the baseline
        self.axes.text(x, y + drop * size, words, size=size, color=ink, ha=align, va="baseline", **options)

    def box(self, x, y, w, h, role: Role, *lines: tuple[str, str]) -> None:
        """Draw a box with lines of ``(kind, words)``, centred both ways."""
        self.panel(x, y, w, h, role)
        heights = [1.42 * KINDS[kind][0] for kind, _ in lines]
        top = y + (h - sum(heights)) / 2
        for (kind, words), height in zip(lines, heights, strict=True):
            ink = role.ink if kind in ("title", "label") else INK
            self.text(x + w / 2, top + height / 2, words, kind, ink)
            top += height

    def stack(self, x, y, w, h, role: Role) -> None:
        """Draw a box with two more behind it: something that is repeated."""
        for shift in (16, 8, 0):
            self.panel(x + shift, y + shift, w, h, Role(role.edge, CARD, role.ink, role.dash), width=1.4)

    def grid(self, x, y, w, h, role: Role, columns: int, rows: int = 1, marked: int | None = None) -> None:
        """Draw a matrix; the marked column has the colour of the role."""
        for row in range(rows):
            for column in range(columns):
                corner = (x + column * w / columns, y + row * h / rows)
                fill = role.edge if column == marked else role.fill
                self._add(Rectangle(corner, w / columns, h / rows, fc=fill, ec=role.edge, lw=1))

    def arrow(self, role: Role, *points: tuple[float, float]) -> None:
        """Draw an arrow along straight pieces; its tip is the last point."""
        (x0, y0), (x1, y1) = points[-2:]
        length = abs(x1 - x0) + abs(y1 - y0)  # pieces run along the axes
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        base = (x1 - 10 * ux, y1 - 10 * uy)
        xs, ys = zip(*points[:-1], base, strict=True)
        self.axes.plot(xs, ys, color=role.edge, lw=2, ls=role.dash, clip_on=False, solid_joinstyle="round")
        sides = [(base[0] + 5 * k * uy, base[1] - 5 * k * ux) for k in (1, -1)]
        self._add(Polygon([(x1, y1), *sides], fc=role.edge, ec="none"))

    def legend(self, x, y, *entries: tuple[Role, str]) -> None:
        """Write what the outlines mean, in one row."""
        for role, words in entries:
            self.panel(x, y - 9, 30, 18, role, radius=4)
            self.text(x + 40, y, words, align="left")
            x += 40 + 8.6 * len(words) + 30


def draw_outline(canvas: Canvas) -> None:
    """Draw the five steps as a loop and name the function that each box belongs to."""
    canvas.box(
        26, 36, 240, 132, PLAIN,
        ("title", "Initialize parameters"), ("code", "initialize_parameters"), ("note", "two layers"),
        ("code", "initialize_parameters_deep"), ("note", "any number of layers"),
    )  # fmt: skip
    canvas.box(26, 384, 240, 80, PLAIN, ("title", "Update parameters"), ("code", "update_parameters"))
    canvas.box(728, 240, 146, 84, PLAIN, ("title", "Compute cost"), ("code", "compute_cost"))
    for top, role, name in ((30, FORWARD, "forward"), (314, BACKWARD, "backward")):
        canvas.panel(302, top, 390, 220, role)
        canvas.text(318, top + 25, f"{name.capitalize()} module", "title", role.ink, "left")
        canvas.text(676, top + 25, f"L_model_{name}", "code", align="right")
        canvas.stack(318, top + 48, 342, 138, role)
        canvas.text(331, top + 69, "each layer", align="left")
        canvas.text(648, top + 69, f"linear_activation_{name}", "code", align="right")
        given = [f"{g}{'_backward' if role is BACKWARD else ''}" for g in ("relu", "sigmoid")]
        canvas.box(330, top + 90, 138, 82, role, ("label", "LINEAR"), ("code", f"linear_{name}"))
        canvas.box(498, top + 90, 150, 82, STORED, ("label", "ACTIVATION"), *(("code", g) for g in given))
        ends = ((468, top + 131), (498, top + 131))
        canvas.arrow(role, *(ends if role is FORWARD else ends[::-1]))
    canvas.arrow(PLAIN, (266, 102), (302, 102))
    canvas.arrow(FORWARD, (692, 140), (801, 140), (801, 240))
    canvas.arrow(BACKWARD, (801, 324), (801, 424), (692, 424))
    canvas.arrow(BACKWARD, (302, 424), (266, 424))
    canvas.arrow(PLAIN, (146, 384), (146, 212), (302, 212))
    canvas.text(160, 290, "repeat with the", align="left")
    canvas.text(160, 310, "new parameters", align="left")
    canvas.arrow(STORED, (497, 250), (497, 314))
    canvas.text(511, 282, "caches", align="left")
    canvas.legend(
        120, 567, (FORWARD, "forward: solid"), (BACKWARD, "backward: dashed"), (STORED, "given to you, or stored: dotted")
    )


def draw_l_layer_model(canvas: Canvas) -> None:
    """Draw the model from the picture to the prediction, with the shapes of all arrays."""
    middle = 150
    for shift in (16, 8, 0):
        canvas.grid(24 + shift, middle - 38 + shift, 44, 44, PLAIN, columns=4, rows=4)
    canvas.text(54, 232, "picture")
    canvas.arrow(PLAIN, (90, middle), (146, middle))
    canvas.text(115, middle - 18, "flatten")
    canvas.grid(148, 84, 40, 132, FORWARD, columns=4, marked=0)
    canvas.text(168, 64, "$X$", "math")

    canvas.stack(214, 52, 268, 160, FORWARD)
    canvas.text(348, 78, "[LINEAR → RELU] × (L − 1)", "title", FORWARD.ink)
    canvas.text(348, 100, "layers 1 to L − 1")
    canvas.box(534, 52, 248, 160, Role(FORWARD.edge, CARD, FORWARD.ink, "solid"))
    canvas.text(658, 78, "LINEAR → SIGMOID", "title", FORWARD.ink)
    canvas.text(658, 100, "layer L")
    for left, layer, activation, width in ((226, "l", "RELU", 70), (546, "L", "SIGMOID", 90)):
        canvas.box(
            left, 118, 90, 64, FORWARD, ("label", "LINEAR"), ("math", r"$W,\,b$")
        )
        canvas.arrow(FORWARD, (left + 90, middle), (left + 134, middle))
        canvas.text(left + 109, middle - 18, f"${at('Z', layer)}$", "math")
        canvas.box(left + 134, 118, width, 64, FORWARD, ("label", activation))
    canvas.arrow(FORWARD, (190, middle), (226, middle))
    canvas.arrow(FORWARD, (430, middle), (546, middle))
    canvas.text(456, middle - 18, f"${at('A', 'l')}$", "math")
    canvas.arrow(FORWARD, (770, middle), (818, middle))
    canvas.grid(820, middle - 9, 48, 18, FORWARD, columns=4, marked=0)
    canvas.text(844, 120, r"$\hat{Y}$", "math")

    canvas.text(168, 264, rf"$X={at('A', '0')}$", "math")
    canvas.text(168, 296, shape("0", "m"), "math")
    canvas.text(844, 264, rf"${at('A', 'L')}=\hat{{Y}}$", "math")
    canvas.text(844, 296, shape("1", "m"), "math")
    for left, width, layer, rows, columns in ((236, 240, "l", "l", "l-1"), (538, 240, "L", "1", "L-1")):
        canvas.panel(left, 246, width, 128, PLAIN)
        activations = rf"${at('Z', layer)},\,{at('A', layer)}$"
        names = (f"${at('W', layer)}$", f"${at('b', layer)}$", activations)
        sides = ((rows, columns), (rows, "1"), (rows, "m"))
        for line, (name, side) in enumerate(zip(names, sides, strict=True)):
            canvas.text(left + 18, 272 + 38 * line, name, "math", align="left")
            canvas.text(left + 120, 272 + 38 * line, shape(*side), "math", align="left")
    canvas.text(450, 402, "m examples, one column each; the blue column follows one picture through the network")


def draw_forward_backward(canvas: Canvas) -> None:
    """Draw two layers forward and backward, and between them which cached array feeds which gradient."""
    linear, narrow = 172, 92
    lefts = {"1": (76, 300), "2": (444, 668)}  # of LINEAR and of its activation
    fore, chips, back, update = 84, 208, 310, 462
    canvas.text(28, 36, "Forward", "title", FORWARD.ink, "left")
    canvas.text(28, 442, "Backward", "title", BACKWARD.ink, "left")
    for layer, before, name in (("1", "0", "RELU"), ("2", "1", "SIGMOID")):
        left, right = lefts[layer]
        centre = left + linear / 2
        canvas.text(centre, 34, rf"${at('W', layer)},\,{at('b', layer)}$", "math")
        canvas.arrow(FORWARD, (centre, 48), (centre, fore))
        canvas.box(left, fore, linear, 60, FORWARD, ("title", "LINEAR"))
        canvas.box(right, fore, narrow, 60, FORWARD, ("title", name))
        canvas.box(right, back, narrow, 96, BACKWARD, ("label", name), ("note", "backward"))
        canvas.panel(left, back, linear, 96, BACKWARD)
        canvas.text(centre, back + 24, "LINEAR backward", "label", BACKWARD.ink)
        cells = (("W", at("dA", before)), ("A", at("dW", layer)), ("b", at("db", layer)))
        for column, (cached, gradient) in enumerate(cells):
            x = centre + 56 * (column - 1)
            canvas.box(x - 24, chips, 48, 36, STORED, ("math", f"${at(cached, before if cached == 'A' else layer)}$"))
            canvas.arrow(STORED, (x, fore + 60), (x, chips))
            if cached != "b":
                canvas.arrow(STORED, (x, chips + 36), (x, back))
            canvas.text(x, back + 64, f"${gradient}$", "math")
        canvas.text(centre + 58, chips + 52, "not read")
        x = right + narrow / 2
        canvas.arrow(STORED, (x, fore + 60), (x, chips))
        canvas.box(x - 24, chips, 48, 36, STORED, ("math", f"${at('Z', layer)}$"))
        canvas.arrow(STORED, (x, chips + 36), (x, back))
        for x in (centre, centre + 56):
            canvas.arrow(BACKWARD, (x, back + 96), (x, update))
        canvas.box(centre - 28, update, 112, 40, PLAIN, ("label", "update"))
    (first, relu), (second, sigmoid) = lefts.values()
    flow, ebb = fore + 30, back + 64
    gaps = ((first + linear, relu, "1", "Z"), (relu + narrow, second, "1", "A"), (second + linear, sigmoid, "2", "Z"))
    for start, end, layer, symbol in gaps:
        canvas.arrow(FORWARD, (start, flow), (end, flow))
        canvas.text((start + end) / 2 - 2, flow - 20, f"${at(symbol, layer)}$", "math")
        canvas.arrow(BACKWARD, (end, ebb), (start, ebb))
        canvas.text((start + end) / 2 + 2, ebb - 20, f"${at('d' + symbol, layer)}$", "math")
    canvas.arrow(FORWARD, (30, flow), (first, flow))
    canvas.text(50, flow - 20, "$X$", "math")
    canvas.arrow(BACKWARD, (first, ebb), (30, ebb))
    canvas.text(46, ebb - 20, f"${at('dA', '0')}$", "math")
    canvas.box(800, 200, 72, 52, PLAIN, ("label", "cost"))
    canvas.arrow(FORWARD, (sigmoid + narrow, flow), (836, flow), (836, 200))
    canvas.text(806, flow - 20, rf"${at('A', '2')}=\hat{{Y}}$", "math")
    canvas.arrow(BACKWARD, (836, 252), (836, ebb), (sigmoid + narrow, ebb))
    canvas.text(796, ebb - 20, f"${at('dA', '2')}$", "math")
    canvas.legend(
        150, 532, (FORWARD, "forward: solid"), (BACKWARD, "backward: dashed"), (STORED, "cached: dotted")
    )


def draw_linear_backward(canvas: Canvas) -> None:
    """Draw what goes into linear backward and what comes out, as rectangles in proportion to their shapes."""
    size = {"l": 54, "l-1": 80, "m": 120, "1": 22}
    columns = ((170, "A", "l-1", "m"), (390, "W", "l", "l-1"), (574, "b", "l", "1"))

    def matrix(x, base, role, symbol, layer, rows, cols):
        w, h = size[cols], size[rows]
        canvas.panel(x - w / 2, base - h, w, h, role, radius=2)
        beside = cols == "1"  # too narrow to hold its name
        canvas.text(
            x - 20 if beside else x,
            base - h / 2,
            f"${at(symbol, layer)}$",
            "math",
            align="right" if beside else "center",
        )
        canvas.text(x, base + 22, shape(rows, cols), "math")

    canvas.panel(52, 26, 606, 166, STORED)
    canvas.text(72, 48, "cache", "title", align="left")
    canvas.box(
        52, 240, 606, 76, BACKWARD, ("title", "LINEAR backward, layer l"), ("code", "linear_backward(dZ, cache)")
    )
    for x, symbol, rows, cols in columns:
        layer = "l-1" if symbol == "A" else "l"
        matrix(x, 148, STORED, symbol, layer, rows, cols)
        canvas.arrow(STORED, (x, 192), (x, 240))
        canvas.arrow(BACKWARD, (x, 316), (x, 366))
        matrix(x, 460, BACKWARD, f"d{symbol}", layer, rows, cols)
    canvas.arrow(BACKWARD, (716, 278), (658, 278))
    matrix(784, 305, BACKWARD, "dZ", "l", "l", "m")
    canvas.text(784, 226, "input", "title")
    canvas.text(700, 426, "three outputs", "title", align="left")
    canvas.text(700, 454, "Each has the shape", align="left")
    canvas.text(700, 475, "of the array in the", align="left")
    canvas.text(700, 496, "cache above it.", align="left")


def draw_backward_pass(canvas: Canvas) -> None:
    """Draw the layers from right to left, their caches above and the stored gradients below."""
    top, wide = 172, 174
    flow = top + 46
    layers = (
        (76, "1", "0", "RELU", "caches[0]"),
        (390, "L-1", "L-2", "RELU", "caches[L-2]"),
        (648, "L", "L-1", "SIGMOID", "caches[L-1]"),
    )
    for left, right, words in ((66, 574, "L − 1 times, in a loop"), (638, 832, "once")):
        middle = (left + right) / 2
        canvas.axes.plot((left, left, right, right), (60, 50, 50, 60), color=SOFT, lw=1.5)
        canvas.text(middle, 32, words, "title")
    for left, layer, before, name, cache in layers:
        x = left + wide / 2
        canvas.box(left, 82, wide, 44, STORED, ("code", cache))
        canvas.arrow(STORED, (x, 126), (x, top))
        canvas.box(
            left, top, wide, 92, BACKWARD,
            ("label", f"LINEAR → {name}"), ("label", "backward"), ("note", f"layer {layer.replace('-', ' − ')}"),
        )  # fmt: skip
        canvas.arrow(BACKWARD, (x, top + 92), (x, 322))
        canvas.box(
            left - 2, 322, wide + 4, 78, PLAIN,
            ("math", f"${at('dA', before)}$"), ("math", rf"${at('dW', layer)},\ \,{at('db', layer)}$"),
        )  # fmt: skip
    arrows = (
        (886, 822, at("dA", "L")),
        (648, 564, at("dA", "L-1")),
        (390, 320, at("dA", "L-2")),
        (302, 250, at("dA", "1")),
        (76, 18, at("dA", "0")),
    )
    for start, end, gradient in arrows:
        canvas.arrow(BACKWARD, (start, flow), (end, flow))
        canvas.text((start + end) / 2, flow - 22, f"${gradient}$", "math")
    for y, kind in ((104, STORED), (flow, BACKWARD), (361, PLAIN)):
        canvas.text(311, y - 3, "…", "title", kind.ink)
    canvas.text(860, 353, "kept in", "note")
    canvas.text(860, 373, "grads", "code")
    canvas.legend(284, 440, (BACKWARD, "backward: dashed"), (STORED, "cached: dotted"))


def draw_network(canvas: Canvas, sizes: Sequence[int], steps: Sequence[str]) -> None:
    """Draw a network for pictures: a box per layer, with the shapes of its weights and of what it sends on.

    sizes -- the number of inputs, then of units of each layer
    steps -- the words for what each layer could be looking for, from the first to the last
    """
    middle, top, height = 150, 78, 144
    for shift in (16, 8, 0):
        canvas.grid(22 + shift, middle - 38 + shift, 44, 44, PLAIN, columns=4, rows=4)
    canvas.text(52, 236, "64 × 64 × 3")
    canvas.arrow(PLAIN, (88, middle), (136, middle))
    canvas.text(111, middle - 18, "flatten")
    canvas.grid(138, top, 34, height, FORWARD, columns=3, marked=0)
    canvas.text(155, 52, "$X$", "math")
    canvas.text(155, 276, f"({sizes[0]}, m)", "code")
    last = len(sizes) - 1
    pitch = (840 - 190) / last
    width = min(pitch - 44, 190)
    for layer in range(1, last + 1):
        left = 206 + (layer - 1) * pitch + (pitch - 44 - width) / 2
        centre = left + width / 2
        tail = 172 if layer == 1 else left - (pitch - width)
        canvas.arrow(FORWARD, (tail, middle), (left, middle))
        name = "SIGMOID" if layer == last else "RELU"
        units = f"{sizes[layer]} unit" + ("s" if sizes[layer] > 1 else "")
        canvas.box(
            left, top, width, height, FORWARD,
            ("title", f"layer {layer}"), ("label", "LINEAR"), ("label", name), ("note", units),
        )  # fmt: skip
        canvas.text(centre, 52, steps[layer - 1], "note", SOFT)
        canvas.text(centre, 252, f"W ({sizes[layer]}, {sizes[layer - 1]})", "code")
        canvas.text(centre, 276, f"A ({sizes[layer]}, m)", "code")
    canvas.arrow(FORWARD, (centre + width / 2, middle), (868, middle))
    canvas.text(876, middle - 20, r"$\hat{Y}$", "math", align="right")
    canvas.text(450, 312, "Each column of X is one picture. The network's answer is above 0.5 for a cat.")


def draw_two_layer_network(canvas: Canvas) -> None:
    """Draw the network with one hidden layer."""
    draw_network(canvas, [12288, 7, 1], ["seven views of the picture", "cat or not"])


def draw_l_layer_network(canvas: Canvas) -> None:
    """Draw the network with three hidden layers."""
    draw_network(canvas, [12288, 20, 7, 5, 1], ["patterns", "combined", "again", "cat or not"])


@dataclass(frozen=True)
class Figure:
    """One picture: its file, what it is called, what it says to those who cannot see it, how it is drawn."""

    name: str
    title: str
    alt: str
    height: float
    paint: Callable[[Canvas], None]

    def build(self) -> MplFigure:
        """Return the picture as a matplotlib figure."""
        canvas = Canvas(self.height)
        self.paint(canvas)
        return canvas.figure


FIGURES = (
    Figure(
        "outline.svg",
        "Outline of the assignment",
        "Outline of the assignment as a loop: initialize the parameters, run the forward module, compute the cost, "
        "run the backward module, update the parameters, and start again at the forward module. "
        "Each module stacks layers made of LINEAR and ACTIVATION, and the forward module hands its caches to the "
        "backward module. "
        "Every box names the functions you write for it.",
        600,
        draw_outline,
    ),
    Figure(
        "l_layer_model.svg",
        "The L-layer model",
        "The L-layer model from left to right: each picture is flattened into one column of X, passes L-1 layers of "
        "LINEAR and RELU, then one layer of LINEAR and SIGMOID, and becomes one entry of the prediction Y-hat. "
        "Below each part stand the shapes: W has a row per unit of its layer and a column per unit of the layer "
        "before, b is one column, Z and A have a column per example.",
        426,
        draw_l_layer_model,
    ),
    Figure(
        "forward_backward.svg",
        "Forward and backward through two layers",
        "Two rows of boxes: LINEAR, RELU, LINEAR, SIGMOID forward from left to right, and below them the same four "
        "backward from right to left. "
        "Arrows between the rows show the caches: Z feeds dZ, W feeds the gradient of the layer's input, A feeds dW, "
        "and the stored b is not read. "
        "The gradients dW and db of both layers go on to the update.",
        558,
        draw_forward_backward,
    ),
    Figure(
        "linear_backward.svg",
        "Linear backward for one layer",
        "Linear backward for layer l takes dZ of layer l and the cache with A of layer l-1, W and b of layer l. "
        "It returns dA of layer l-1, dW and db of layer l, and each of them has the shape of the cached array it "
        "belongs to.",
        514,
        draw_linear_backward,
    ),
    Figure(
        "backward_pass.svg",
        "The whole backward pass",
        "The backward pass from right to left: dA of layer L enters LINEAR and SIGMOID backward once, which sends "
        "back dA of layer L-1; LINEAR and RELU backward follow L-1 times, down to dA of the input, number 0. "
        "Each layer reads its own cache from the list caches, and its three gradients are kept in grads.",
        468,
        draw_backward_pass,
    ),
    Figure(
        "two_layer_network.svg",
        "The two-layer network for pictures",
        "The two-layer network: each picture of 64 by 64 pixels with three colours is flattened into a column of "
        "12288 numbers, passes a hidden layer of 7 RELU units with weights of shape (7, 12288), then one SIGMOID "
        "unit with weights of shape (1, 7), and becomes one number between 0 and 1.",
        336,
        draw_two_layer_network,
    ),
    Figure(
        "l_layer_network.svg",
        "A network with four layers for pictures",
        "The network with four layers: the same column of 12288 numbers passes hidden layers of 20, 7 and 5 RELU "
        "units and then one SIGMOID unit. The weights have the shapes (20, 12288), (7, 20), (5, 7) and (1, 5).",
        336,
        draw_l_layer_network,
    ),
)


def to_svg(figure: Figure) -> str:
    """Return the picture as SVG, with the title and the description that a screen reader reads out."""
    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.build().savefig(buffer, format="svg", metadata=no_metadata)
    namespace = "http://www.w3.org/2000/svg"
    ET.register_namespace("", namespace)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ET.fromstring(buffer.getvalue())
    stem = figure.name.removesuffix(".svg")
    root.attrib.update(
        {"width": f"{WIDTH}", "height": f"{figure.height:g}", "role": "img"},
        **{"aria-labelledby": f"{stem}-title", "aria-describedby": f"{stem}-desc"},
    )
    for place, (tag, words) in enumerate((("title", figure.title), ("desc", figure.alt))):
        element = ET.Element(f"{{{namespace}}}{tag}", id=f"{stem}-{tag}")
        element.text = words
        root.insert(place, element)
    ET.indent(root, space=" ")
    return ET.tostring(root, encoding="unicode") + "\n"


def draw(output_dir: Path | str) -> list[Path]:
    """Write all figures into a folder, and return their paths."""
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / figure.name for figure in FIGURES]
    for path, figure in zip(paths, FIGURES, strict=True):
        path.write_text(to_svg(figure), encoding="utf-8", newline="\n")
    return paths


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw the notebook's figures as SVG.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder to write into")
    for path in draw(parser.parse_args(arguments).output):
        print(path)


if __name__ == "__main__":
    main()
