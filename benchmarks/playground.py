"""How many times a second the playground can learn and redraw: 400 points and the layers [2, 16, 8, 1].

    python benchmarks/playground.py

The functions are those of the solved notebook. Beside it, the same picture drawn from nothing each time, as plain
matplotlib does it.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the modules that go beside a notebook are no package

from autograder.authoring.master import read_master  # noqa: E402
from dnn_lab.playground.board import Board  # noqa: E402
from dnn_lab.playground.learner import Learner, Parts  # noqa: E402

STATE = "flower m=400 noise=0.05 seed=1 layers=2,16,8,1 start=1/sqrt(n) rate=0.5 step=0"
ROUNDS = 40
STEPS = 5  # learned between two pictures


def main() -> None:
    """Measure and print."""
    learner = Learner.from_text(parts(), STATE)
    board = Board(learner)
    board.jpeg()
    kept, fresh = [], []
    for _ in range(ROUNDS):  # by turns, so that both meet the same machine
        begin = time.perf_counter()
        learner.learn(STEPS)
        board.jpeg()
        kept.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        learner.learn(STEPS)
        Board(learner).picture()
        fresh.append(time.perf_counter() - begin)
    for name, seconds in [("what does not change is kept", kept), ("drawn from nothing", fresh)]:
        print(f"{name}: {1 / statistics.median(seconds):.1f} pictures a second, {STEPS} steps of learning each")


def parts() -> Parts:
    """Return the functions of the solved notebook."""
    namespace: dict[str, object] = {}
    exec("import numpy as np\nfrom dnn_utils import *", namespace)
    for cell in read_master(ROOT / "notebooks" / "step_by_step.py").cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, namespace)
    return Parts.of(namespace)


if __name__ == "__main__":
    main()
