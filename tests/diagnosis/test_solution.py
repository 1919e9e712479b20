"""The solved notebook's functions, and the inputs of its tests."""

import numpy as np
import pytest

from autograder.diagnosis.catalogue import Misconception
from autograder.diagnosis.solution import Solution
from autograder.diagnosis.variant_profiles import learn

SCRIPT = [
    {"source": "import numpy as np\nscale = 3\nprint('not run again')\nloaded = open('/nowhere')"},
    {"source": "def base(x):\n    return x * scale"},
    {"source": "def uses(x):\n    return base(x) + 1"},
    {"source": "def top(x):\n    return uses(x) * len(data)"},
    {
        "grade_id": "test",
        "source": "data.append(1)\nfor n in range(30):\n    assert uses(np.ones(n % 3)).shape == (n % 3,)\n"
        "assert uses(2) == 7\nbase(5)\nraise ValueError",
    },
]


@pytest.fixture
def solution():
    """A solved notebook that has bound `data`."""
    return Solution(SCRIPT, {"data": [0]})


def test_only_definitions_run(solution):
    """What else the cells do was done before."""
    assert solution.function("top")(1) == 4


def test_dependencies(solution):
    """Directly or not, without itself."""
    assert solution.dependencies("top") == {"uses", "base"}
    assert solution.dependencies("base") == set()


def test_a_variant_is_used_by_nobody_else(solution):
    """It calls the references, and the references do not call it."""
    variant = solution.variant("uses", "def uses(x):\n    return base(x) + 100")

    assert variant(1) == 103
    assert solution.function("uses")(1) == 4


def test_a_test_finds_the_data_as_it_was(solution):
    """Though it changes them."""
    for _ in range(2):
        with pytest.raises(ValueError):
            solution.run_test("test", {})

    assert solution.function("top")(1) == 4


def test_probes_are_varied(solution):
    """One of each form first, no call twice, only what the tests themselves call, up to where they fail."""
    probes = solution.probes(["uses", "base"], 3)

    assert [np.shape(probe.arguments[0]) for probe in probes["uses"]] == [(0,), (1,), (2,)]
    assert len(solution.probes(["uses"], 9)["uses"]) == 4
    assert [probe.arguments for probe in probes["base"]] == [(5,)]


def test_a_variant_that_hangs_is_left_out(solution, monkeypatch):
    """It costs its time, and the others are known."""
    monkeypatch.setattr("autograder.diagnosis.variant_profiles._SECONDS", 0.2)
    entries = [
        Misconception(name, "uses", (("return", f"{change}\n    return"),), (), "", "")
        for name, change in [("hangs", "while True: pass"), ("fails", "x = 2 / 0"), ("wrong", "x = x + 2")]
    ]
    known = learn(solution, entries)["uses"]

    assert list(known.variants) == ["fails", "wrong"]
    assert known.diagnose(lambda x: (x + 2) * 3 + 1) == ["wrong"]
