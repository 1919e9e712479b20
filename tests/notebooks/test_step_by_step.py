"""The first assignment: its text has what it must have, and its tests catch what they must catch."""

import re
import sys

import nbformat
import pytest
from broken import BROKEN
from helper import FUNCTIONS, find_cell, replaced, run_cells, up_to_last_grade_cell

from autograder.authoring.expected_output import compare_tables, expected_items, printed_items
from autograder.authoring.master import pictures, read_master
from autograder.cli.demo import submission
from autograder.notebook.marks import functions


@pytest.fixture(scope="module")
def text(solution) -> str:
    """All text cells in one string."""
    return "\n".join(cell.source for cell in solution.cells if cell.cell_type == "markdown")


class TestText:
    """What a student reads."""

    def test_sections(self, text):
        """All sections of the assignment, in their order."""
        titles = re.findall(r"(?m)^#{2,3} ([\d.]+) ", text)

        assert titles == "1 2 3 3.1 3.2 4 4.1 4.2 4.3 5 6 6.1 6.2 6.3 6.4 7 8 8.1 9".split()

    def test_equations(self, text):
        """The numbered equations, and no others."""
        assert re.findall(r"\\tag\{(\d+)\}", text) == "2 3 4 7 8 9 10 11 15 16 17".split()

    def test_figures_have_alternative_text(self, solution, text):
        """Five pictures, each with an alternative text of its own and a caption under it."""
        alternatives = re.findall(r"!\[([^\]]*)\]\(images/", text)

        assert len(pictures(solution)) == len(set(alternatives)) == 5
        assert all(len(alternative) > 40 and "@@" not in alternative for alternative in alternatives)
        assert re.findall(r"(?m)^\*Figure (\d)\.", text) == list("12345")

    @pytest.mark.parametrize("number", range(1, 11))
    def test_every_exercise_helps(self, solution, number):
        """A header, two layered hints, help by symptom, a prediction, an expected output and two questions."""
        sources = [cell.source for cell in solution.cells]
        start = next(n for n, source in enumerate(sources) if f"Exercise {number}: `" in source)
        end = next(n for n, source in enumerate(sources) if n > start and "**Recall.**" in source)
        part = "\n".join(sources[start : end + 1])

        assert f"`{FUNCTIONS[number - 1]}`" in part
        assert re.search(r"Difficulty \d of 5 · importance \d of 5 · about \d+ minutes", part)
        for words in [
            "Hint 1: a question",
            "Hint 2: a pointer",
            "Help by symptom",
            "Predict, then run",
            "Expected output",
        ]:
            assert part.count(words) == 1
        questions = sources[end].split("<details>")[0]
        assert re.findall(r"(?m)^(\d)\. .*", questions) == ["1", "2"]

    def test_folds_are_closed(self, text):
        """An unclosed fold would swallow the rest of a cell."""
        assert text.count("<details>") == text.count("</details>") == text.count("<summary>") == 41


@pytest.mark.parametrize("name", ["step_by_step", "application"])
def test_times_are_measured(step_by_step, name):
    """Two words a second, what is folded not counted; the exercises take as long as their headers say, together."""
    cells = read_master(step_by_step.master.with_name(f"{name}.py")).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    words = len(re.findall(r"[A-Za-z]{2,}|\d+", re.sub(r"(?s)<details>.*?</details>", "", text)))
    reading, exercises = map(int, re.search(r"about (\d+) minutes for reading,? (?:and )?(\d+) minutes", text).groups())

    assert exercises == sum(map(int, re.findall(r"· about (\d+) minutes", text)))
    assert abs(reading - words / 120) < 5


