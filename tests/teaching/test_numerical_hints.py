"""Hints about numbers: each by the mistake that provokes it, and none where nothing is to be said."""

import numpy as np
import pytest

from dnn_lab.hints.known_inputs import KnownCost, KnownGradients, KnownLayer, KnownModel, KnownSizes, KnownStep
from testCases import CheckFailed, expect_equal, expect_grads, expect_keys, expect_length

draw = np.random.RandomState(41).randn
N_PREV, N, M = 4, 3, 5
A_PREV, W, B = draw(N_PREV, M), draw(N, N_PREV), draw(N, 1)
DZ, Z = draw(N, M), draw(N, M)
DW, DB, DA_PREV = DZ @ A_PREV.T / M, DZ.mean(axis=1, keepdims=True), W.T @ DZ
LAYER = KnownLayer(A_PREV, W, B, arriving=DZ)
SIZES = KnownSizes({"n_prev": 4, "n": 3}, m=5)


def answer():
    """Stand in for a student's function in messages."""


def message(expected, got, item="x", known=None) -> str:
    """Return what a comparison that must fail says."""
    with pytest.raises(CheckFailed) as caught:
        expect_equal(answer, item, expected, got, known)
    return str(caught.value)


def hint(expected, got, item="x", known=None) -> list[str]:
    """Return the sentences after the two numbers, or after the two shapes."""
    lines = message(expected, got, item, known).split("\n")
    last = next(number for number, line in enumerate(lines) if line.startswith("  got:"))
    return [line.strip() for line in lines[last + 1 :]]


class TestFactor:
    """A constant ratio between got and expected."""

    @pytest.mark.parametrize(
        ("factor", "words"),
        [
            (5, ["Every value is 5 times too large.", "5 is m, the number of examples. How often is a sum divided"]),
            (1 / 5, ["Every value is 1/5 of what it should be.", "5 is m, the number of examples. How often"]),
            (-5, ["Every value is 5 times too large and has the wrong sign.", "5 is m"]),
            (
                5 / 3,
                ["Every value is 1.667 times what it should be.", "That is m / n, 5 / 3. Where do you take m from?"],
            ),
            (5 / 4, ["Every value is 1.25 times", "That is m / n_prev, 5 / 4."]),
            (5 / 7, ["Every value is 0.7143 times", "It is as if 7 stood in the place of m, which is 5 here."]),
            (5 / 2, ["Every value is 2.5 times", "It is as if 2 stood in the place of m, which is 5 here."]),
            (4, ["Every value is 4 times too large.", "4 is n_prev, the number of units in the layer before."]),
            (100, ["Every value is 100 times too large.", "Is a factor of 100 or 1/100 missing, or there twice?"]),
            (0.01, ["Every value is 1/100 of what it should be.", "Is a factor of 100 or 1/100 missing"]),
            (2, ["Every value is 2 times too large.", "Is a factor of 2 or 1/2 missing"]),
        ],
    )
    def test_recognised(self, factor, words):
        """The factor in words a student can use, and the size that it is."""
        found = hint(DW, factor * DW, "dW", SIZES)

        assert [line.startswith(start) for line, start in zip(found, words, strict=True)] == [True, True]

    def test_wrong_sign(self):
        """All signs at once."""
        assert hint(DW, -DW) == [
            "Every value has the right size and the wrong sign. Where is a minus lost, or one too many?"
        ]

    def test_a_factor_that_is_no_size(self):
        """It is still true of every value."""
        assert hint(DW, 3.7 * DW, "dW", SIZES) == ["Every value is 3.7 times what it should be."]

    def test_expected_values_are_known_to_eight_decimals(self):
        """What is rounded in the tables is enough to see the factor."""
        weights = 0.01 * draw(4, 5)

        assert "Every value is 100 times too large." in hint(np.round(weights, 8), 100 * weights)
        assert "Every value is 1/100 of what it should be." in hint(np.round(weights, 8), weights / 100)

    def test_one_value_is_no_pattern(self):
        """Any two numbers have a ratio; it is told only if it is one of the sizes, a sign or another known factor."""
        assert hint(0.7, 0.7 * 3.7, "cost", SIZES) == []
        assert hint([[0.7]], np.array([[0.7 * 1.23]]), "db", SIZES) == []
        assert hint(0.7, 0.5, "cost", SIZES) == []  # 5 / 7, which would be told of several values
        assert "The value is 5 times too large." in hint(0.7, 3.5, "cost", SIZES)
        assert "The value has the right size and the wrong sign." in hint(0.7, -0.7)[0]

    def test_the_same_value_everywhere_is_no_pattern(self):
        """An array of ones for an array of threes says nothing that the numbers do not say."""
        assert hint(np.ones((3, 2)), np.full((3, 2), 3.7)) == []

    @pytest.mark.parametrize(("base", "name"), [(10, "ln 10"), (2, "ln 2")])
    def test_another_logarithm(self, base, name):
        """Only the cost has one."""
        factor = 1 / np.log(base)

        assert f"is 1 / {name}. Which logarithm does the formula have?" in hint(0.4, 0.4 * factor, "cost")[-1]
        assert hint([[0.4]], np.array([[0.4 * factor]]), "db") == []

    def test_zeros_must_be_zeros(self):
        """A factor holds for every entry or is not told."""
        expected = np.array([[1.0, 2.0, 0.0]])

        assert "Every value is 3 times too large." in hint(expected, 3 * expected)
        assert hint(expected, np.array([[3.0, 6.0, 0.1]])) == []

    def test_nothing_but_zeros(self):
        """What a function returns that stores nothing."""
        assert hint(DW, np.zeros(DW.shape))[0].startswith("Every value is 0.")
        assert hint(np.zeros((3, 1)), DB) == []

    def test_m_that_no_sum_is_divided_by(self):
        """The question about a sum is asked for gradients and the cost only."""
        assert hint(Z, 5 * Z, "Z", SIZES)[1] == "5 is m, the number of examples."


