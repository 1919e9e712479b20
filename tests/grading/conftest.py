"""A small course of functions, and an engine that grades it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell
from nbformat import NotebookNode

from autograder.grading.engine import Engine
from autograder.grading.examination import Examination
from autograder.grading.settings import GradingLimits
from autograder.notebook.score import score
from autograder.release import Bundle, store_notebook

HELPER = "def expect(got, wanted):\n    assert got == wanted, (got, wanted)"

# name of the function -> its solution and its test
PAIRS = {
    "keep": (
        "def keep(x):\n    return x + 1",
        "a = np.arange(3.0)\nb = keep(a)\nassert a.tolist() == [0, 1, 2]\nassert np.allclose(b, [1, 2, 3])\n"
        "### BEGIN HIDDEN TESTS\nsecret = np.array([41.0])\nassert keep(secret)[0] == 42\n### END HIDDEN TESTS",
    ),
    "scale": ("def scale(x):\n    return x * factor", "factor = 3\nassert scale(2) == 6"),
    "base": ("def base():\n    return 1", "assert base() == 1"),
    "uses": (
        "def uses():\n    return base() + 1",
        "assert uses() == 2\nkept = base\ndel base\ntry:\n    uses()\nexcept NameError:\n    pass\nelse:\n"
        "    raise AssertionError('does not call base')\nbase = lambda: 10\nassert uses() == 11\nbase = kept\n"
        "assert uses() == 2",
    ),
    "Tally": (
        "class Tally:\n    def __init__(self):\n        self.seen = []\n    def add(self, x):\n        self.seen.append(x)\n"
        "        return self\n    def __len__(self):\n        return len(self.seen)\n    def __iter__(self):\n"
        "        return iter(self.seen)",
        "t = Tally()\nassert t.add(2) is t\nt.add(3)\nassert len(t) == 2\nassert list(t) == [2, 3]\nassert t.seen == [2, 3]\n"
        "assert isinstance(t, Tally)\nassert not isinstance(3, Tally)",
    ),
    "factorial": (
        "def factorial(n):\n    return 1 if n < 2 else n * factorial(n - 1)",
        "assert factorial(30) == 265252859812191058636308480000000",
    ),
    "squares": (
        "def squares(n):\n    for i in range(n):\n        yield i * i",
        "s = squares(4)\nassert next(s) == 0\nassert list(s) == [1, 4, 9]",
    ),
    "adder": ("def adder(n):\n    return lambda x: x + n", "assert adder(2)(3) == 5"),
    "loud": ("def loud():\n    print('so loud')\n    return 1", "assert loud() == 1"),
    "strict": (
        "def strict(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x",
        "assert strict(1) == 1\ntry:\n    strict(-1)\nexcept ValueError as error:\n    assert 'negative' in str(error)\n"
        "else:\n    raise AssertionError('no error')",
    ),
    "draw": (
        "def draw():\n    return np.random.randn(3)",
        "np.random.seed(3)\nr = draw()\nnp.random.seed(3)\nassert np.array_equal(r, np.random.randn(3))",
    ),
    "answer": ("answer = 42", "assert answer == 42\nassert type(answer) is int"),
    "grow": (
        "def grow(items):\n    items.append(len(items))\n    return items",
        "mine = [7]\nassert grow(mine) is mine\nassert mine == [7, 1]",
    ),
    "rooted": (
        "def rooted(x):\n    return x ** 0.5",
        "import math\nassert rooted(4) == math.sqrt(4)\n"
        "### BEGIN HIDDEN TESTS\nfrom statistics import mean as reference\nassert rooted(reference([8, 10])) == 3\n### END HIDDEN TESTS",
    ),
    "apply": (
        "def apply(fn, n):\n    return sum(fn(i) for i in range(n))",
        "assert apply(lambda x: x * 2, 4) == 12",
    ),
    "helped": (
        "def helped(x):\n    return [x, x]",
        "X = np.arange(1.0, 4.0)\nexpect(helped(2), [2, 2])\nexpect(helped(X)[0].sum(), 6.0)",
    ),
    "last": ("def last():\n    return 'end'", "assert last() == 'end'"),
}


def master() -> NotebookNode:
    """Return the solved notebook: a solution cell, an ordinary cell and a test for each function."""
    cells = [code_cell("import os, sys, ctypes\nimport numpy as np\n" + HELPER)]
    for name, (solution, test) in PAIRS.items():
        cells += [solution_cell(solution, name), code_cell(f"# try {name} here"), grade_cell(test, f"test_{name}")]
    return graded_notebook(*cells)


@dataclass
class Graded:
    """A graded notebook: which tests did not earn their point, and the rest."""

    notebook: NotebookNode
    examination: Examination

    @property
    def failed(self) -> list[str]:
        """The functions whose test earned nothing."""
        return [name for name in PAIRS if not score(find_cell(self.notebook, f"test_{name}"))[0]]

    def output(self, name: str) -> str:
        """What the test of a function printed and said, in one string."""
        outputs = find_cell(self.notebook, f"test_{name}").outputs
        return "\n".join(out.get("text", "") + out.get("evalue", "") + str(out.get("data", "")) for out in outputs)


def stored(folder: Path, notebook: NotebookNode, name: str = "task") -> Bundle:
    """Store a solved notebook as a bundle."""
    files: dict[str, Path] = {}
    return store_notebook(folder, name, nbformat.writes(notebook), {}, files=files, siblings={name})


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine for the master, with short limits."""
    bundle = stored(tmp_path_factory.mktemp("bundle"), master())
    with Engine(bundle, "task", GradingLimits(cell=1.0, submission=30.0)) as engine:
        yield engine


@pytest.fixture
def examine(engine: Engine, tmp_path: Path) -> Callable[..., Graded]:
    """Grade a submission: the solution, with some cells replaced, and changed by a function if one is given."""

    def run(change: Callable[[NotebookNode], object] | None = None, **answers: str) -> Graded:
        notebook = master()
        for name, source in answers.items():
            find_cell(notebook, name).source = source
        if change is not None:
            change(notebook)
        examination = engine.examine(notebook, tmp_path)
        nbformat.validate(notebook)
        return Graded(notebook, examination)

    return run
