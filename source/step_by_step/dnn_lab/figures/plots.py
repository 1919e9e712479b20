"""Pictures of arrays and networks, made of your own numbers.

- `draw_matrices` draws arrays as coloured grids with their numbers;
- `draw_network` draws a network with the symbols and shapes of its parameters;
- `draw_cache_flow` shows which cached array feeds which gradient;
- `draw_layer_sizes` shows how large activations and gradients are in each layer.

Every picture comes with an alternative text, and with a table where the numbers matter. What is not filled in yet is
said so in a sentence; nothing here raises an error because of an exercise that is not done.
"""

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from dnn_lab.figures.output import BLUE, GREY, INK, SIGNED, VERMILLION, Picture, Table, new_figure, show, text_ink
from dnn_utils import relu_backward, sigmoid_backward

__all__ = ["draw_cache_flow", "draw_layer_sizes", "draw_matrices", "draw_network"]

_MOST_UNITS = 8  # drawn per layer; the others are dots
_MOST_CELLS = 6  # rows and columns of a grid that are drawn


def _missing(**arrays):
    """Return a sentence about the first value that is not there yet, or "" if all are there.

    arrays -- by their names: arrays, or dictionaries, lists and tuples of arrays
    """
    for name, value in arrays.items():
        inner = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
        )
        holes = [f"{name}[{key!r}]" for key, part in inner if _missing(part=part)]
        if value is None or holes:
            return f"Not filled in yet: {holes[0] if holes else name} is still None."
    return ""


def draw_matrices(arrays, caption=""):
    """Draw arrays side by side as coloured grids with their numbers: blue above zero, vermillion below.

    arrays -- dictionary of arrays with at most two dimensions, by their names
    caption -- what the arrays are, for the alternative text
    """
    if problem := _missing(arrays=arrays):
        return show(problem)
    grids = {name: np.atleast_2d(np.asarray(value, dtype=float)) for name, value in arrays.items()}
    columns = [min(grid.shape[1], _MOST_CELLS) + 1.0 for grid in grids.values()]
    rows = [min(grid.shape[0], _MOST_CELLS) for grid in grids.values()]
    figure = new_figure(max(2.0, 0.68 * sum(columns)), 0.42 * (max(rows) + 1.6))
    axes = _canvas(figure, sum(columns), max(rows) + 1.6)
    left = 0.5
    for (name, grid), width in zip(grids.items(), columns, strict=True):
        draw_grid(axes, name, grid, left, 1.0)
        left += width
    shapes = ", ".join(f"{name} of shape {grid.shape}" for name, grid in grids.items())
    numbers = " ".join(
        f"{name}: smallest {grid.min():.3g}, largest {grid.max():.3g}." for name, grid in grids.items() if grid.size
    )
    return show(Picture(figure, f"{caption} Grids of numbers, {shapes}. {numbers}"))


def draw_grid(axes, name, grid, left, top, width=1.0, height=1.0):
    """Draw one array with its name and shape above it; return the middle of its upper and of its lower edge."""
    shape, grid = np.shape(grid), np.atleast_2d(np.asarray(grid, dtype=float))
    most = np.abs(grid[np.isfinite(grid)]).max(initial=0.0) or 1.0
    rows, columns = (min(size, _MOST_CELLS) for size in grid.shape)
    for row in range(rows):
        for column in range(columns):
            value = grid[row, column]
            colour = SIGNED(0.5 + 0.5 * value / most) if np.isfinite(value) else (1.0, 1.0, 1.0, 1.0)
            corner = left + column * width, top + row * height
            axes.add_patch(Rectangle(corner, width, height, facecolor=colour, edgecolor="white", linewidth=1))
            cut = (row == rows - 1 < grid.shape[0] - 1) or (column == columns - 1 < grid.shape[1] - 1)
            axes.text(
                corner[0] + width / 2,
                corner[1] + height / 2,
                "…" if cut else _short(value),
                color=text_ink(colour),
                ha="center",
                va="center",
                fontsize=9,
            )
    middle = left + columns * width / 2
    axes.text(middle, top - 0.18, f"{name}  {shape}", ha="center", va="bottom", color=INK, fontsize=10, weight="bold")
    return (middle, top - 0.75), (middle, top + rows * height)


