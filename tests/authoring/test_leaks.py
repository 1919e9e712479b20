"""Solution lines and hidden tests in a release."""

import pytest
from helper import code_cell, find_cell, grade_cell, graded_notebook, solution_cell, text_cell

from autograder.authoring.leaks import find_leaks

SOLVED = """def f(A, W, b):
    ### START CODE HERE ###
    Z = np.dot(W, A) + b
    for row in Z:
        caches.append((row, W, b))
    ### END CODE HERE ###
    return Z"""
STUB = """def f(A, W, b):
    ### START CODE HERE ### (≈ 3 lines of code)
    Z = None
    ### END CODE HERE ###
    return Z"""
TESTS = (
    "assert f(1, 2, 3)\n### BEGIN HIDDEN TESTS\nassert_allclose(f(A, W, b), np.einsum('ij', W))\n### END HIDDEN TESTS"
)
SOURCE = graded_notebook(solution_cell(SOLVED), grade_cell(TESTS))
CLEAN = [solution_cell(STUB), grade_cell("assert f(1, 2, 3)")]


def leaks_in(*cells, files=()) -> list[str]:
    """Return the leaks of a release of these cells."""
    return [str(leak) for leak in find_leaks(SOURCE, graded_notebook(*cells), files)]


def test_a_clean_release():
    """A stub and the visible part of a test are no leaks."""
    assert leaks_in(*CLEAN, text_cell("Use `np.dot`. Then $Z = W A + b$.\n\n`Z = f(A, W, b)`")) == []


@pytest.mark.parametrize(
    "leak",
    [
        code_cell("Z = np.dot(W, A) + b"),
        code_cell("Z=np.dot( W,A )+b # the answer"),
        code_cell("y = g(np.dot(W, A) + b)"),
        code_cell("def hint():\n    return np.dot(W, A) + b"),
        code_cell("caches.append((row, W, b))"),
        code_cell("for row in Z:\n    caches.append((row, W, b))"),
        text_cell("Write\n\n```python\nZ = np.dot(W, A) + b\n```"),
        text_cell("Write `Z = np.dot(W, A) + b` there."),
        text_cell("> - Z = np.dot(W, A) + b"),
        text_cell("```\nthis is no Python, but\nZ = np.dot(W,A)+b\n```"),
        code_cell("assert_allclose(f(A, W, b), np.einsum('ij', W))"),
        solution_cell(SOLVED),
    ],
)
def test_each_way_to_give_it_away(leak):
    """Whatever the spaces, comments, target or kind of cell."""
    found = leaks_in(*CLEAN, leak)

    assert found
    assert "the release shows a line of" in found[0]


def test_a_helper_file_gives_it_away(tmp_path):
    """The files that students get are searched as well."""
    helper = tmp_path / "helpers.py"
    helper.write_text("def forward(A, W, b):\n    return np.dot(W, A) + b\n", encoding="utf-8")

    assert (
        "cell helpers.py: the release shows a line of the solution of cell answer"
        in leaks_in(*CLEAN, files=[helper])[0]
    )


def test_lines_shown_on_purpose():
    """A line listed with a reason in the master's header is no leak; another one still is."""
    source = graded_notebook(*SOURCE.cells)
    source.metadata["autograder"] = {"shown": [{"line": "Z = np.dot(W, A) + b", "reason": "given"}]}
    release = graded_notebook(*CLEAN, text_cell("`Z = np.dot(W, A) + b`"))

    assert find_leaks(source, release) == []

    release.cells.append(code_cell("caches.append((row, W, b))"))
    assert len(find_leaks(source, release)) >= 1


def test_three_lines_of_the_assignment_are_shown_on_purpose(solution, release):
    """Without the list, exactly these three are found in the text."""
    bare = graded_notebook(*solution.cells)
    found = {leak.problem.split(": '", 1)[1].split("'. Rewrite")[0] for leak in find_leaks(bare, release)}

    assert {text for text in found if "=" in text} == {
        "dZ = relu_backward(dA, activation_cache)",
        "dZ = sigmoid_backward(dA, activation_cache)",
        "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
    }
    assert all(shown["reason"] for shown in solution.metadata.autograder.shown)
    assert find_cell(release, "L_model_backward")
