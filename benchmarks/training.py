"""How long training takes with the notebooks' functions, beside a lean NumPy loop that does the same arithmetic.

    python benchmarks/training.py [--iterations N] [--rounds N]

All variants train [12288, 20, 7, 5, 1] on 209 random pictures in float64, in turns, so that a busy machine slows all of
them alike. PyTorch takes part where it is installed. Prints seconds and ratios, and checks that all end with the same
cost.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
SIZES = [12288, 20, 7, 5, 1]
RATE = 0.0075
# From examples, labels and a number of iterations to the last cost.
Train = Callable[[np.ndarray, np.ndarray, int], float]


def notebook() -> Train:
    """Return the training of the solution of `application`."""
    from autograder.authoring.master import read_source  # noqa: PLC0415 (after the path is set)

    folder = ROOT / "source" / "application"
    sys.path[:0] = [str(folder)]
    cell = next(
        cell
        for cell in read_source(folder / "application.ipynb").cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "L_layer_model"
    )
    names: dict = {}
    exec(
        "import numpy as np\nfrom dnn_app_utils import *\nfrom dnn_lab.training import Training\n" + cell.source, names
    )

    def train(X: np.ndarray, Y: np.ndarray, iterations: int) -> float:
        parameters, _ = names["L_layer_model"](X, Y, SIZES, RATE, iterations)
        return float(names["compute_cost"](names["L_model_forward"](X, parameters)[0], Y))

    return train


def lean(X: np.ndarray, Y: np.ndarray, iterations: int) -> float:
    """Train with nothing but what has to be computed: the cost and the gradient of the input are part of it."""
    weights, biases = _start()
    m = X.shape[1]
    last = len(weights) - 1
    for _ in range(iterations):
        signals = [X]
        for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
            Z = W @ signals[-1] + b
            signals.append(np.maximum(0, Z) if layer < last else 1 / (1 + np.exp(-Z)))
        cost = -np.sum(Y * np.log(signals[-1]) + (1 - Y) * np.log(1 - signals[-1])) / m
        back = signals[-1] - Y
        for layer in range(last, -1, -1):
            dW, db = back @ signals[layer].T / m, back.sum(axis=1, keepdims=True) / m
            back = weights[layer].T @ back
            if layer:
                back *= signals[layer] > 0
            weights[layer] -= RATE * dW
            biases[layer] -= RATE * db
    assert np.isfinite(cost)
    return _cost(X, Y, weights, biases)


def torch(X: np.ndarray, Y: np.ndarray, iterations: int) -> float:
    """Train with PyTorch's autograd on the processor."""
    import torch as pt  # noqa: PLC0415 (optional)

    weights, biases = ([pt.tensor(one, requires_grad=True) for one in group] for group in _start())
    inputs, labels = pt.tensor(X), pt.tensor(Y, dtype=pt.float64)
    optimizer = pt.optim.SGD([*weights, *biases], lr=RATE)
    for _ in range(iterations):
        signal = inputs
        for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
            signal = W @ signal + b
            signal = signal.relu() if layer < len(weights) - 1 else signal
        optimizer.zero_grad()
        pt.nn.functional.binary_cross_entropy_with_logits(signal, labels).backward()
        optimizer.step()
    return _cost(X, Y, *([one.detach().numpy() for one in group] for group in (weights, biases)))


def _start() -> tuple[list[np.ndarray], list[np.ndarray]]:
    draw = np.random.RandomState(1)
    pairs = list(pairwise(SIZES))
    return [draw.randn(n, before) / np.sqrt(before) for before, n in pairs], [np.zeros((n, 1)) for _, n in pairs]


def _cost(X: np.ndarray, Y: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]) -> float:
    signal = X
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        Z = W @ signal + b
        signal = np.maximum(0, Z) if layer < len(weights) - 1 else 1 / (1 + np.exp(-Z))
    return float(-np.mean(Y * np.log(signal) + (1 - Y) * np.log(1 - signal)))


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--iterations", type=int, default=100, help="of each training (the notebook has 2,500)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each takes its turn")
    options = parser.parse_args()
    draw = np.random.default_rng(0)
    X, Y = draw.random((SIZES[0], 209)), draw.integers(0, 2, (1, 209))
    variants: dict[str, Train] = {"notebook": notebook(), "lean NumPy": lean}
    if importlib.util.find_spec("torch"):
        variants["PyTorch"] = torch
    else:
        print("PyTorch is not installed, so it is left out.")
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    costs = {}
    for variant in variants.values():
        variant(X, Y, 2)  # the first time, memory is found and libraries are loaded
    for _ in range(options.rounds):
        for name, variant in variants.items():
            begin = time.perf_counter()
            costs[name] = variant(X, Y, options.iterations)
            seconds[name].append(time.perf_counter() - begin)
    base = statistics.median(seconds["lean NumPy"])
    for name, times in seconds.items():
        middle = statistics.median(times)
        print(
            f"{name:12} {middle:7.2f} s for {options.iterations} iterations, {middle / base:.2f} times lean NumPy, "
            f"last cost {costs[name]:.6f}"
        )
    if max(costs.values()) - min(costs.values()) > 1e-6:
        sys.exit("The variants do not compute the same thing.")


if __name__ == "__main__":
    main()
