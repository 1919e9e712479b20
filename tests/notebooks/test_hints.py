"""What a student reads under an exercise when a mistake leaves a trace in the numbers."""

import pytest
from helper import find_cell, replaced

from testCases import CheckFailed

# the grade cell, what the solution says, what a student says, words of the hint
MISTAKES = [
    ("initialize_parameters_weights", "(n_h, n_x) * 0.01", "(n_h, n_x)", "Every value is 100 times too large."),
    ("initialize_parameters_deep_weights", "l - 1]) * 0.01", "l - 1]) * 0.1", "Every value is 10 times too large."),
    ("linear_forward", "np.dot(W, A) + b", "np.dot(W, A)", "These are the values without b."),
    ("linear_forward", "np.dot(W, A) + b", "np.round(np.dot(W, A) + b, 3)", "right to about three digits"),
    ("linear_forward", "np.dot(W, A) + b", "(np.dot(W, A) + b).astype(int)", "whole numbers only"),
    ("linear_activation_forward_relu", "relu(Z)", "sigmoid(Z)", "These are the values that sigmoid gives."),
    (
        "linear_activation_forward_sigmoid",
        "A, activation_cache = sigmoid(Z)",
        "A = sigmoid(Z)[0]; activation_cache = A",
        None,
    ),
    ("L_model_forward", '"relu")', '"sigmoid")', "These are the values with sigmoid in every layer."),
    ("L_model_forward", "caches.append(cache)\n        ###", "pass\n        ###", "One is missing."),
    ("compute_cost", "-(1 / m) *", "-", "3 is m, the number of examples."),
    ("compute_cost", "-(1 / m)", "(1 / m)", "the wrong sign. Where is a minus lost"),
    ("compute_cost", "Y * np.log(AL)", "Y * np.log10(AL)", "Which logarithm does the formula have?"),
    ("compute_cost", "np.log(1 - AL)", "np.log(1 - Y)", "What is in the brackets of each log?"),
    ("linear_backward_dW", "A_prev.T) / m", "A_prev.T)", "2 is m, the number of examples."),
    (
        "linear_backward_dW",
        "A_prev.T) / m",
        "A_prev.T)",
        "dW[0, 0]: yours -0.201538, numerically -0.100769, ratio 2.00",
    ),
    ("linear_backward_dW", "A_prev.T) / m", "A_prev.T) / 2", "It is as if 2 stood in the place of m"),
    ("linear_backward_dW", "A_prev.shape[1]", "A_prev.shape[0]", "That is m / n_prev, 2 / 3."),
    ("linear_backward_db", "keepdims=True) / m", "keepdims=True)", "The value is 2 times too large."),
    ("linear_backward_dA_prev", "np.dot(W.T, dZ)", "np.dot(W.T, dZ) / m", "Every value is 1/2 of what it should be."),
    ("linear_activation_backward_relu", "dZ = relu_backward(dA, activation_cache)", "dZ = dA", "when is an entry 0"),
    ("L_model_backward", "dAL = -", "dAL = +", "dW2[0, 0]: yours 0.392024, numerically -0.392024, ratio -1.00"),
    ("L_model_backward", "1 - AL))", "1 - Y))", "what is divided by what?"),
    ("update_parameters_weights", "- learning_rate", "+ learning_rate", "in the opposite direction"),
    (
        "update_parameters_biases",
        "learning_rate * ",
        "",
        "moved 10 times as far as it should. 10 is 1 / learning_rate.",
    ),
    ("update_parameters_weights", "range(1, L + 1)", "range(1, L)", "The values are the old ones."),
]


def run(notebook, grade_id: str) -> None:
    """Run what a grade cell needs, and the cell: the imports, the functions, its visible and its hidden part."""
    namespace: dict = {}
    exec("import numpy as np\nfrom dnn_utils import *\nfrom testCases import *", namespace)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, namespace)
    exec(find_cell(notebook, grade_id).source, namespace)


@pytest.mark.parametrize(("part", "right", "wrong", "words"), MISTAKES)
def test_a_mistake_is_described(solution, part, right, wrong, words):
    """The relation of the numbers, in words; None: there is none, and nothing is said."""
    functions = [
        cell.metadata.nbgrader.grade_id for cell in solution.cells if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    function = max((name for name in functions if part.startswith(name)), key=len)

    with pytest.raises(CheckFailed) as caught:
        run(replaced(solution, function, right, wrong), f"test_{part}")
    lines = str(caught.value).split("\n")
    if words:
        assert words in str(caught.value)
        assert right.strip() not in str(caught.value)
    else:
        assert lines[-1].startswith("  got:")


def test_a_shape_is_explained_with_the_symbols(solution):
    """An exercise without its own assert: both shapes in the letters of the text."""
    plain = replaced(solution, "linear_backward", "    assert db.shape == b.shape\n", "")
    wrong = replaced(plain, "linear_backward", "np.sum(dZ, axis=1, keepdims=True)", "np.sum(dZ, axis=0, keepdims=True)")

    with pytest.raises(CheckFailed) as caught:
        run(wrong, "test_linear_backward_db")
    assert "expected: (1, 1) = (n, 1)\n  got:      (1, 2) = (1, m)" in str(caught.value)