def draw_network(parameters):
    """Draw a network with its symbols and shapes, and a line per weight: blue above zero, dashed vermillion below.

    parameters -- "W1", "b1", ..., "WL", "bL", as initialize_parameters_deep returns them
    """
    if problem := _missing(parameters=parameters):
        return show(problem)
    L = len(parameters) // 2
    layers = np.arange(L) + 1
    sizes = [parameters["W1"].shape[1], *(parameters[f"b{l}"].shape[0] for l in layers)]
    figure = new_figure(2.1 * (L + 1), 4.3)
    axes = _canvas(figure, 2.0 * (L + 1), 6.0)
    places = [_places(size, 1 + 2.0 * l) for l, size in enumerate(sizes)]
    for l in layers:
        W = parameters[f"W{l}"]
        most = np.abs(W).max(initial=0.0) or 1.0
        for k, start in places[l - 1]:
            for j, end in places[l]:
                share = abs(W[j, k]) / most if j < W.shape[0] and k < W.shape[1] else 0.0
                colour, dash = (BLUE, "-") if share and W[j, k] > 0 else (VERMILLION, (0, (4, 2)))
                axes.plot(
                    *zip(start, end, strict=True), color=colour, linestyle=dash, linewidth=0.3 + 1.7 * share, zorder=1
                )
    for l, size in enumerate(sizes):
        x = 1 + 2.0 * l
        for _, (_, y) in places[l]:
            axes.plot(x, y, "o", markersize=17, markerfacecolor="white", markeredgecolor=INK, zorder=2)
        if size > _MOST_UNITS:
            axes.text(x, 2.05, "⋮", ha="center", va="center", fontsize=15, color=INK, zorder=3)
        title = "input" if l == 0 else f"layer {l}\n{'sigmoid' if l == L else 'ReLU'}"
        axes.text(x, 4.3, title, ha="center", va="top", fontsize=10, color=INK, weight="bold")
        shapes = [f"X  ({size}, m)"] if l == 0 else _shapes_of_layer(parameters, l)
        axes.text(x, 4.95, "\n".join(shapes), ha="center", va="top", fontsize=9, color=INK, linespacing=1.3)
    table = Table(
        "Each row is one layer: compare the columns of its W with the units of the row above.",
        ["layer", "units", "activation", "shape of W", "shape of b", "shape of A"],
        [["input", sizes[0], "", "", "", f"({sizes[0]}, m)"], *(_row(parameters, l, L) for l in layers)],
    )
    described = "; ".join(f"layer {l} has {sizes[l]} units, W{l} {parameters[f'W{l}'].shape}" for l in layers)
    alt = f"A network with {sizes[0]} inputs and {L} layers, from left to right: {described}. The table has the same."
    return show(Picture(figure, alt), table)


def draw_cache_flow(caches, grads, layer=1):
    """Draw one layer's backward step with its numbers: which cached array feeds which gradient.

    caches -- as L_model_forward returns them
    grads -- as L_model_backward returns them; either numbering of dA
    layer -- the number of the layer, from 1 to L
    """
    names = [f"{start}{layer}" for start in ("dW", "db")]
    if problem := _missing(caches=caches, grads=grads) or _lacking(names, grads):
        return show(problem)
    (A_prev, W, b), Z = caches[layer - 1]
    shift = 0 if "dA0" in grads else 1
    dA = grads.get(f"dA{layer + shift}")
    backward = sigmoid_backward if layer == len(caches) else relu_backward
    cached = {f"A{layer - 1}": A_prev, f"W{layer}": W, f"Z{layer}": Z, f"b{layer}": b}
    arriving = {} if dA is None else {f"dA{layer}": dA, f"dZ{layer}": backward(dA, Z)}
    leaving = {f"dW{layer}": grads[f"dW{layer}"], f"db{layer}": grads[f"db{layer}"]}
    leaving[f"dA{layer - 1}"] = grads.get(f"dA{layer - 1 + shift}", np.nan)
    figure = new_figure(8.6, 6.4)
    axes = _canvas(figure, 17.2, 18.0)
    edges = {}
    middle = {f"dA{layer}": (11.4, 7.6), f"dZ{layer}": (5.6, 7.6)}
    places = {name: (x, 1.6) for name, x in zip(cached, [0.4, 4.4, 9.6, 13.4], strict=True)}
    places |= middle | {name: (x, 13.4) for name, x in zip(leaving, [0.6, 7.4, 12.0], strict=True)}
    for name, array in (cached | arriving | leaving).items():
        edges[name] = draw_grid(axes, name, array, *places[name], 0.98, 0.92)
    arrows = [(f"A{layer - 1}", f"dW{layer}"), (f"W{layer}", f"dA{layer - 1}")]
    if arriving:
        arrows += [(f"Z{layer}", f"dZ{layer}"), *((f"dZ{layer}", name) for name in leaving)]
        end = edges[f"dZ{layer}"][0][0] + 1.3, 9.0
        _arrow(axes, (places[f"dA{layer}"][0] - 0.1, 9.0), end, VERMILLION, "--")
    for start, end in arrows:
        stored = start in cached
        _arrow(axes, edges[start][1], edges[end][0], BLUE if stored else VERMILLION, "-" if stored else "--")
    axes.text(
        *_below(edges[f"b{layer}"][1]), "not read\non the way back", ha="center", va="top", color=GREY, fontsize=9
    )
    axes.text(0.2, 0.2, "the cache of the layer", color=BLUE, fontsize=10, va="top")
    axes.text(0.2, 17.8, "what goes into grads", color=VERMILLION, fontsize=10, va="bottom")
    rows = [
        [f"dZ{layer}", f"Z{layer}", f"dA{layer}", "entry by entry: which units were awake"],
        [f"dW{layer}", f"A{layer - 1}", f"dZ{layer}", "what came in, times what arrives, mean over the examples"],
        [f"db{layer}", "nothing", f"dZ{layer}", "mean over the examples"],
        [f"dA{layer - 1}", f"W{layer}", f"dZ{layer}", "back through the same weights"],
    ]
    alt = (
        f"The backward step of layer {layer} as arrows between grids. Z{layer} and dA{layer} give dZ{layer}; "
        f"A{layer - 1} and dZ{layer} give dW{layer}; dZ{layer} alone gives db{layer}; W{layer} and dZ{layer} give "
        f"dA{layer - 1}; b{layer} is not read."
    )
    caption = "Each row is one gradient, what it reads from the cache, and what arrives from behind."
    return show(Picture(figure, alt), Table(caption, ["gradient", "from the cache", "arrives", "how"], rows))


