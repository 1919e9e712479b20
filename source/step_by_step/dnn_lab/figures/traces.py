"""Pictures of your functions at work together: the shapes from the input to the last gradient, and a gradient check.

- `trace_shapes` and `draw_shape_trace` follow a batch forward and back, and mark the first shape that does not fit;
- `check_gradients` and `draw_gradient_check` compare each gradient with the change of the cost it stands for.

Your functions are arguments. If one of them stops with an error, the picture says where.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from dnn_lab.figures.output import BLUE, GREY, INK, VERMILLION, Picture, Table, new_figure, show

__all__ = ["Step", "check_gradients", "draw_gradient_check", "draw_shape_trace", "trace_shapes"]

_CLOSE = 1e-5  # relative difference of the two gradients that rounding can explain


class Step(NamedTuple):
    """One array on its way: where it is, the shape it should have, and the shape it has.

    got -- a shape, or in words why there is none
    """

    direction: str
    layer: int
    name: str
    expected: tuple
    got: tuple | str

    @property
    def fits(self):
        """Whether the shape is the right one."""
        return self.expected == self.got


def trace_shapes(layer_dims, m, parameters, forward, backward):
    """Follow a batch through the layers and back, and return a list of Steps.

    layer_dims -- the size of each layer, the input first
    m -- number of examples
    parameters -- "W1", "b1", ..., as initialize_parameters_deep returns them
    forward, backward -- linear_activation_forward and linear_activation_backward

    The way ends at the first error; what comes after it is "not reached".
    """
    found, failed = _walk(len(layer_dims) - 1, np.ones((layer_dims[0], m)), parameters, forward, backward)
    steps = []
    for direction, layer, name, expected in _plan(layer_dims, m):
        got = found.get(name, "not reached")
        if name not in found and failed:
            got, failed = failed, ""
        steps.append(Step(direction, layer, name, expected, got))
    return steps


def draw_shape_trace(layer_dims, m, parameters, forward, backward):
    """Draw the shapes on the way forward and back, with the first one that does not fit marked; arguments as above."""
    steps = trace_shapes(layer_dims, m, parameters, forward, backward)
    first = next((step for step in steps if not step.fits), None)
    L = len(layer_dims) - 1
    figure = new_figure(1.1 + 2.2 * L, 5.0)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1.1 + 2.2 * L), ylim=(5.0, 0))
    axes.axis("off")
    for direction, y in [("forward", 0.75), ("backward", 3.25)]:
        axes.text(
            0.12, y - 0.1, "forward →" if direction == "forward" else "← backward", color=INK, fontsize=9, va="bottom"
        )
        for layer in range(L + 1):
            inside = [step for step in steps if (step.direction, step.layer) == (direction, layer)]
            for row, step in enumerate(inside):
                _draw_step(axes, step, first, 0.12 if layer == 0 else 1.1 + 2.2 * (layer - 1), y + 0.42 * row)
    for layer in np.arange(L) + 1:
        axes.text(
            1.1 + 2.2 * (layer - 0.5) - 0.1, 0.35, f"layer {layer}", color=INK, fontsize=10, weight="bold", ha="center"
        )
    if first is None:
        outcome = f"All {len(steps)} shapes fit."
    else:
        right = f"{sum(step.fits for step in steps[: steps.index(first)])} shapes before it fit"
        outcome = (
            f"The first mismatch is {first.name}, layer {first.layer}, on the way {first.direction}: "
            f"expected {first.expected}, got {first.got}. The {right}."
        )
    rows = [
        [step.name, step.direction, step.layer or "input", step.expected, step.got, _verdict(step, first)]
        for step in steps
    ]
    columns = ["array", "way", "layer", "expected", "got", "verdict"]
    alt = f"Boxes with the shapes of {L} layers, the way forward above and the way back below. {outcome}"
    return show(Picture(figure, alt), outcome, Table("Each row is one array, in the order of the work.", columns, rows))


def check_gradients(parameters, X, Y, forward, cost, backward, step=1e-6):
    """Return, by the parameter's name, two arrays: your gradient, and the slope of your cost by finite differences.

    parameters -- "W1", "b1", ...
    X, Y -- examples (n_x, m) and labels (1, m)
    forward, cost, backward -- L_model_forward, compute_cost and L_model_backward
    step -- how far each parameter is moved up and down
    """
    AL, caches = forward(X, _copied(parameters))
    grads = backward(AL, Y, caches)
    pairs = {}
    for name, value in parameters.items():
        slopes = np.empty(value.shape)
        for index in np.ndindex(value.shape):
            costs = []
            for change in (step, -step):
                moved = _copied(parameters)
                moved[name][index] += change
                costs.append(float(cost(forward(X, moved)[0], Y)))
            slopes[index] = (costs[0] - costs[1]) / (2 * step)
        pairs[name] = np.asarray(grads[f"d{name}"], dtype=float), slopes
    return pairs


def draw_gradient_check(parameters, X, Y, forward, cost, backward):
    """Draw each parameter as a point: its gradient by your functions against the slope of your cost.

    Arguments as in `check_gradients`. A right gradient lies on the line; what is off is drawn as a vermillion cross.
    """
    try:
        pairs = check_gradients(parameters, X, Y, forward, cost, backward)
        misfits = [name for name, (mine, slopes) in pairs.items() if mine.shape != slopes.shape]
    except Exception as error:  # whatever a student's function may stop with
        return show(f"The gradients cannot be checked yet: {type(error).__name__}: {error}")
    if misfits:
        mine, slopes = pairs[misfits[0]]
        return show(f"d{misfits[0]} has the shape {mine.shape}; it should be {slopes.shape}, like {misfits[0]}.")
    figure = new_figure(4.6, 4.2, layout="constrained")
    axes = figure.add_subplot()
    rows, off_total, total = [], 0, 0
    most = max((np.nanmax(np.abs(both), initial=0.0) for both in pairs.values()), default=0.0) or 1.0
    axes.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=1)
    for name, (mine, slopes) in pairs.items():
        close = np.abs(mine - slopes) <= _CLOSE * most  # a comparison with NaN is False, so NaN counts as off
        axes.plot(slopes[close], mine[close], "o", color=BLUE, markersize=6, alpha=0.7, zorder=2)
        axes.plot(slopes[~close], mine[~close], "X", color=VERMILLION, markersize=8, zorder=3)
        off = int((~close).sum())
        off_total, total = off_total + off, total + close.size
        difference = float(np.max(np.abs(mine - slopes), initial=0.0))
        rows.append([f"d{name}", close.size, off, f"{difference:.1e}", "right" if not off else "off"])
    axes.set(xlabel="slope of the cost, by a small step", ylabel="gradient by your functions")
    axes.grid(color="#E3E7EB")
    wrong = ", ".join(row[0] for row in rows if row[2])
    outcome = (
        f"All {total} points lie on the diagonal."
        if not off_total
        else (f"{off_total} of {total} points are off the diagonal, drawn as crosses: {wrong}.")
    )
    caption = "Each row is one gradient: how many numbers it has, how many are off, and the largest difference."
    table = Table(caption, ["gradient", "numbers", "off", "largest difference", "verdict"], rows)
    alt = f"Gradient check: a point for each parameter, your gradient against the slope of the cost. {outcome}"
    return show(Picture(figure, alt), outcome, table)


def _plan(layer_dims, m):
    """Return direction, layer, name and expected shape of each array, in the order of the work."""
    sizes = list(pairwise(layer_dims))
    plan = [("forward", 0, "A0 = X", (layer_dims[0], m))]
    for layer, (n_prev, n) in enumerate(sizes, start=1):
        plan += [
            ("forward", layer, f"W{layer}", (n, n_prev)),
            ("forward", layer, f"b{layer}", (n, 1)),
            ("forward", layer, f"Z{layer}", (n, m)),
            ("forward", layer, f"A{layer}", (n, m)),
        ]
    for layer in range(len(sizes), 0, -1):
        n_prev, n = sizes[layer - 1]
        plan += [
            ("backward", layer, f"dW{layer}", (n, n_prev)),
            ("backward", layer, f"db{layer}", (n, 1)),
            ("backward", layer, f"dA{layer - 1}", (n_prev, m)),
        ]
    return plan


def _walk(L, A, parameters, forward, backward):
    """Return the shapes that were met, by the array's name, and in words what stopped the walk, if anything did."""
    found, caches = {"A0 = X": A.shape}, []
    try:
        for layer in np.arange(L) + 1:
            W, b = parameters[f"W{layer}"], parameters[f"b{layer}"]
            found |= {f"W{layer}": _shape(W), f"b{layer}": _shape(b)}
            A, cache = forward(A, W, b, "sigmoid" if layer == L else "relu")
            caches.append(cache)
            found |= {f"Z{layer}": _shape(cache[1]), f"A{layer}": _shape(A)}
        dA = np.ones(np.shape(A))
        for layer in range(L, 0, -1):
            dA, dW, db = backward(dA, caches[layer - 1], "sigmoid" if layer == L else "relu")
            found |= {f"dW{layer}": _shape(dW), f"db{layer}": _shape(db), f"dA{layer - 1}": _shape(dA)}
    except Exception as error:  # whatever a student's function may stop with
        return found, f"{type(error).__name__}: {error}"
    return found, ""


