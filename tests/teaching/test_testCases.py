"""What the checks on a student's own machine say."""

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from helper import ROOT

import testCases
from testCases import CheckFailed, attempt, expect_equal, expect_grads, expect_keys, expect_length


def answer():
    """Stand in for a student's function in messages."""


def message(call, *arguments, **keywords) -> str:
    """Return what a check that must fail says."""
    with pytest.raises(CheckFailed) as caught:
        call(*arguments, **keywords)
    return str(caught.value)


class TestExpectEqual:
    """Type first, then shape, then values."""

    @pytest.mark.parametrize(
        ("expected", "got"),
        [
            (0.5, 0.5),
            (0.5, np.float64(0.5)),
            (0.5, np.array(0.5)),
            (2.0, 2),
            ([[1.0, 2.0]], np.array([[1.0, 2.0]])),
            ([[1.0, 2.0]], np.array([[1, 2]])),
            ([[1.0, 2.0]], np.array([[1.0, 2.0]], np.float32)),
            (([[1.0]], ([[2.0]],)), (np.array([[1.0]]), (np.array([[2.0]]),))),
        ],
    )
    def test_equal(self, expected, got):
        """Numbers of any real type, arrays, and tuples of these."""
        expect_equal(answer, "x", expected, got)

    @pytest.mark.parametrize(
        ("expected", "got", "words"),
        [
            ([[1.0]], None, "not filled in yet: x is still None"),
            (1.0, np.array(None), "not filled in yet: x is still None"),
            ([[1.0]], [[1.0]], "should be a NumPy array, but is of type list"),
            ([[1.0]], np.ma.array([[1.0]]), "should be a NumPy array, but is of type MaskedArray"),
            ([[1.0]], 1.0, "should be a NumPy array, but is of type float"),
            (1.0, "1.0", "should be a number, but is of type str"),
            (1.0, True, "should be a number, but is of type bool"),
            ([[1.0]], np.array([[1j]]), "real numbers, but has dtype complex128"),
            ([[1.0]], np.array([["1"]]), "real numbers"),
            (([[1.0]],), [np.array([[1.0]])], "x should be a tuple, but is of type list"),
            (([[1.0]],), (), "x should have 1 entry, but has 0"),
        ],
    )
    def test_wrong_type(self, expected, got, words):
        """The type is named before anything else."""
        assert words in message(expect_equal, answer, "x", expected, got)

    @pytest.mark.parametrize("got", [np.ones((2, 1)), np.ones(2), np.ones((1, 1)), np.array(1.0), np.ones((1, 2, 1))])
    def test_shapes_are_strict(self, got):
        """A shape that would broadcast is wrong, and both shapes are shown."""
        text = message(expect_equal, answer, "x", np.ones((1, 2)), got)

        assert "wrong shape" in text
        assert "expected: (1, 2)" in text
        assert f"got:      {got.shape if got.shape else 'a single number'}" in text

    def test_a_cost_of_shape_one_one_is_no_number(self):
        """The (1, 1) array that students return in place of a scalar."""
        assert "expected: a single number" in message(expect_equal, answer, "cost", 0.5, np.array([[0.5]]))

    def test_values_name_the_index_and_both_numbers(self):
        """The first difference, by its index."""
        got = np.array([[1.0, 2.0, 3.0], [4.0, 5.5, 6.5]])
        text = message(expect_equal, answer, "dW", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], got)

        assert "answer: dW has the right shape, (2, 3), but wrong values" in text
        assert "2 of 6 values differ; the first is at index [1, 1]" in text
        assert "expected: 5\n" in text
        assert text.endswith("got:      5.5")

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_not_a_number_is_a_difference(self, bad):
        """NaN and infinity never pass."""
        assert "wrong values" in message(expect_equal, answer, "x", [[1.0, 2.0]], np.array([[1.0, bad]]))

    def test_item_of_a_tuple_is_named(self):
        """The position within a cache is part of the name."""
        text = message(expect_equal, answer, "cache", ([[1.0]], [[2.0]]), (np.array([[1.0]]), np.array([[3.0]])))

        assert "cache[1]" in text