def draw_layer_sizes(caches, grads):
    """Draw how large the activations and the gradients are in each layer, on a logarithmic scale.

    caches -- as L_model_forward returns them
    grads -- as L_model_backward returns them
    """
    layers = np.arange(len(caches or [])) + 1
    if problem := _missing(caches=caches, grads=grads) or _lacking([f"dW{l}" for l in layers], grads):
        return show(problem)
    incoming = [_size(cache[0][0]) for cache in caches]
    gradients = [_size(grads[f"dW{l}"]) for l in layers]
    figure = new_figure(6.4, 2.9, layout="constrained")
    axes = figure.add_subplot()
    floor = 1e-12  # a logarithm has no place for zero
    axes.plot(layers, np.maximum(incoming, floor), "o-", color=BLUE, label="what comes in, A of the layer before")
    axes.plot(layers, np.maximum(gradients, floor), "^--", color=VERMILLION, label="gradient dW of the layer")
    axes.set(yscale="log", xlabel="layer", ylabel="root mean square", xticks=layers, xlim=(0.7, len(layers) + 0.3))
    axes.grid(axis="y", color="#E3E7EB")
    axes.legend(frameon=False, fontsize=9, loc="best")
    rows = [
        [f"{l}", f"{size:.2g}", f"{gradient:.2g}"]
        for l, size, gradient in zip(layers, incoming, gradients, strict=True)
    ]
    alt = "Two lines over the layers, on a logarithmic scale. " + " ".join(
        f"Layer {row[0]}: incoming activation {row[1]}, gradient {row[2]}." for row in rows
    )
    columns = ["layer", "what comes in", "gradient dW"]
    return show(Picture(figure, alt), Table("Root mean square of all entries, layer by layer.", columns, rows))


def _lacking(names, grads):
    absent = [name for name in names if name not in grads]
    return f'Not filled in yet: grads has no "{absent[0]}".' if absent else ""


def _canvas(figure, width, height):
    """Return axes in which one unit is one unit and y grows downward."""
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def _places(size, x):
    """Return the units of a layer that are drawn, each with its position."""
    shown = list(range(size)) if size <= _MOST_UNITS else [0, 1, 2, size - 3, size - 2, size - 1]
    rows = np.linspace(0, 1, len(shown)) - 0.5 if len(shown) > 1 else np.zeros(1)
    spread = min(3.7, 0.75 * (len(shown) - 1))
    return [(unit, (x, 2.05 + spread * row)) for unit, row in zip(shown, rows, strict=True)]


def _shapes_of_layer(parameters, l):
    W, b = parameters[f"W{l}"], parameters[f"b{l}"]
    return [f"W{l}  {W.shape}", f"b{l}  {b.shape}", f"A{l}  ({b.shape[0]}, m)"]


def _row(parameters, l, L):
    W, b = parameters[f"W{l}"], parameters[f"b{l}"]
    return [f"{l}", b.shape[0], "sigmoid" if l == L else "ReLU", W.shape, b.shape, f"({b.shape[0]}, m)"]


def _arrow(axes, start, end, colour, dash):
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linestyle=dash, linewidth=1.3)
    )


def _below(point):
    return point[0], point[1] + 0.25


def _size(array):
    """Return the root mean square of an array's entries."""
    return float(np.sqrt(np.mean(np.square(array))))


def _short(value):
    """Return a number in at most six characters."""
    text = f"{value:.2f}"
    if value != 0 and (abs(value) < 0.1 or abs(value) >= 1000):
        text = f"{value:.3f}" if 0.001 <= abs(value) < 0.1 else f"{value:.0e}"
    return text.replace("-0.00", "0.00") if float(text) == 0 else text