def _shape(value):
    return "None" if value is None else np.shape(value)


def _verdict(step, first):
    if step.fits:
        return "fits"
    return "FIRST MISMATCH" if step is first else "not reached" if step.got == "not reached" else "does not fit"


def _draw_step(axes, step, first, left, top):
    """Draw one array as a box: solid and blue if it fits, thick and dashed if it is the first that does not."""
    width = 0.9 if step.layer == 0 else 1.95
    colour, dash, line, mark = BLUE, "-", 1.0, "✓"
    if step is first:
        colour, dash, line, mark = VERMILLION, (0, (4, 2)), 2.4, "✗"
    elif not step.fits:
        colour, dash, mark = GREY, (0, (1, 2)), "·" if step.got == "not reached" else "✗"
    axes.add_patch(
        Rectangle((left, top), width, 0.36, facecolor="white", edgecolor=colour, linestyle=dash, linewidth=line)
    )
    got = step.got if isinstance(step.got, tuple) else "error" if ":" in step.got else step.got
    text = f"X {got}" if step.layer == 0 else f"{mark} {step.name} {got}"
    axes.text(left + 0.07, top + 0.18, text, va="center", color=INK, fontsize=8)
    if step is first:
        axes.text(left + width - 0.05, top + 0.18, f"≠ {step.expected}", va="center", ha="right", color=INK, fontsize=8)


def _copied(parameters):
    return {name: np.array(value, dtype=float) for name, value in parameters.items()}
