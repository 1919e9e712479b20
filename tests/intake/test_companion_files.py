"""What a notebook finds when it runs: helpers under older names, Colab, shell commands, what was handed in with it."""

import os

import pytest
from helper import code_cell, graded_notebook
from intake.forms import as_bytes, in_one_cell, older_helpers, source_of, stripped, with_source, zipped
from nbformat.v4 import new_code_cell

from autograder.intake.aliases import Aliases
from autograder.intake.companion_files import Beside, files_in
from autograder.intake.intake_errors import IntakeError


def with_first_cell(notebook, source: str):
    """Return a copy with a cell of code before all others."""
    copy = stripped(notebook)
    copy.cells.insert(0, new_code_cell(source))
    return copy


class TestOlderNames:
    """Helper modules as older releases called them."""

    @pytest.mark.parametrize(
        "tests",
        ["testCases_v2", "testCases_v3", "testCases_v4", "testCases_v4a", "public_tests", "test_utils", "test_cases"],
    )
    @pytest.mark.parametrize("utils", ["dnn_utils_v2", "dnn_app_utils", "dnn_app_utils_v2", "dnn_app_utils_v3"])
    def test_each(self, bundle, tests, utils):
        """Each name is answered by the module of this release, and that is said."""
        notebook = graded_notebook(code_cell(f"from {tests} import *\nfrom {utils} import sigmoid, relu"))
        around = Beside(bundle.files, Aliases()).around(notebook, [], {})

        assert sorted(around.files) == sorted([f"{tests}.py", f"{utils}.py"])
        assert b"from testCases import *" in around.files[f"{tests}.py"]
        assert b"from dnn_utils import *" in around.files[f"{utils}.py"]
        assert len(around.repairs) == 2

    def test_they_work(self, grade, solved):
        """Also for single names, for modules as such, and for helpers that this release lacks."""
        older = older_helpers(solved)
        older.cells.insert(
            0,
            new_code_cell(
                "import testCases_v4a as t\nfrom public_tests import *\nfrom testCases_v2 import print_grads, gone"
            ),
        )
        older.cells.insert(
            1, new_code_cell("A, W, b = t.linear_forward_test_case()\nlinear_forward_test(print)\ngone(1)")
        )
        graded = grade(older)

        assert graded.total == 100
        assert [out.output_type for out in graded.notebook.cells[1].outputs] == ["stream"]

    # What the release before the helper modules became one package imports, by assignment.
    BEFORE_THE_PACKAGE = (
        "from testCases import *\nfrom dnn_utils import relu, sigmoid\nfrom dnn_progress import show_progress\n"
        "from dnn_plots import draw_network, draw_matrices, draw_cache_flow, draw_layer_sizes\n"
        "from dnn_traces import draw_gradient_check, draw_shape_trace\nfrom dnn_output import Picture, show\n"
        "from dnn_playground import playground\nfrom comparing import expect_equal, expect_grads\n"
        "from calling import attempt\nfrom known_inputs import KnownLayer\nimport numerical_hints, finite_differences\n"
        "import constant_factors, other_values, dnn_board, dnn_learner, dnn_patterns"
    )

    def test_a_notebook_of_the_release_before_the_package(self, grade, solved):
        """Its imports work, and it has its marks."""
        cells = [
            code_cell(self.BEFORE_THE_PACKAGE),
            *solved.cells,
            code_cell("print(callable(playground), KnownLayer)"),
        ]
        graded = grade(graded_notebook(*cells))

        assert graded.total == 100
        assert (
            graded.notebook.cells[-1].outputs[0].text.startswith("True <class 'dnn_lab.hints.known_inputs.KnownLayer'")
        )
        assert "the notebook imports dnn_plots, which this release calls dnn_lab.figures.plots" in graded.repairs

    def test_a_part_that_the_release_has_not(self, bundle):
        """Nothing stands in for it: the import fails in its cell, as anything else that is missing."""
        notebook = graded_notebook(code_cell("import training_view, picture_data, dnn_plots"))

        assert list(Beside(bundle.files, Aliases()).around(notebook, [], {}).files) == ["dnn_plots.py"]

    def test_their_own_module_of_that_name(self, grade, solved, tmp_path):
        """What was handed in beside the notebook is used."""
        (tmp_path / "testCases_v3.py").write_text("from testCases import *\nmine = 41\n")
        cells = [*older_helpers(solved).cells, new_code_cell("print(mine + 1)")]
        graded = grade(graded_notebook(*cells), folder=tmp_path)

        assert graded.total == 100
        assert graded.notebook.cells[-1].outputs[0].text == "42\n"

    def test_the_second_assignments_helper_stays_out(self, grade, solved, tmp_path):
        """It holds the answers of this one; who hands it in, under whatever name, earns nothing by it."""
        answers = "\n\n".join(source_of(solved, name) for name in ("linear_forward", "compute_cost"))
        for name in ("dnn_app_utils", "dnn_app_utils_v3"):
            (tmp_path / f"{name}.py").write_text("import numpy as np\n" + answers)
        source = (
            "from dnn_utils import *\nfrom dnn_app_utils_v3 import *\nimport dnn_app_utils\n{0} = dnn_app_utils.{0}"
        )
        cheat = with_source(solved, {name: source.format(name) for name in ("linear_forward", "compute_cost")})
        graded = grade(cheat, folder=tmp_path)
        archive = {"a.ipynb": as_bytes(cheat), "dnn_app_utils_v3.py": answers.encode()}

        assert graded.points["compute_cost"] == graded.points["linear_forward"] == 0
        assert any("belongs to another assignment and was left out" in one for one in graded.repairs)
        assert grade(zipped(archive), "x.zip").points["compute_cost"] == 0

    def test_a_table_of_the_course(self, tmp_path):
        """A course adds its own older names; a table that makes no sense is refused with its name."""
        (tmp_path / "aliases.toml").write_text('[aliases]\ntests_2019 = "testCases"\n')
        assert Aliases.read(tmp_path).names["tests_2019"] == "testCases"
        assert Aliases.read(tmp_path / "nowhere") == Aliases()

        for wrong in ("[aliases", "aliases = 3", '[aliases]\n"a b" = "c"', "[aliases]\na = 1"):
            (tmp_path / "aliases.toml").write_text(wrong)
            with pytest.raises(IntakeError, match=r"aliases\.toml"):
                Aliases.read(tmp_path)

    def test_another_courses_modules(self, tmp_path):
        """Where the assignment has none of these helpers, nothing stands in for them."""
        notebook = graded_notebook(code_cell("import testCases_v3, dnn_utils_v2, dnn_app_utils"))

        assert Beside(tmp_path, Aliases()).around(notebook, [], {}).files == {}


