"""How often three models are right about freshly drawn pictures: logistic regression, two layers, four layers.

    python benchmarks/accuracy.py [--seeds 1,2,3,4,5] [--pictures N]

Each seed draws a training set of 209 pictures and a test set of its own; the models are trained as in the notebook:
pixels divided by 255, 2,500 steps of plain gradient descent in float64, learning rate 0.0075 (0.005 for logistic
regression). Prints a table and writes build/accuracy.json.

Gradient descent moves the first layer's weights only within the span of the training pictures, so they are kept as
W = start + C X', and C is what is learned: the same steps as the notebook's, at a fiftieth of the time.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from datasets.make import CATS  # noqa: E402 (after the path is set)

ITERATIONS = 2500
TEST_SEED = 1000  # added to a training set's seed
MODELS = {
    "logistic regression": ([12288, 1], 0.0, 0.005),
    "two layers": ([12288, 7, 1], 0.01, 0.0075),
    "four layers": ([12288, 20, 7, 5, 1], None, 0.0075),
}


def accuracies(seed: int, pictures: int) -> dict[str, tuple[float, float]]:
    """Return the accuracy of each model on its training set and on fresh pictures."""
    train, train_y = CATS.draw(seed, 209)
    test, test_y = CATS.draw(TEST_SEED + seed, pictures)
    X, fresh = (x.reshape(len(x), -1).T / 255 for x in (train, test))
    return {name: _train(X, train_y, fresh, test_y, *model) for name, model in MODELS.items()}


def _train(
    X: np.ndarray,
    Y: np.ndarray,
    fresh: np.ndarray,
    truth: np.ndarray,
    sizes: list[int],
    scale: float | None,
    rate: float,
) -> tuple[float, float]:
    """Train ReLU layers and a sigmoid; `scale` is that of the first weights, None for 1 / sqrt(n_prev)."""
    draw = np.random.RandomState(1)
    weights = [
        draw.randn(n, before) * (1 / np.sqrt(before) if scale is None else scale) for before, n in pairwise(sizes)
    ]
    biases = [np.zeros((n, 1)) for n in sizes[1:]]
    learned = np.zeros((sizes[1], X.shape[1]))
    products, start = X.T @ X, weights[0] @ X
    m, last = X.shape[1], len(weights) - 1

    def forward(Z: np.ndarray) -> list[np.ndarray]:
        signals = []
        for layer in range(last + 1):
            Z = Z if layer == 0 else weights[layer] @ signals[-1] + biases[layer]
            signals.append(np.maximum(0, Z) if layer < last else 1 / (1 + np.exp(-Z)))
        return signals

    for _ in range(ITERATIONS):
        signals = forward(start + learned @ products + biases[0])
        back = (signals[-1] - Y) / m
        for layer in range(last, 0, -1):
            step, biases_step = back @ signals[layer - 1].T, back.sum(axis=1, keepdims=True)
            back = (weights[layer].T @ back) * (signals[layer - 1] > 0)
            weights[layer] -= rate * step
            biases[layer] -= rate * biases_step
        learned -= rate * back
        biases[0] -= rate * back.sum(axis=1, keepdims=True)
    known = forward(start + learned @ products + biases[0])[-1]
    guesses = forward(weights[0] @ fresh + learned @ (X.T @ fresh) + biases[0])[-1]
    return float(np.mean((known > 0.5) == Y)), float(np.mean((guesses > 0.5) == truth))


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", default="1,2,3,4,5", help="of the training sets, separated by commas")
    parser.add_argument("--pictures", type=int, default=2000, help="in each test set")
    options = parser.parse_args()
    rows = []
    for seed in map(int, options.seeds.split(",")):
        rows.append(accuracies(seed, options.pictures))
        print(f"seed {seed}: " + ", ".join(f"{name} {test:.3f}" for name, (_, test) in rows[-1].items()), flush=True)
    means = {name: np.mean([row[name] for row in rows], axis=0).tolist() for name in MODELS}
    print("| model | training set | fresh pictures |\n|:--|:--|:--|")
    for name, (train, test) in means.items():
        print(f"| {name} | {train:.1%} | {test:.1%} |")
    target = ROOT / "build" / "accuracy.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"means": means, "rows": rows, "pictures": options.pictures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
