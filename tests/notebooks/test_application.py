"""The second assignment: its text has what it must have, and its tests catch what they must catch."""

import ast
import re
import tomllib

import nbformat
import pytest
from helper import ROOT, find_cell, replaced, run_cells

from autograder.authoring.companions import companions
from autograder.authoring.master import pictures, read_master
from autograder.course import Course
from autograder.notebook.marks import functions

FUNCTIONS = ["two_layer_model", "L_layer_model"]
MISCONCEPTIONS = tomllib.loads((ROOT / "notebooks" / "application.misconceptions.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def application():
    """The second assignment as it is committed. Read-only."""
    return Course(ROOT).assignments(["application"])[0]


@pytest.fixture(scope="module")
def solved(application):
    """Its solved notebook, straight from the master. Copy before changing it."""
    return read_master(application.master)


@pytest.fixture(scope="module")
def student_version(application):
    """Its release as it is committed. Copy before changing it."""
    return nbformat.read(application.release, as_version=4)


@pytest.fixture(scope="module")
def beside(application, tmp_path_factory):
    """A folder with what goes beside the notebook."""
    folder = tmp_path_factory.mktemp("beside")
    for name, one in companions(application, read_master(application.master)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(one.content)
    return folder


@pytest.fixture
def run(beside, monkeypatch):
    """Run a notebook beside its files, without what need not run to be graded."""
    monkeypatch.chdir(beside)
    monkeypatch.syspath_prepend(str(beside))

    def run_quickly(notebook):
        cells = [cell for cell in notebook.cells if "skip-execution" not in cell.metadata.get("tags", [])]
        return run_cells(nbformat.from_dict(notebook | {"cells": cells}))

    return run_quickly


def exercises(notebook):
    """Return a notebook of nothing but its imports, solution cells and grade cells."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return nbformat.from_dict(notebook | {"cells": [code[0], *(cell for cell in code if "nbgrader" in cell.metadata)]})


def failed_cells(result, notebook, function):
    """Return the ends of the names of the failed grade cells of a function, and all other cells that failed."""
    own = [cell.metadata.nbgrader.grade_id for cell in functions(notebook)[function]]
    ends = [name.removeprefix(f"test_{function}_") for name in own if name in result.errors]
    return ends, [name for name in result.errors if name not in own]


class TestText:
    """What a student reads."""

    def test_sections(self, solved):
        """All sections, in their order."""
        text = "\n".join(cell.source for cell in solved.cells if cell.cell_type == "markdown")

        assert re.findall(r"(?m)^#{2,3} ([\d.]+) ", text) == "1 2 3 4 4.1 5 6 6.1 6.2 7 8 9".split()

    def test_figures_have_alternative_text(self, solved):
        """Two drawn figures, each with an alternative text of its own and a caption under it."""
        text = "\n".join(cell.source for cell in solved.cells if cell.cell_type == "markdown")
        alternatives = re.findall(r"!\[([^\]]*)\]\(images/", text)

        assert len(pictures(solved)) == len(set(alternatives)) == 2
        assert all(len(alternative) > 40 for alternative in alternatives)
        assert re.findall(r"(?m)^\*Figure (\d)\.", text) == ["1", "2"]

    @pytest.mark.parametrize("number", [1, 2])
    def test_every_exercise_helps(self, solved, number):
        """A header, layered hints, help by symptom, a prediction, an expected output and two questions."""
        sources = [cell.source for cell in solved.cells]
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
        assert re.findall(r"(?m)^(\d)\. .*", sources[end].split("<details>")[0]) == ["1", "2"]

    def test_long_training_need_not_run_to_be_graded(self, solved):
        """Whatever trains with the pictures, or uses what was trained, has the tag that grading leaves out."""
        for cell in solved.cells:
            if cell.cell_type == "code" and re.search(r"(?<!initialize_)parameters_(two|deep)\b", cell.source):
                assert "skip-execution" in cell.metadata.tags


class TestHelperModule:
    """The ten functions, made of the first assignment's solution."""

    def test_it_is_the_solution_but_for_the_start(self, beside, solution):
        """Only the seed and the scale of the weights differ, and a product that np.dot would make more slowly."""
        module = ast.parse((beside / "dnn_app_utils.py").read_text(encoding="utf-8"))
        made = {node.name: ast.unparse(node) for node in module.body if isinstance(node, ast.FunctionDef)}
        original = {}
        for cell in solution.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                original |= {node.name: ast.unparse(node) for node in ast.parse(cell.source).body}
        differing = [name for name in made if made[name] != original[name]]

        assert list(made) == list(original)
        assert len(made) == 10
        assert differing == ["initialize_parameters_deep", "linear_backward"]
        start = original["initialize_parameters_deep"].replace("seed(3)", "seed(1)")
        assert made["initialize_parameters_deep"] == start.replace("* 0.01", "/ np.sqrt(layer_dims[l - 1])")
        assert made["linear_backward"] == original["linear_backward"].replace("np.dot(W.T, dZ)", "W.T @ dZ")

    def test_it_goes_with_the_second_release_only(self, application, step_by_step):
        """The first release must not have it: it is the first release's solution."""
        assert (application.release.parent / "dnn_app_utils.py").is_file()
        assert not list(step_by_step.release.parent.rglob("dnn_app_utils*"))
        assert not (ROOT / "dnn_app_utils.py").exists()


class TestMarks:
    """Points and grade cells."""

    def test_fifty_points_a_function(self, solved):
        """Two functions, three parts each."""
        points = {name: [cell.metadata.nbgrader.points for cell in cells] for name, cells in functions(solved).items()}

        assert points == {name: [20, 20, 10] for name in FUNCTIONS}

    def test_the_solution_passes(self, solved, run):
        """Every cell runs, and prints what the tables say."""
        assert run(solved).errors == {}

    def test_the_release_says_not_filled_in(self, student_version, run):
        """Each grade cell says so, and none breaks another way."""
        errors = run(exercises(student_version)).errors
        for name, cells in functions(student_version).items():
            for cell in cells:
                assert str(errors[cell.metadata.nbgrader.grade_id]).startswith(name)
                assert "not filled in yet" in str(errors[cell.metadata.nbgrader.grade_id])

    # Each trains small networks a dozen times; `make test` tries every sixth.
    @pytest.mark.parametrize(
        "mistake",
        [
            pytest.param(mistake, id=mistake["id"], marks=[pytest.mark.slow] if number % 6 else [])
            for number, mistake in enumerate(MISCONCEPTIONS["misconception"])
        ],
    )
    def test_every_known_mistake_is_caught(self, solved, run, mistake):
        """It costs points in its own function, and in no other."""
        wrong = exercises(solved)
        for change in mistake["change"]:
            assert find_cell(wrong, mistake["function"]).source.count(change["old"]) == 1
            wrong = replaced(wrong, mistake["function"], change["old"], change["new"])
        own, others = failed_cells(run(wrong), wrong, mistake["function"])

        assert own
        assert others == []

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_costs_and_parameters_count_on_their_own(self, solved, run, function):
        """A model that learns but records nothing keeps the points for its parameters."""
        wrong = replaced(exercises(solved), function, "costs.append(cost)", "pass")

        assert failed_cells(run(wrong), wrong, function) == (["costs", "short"], [])

    @pytest.mark.parametrize("function", FUNCTIONS)
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("return parameters, costs", "return parameters"),
            ("return parameters, costs", "return parameters, np.array(costs)"),
            ("costs.append(cost)", "costs.append(np.array([[cost]]))"),
            ("return parameters, costs", "print('cost: 0.0')\n    return parameters, costs"),
        ],
    )
    def test_another_way_to_write_it_is_right_too(self, solved, run, function, old, new):
        """Parameters alone, costs as an array, costs as small arrays, additional output."""
        assert run(replaced(exercises(solved), function, old, new)).errors == {}

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_parameters_alone_must_be_right(self, solved, run, function):
        """Who returns no costs gets no points for them with wrong parameters."""
        wrong = replaced(exercises(solved), function, "return parameters, costs", "return parameters")
        wrong = replaced(wrong, function, "grads, learning_rate)", "grads, 0.5 * learning_rate)")

        assert failed_cells(run(wrong), wrong, function) == (["costs", "parameters", "short"], [])

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_changing_the_examples_is_wrong(self, solved, run, function):
        """An input must come back as it went in."""
        wrong = replaced(exercises(solved), function, "    costs = []", "    costs = []\n    X += 0.001")

        assert "in place" in str(run(wrong).errors[f"test_{function}_costs"])