class TestSameShape:
    """Other relations between arrays of one shape."""

    SQUARE = draw(3, 3)

    def test_transposed(self):
        """A square matrix that was transposed."""
        assert "transposed" in hint(self.SQUARE, self.SQUARE.T)[0]

    @pytest.mark.parametrize(("axis", "word"), [(0, "rows"), (1, "columns")])
    def test_another_order(self, axis, word):
        """Reversed, or shifted by one."""
        for got in [np.flip(DW, axis), np.roll(DW, 1, axis)]:
            assert hint(DW, got) == [f"The {word} are the right ones, in another order."]

    def test_equal_rows_are_no_order(self):
        """Rows that cannot be told apart."""
        assert hint(np.repeat(draw(1, 4), 3, axis=0), draw(3, 4)) == []

    def test_some_signs(self):
        """How many, and the absolute value."""
        got = DW.copy()
        got[0, :2] *= -1

        assert "2 of 12 have the wrong sign" in hint(DW, got)[0]
        assert "none of yours is negative" in hint(DW, np.abs(DW))[0]

    def test_entries_that_should_be_zero(self):
        """A mask that was ignored, and one that hides too much."""
        masked = np.where(Z > 0, DZ, 0)

        assert "Those that differ should be 0" in hint(masked, DZ)[0]
        assert "differ are 0 in your result, all others are right" in hint(DZ, masked)[0]

    def test_the_same_amount_everywhere(self):
        """Something was added to all."""
        assert hint(DW, DW + 0.5) == ["Every value is 0.5 too large. What is added to all of them?"]
        assert "0.25 too small" in hint(DW, DW - 0.25)[0]

    def test_whole_numbers(self):
        """An integer array where the right values have fractions; where they have none it says nothing."""
        assert "because its dtype is int64" in hint(10 * DW, (10 * DW).astype(np.int64))[0]
        assert hint([[1.0, 2.0, 9.0]], np.array([[3, 1, 2]])) == []

    def test_a_few_digits(self):
        """Rounded, or computed with half precision."""
        for got in [DW.astype(np.float16), DW * (1 + 1e-4 * np.sign(Z[0, 0] + DW))]:
            assert "right to about three digits" in hint(DW, got)[0]

    def test_whole_rows_and_columns(self):
        """Those that are wrong, if the others are right."""
        row, column = DW.copy(), DW.copy()
        row[1] = draw(4)
        column[:, [0, 3]] = draw(3, 2)

        assert hint(DW, row) == ["Only row 1 differs; the others are right throughout."]
        assert hint(DW, column) == ["Only columns 0, 3 differ; the others are right throughout."]