class TestMarks:
    """Points and grade cells."""

    def test_ten_points_a_function(self, solution):
        """Ten functions, 100 points."""
        points = {
            name: sum(cell.metadata.nbgrader.points for cell in cells) for name, cells in functions(solution).items()
        }

        assert points == dict.fromkeys(FUNCTIONS, 10)

    def test_parts_that_can_be_right_on_their_own(self, solution):
        """One grade cell for each."""
        parts = {
            name: [cell.metadata.nbgrader.grade_id for cell in cells] for name, cells in functions(solution).items()
        }
        ends = {name: [grade_id.removeprefix(f"test_{name}") for grade_id in ids] for name, ids in parts.items()}

        assert ends == {
            "initialize_parameters": ["_weights", "_biases"],
            "initialize_parameters_deep": ["_weights", "_biases"],
            "linear_forward": [""],
            "linear_activation_forward": ["_sigmoid", "_relu"],
            "L_model_forward": [""],
            "compute_cost": [""],
            "linear_backward": ["_dW", "_db", "_dA_prev"],
            "linear_activation_backward": ["_relu", "_sigmoid"],
            "L_model_backward": [""],
            "update_parameters": ["_weights", "_biases"],
        }

    def test_every_grade_cell_has_a_visible_and_a_hidden_part(self, solution, release):
        """Students see the seeded check; the random probes stay hidden."""
        for cells in functions(solution).values():
            for cell in cells:
                visible = find_cell(release, cell.metadata.nbgrader.grade_id).source

                assert "assert check_" in visible
                assert "HIDDEN" in cell.source
                assert "HIDDEN" not in visible
                assert "attempt(" not in visible


def test_printed_output_is_the_expected_output(solution):
    """Every cell with a table under it prints what the table says, compared item by item."""
    run = run_cells(solution)
    compared = 0
    for position, cell in enumerate(solution.cells):
        if "Expected output" in cell.source and cell.cell_type == "markdown":
            before = max(n for n in run.printed if n < position)
            values = {name: item.value for name, item in expected_items(cell.source).items()}
            assert values == printed_items(run.printed[before])
            compared += 1

    assert compared == 10
    assert compare_tables  # the same comparison on a kernel's output is part of `autograder validate`


def failed_functions(notebook):
    """Return the functions that have a failing grade cell, in order."""
    errors = run_cells(up_to_last_grade_cell(notebook)).errors
    return [
        name
        for name, cells in functions(notebook).items()
        if any(cell.metadata.nbgrader.grade_id in errors for cell in cells)
    ]


@pytest.mark.parametrize(("function", "right", "wrong"), BROKEN)
def test_a_broken_function_fails_and_those_before_it_pass(solution, function, right, wrong):
    """Wrong sign, missing 1/m, wrong axis, missing bias, swapped activations, loops that are one off."""
    failed = failed_functions(replaced(solution, function, right, wrong))

    assert failed[0] == function


@pytest.mark.parametrize(
    ("function", "right", "wrong"),
    [
        ("linear_forward", "Z = np.dot(W, A) + b", "Z = W @ A; Z += b"),
        ("compute_cost", "cost = -(1 / m) * np.sum(", "cost = float(-1 / m * np.sum("),
        ("update_parameters", '["W" + str(l)] = parameters["W" + str(l)] - ', '["W" + str(l)] -= '),
        ("update_parameters", "    for l in range", "    parameters = dict(parameters)\n    for l in range"),
        ("L_model_backward", "grads = {}", 'grads = {}\n    grads["dA" + str(len(caches))] = -(Y/AL - (1-Y)/(1-AL))'),
    ],
)
def test_another_way_to_write_it_is_right_too(solution, function, right, wrong):
    """In place, with Python's float, with a new dictionary, with an additional dAL."""
    if "float(" in wrong:
        solution = replaced(solution, function, "np.log(1 - AL))", "np.log(1 - AL)))")

    assert failed_functions(replaced(solution, function, right, wrong)) == []


def test_the_other_numbering_of_dA_is_right_too(solution):
    """dA one higher throughout is accepted by the check, the hidden probes and print_grads."""
    other = solution
    for old, new in [
        ('grads["dA" + str(L - 1)]', 'grads["dA" + str(L)]'),
        ('grads["dA" + str(l + 1)], current', 'grads["dA" + str(l + 2)], current'),
        ('grads["dA" + str(l)] =', 'grads["dA" + str(l + 1)] ='),
    ]:
        other = replaced(other, "L_model_backward", old, new)

    run = run_cells(up_to_last_grade_cell(other))
    printed = next(text for text in run.printed.values() if "dA0 =" in text)
    assert run.errors == {}
    assert "dA1 =\n[[ 0.12913162" in printed


