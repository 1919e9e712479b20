"""A small slice of the fuzzing whose figures are in docs/reliability.md: a result or a refusal, never a traceback."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from intake.fuzzing import Intake, corpus, inputs

INTAKE = Intake()
# How fast this machine is and how large an example is are no failures; the same examples every time.
SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
code = st.lists(
    st.sampled_from(
        [
            "def compute_cost(AL, Y):", "    return 1", "    x = (", "'''", "if True:", "import os", "%cd x", "!ls", "x = 1",
            "def linear_forward(A, W, b):", "class A:", "print 'a'", "", "@f", "    ### START CODE HERE ###", "cost = None",
            "    ### END CODE HERE ###", "else:", ")", "from testCases_v3 import *", "return", "\tx", "exec('x')", "é = 1",
        ]
    )
    | st.text(max_size=30),
    max_size=12,
).map("\n".join)  # fmt: skip
marks = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": st.sampled_from(["linear_forward", "test_linear_forward", "test_compute_cost", "x", ""])
        | json_values,
        "grade": st.booleans() | json_values,
        "solution": st.booleans() | json_values,
        "points": st.integers() | json_values,
    },
)
metadata = st.dictionaries(
    st.sampled_from(["nbgrader", "tags", "id", "colab", "name", "jupyter", "collapsed", "scrolled", "execution", "x"]),
    marks | json_values,
    max_size=4,
)
cells = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | json_values,
        "source": code | st.lists(st.text(max_size=9), max_size=4) | json_values,
    },
    optional={"metadata": metadata | json_values, "id": st.text(max_size=9) | json_values, "attachments": json_values},
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(cells | json_values, max_size=8)},
    optional={
        "metadata": st.dictionaries(st.sampled_from(["kernelspec", "language_info", "title", "authors"]), json_values),
        "nbformat": st.integers(0, 5) | json_values,
        "nbformat_minor": json_values,
    },
)


def with_metadata(metadata):
    """Return a notebook of two cells, the second with these metadata."""
    return {"cells": [{"cell_type": "code", "source": ""}, {"cell_type": "code", "source": "", "metadata": metadata}]}


class TestMadeUp:
    """Notebooks that hypothesis makes up."""

    @settings(SLOW, max_examples=60)
    @given(notebooks)
    @example(with_metadata({"tags": None}))
    @example(with_metadata({"nbgrader": {"grade_id": []}}))
    def test_structure(self, notebook):
        """Whatever cells and metadata say, what is graded is valid and has the assignment's tests."""
        assert INTAKE.take(json.dumps(notebook).encode(), "x.ipynb")[0] == "graded"

    @settings(SLOW, max_examples=60)
    @given(st.lists(code, max_size=5))
    def test_code(self, sources):
        """Whatever code says."""
        written = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]

        assert INTAKE.take(json.dumps({"cells": written}).encode(), "x.ipynb")[0] == "graded"

    @settings(SLOW, max_examples=100)
    @given(
        st.binary(max_size=600),
        st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b", b"{", b"\xff\xfe", b"# %%\n", b"# In[1]:\n"]),
        st.sampled_from(["x.ipynb", "x.py", "x.zip", "x", "/../x"]),
    )
    def test_bytes(self, data, begin, name):
        """Whatever the bytes are."""
        assert INTAKE.take(begin + data, name)[0] in ("graded", "refused")


def test_changed_files():
    """The release and the solution in all forms, changed at random."""
    outcomes = [INTAKE.take(data, name)[0] for _, name, data in itertools.islice(inputs(7, corpus()), 40)]

    assert set(outcomes) == {"graded", "refused"}


@pytest.mark.slow
def test_more_changed_files():
    """The same, more of them."""
    for _, name, data in itertools.islice(inputs(8, corpus()), 1_000):
        INTAKE.take(data, name)