class TestOtherShape:
    """Shapes with the symbols of the exercise, and values that are right in another shape."""

    def test_symbols(self):
        """Expected and got, and what the symbols stand for."""
        text = message(DW, draw(4, 3), "dW", LAYER)

        assert "  expected: (3, 4) = (n, n_prev)\n  got:      (4, 3) = (n_prev, n)\n" in text
        assert text.endswith(
            "  n = 3 is the number of units in this layer.\n  n_prev = 4 is the number of units in the layer before."
        )

    def test_one_entry_for_each_example(self):
        """The sum along the wrong axis: the length says which one is left."""
        text = message(DB, DZ.mean(axis=0, keepdims=True), "db with relu", LAYER)

        assert "expected: (3, 1) = (n, 1)" in text
        assert "got:      (1, 5) = (1, m)" in text
        assert "m = 5 is the number of examples." in text

    @pytest.mark.parametrize(
        ("known", "item", "shape", "symbols"),
        [
            (KnownSizes({"n_x": 3, "n_h": 2, "n_y": 1}), 'parameters["W1"]', (2, 3), "(n_h, n_x)"),
            (KnownSizes({"n_x": 3, "n_h": 2, "n_y": 4}), 'parameters["b2"]', (4, 1), "(n_y, 1)"),
            (KnownSizes.of_layers([5, 4, 3], letter="layer_dims"), "W2", (3, 4), "(layer_dims[2], layer_dims[1])"),
            (KnownSizes.of_layers([5, 4, 3], 7), 'grads["dA1"]', (4, 7), "(n[1], m)"),
        ],
    )
    def test_symbols_of_a_network(self, known, item, shape, symbols):
        """Layer by layer, in the letters of the exercise."""
        assert f"expected: {shape} = {symbols}" in message(draw(*shape), draw(9, 8), item, known)

    def test_unknown_lengths_are_not_named(self):
        """A length that is no size, or two sizes at once, has no symbol."""
        assert "got:      (9, 8)\n" in message(DW, draw(9, 8), "dW", LAYER)
        both = KnownSizes({"n_prev": 4, "n": 4}, m=5)
        assert "  got:      (4, 7)" in message(draw(4, 5), draw(4, 7), "A1", both).split("\n")

    def test_symbols_that_do_not_fit_are_not_told(self):
        """An expected shape that contradicts the sizes: no symbols rather than false ones."""
        assert "n_prev" not in message(draw(6, 7), draw(7, 6), "dW", LAYER)

    def test_transposed(self):
        """The right values, and those that have a known factor besides."""
        assert "right, only the shape is not. They are transposed" in hint(DW, DW.T)[0]
        assert hint(DW, 5 * DW.T, "dW", SIZES)[-3:-1] == [
            "They are transposed: rows and columns have changed places.",
            "That is not all. Every value is 5 times too large.",
        ]
        assert hint(DW, draw(4, 3)) == []

    def test_an_axis_of_one(self):
        """keepdims forgotten, one axis too many, an array for a number."""
        assert "An axis of length 1 is missing. What drops it: a sum, an index?" in hint(DB, DB[:, 0])[0]
        assert "There is an axis of length 1 too many." in hint(DB, DB[:, :, None])[0]
        assert "It is inside an array" in hint(0.5, np.array([[0.5]]))[0]
        assert hint(DB, draw(3)) == []
        assert hint(0.5, np.array([[0.7]])) == []

    def test_repeated(self):
        """A column that was stretched to all examples."""
        assert "Each right value is there several times." in hint(DB, np.repeat(DB, 5, axis=1))[0]
        assert hint(DB, draw(3, 5)) == []

    @pytest.mark.parametrize("reduce", [np.sum, np.mean])
    def test_a_sum_is_missing(self, reduce):
        """The values before they are summed, and which axis."""
        expected = reduce(DZ, axis=1, keepdims=True)

        assert f"The {reduce.__name__} along axis 1 is what is asked for" in hint(expected, DZ)[0]
        assert f"The {reduce.__name__} of everything" in hint(float(reduce(DZ)), DZ)[0]

    @pytest.mark.parametrize("got", [DB.sum(), DB.sum(keepdims=True), DB.sum(axis=0)])
    def test_a_sum_too_many(self, got):
        """All units in one number, whatever its shape."""
        assert hint(DB, np.asarray(got))[0].startswith("This is the sum along axis 0 of the right values.")