def test_a_mixed_numbering_of_dA_is_wrong(solution):
    """One key of each numbering is not accepted, although the gradients of the parameters are right."""
    mixed = replaced(
        solution, "L_model_backward", 'grads["dA" + str(l)] = dA_prev_temp', 'grads["dA" + str(l + 1)] = dA_prev_temp'
    )

    assert failed_functions(mixed)[0] == "L_model_backward"


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [
        ("linear_forward", "    Z = np.dot", "    A *= 1.5\n    Z = np.dot"),
        ("compute_cost", "    cost = -", "    AL += 0.01\n    cost = -"),
        ("linear_backward", "    dW = ", "    dZ /= 2\n    dZ *= 2\n    dZ += 1e-3\n    dW = "),
        ("L_model_forward", "    caches = []", "    caches = []\n    parameters['b1'] += 1"),
    ],
)
def test_changing_an_argument_is_wrong(solution, function, old, new):
    """Where the exercise does not ask for it, an input must come back as it went in."""
    run = run_cells(up_to_last_grade_cell(replaced(solution, function, old, new)))

    message = str(run.errors[f"test_{function}" + ("_dW" if function == "linear_backward" else "")])
    assert "in place" in message


def test_the_release_says_not_filled_in_for_every_function(release):
    """Ten functions, each of whose grade cells says so and none of which breaks another way."""
    errors = run_cells(up_to_last_grade_cell(release)).errors
    for name, cells in functions(release).items():
        for cell in cells:
            message = str(errors[cell.metadata.nbgrader.grade_id])

            assert message.startswith(name)
            assert "not filled in yet" in message


def test_a_class_made_of_the_functions_learns(solution):
    """The ungraded parts of the notebook: no error, and two layers separate what one layer cannot."""
    run = run_cells(solution, pictures=True)
    namespace = run.namespace

    assert run.errors == {}
    X, Y = namespace["X"], namespace["Y"]

    assert namespace["flat"].accuracy(X, Y) < 0.7
    assert namespace["deep"].accuracy(X, Y) > 0.98


def test_without_ipywidgets(solution, monkeypatch):
    """The same notebook runs where there are no widgets, and the playground becomes still pictures."""
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    run = run_cells(solution, pictures=True)

    assert run.errors == {}
    assert sum("A network with the layers [2, 4, 1] learns the pattern flower" in text for text in run.printed.values())


def test_pictures_have_alternative_text(solution):
    """Whatever is drawn while the notebook runs is a picture with words: nothing is left to pyplot."""
    cells = [cell for cell in solution.cells if cell.cell_type == "code"]

    assert sum("draw_" in cell.source or "show(Picture(" in cell.source for cell in cells) >= 6
    assert not [cell.source for cell in cells if "plt.show()" in cell.source]


@pytest.mark.parametrize("mistake", ["lmb-fixed-dA", "lmb-not-reversed"])
def test_what_two_layers_hide_the_gradient_check_shows(solution, release, catalogue, mistake):
    """A backward pass that is wrong from three layers on passes its visible check, and is seen before section 7."""
    notebook = submission(solution, release, [catalogue.entries[mistake]])
    (last,) = (n for n, cell in enumerate(notebook.cells) if "draw_gradient_check(" in cell.source)
    kept = [
        cell
        for cell in notebook.cells[:last]
        if "skip-execution" not in cell.metadata.get("tags", []) or "import draw_gradient_check" in cell.source
    ]
    run = run_cells(nbformat.from_dict(notebook | {"cells": [*kept, notebook.cells[last]]}), pictures=True)

    assert run.errors == {}
    assert run.printed[len(kept)].startswith("The gradients cannot be checked yet: ")
