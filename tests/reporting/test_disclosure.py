"""What a student may read of a test that failed."""

from __future__ import annotations

import re
import time

import pytest
from helper import grade_cell, run_cells, solution_cell, up_to_last_grade_cell
from nbformat.v4 import new_output

from autograder.grading.examination import STUDENT_FAILED, TIME_IS_UP
from autograder.kernel.outputs import CUT
from autograder.notebook.markers import DEFAULTS
from autograder.reporting.disclosure import PASSED, told_of_cell, told_of_test

TEST = """assert check_f(f)
### BEGIN HIDDEN TESTS
got = attempt(f, 3)
expect_equal(f, "Z", 7.25, got)
### END HIDDEN TESTS"""
VALUES = """f: Z has the right shape, (3, 5), but wrong values.
  1 of 15 values differ; the first is at index [0, 0]:
  expected: 7.25
  got:      -3.5"""

WRONG_VALUES = "f: Z has the right shape, but wrong values."


def failed(evalue: str, *, passed: bool, ename: str = "CheckFailed", traceback: list[str] | None = None):
    """Return the test after a failure, in its hidden part if the check before it has `passed`."""
    cell = grade_cell(TEST, "test_f")
    printed = [new_output("stream", name="stdout", text=f"hello\nf: Z {PASSED}\n")] if passed else []
    lines = evalue.split("\n") if traceback is None else traceback
    cell.outputs = [*printed, new_output("error", ename=ename, evalue=evalue, traceback=lines)]
    return cell


class TestVisible:
    """The check that stands in the student's notebook."""

    def test_with_numbers(self):
        """As the student sees it."""
        assert told_of_test(failed(VALUES, passed=False), TEST, "f") == VALUES

    def test_hints_about_the_numbers(self):
        """As the check says them."""
        message = VALUES + "\n  Every value is 5 times as large as it should be, and 5 is m."

        assert told_of_test(failed(message, passed=False), TEST, "f") == message

    def test_nothing_that_the_students_code_says(self):
        """No text of an exception, no key, no name of a type; a line of code only if it stands in the notebook."""
        message = "f stops with ValueError: secret 0.123\n  at this line of f: x = secret\n  at this line: return 1"
        told = told_of_test(failed(message, passed=False), TEST, "f", {"return 1"})

        assert told == "f stops with ValueError.\n  at this line: return 1"

    @pytest.mark.parametrize(
        "message",
        [
            'f: grads has no entry "dW1".\n  its keys are: secret',
            "f: Z should be a NumPy array, but is of type secret.",
            "f should return 2 items (Z, cache), but returns of type secret.",
            "f: Z should hold real numbers, but has dtype secret.",
            "f stops with secret: secret",
            "f calls secret: secret is not filled in yet: it",
            "secret: Z has the wrong shape.",
            "f stops with ValueError: x\nsecret\n  secret",
            'f: grads has no entry "dW1".\n  its keys are: a\n  secret',
            "f: Z should be a number, but is of type a\n  secret.",
        ],
    )
    @pytest.mark.parametrize("passed", [True, False])
    def test_hidden_inputs_cannot_be_smuggled(self, message, passed):
        """Neither in a failure of the check nor in one of a hidden test."""
        assert "secret" not in told_of_test(failed(message, passed=passed), TEST, "f")

    @pytest.mark.parametrize(
        "message",
        [
            "f: x['key'] has the right type, but a wrong value.\n  expected: 'abc'\n  got:      'secret'\n"
            "  Only capital and small letters are different.",
            "f: x has no entry 'key'.\n  Capital and small letters, texts and numbers are different keys.\n"
            "  got:      the keys 'secret'\n  expected: secret",
            "f: x has an entry that it should not have.\n  got:      'secret'",
            "f: x has the right type and shape, but wrong values.\n"
            "  1 of 2 values differ; the first is at index [0, 1]:\n  expected: abc\n  got:      secret",
        ],
    )
    def test_texts_that_should_have_been_returned(self, message):
        """What is expected stands in the notebook that students have; what they returned may tell of hidden inputs."""
        told = told_of_test(failed(message, passed=False), TEST, "f")

        assert told.split("\n") == [text for text in message.split("\n") if "secret" not in text]

    def test_an_ordinary_assertion(self):
        """The line that failed, of the test itself; the message only if it stands there, too."""
        source = "assert f(2) == 4, 'square it'\n### BEGIN HIDDEN TESTS\nassert f(3) == 9\n### END HIDDEN TESTS"
        frames = ["---", "Cell In[3], line 1\n----> 1 assert f(2) == 4", "AssertionError: square it"]
        cell = failed("square it", passed=False, ename="AssertionError", traceback=frames)

        told = "f: the check stops with AssertionError: square it\n  at this line: assert f(2) == 4, 'square it'"
        assert told_of_test(cell, source, "f") == told

    def test_hidden_tests_cannot_be_guessed(self):
        """What a function says is repeated if the visible part says it, too, and not if only the hidden part does."""
        frames = ["---", "Cell In[3], line 1\n----> 1 assert check_f(f)", "SystemExit: 7.25"]
        cell = failed("7.25", passed=False, ename="SystemExit", traceback=frames)

        assert "7.25" in TEST
        assert "7.25" not in told_of_test(cell, TEST, "f")

    def test_the_cell_was_never_run(self):
        """A sentence in place of Python's."""
        cell = failed("name 'f' is not defined", passed=False, ename="NameError", traceback=["Cell In[3], line 1"])

        assert told_of_test(cell, TEST, "f") == "f is not defined: its cell did not run to its end."