class TestNotFinite:
    """nan and infinity."""

    def test_nan(self):
        """How many, where, what gives nan, and where to look."""
        got = DW.copy()
        got[1, 2] = np.nan
        found = hint(DW, got)

        assert found[0] == "Of 12 values, 1 nan (not a number); the first is at index [1, 2]."
        assert found[1] == "All others are right."
        assert "0 / 0" in found[2]
        assert found[-1] == "When you call the function in a cell of your own, NumPy's warning shows the line."

    def test_infinity(self):
        """Other causes than those of nan, and no claim that the rest is right."""
        found = hint(DW, np.where(DW > 0, np.inf, 7))

        assert "infinite" in found[0]
        assert "division by 0, from the logarithm of 0, or from exp" in found[1]

    def test_the_cost(self):
        """Which logarithms exist is looked up, not guessed."""
        AL, Y = np.array([[0.8, 0.4]]), np.array([[1, 0]])

        assert "AL and 1 - AL lie between 0 and 1 here" in hint(0.5, np.nan, "cost", KnownCost(AL, Y))[1]
        assert "AL" not in message(0.5, np.nan, "cost", KnownCost(np.array([[0.8, 1.0]]), Y))

    def test_the_derivative_of_the_cost(self):
        """Which divisors are 0."""
        Y = np.array([[1, 0]])
        caches = [((draw(3, 2), draw(1, 3), draw(1, 1)), draw(1, 2))]

        for AL, told in [(np.array([[0.8, 0.4]]), True), (np.array([[0.8, 1.0]]), False)]:
            known = KnownGradients(AL, Y, caches)
            assert ("Neither AL nor 1 - AL is 0 here" in message([[0.5]], np.array([[np.nan]]), "db1", known)) is told

    def test_in_another_shape(self):
        """The shape comes first, then the nan."""
        assert "nan" in hint(DW, np.full((4, 3), np.nan))[0]


class TestInputs:
    """What can be computed because the inputs are at hand."""

    PRODUCT = W @ A_PREV
    SIGMOID = 1 / (1 + np.exp(-(PRODUCT + B)))

    @pytest.mark.parametrize(
        ("b", "words"), [(0, "without b."), (-B, "with b subtracted."), (2 * B, "with b added twice.")]
    )
    def test_the_bias(self, b, words):
        """In the linear part, and behind both activations."""
        for activation, apply in [
            (None, lambda x: x),
            ("relu", lambda x: np.maximum(x, 0)),
            ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ]:
            known = KnownLayer(A_PREV, W, B, activation)
            item = f"A with {activation}" if activation else "Z"
            found = hint(apply(self.PRODUCT + B), apply(self.PRODUCT + b), item, known)

            assert found == [f"These are the values {words}"]

    def test_the_activation(self):
        """The other one, and none."""
        known = KnownLayer(A_PREV, W, B, "sigmoid")
        linear = self.PRODUCT + B

        assert "that relu gives" in hint(self.SIGMOID, np.maximum(linear, 0), "A with sigmoid", known)[0]
        assert "no activation is applied" in hint(self.SIGMOID, linear, "A with sigmoid", known)[0]

    def test_a_whole_network(self):
        """Without biases, and with other activations."""
        # Drawn here, and not from what other tests draw from: the last Z must have both signs, in any order of tests.
        own = np.random.RandomState(7).randn
        parameters = {"W1": W, "b1": B, "W2": own(1, N), "b2": own(1, 1)}
        known = KnownModel(A_PREV, parameters)

        def run(bias=1, hidden=lambda x: np.maximum(x, 0), last=lambda x: 1 / (1 + np.exp(-x))):
            A1 = hidden(W @ A_PREV + bias * B)
            return last(parameters["W2"] @ A1 + bias * parameters["b2"])

        for got, words in [
            (run(bias=0), "without b, in every layer"),
            (run(hidden=lambda x: 1 / (1 + np.exp(-x))), "sigmoid in every layer"),
            (run(hidden=lambda x: x), "no activation in the hidden layers"),
            (run(last=lambda x: np.maximum(x, 0)), "relu in every layer"),
            (run(last=lambda x: x), "values of the last Z"),
        ]:
            assert words in hint(run(), got, "AL", known)[0]

    STEP = KnownStep({"W1": W, "b1": B}, 0.25)

    @pytest.mark.parametrize(
        ("taken", "words"),
        [
            (-0.25, "Each value has moved as far as it should, in the opposite direction."),
            (1, "Each value has moved 4 times as far as it should. 4 is 1 / learning_rate."),
            (-1, "Each value has moved 4 times as far as it should, in the opposite direction. 4 is"),
            (0.0625, "Each value has moved 0.25 times as far as it should. 0.25 is learning_rate."),
            (0.125, "Each value has moved 0.5 times as far as it should."),
            (0, "The values are the old ones."),
        ],
    )
    def test_a_step(self, taken, words):
        """The direction and the length of an update."""
        slopes = draw(*W.shape)

        assert hint(W - 0.25 * slopes, W - taken * slopes, 'parameters["W1"]', self.STEP)[0].startswith(words)

    def test_a_step_that_the_function_takes_in_place(self):
        """What was before is kept, though the function may change the arrays."""
        parameters = {"W1": W.copy(), "b1": B.copy()}
        known = KnownStep(parameters, 0.25)
        parameters["W1"] += 1

        np.testing.assert_array_equal(known.before("W1"), W)