class TestAttempt:
    """Calling a student's function."""

    def test_returns_the_result(self):
        """Arguments and keywords go through."""
        assert attempt(lambda a, b: (a, b), 1, b=2, returns=("a", "b")) == (1, 2)

    @pytest.mark.parametrize("returned", [3, (1,), [1, 2, 3], None])
    def test_number_of_items(self, returned):
        """Too few, too many or none at all."""
        assert "should return 2 items (Z, cache)" in message(attempt, lambda: returned, returns=("Z", "cache"))

    def test_a_changed_argument(self):
        """An array changed in place, also inside a tuple or dictionary."""

        def spoil(x, cache):
            cache["a"][0][0] += 1

        text = message(attempt, spoil, 1, {"a": (np.zeros(2),)})

        assert "spoil changes its argument number 2 in place" in text
        attempt(spoil, 1, {"a": (np.zeros(2),)}, may_change=(1,))

    @pytest.mark.parametrize(
        "stub", ["Z = None\n    Z.shape", "Z, cache = None", "d = {'W1': None}\n    d['W1'].shape"]
    )
    def test_a_stub_is_called_one(self, stub):
        """What a stub stops with is said in words, with the name of the function."""
        namespace = {}
        exec(f"def linear_forward():\n    {stub}", namespace)

        assert message(attempt, namespace["linear_forward"]).startswith("linear_forward is not filled in yet")

    def test_a_stub_that_is_called_by_another_function(self):
        """The function that has the gap is named, and the one that calls it."""
        namespace = {}
        exec("def inner():\n    Z, c = None\ndef outer():\n    return inner()", namespace)

        assert "outer calls inner: inner is not filled in yet" in message(attempt, namespace["outer"])

    def test_append_is_no_stub(self):
        """The None that append returns is a mistake of another kind."""
        namespace = {}
        exec("def f():\n    c = []\n    c = c.append(1)\n    c.append(2)", namespace)
        text = message(attempt, namespace["f"])

        assert "not filled in" not in text
        assert "'NoneType' object has no attribute 'append'" in text

    def test_an_error_names_the_students_line(self):
        """Error, function and line; not the frames of NumPy or of this file."""

        def wrong(A, W):
            return np.dot(A, W)

        text = message(attempt, wrong, np.ones((3, 2)), np.ones((1, 3)))

        assert text.startswith("wrong stops with ValueError: shapes (3,2) and (1,3) not aligned")
        assert "at this line of wrong: return np.dot(A, W)" in text

    def test_a_failed_shape_assertion_is_explained(self):
        """The exercise's own asserts have no message; the check adds one."""

        def wrong(A):
            assert A.shape == (9, 9)

        text = message(attempt, wrong, np.ones((3, 2)))

        assert "at this line of wrong: assert A.shape == (9, 9)" in text
        assert "does not have the shape" in text

    def test_both_sides_of_a_failed_shape_assertion(self):
        """What the array has and what it should have; a literal shape is not said twice."""

        def wrong(A, W):
            assert A.shape == (W.shape[0], 7)

        def literal(A, W):
            assert A.T.shape == (9, 9), "a message"

        A, W = np.ones((3, 2)), np.ones((5, 3))

        assert message(attempt, wrong, A, W).endswith(
            "\n  A has the shape (3, 2); it should be (W.shape[0], 7) = (5, 7)."
        )
        assert message(attempt, literal, A, W).endswith("\n  A.T has the shape (2, 3); it should be (9, 9).")

    def test_other_failed_assertions_are_left_alone(self):
        """No claim about lines that compare something else, or whose sides cannot be looked at again."""

        def less(A):
            assert A.shape < (1,)

        def once(sides):
            assert sides.pop().shape == sides.pop()

        for function, argument in [(less, np.ones(3)), (once, [(9, 9), np.ones(3)])]:
            assert "it should be" not in message(attempt, function, argument)

    def test_a_traceback_from_another_process(self):
        """Its lines are all there is: the frames here are the grader's, and are not looked at."""

        def remote():
            error = AssertionError()
            error.student_traceback = [("<cell>", 3, "linear_forward", "assert Z.shape == (1, 2)")]
            Z = np.ones(3)
            assert Z.shape
            raise error

        text = message(attempt, remote)

        assert "at this line of linear_forward: assert Z.shape == (1, 2)" in text
        assert "it should be" not in text

    def test_no_return(self):
        """A function whose last line was lost."""
        assert "without its return line returns None" in message(attempt, lambda: None, returns=("Z", "cache"))
        assert "return line" not in message(attempt, lambda: 3, returns=("Z", "cache"))

    def test_warnings_of_numpy_are_not_printed(self, recwarn):
        """nbgrader takes text on stderr for a failure; a division by zero shows in the result anyway."""
        assert attempt(lambda: np.ones(1) / np.zeros(1)) == np.inf
        assert not recwarn.list