class TestHidden:
    """A hidden test."""

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            (VALUES, WRONG_VALUES),
            ("f: Z has the wrong shape.\n  expected: (3, 5)\n  got:      (5, 3)", "f: Z has the wrong shape."),
            (
                VALUES + "\n  It is transposed.\n  5 is m.",
                "f: Z has the right shape, but wrong values.\n  It is transposed.",
            ),
            ('f: grads["dW3"] has the wrong shape.', 'f: grads["dW…"] has the wrong shape.'),
            ("f: Z should be a number, but is of type ndarray.", "f: Z should be a number, but is of type ndarray."),
            ("f: caches should have 4 entries, but has 3.", "f: caches has the wrong number of entries."),
            ("f: caches should have 1 entry, but has 3.", "f: caches has the wrong number of entries."),
            ('f: grads has no entry "dW4".', "f: grads lacks an entry that it should have."),
            ("f should return 2 items (Z, cache), but returns None.", "f should return 2 items: Z, cache."),
            ("f changes its argument number 1 in place.\nCompute", "f changes its argument number 1 in place."),
            ("f stops with ValueError: shapes (3,5) and (4,)", "f stops with ValueError."),
            ("f calls g: g is not filled in yet: it", "f calls a function that is not filled in yet."),
            ("something else with 7.25", "f: a further test of it fails."),
            ("f: x should be a string, but is of type int.", "f: x should be a string, but is of type int."),
            (
                "f: x['secret'] has the right type, but a wrong value.\n  expected: 'secret'\n  got:      'secret'",
                "f: x[…] has the right type, but a wrong value.",
            ),
            ("f: x has no entry 'secret'.\n  got:      the keys 'secret'", "f: x lacks an entry that it should have."),
            ("f: x has no column 'secret'.", "f: x lacks a column that it should have."),
            ("f: x has a column that it should not have.\n  got:", "f: x has a column that it should not have."),
            (
                "f: x['secret'] should hold numbers, but has dtype secret.",
                "f: x[…] should hold numbers, but has another dtype.",
            ),
        ],
    )
    def test_which_item_and_how(self, message, told):
        """In words, without the hidden test's numbers."""
        assert told_of_test(failed(message, passed=True), TEST, "f") == told

    def test_by_the_line_that_failed(self):
        """A traceback that leads into the hidden part decides, whatever was printed."""
        frames = ["\x1b[0;36mCell In[3], line 4\x1b[0m\n----> 4 expect_equal", VALUES]
        cell = failed(VALUES, passed=False, traceback=frames)

        assert told_of_test(cell, TEST, "f") == "f: Z has the right shape, but wrong values."

    def test_what_was_cut_off_counts_as_hidden(self):
        """A student who prints so much that the check's last line is lost gains nothing."""
        cell = failed(VALUES, passed=False)
        cell.outputs.insert(0, new_output("stream", name="stdout", text=f"xxx{CUT}: ...]"))

        assert "7.25" not in told_of_test(cell, TEST, "f")

    def test_no_check_to_go_by(self):
        """A test whose visible part is no check, failing at an unknown line, counts as hidden."""
        source = TEST.replace("assert check_f(f)", "x = 1")

        assert "7.25" not in told_of_test(failed(VALUES, passed=False), source, "f")

    @pytest.mark.parametrize(("ename", "words"), [(TIME_IS_UP, "time was up"), (STUDENT_FAILED, "process")])
    def test_what_the_host_says(self, ename, words):
        """In its own sentence: a class of the student's could have the same name."""
        told = told_of_test(failed("secret", passed=True, ename=ename), TEST, "f")

        assert words in told
        assert "secret" not in told

    def test_an_exception_by_any_name(self):
        """A class of the student's own is called an error, a builtin one by its name."""
        assert "secret" not in told_of_test(failed("secret", passed=True, ename="secret_1"), TEST, "f")
        assert "TypeError" in told_of_test(failed("secret", passed=True, ename="TypeError"), TEST, "f")