class TestSecondOpinion:
    """Gradients by finite differences, in the message."""

    @pytest.mark.parametrize(("item", "right"), [("dW", DW), ("db", DB), ("dA_prev", DA_PREV)])
    def test_one_layer(self, item, right):
        """Name, index, both numbers and the ratio."""
        got = right.copy()
        got[2, 0] *= 2
        line = message(right, got, item, LAYER).split("\n")[-1]

        assert line == f"  {item}[2, 0]: yours {got[2, 0]:.6g}, numerically {right[2, 0]:.6g}, ratio 2.00"

    @pytest.mark.parametrize("shift", [0, 1])
    def test_a_network(self, shift):
        """By the text's numbering of dA, whichever the student uses."""
        AL, Y = np.array([[0.3, 0.6]]), np.array([[1, 0]])
        caches = [((draw(3, 2), draw(1, 3), draw(1, 1)), draw(1, 2))]
        (A0, W1, _), Z1 = caches[0]
        s = 1 / (1 + np.exp(-Z1))
        dA1 = (AL - Y) / AL / (1 - AL)
        dZ1 = dA1 * s * (1 - s)
        right = {"dW1": dZ1 @ A0.T / 2, "db1": dZ1.mean(keepdims=True), "dA0": W1.T @ dZ1, "dA1": dA1}
        got = {"dW1": right["dW1"], "db1": right["db1"], f"dA{shift}": -right["dA0"]}

        with pytest.raises(CheckFailed) as caught:
            expect_grads(answer, right, got, KnownGradients(AL, Y, caches))
        mine, truth = -right["dA0"][0, 0], right["dA0"][0, 0]
        assert str(caught.value).endswith(f"\n  dA0[0, 0]: yours {mine:.6g}, numerically {truth:.6g}, ratio -1.00")
        assert f'grads["dA{shift}"]' in str(caught.value)

    def test_no_ratio_to_zero(self):
        """Where the slope is 0 there is none."""
        known = KnownLayer(A_PREV, W, B, "relu", arriving=DZ, Z=-np.abs(Z))
        line = message(np.zeros(W.shape), DW, "dW with relu", known).split("\n")[-1]

        assert line.endswith("numerically 0")

    def test_no_opinion_that_contradicts_the_check(self):
        """Inputs that do not belong to the expected result: silence."""
        assert "second opinion" not in message(DW + 1, draw(3, 4), "dW", LAYER)