class TestGrads:
    """Either numbering of dA, but not both."""

    G0, G1, G2 = np.full((2, 3), 1.0), np.full((2, 3), 2.0), np.full((1, 3), 3.0)
    W = {f"{kind}{layer}": np.full((1, 1), layer) for kind in ("dW", "db") for layer in (1, 2)}
    EXPECTED = W | {"dA0": G0, "dA1": G1, "dA2": G2}

    def test_right(self):
        """From zero, from zero with the additional dAL, and one higher."""
        for grads in [{"dA0": self.G0, "dA1": self.G1}, self.EXPECTED, {"dA1": self.G0, "dA2": self.G1}]:
            expect_grads(answer, self.EXPECTED, self.W | grads)

    @pytest.mark.parametrize(
        "names", [{"dA0": "G0"}, {"dA0": "G0", "dA2": "G1"}, {"dA1": "G1"}, {"dA0": "G0", "dA1": "G1", "dA2": "G1"}, {}]
    )
    def test_mixed_or_missing(self, names):
        """A gradient under the wrong name, or under none."""
        grads = self.W | {name: getattr(self, value) for name, value in names.items()}

        assert "dA" in message(expect_grads, answer, self.EXPECTED, grads)

    def test_one_layer_either_key(self):
        """With one layer the gradient of the input may be dA0 or dA1."""
        W = {name: value for name, value in self.W.items() if name.endswith("1")}
        expected = W | {"dA0": self.G0, "dA1": self.G2}
        for grads in [{"dA0": self.G0}, {"dA1": self.G0}, {"dA0": self.G0, "dA1": self.G2}]:
            expect_grads(answer, expected, W | grads)

    def test_no_dictionary(self):
        """Something else than a dictionary is named."""
        assert "should be a dictionary, but is None" in message(expect_grads, answer, self.EXPECTED, None)


def test_missing_key_lists_what_is_there():
    """A misspelt key shows beside the right one."""
    text = message(expect_keys, answer, "parameters", ["W1"], {"w1": 1, "b1": 2})

    assert 'has no entry "W1"' in text
    assert "its keys are: w1, b1" in text


def test_length():
    """A list of another length, and something that is no list."""
    expect_length(answer, "caches", 2, [1, 2])

    assert "should have 2 entries, but has 3" in message(expect_length, answer, "caches", 2, [1, 2, 3])
    assert "should be a list, but is None" in message(expect_length, answer, "caches", 2, None)


def test_a_notebook_shows_the_message_alone():
    """IPython renders the failure by its own words, without the frames of this file."""
    assert CheckFailed("one", "two")._render_traceback_() == ["one", "two"]


def test_only_numpy_is_imported():
    """A student needs no other package for what the checks are made of."""
    paths = [*ROOT.glob("dnn_lab/checks/*.py"), *ROOT.glob("dnn_lab/hints/*.py"), ROOT / "dnn_lab" / "__init__.py"]
    paths += [ROOT / f"{name}.py" for name in ("dnn_utils", "testCases", "testCases_application")]
    assert len(paths) >= 14
    for path in paths:
        own = ("dnn_lab.checks", "dnn_lab.hints") if path.parent.name != "checks" else ("dnn_lab.checks",)
        for module in imports_of(path):
            top = module.split(".")[0]
            assert top in {"numpy", "testCases"} | sys.stdlib_module_names or module.startswith(own), (path, module)


def test_checks_know_no_networks():
    """What every course's checks are made of has none of the words of this one."""
    for path in ROOT.glob("dnn_lab/checks/*.py"):
        text = path.read_text(encoding="utf-8")

        assert not re.search(r"(?i)network|layer|gradient|\b(?:bias|neuron|sigmoid|relu|cost|loss|grads)\b", text), path


def imports_of(path):
    """Return the modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return imported | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_star_import_gives_every_helper_and_check():
    """Everything that the notebook uses by its bare name is exported, and nothing that is not there."""
    text = Path(ROOT / "notebooks" / "step_by_step.py").read_text(encoding="utf-8")
    used = set(re.findall(r"\b(?:check_\w+|\w+_test_case\w*|expect_\w+|attempt|print_grads)(?=\()", text))

    assert used <= set(testCases.__all__)
    assert all(hasattr(testCases, name) for name in testCases.__all__)


@pytest.mark.parametrize(
    "second_term",
    [0.0, "(1 - Y) * np.log(AL)", "-(1 - Y) * np.log(1 - AL)", "(1 - Y) * (1 - np.log(AL))"],
)
def test_a_cost_that_is_right_for_the_label_1_only(second_term):
    """The printed example has the label 1 only; what is wrong with the other label shows in the visible check."""

    def compute_cost(AL, Y):
        term = eval(str(second_term), {"np": np, "AL": AL, "Y": Y})
        return -np.sum(Y * np.log(AL) + term) / Y.shape[1]

    Y, AL = testCases.compute_cost_test_case()
    assert compute_cost(AL, Y) == pytest.approx(0.41493159961539694)
    assert message(testCases.check_compute_cost, compute_cost).startswith("compute_cost: cost with a label 0 ")