class TestElsewhere:
    """What works on the machine that a notebook was written on, and not here."""

    CODE = [
        "from google.colab import drive\ndrive.mount('/content/drive')\nimport os\nos.chdir('/content/drive/x')",
        "from google.colab import files\nuploaded = files.upload()\n%cd /content/nowhere",
        "!pip install numpy\n!ls -la\n%pip install x",
        "import a_module_that_nobody_has\nfrom another.one import thing",
        "cd Desktop",
        "import os\nos.chdir('/')",
        "os.chdir(undefined)\nfiles = !ls",
        "name = input('who are you?')",
        "print 'Python 2'",
        "exit()",
    ]

    @pytest.mark.slow
    @pytest.mark.parametrize("code", CODE)
    def test_it_costs_nothing(self, grade, solved, code):
        """In a cell of its own it fails or does nothing."""
        assert grade(with_first_cell(solved, code)).missed == {}

    @pytest.mark.parametrize("code", CODE)
    def test_it_does_not_take_the_rest_along(self, grade, solved, code):
        """Before everything else in the only cell that there is."""
        whole = in_one_cell(solved)
        whole.cells[0].source = f"{code}\n{whole.cells[0].source}"
        graded = grade(whole)

        assert graded.missed == {}

    def test_calls_between_functions(self, grade, solved):
        """A call that fails in the middle of a cell with several functions."""
        whole = in_one_cell(solved)
        whole.cells[0].source = whole.cells[0].source.replace(
            "# GRADED FUNCTION: compute_cost", "print(Y_assess.shape)\nraise ValueError\n"
        )

        assert grade(whole).missed == {}


class TestCompanions:
    """What was handed in with the notebook."""

    def test_from_an_archive(self, grade, solved):
        """A module, data and a picture in the notebook's folder are there when it runs."""
        solved = stripped(solved)
        solved.cells.append(
            code_cell("import mine\nprint(mine.x, open('data/a.txt').read(), len(open('p.png', 'rb').read()))")
        )
        files = {"w/n.ipynb": as_bytes(solved), "w/mine.py": b"x = 3", "w/data/a.txt": b"hello", "w/p.png": b"123"}
        graded = grade(zipped(files), "all.zip")

        assert graded.total == 100
        assert graded.notebook.cells[-1].outputs[0].text == "3 hello 3\n"

    def test_never_in_place_of_the_assignments_own(self, grade, solved):
        """Helper modules of the same names are the assignment's."""
        files = {"n.ipynb": as_bytes(solved), "testCases.py": b"raise SystemExit", "dnn_utils.py": b"1 / 0"}

        assert grade(zipped(files), "all.zip").total == 100


class TestFilesIn:
    """`files_in`."""

    def test_files_and_no_links(self, tmp_path):
        """Those below, too, in order."""
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "c.txt").write_text("c", encoding="utf-8")
        (tmp_path / "a.txt").write_text("a", encoding="utf-8")
        (tmp_path / "link").symlink_to("a.txt")
        (tmp_path / "folder").symlink_to("b")

        assert files_in(tmp_path) == ["a.txt", "b/c.txt"]

    def test_no_folder(self, tmp_path):
        """Nothing is there, and that is no error."""
        assert files_in(None) == files_in(tmp_path / "gone") == []

    def test_a_folder_that_goes_meanwhile(self, tmp_path, monkeypatch):
        """A notebook may lie where others keep their temporary files."""
        (tmp_path / "gone").mkdir()
        (tmp_path / "stays.txt").write_text("s", encoding="utf-8")
        scandir = os.scandir

        def lose(path):
            if str(path).endswith("gone"):
                raise FileNotFoundError(path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", lose)

        assert files_in(tmp_path) == ["stays.txt"]