class TestOther:
    """Types, keys and lengths."""

    @pytest.mark.parametrize(
        ("got", "words"),
        [
            ([[1.0]], "Which NumPy function makes an array?"),
            ((np.array([[1.0]]), 2), "Its item 0 is what is asked for. A call that returns several values"),
            ((np.array([[3.0]]), 2), "A call that returns several values needs several names."),
            (answer, "Are the brackets of a call missing?"),
            (np.array([[None]]), "if there is a None in it"),
            (np.array([[True]]), "Is the result of a comparison returned"),
        ],
    )
    def test_wrong_type(self, got, words):
        """Each type that students return, with what may have happened."""
        assert words in message([[1.0]], got)

    @pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
    def test_matrix(self):
        """It is named, and what is wrong with it."""
        assert "multiplies by rules of its own" in message([[1.0]], np.matrix([[1.0]]))

    def test_capital_letters(self):
        """A key that differs in nothing else."""
        for key, told in [("w1", True), ("V1", False)]:
            with pytest.raises(CheckFailed) as caught:
                expect_keys(answer, "parameters", ["W1"], {key: 1})
            assert ("Capital and small letters" in str(caught.value)) is told

    @pytest.mark.parametrize(("length", "words"), [(0, "Nothing is stored"), (6, "twice"), (2, "One is missing")])
    def test_length(self, length, words):
        """Nothing, twice as many, one too few."""
        with pytest.raises(CheckFailed, match=words):
            expect_length(answer, "caches", 3, [1] * length)


class TestSilence:
    """False hints are worse than none."""

    CASES = [
        ("dW", DW, LAYER),
        ("db", DB, LAYER),
        ("dA_prev", DA_PREV, LAYER),
        ("Z", W @ A_PREV + B, LAYER),
        ("A with relu", np.maximum(W @ A_PREV + B, 0), KnownLayer(A_PREV, W, B, "relu")),
        ("cost", np.array(0.4149316), KnownCost(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 1]]))),
        ("db", np.array([[0.50629448]]), KnownLayer(A_PREV, W[:1], B[:1], arriving=DZ[:1])),
        ('parameters["W1"]', W - 0.1 * DW, KnownStep({"W1": W, "b1": B}, 0.1)),
        ('parameters["b1"]', np.zeros((3, 1)), SIZES),
        ("dW", np.array([[0.41, 0.0], [0.0, 0.0]]), None),
    ]

    @pytest.mark.parametrize(("item", "right", "known"), CASES)
    def test_right_answers(self, item, right, known):
        """Nothing at all is said."""
        expect_equal(answer, item, right, right.copy(), known)

    @pytest.mark.parametrize(("item", "right", "known"), CASES)
    def test_unrelated_answers(self, item, right, known):
        """Numbers that have nothing to do with the right ones: no relation is told, in 200 draws."""
        random = np.random.default_rng(8)
        for _ in range(200):
            got = random.standard_normal(right.shape) * random.choice([0.01, 1, 10])
            found = hint(right, got, item, known)

            assert [line for line in found if "second opinion" not in line and "numerically" not in line] == []

    @pytest.mark.parametrize(("item", "right", "known"), CASES)
    def test_unrelated_answers_of_another_shape(self, item, right, known):
        """The symbols are explained and nothing else."""
        random = np.random.default_rng(9)
        for shape in [(), (1,), (3,), (1, 1), (1, 3), (4, 3), (3, 5), (5, 3), (2, 3, 4), (0, 3)]:
            if shape != right.shape:
                found = hint(right, random.standard_normal(shape), item, known)

                assert all(" is the number of " in line or " is the size of " in line for line in found)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.int8, np.uint64])
    def test_any_real_type(self, dtype):
        """A hint never stops a message, whatever the numbers are made of."""
        for value in [0, 1, 100]:
            assert "wrong values" in message(DW, np.full(DW.shape, value, dtype))
            assert "wrong shape" in message(DW, np.full((7, 2), value, dtype))

    def test_huge_numbers(self):
        """Nor by overflow."""
        for value in [1e308, -1e308, 1e-308]:
            assert "wrong values" in message(DW, np.full(DW.shape, value), "dW", LAYER)
            assert "wrong shape" in message(DW, np.full((4, 3), value), "dW", LAYER)

    def test_huge_arrays(self):
        """What is too large for a hint has its numbers and its shape shown and no more."""
        big = np.arange(1, 200_001.0).reshape(2, -1)

        assert message(big, 3 * big).endswith("got:      3")
        assert message(DB, np.repeat(DB, 100_000, axis=1)).endswith("got:      (3, 100000)")
