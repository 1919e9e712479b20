"""Where a student stands."""

import pytest
from helper import FUNCTIONS

import testCases
import testCases_application
from autograder.authoring.master import read_master
from autograder.notebook.marks import functions
from dnn_lab.progress import progress, show_progress


@pytest.mark.parametrize(("name", "module"), [("step_by_step", testCases), ("application", testCases_application)])
def test_points_are_those_of_the_assignment(step_by_step, name, module):
    """Function by function, in the same order."""
    notebook = read_master(step_by_step.master.with_name(f"{name}.py"))
    given = {name: [cell.metadata.nbgrader.points for cell in cells] for name, cells in functions(notebook).items()}

    assert {name: list(parts.values()) for name, _, parts in module.EXERCISES} == given


def test_all_right(solved, capsys):
    """Full points, and what to do now."""
    show_progress(testCases.EXERCISES, solved)
    out = capsys.readouterr().out

    assert out.startswith("████████████████████ 100 of 100 points\n")
    assert out.count("10 of 10  passes") == 10
    assert out.splitlines()[-1] == "Everything passes. Validate the notebook and hand it in."


def test_nothing_yet(capsys):
    """No points, and the first exercise is next."""
    show_progress(testCases.EXERCISES, {})
    out = capsys.readouterr().out

    assert out.startswith("░░░░░░░░░░░░░░░░░░░░ 0 of 100 points\n")
    assert out.count("not run yet") == 10
    assert out.splitlines()[-1] == "Next: initialize_parameters."


def test_some_of_it(solved, capsys):
    """Points for the part that is right, the message of the one that is not, and the function that is next."""
    right = solved["linear_backward"]
    solved["linear_backward"] = lambda dZ, cache: (right(dZ, cache)[0], 2 * right(dZ, cache)[1], right(dZ, cache)[2])
    solved["update_parameters"] = None
    standings = {one.function: one for one in progress(testCases.EXERCISES, solved)}
    show_progress(testCases.EXERCISES, solved)

    assert list(standings) == FUNCTIONS
    assert standings["linear_backward"][1:3] == (6, 10)
    assert "dW" in standings["linear_backward"].words
    assert standings["update_parameters"].words == "not run yet"
    assert capsys.readouterr().out.splitlines()[-1] == "Next: linear_backward."


@pytest.mark.parametrize("error", [ValueError(""), ValueError("one\ntwo"), KeyError("W1"), ValueError("long " * 99)])
def test_whatever_a_function_stops_with(solved, error):
    """A short line, no traceback."""

    def broken(*_):
        raise error

    solved["compute_cost"] = broken
    (standing,) = [one for one in progress(testCases.EXERCISES, solved) if one.function == "compute_cost"]

    assert standing.points == 0
    assert 0 < len(standing.words) <= 110
    assert "\n" not in standing.words


def test_what_a_check_prints_is_not_shown(solved, capsys):
    """The table is enough."""
    progress(testCases.EXERCISES, solved)

    assert capsys.readouterr().out == ""
