"""Which misconceptions explain what is wrong."""

import pytest

from autograder.diagnosis.observation import ABSENT, RAISES
from autograder.diagnosis.variant_matching import explain, told_apart


def items(**values):
    """Return a deviation; `dW=1` says that dW has the wrong value 1, and is absent for None."""
    return {name: ABSENT if value is None else ("value", "int", value) for name, value in values.items()}


def error(name: str, detail: str | None = None):
    """Return the deviation of a function that stops."""
    return {RAISES: ("error", name, detail)}


# Deviations on two probes each. `both` is wrong where two others are, in the same way.
VARIANTS = {
    "dW": [items(dW=1), items(dW=2)],
    "db": [items(db=1), items(db=2)],
    "both": [items(dW=1, db=1), items(dW=2, db=2)],
    "dA": [items(dA=1), items(dA=2)],
    "late": [items(), items(dZ=9)],
    "shape": [error("AssertionError", "assert db"), error("AssertionError", "assert db")],
    "changes": [items(**{"argument 1": 1}), items(**{"argument 1": 2})],
}


@pytest.mark.parametrize(
    ("student", "found"),
    [
        pytest.param([items(dW=1), items(dW=2)], ["dW"], id="one"),
        pytest.param([items(dW=1), items(dW=3)], [], id="the same on one probe only"),
        pytest.param([items(dW=1, db=1), items(dW=2, db=2)], ["both"], id="one that explains all, rather than two"),
        pytest.param([items(dW=1, dA=1), items(dW=2, dA=2)], ["dA", "dW"], id="two in different items"),
        pytest.param([items(dW=1, db=1, dA=1), items(dW=2, db=2, dA=2)], ["both", "dA"], id="the fewest"),
        pytest.param([items(dW=1, dA=7), items(dW=2, dA=7)], [], id="one of two unknown"),
        pytest.param([items(), items(dZ=9)], ["late"], id="right on one probe"),
        pytest.param([items(), items()], [], id="nothing wrong"),
        pytest.param([error("AssertionError", "assert db")] * 2, ["shape"], id="an error"),
        pytest.param([error("AssertionError")] * 2, ["shape"], id="an error whose line is not known"),
        pytest.param([error("AssertionError", "assert dW")] * 2, [], id="another error"),
        pytest.param([error("AssertionError", "assert db"), items()], [], id="an error on one probe only"),
        pytest.param([items(**{"argument 1": 1}), items(**{"argument 1": 2})], ["changes"], id="in place"),
        pytest.param(
            [items(dW=1, **{"argument 1": 5}), items(dW=2, **{"argument 1": 5})], ["dW"], id="style of arguments aside"
        ),
        pytest.param([items(dW=1)], ["dW"], id="fewer probes"),
    ],
)
def test_explain(student, found):
    """Uniquely, or not at all."""
    assert explain(student, VARIANTS) == found


def test_two_that_do_the_same():
    """Neither is named."""
    assert explain([items(dW=1)], {"one": [items(dW=1)], "other": [items(dW=1)]}) == []


def test_an_error_hides_what_else_is_wrong():
    """The mistake that stops the function explains what is seen; what it hides is not held against others."""
    student = [error("AssertionError", "assert db"), items(dW=2)]
    variants = {"shape": [error("AssertionError", "assert db"), items()], "dW": VARIANTS["dW"]}

    assert explain(student, variants) == ["dW", "shape"]


def test_told_apart():
    """On any probe."""
    assert told_apart(VARIANTS["dW"], VARIANTS["db"])
    assert not told_apart(VARIANTS["dW"], [dict(items) for items in VARIANTS["dW"]])