class TestOwnCell:
    """A cell of the student's that stops."""

    def test_a_syntax_error(self):
        """With Python's text and the line."""
        cell = solution_cell("def f(:\n  pass", "f")
        cell.outputs = [new_output("error", ename="SyntaxError", evalue="secret", traceback=[])]

        assert re.fullmatch(r"the cell itself stops with SyntaxError: .* \(line 1\)", told_of_cell(cell))

    def test_another_error(self):
        """Without its text, which could repeat what hidden tests gave."""
        cell = solution_cell("raise ValueError(seen)", "f")
        cell.outputs = [new_output("error", ename="ValueError", evalue="secret", traceback=["secret"])]

        assert told_of_cell(cell) == "the cell itself stops with ValueError; run it in your notebook to see where"


def test_passed_tests_say_nothing():
    """A test without an error has no message."""
    assert told_of_test(grade_cell(TEST, "test_f"), TEST, "f") is None


def test_every_check_of_the_assignment_says_that_it_passed(solution):
    """By this it is known which part of a test has failed; a check that kept silent would show hidden tests."""
    notebook = up_to_last_grade_cell(solution)
    run = run_cells(notebook)
    tests = {
        position: cell
        for position, cell in enumerate(notebook.cells)
        if cell.metadata.get("nbgrader", {}).get("grade") and DEFAULTS.has_hidden(cell.source)
    }

    assert len(tests) == 17
    for position, cell in tests.items():
        visible = cell.source.split("### BEGIN HIDDEN TESTS")[0]
        checks = len(re.findall(r"^assert check_\w+\(", visible, re.MULTILINE))
        passed = [line for line in run.printed[position].split("\n") if line.endswith(PASSED)]
        assert checks == 1, cell.source
        assert len(passed) >= checks, cell.source


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "-" * 3_000 + "1",
        "x = " + "-" * 100_000 + "1",
        "x = " + "+".join(["1"] * 20_000),
        "x = " + "1 if 1 else " * 3_000 + "1",
        "\n".join(" " * n + "try: pass\n" + " " * n + "finally:" for n in range(18)) + "\n" + " " * 18 + "pass",
    ],
)
def test_a_cell_that_would_be_much_work_to_compile(source):
    """It is not compiled: one of these would end the feedback of the whole class, or take all memory."""
    cell = solution_cell(source)
    cell.outputs = [new_output("error", ename="RecursionError", evalue="too deep", traceback=[])]
    begin = time.process_time()

    assert "the cell itself stops with" in told_of_cell(cell)
    assert time.process_time() - begin < 5
