"""From a notebook as it came to one in the layout that the grader expects; each repair, what it earns and what not."""

import nbformat
import pytest
from helper import code_cell, find_cell, graded_notebook, replaced
from intake.forms import source_of, stripped, with_source
from nbformat.v4 import new_code_cell

from autograder.cli.demo import mistakes_of_class, submission
from autograder.intake.exercises import fullness
from autograder.notebook.cells import grade_id_of, nbgrader_metadata

START, END = "### START CODE HERE ###", "### END CODE HERE ###"


def ids(notebook) -> list[str]:
    """Return the grade_ids of a notebook's cells in their order."""
    return [grade_id_of(cell) for cell in notebook.cells if nbgrader_metadata(cell)]


def laid_out(layout, notebook):
    """Return a copy that is laid out, and what was mended."""
    copy = nbformat.from_dict(notebook)
    repairs = layout.apply(copy)
    nbformat.validate(copy)
    return copy, repairs


def at(notebook, grade_id: str) -> int:
    """Return where a cell stands."""
    return next(n for n, cell in enumerate(notebook.cells) if grade_id_of(cell) == grade_id)


class TestRoles:
    """Which cell is which."""

    def test_nothing_to_do(self, layout, solved):
        """A notebook that came back as it went out stays as it is."""
        copy, repairs = laid_out(layout, solved)

        assert repairs == []
        assert copy == solved

    def test_twice(self, layout, solved):
        """A notebook that was laid out needs no more."""
        copy, _ = laid_out(layout, stripped(solved))

        assert laid_out(layout, copy) == (copy, [])

    def test_without_notes(self, layout, solved):
        """All roles come back, and the student's other cells stay where they were."""
        bare = stripped(solved)
        bare.cells.insert(30, new_code_cell("mine = 1", id="mine"))
        copy, _ = laid_out(layout, bare)

        assert ids(copy) == ids(solved)
        assert [cell.source for cell in copy.cells] == [cell.source for cell in bare.cells]

    def test_a_test_that_was_changed(self, grade, solved):
        """Its text is the assignment's; what a student writes there earns nothing."""
        bare = stripped(replaced(solved, "compute_cost", "np.sum(", "np.mean("))
        cell = next(cell for cell in bare.cells if "check_compute_cost" in cell.source)
        cell.source = "# 10 points: compute_cost\nassert True"
        graded = grade(bare)

        assert graded.missed == {"compute_cost": 0}
        assert "the test test_compute_cost was missing and was put back" in graded.repairs

    def test_an_answer_in_the_place_of_a_test(self, grade, solved):
        """A function that stands in a test's cell is run, and the test behind it."""
        answer = source_of(solved, "compute_cost")
        graded = grade(with_source(solved, {"compute_cost": "", "test_compute_cost": answer}))

        assert graded.missed == {}
        assert any("in the place of the test test_compute_cost" in one for one in graded.repairs)

    def test_notes_that_lie(self, grade, solved):
        """A cell that calls itself a test, and one that claims more points, are what the assignment says."""
        lying = nbformat.from_dict(replaced(solved, "compute_cost", "np.sum(", "np.mean("))
        find_cell(lying, "test_linear_forward").metadata.nbgrader.points = 90
        find_cell(lying, "test_compute_cost").metadata.nbgrader.grade = False
        forged = {"grade_id": "more", "grade": True, "points": 50, "solution": False, "locked": True}
        lying.cells.append(new_code_cell("pass", metadata={"nbgrader": forged | {"schema_version": 3, "task": False}}))

        assert grade(lying).missed == {"compute_cost": 0}


def test_honest_notebooks_are_not_touched(layout, solution, release, catalogue):
    """What comes back as it went out, right or wrong, is run as it is."""
    for name, mistakes in mistakes_of_class(40, catalogue):
        notebook = submission(solution, release, mistakes)

        assert laid_out(layout, notebook) == (notebook, []), name


class TestDefinitions:
    """Which of several definitions counts."""

    WRONG = "def compute_cost(AL, Y):\n    return 1.0"

    def test_the_last_one_counts(self, grade, solved):
        """As in a kernel: right then wrong is wrong, wrong then right is right."""
        bare = [cell for cell in stripped(solved).cells if "check_" not in cell.source]
        right = source_of(solved, "compute_cost")
        others = [cell for cell in bare if cell.source != right]
        first = grade(graded_notebook(*others, code_cell(right), code_cell(self.WRONG)))
        second = grade(graded_notebook(*others, code_cell(self.WRONG), code_cell(right)))

        assert first.missed == {"compute_cost": 0}
        assert second.missed == {}

    def test_the_last_one_that_parses(self, grade, solved):
        """A broken second attempt leaves the first one standing, as in a kernel."""
        broken = nbformat.from_dict(solved)
        broken.cells.insert(at(solved, "compute_cost") + 1, code_cell("def compute_cost(AL, Y):\n    return ("))

        assert grade(broken).missed == {}

    def test_an_experiment_further_down(self, grade, solved):
        """What is defined again behind its test changes nothing, as in a kernel."""
        more = nbformat.from_dict(solved)
        more.cells.append(code_cell(self.WRONG))
        graded = grade(more)

        assert graded.missed == {}
        assert graded.repairs == []

    def test_filled_in_elsewhere(self, grade, solved, release):
        """Where the exercise was left empty, a definition further down counts, and its tests move behind it."""
        stub, answer = source_of(release, "compute_cost"), source_of(solved, "compute_cost")
        moved = with_source(solved, {"compute_cost": stub})
        moved.cells.append(code_cell(answer))
        graded = grade(moved)

        assert graded.missed == {}
        assert "the test test_compute_cost was moved behind what it tests" in graded.repairs

    def test_used_before_it_is_defined(self, grade, solved):
        """The order of the functions does not matter; each is tested when all it needs is there."""
        bare = [cell for cell in stripped(solved).cells if cell.cell_type == "code" and "check_" not in cell.source]
        functions = [cell for cell in bare if cell.source.startswith("# GRADED")]
        graded = grade(graded_notebook(bare[0], *reversed(functions)))

        assert graded.missed == {}

    def test_helpers_of_their_own(self, grade, solved):
        """A function may call a helper that is defined in a later cell, or use a name that is bound there."""
        source = "def compute_cost(AL, Y):\n    return costs(AL, Y) * factor"
        bare = [
            cell
            for cell in stripped(with_source(solved, {"compute_cost": source})).cells
            if "check_" not in cell.source
        ]
        helper = source_of(solved, "compute_cost").replace("def compute_cost", "def costs")
        graded = grade(graded_notebook(*bare, code_cell(helper), code_cell("factor = 1")))

        assert graded.missed == {}

    @pytest.mark.parametrize(
        "wrapped",
        [
            "if True:\n{}",
            "try:\n{}\nexcept NameError:\n    pass",
            "def outer():\n    print('x')\n{}\n    return compute_cost",
        ],
    )
    def test_nested(self, grade, solved, wrapped):
        """A function inside a condition, or by a wrong indent inside of another function."""
        answer = source_of(solved, "compute_cost")
        inner = "\n".join(f"    {line}" for line in answer.split("\n"))
        graded = grade(with_source(solved, {"compute_cost": wrapped.format(inner)}))

        assert graded.missed == {}

    def test_nested_and_wrong(self, grade, solved):
        """Taken out of where it stands, a wrong function is wrong."""
        source = "def outer():\n    def compute_cost(AL, Y):\n        return 1.0\n    return compute_cost"

        assert grade(with_source(solved, {"compute_cost": source})).missed == {"compute_cost": 0}

    def test_a_method_is_no_function(self, grade, solved):
        """It needs its object."""
        answer = source_of(solved, "compute_cost")
        inner = "\n".join(f"    {line}" for line in answer.split("\n"))

        assert grade(with_source(solved, {"compute_cost": f"class Network:\n{inner}"})).missed == {"compute_cost": 0}

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("def update_parameters(parameters, grads", "def update_parameters(params, grads"),
            ("learning_rate):", "learning_rate, verbose=False, *more, **others):"),
            ("    ### START", "    helper = 3\n    ### START"),
        ],
    )
    def test_other_signatures(self, grade, solved, old, new):
        """Parameters under another name, parameters with defaults, code outside of the markers."""
        source = source_of(solved, "update_parameters")
        assert old in source
        source = source.replace(old, new)
        if "params" in new:
            source = source.replace("    L = len", "    parameters = params\n    L = len")

        assert grade(with_source(solved, {"update_parameters": source})).missed == {}


class TestScratchCells:
    """Cells of trial and error, of which a kernel runs nothing behind an error."""

    OLD = "def linear_forward(A, W, b):\n    return A, (A, W, b)"
    FAILING = (f"{OLD}\n\nlinear_forward(A W, b)", f"linear_forward(1)\n\n{OLD}", f"assert False\nx = 1\n{OLD}")

    @pytest.mark.parametrize("scratch", FAILING)
    @pytest.mark.parametrize("behind", ["linear_forward", "test_linear_forward"])
    def test_an_old_version_that_never_ran(self, grade, solved, scratch, behind):
        """The right function stays the one that its test and all later functions use."""
        more = nbformat.from_dict(solved)
        more.cells.insert(at(solved, behind) + 1, code_cell(scratch))
        graded = grade(more)

        assert graded.missed == {}
        assert graded.repairs == []

    def test_the_right_version_stands_further_down(self, grade, solved):
        """An old version in a broken cell does not count where there is another one, before or after it."""
        broken = with_source(solved, {"linear_forward": self.FAILING[0]})
        broken.cells.insert(at(solved, "linear_activation_forward"), code_cell(source_of(solved, "linear_forward")))

        assert grade(broken).missed == {}

    @pytest.mark.parametrize("error", ["linear_forward(A W, b)", "unknown(1)"])
    def test_a_function_that_is_only_there(self, grade, solved, error):
        """An old version stays with the error that kept it from running; what stands nowhere else is kept."""
        cell = f"{error}\n\n{self.OLD}\n\n{source_of(solved, 'compute_cost')}"
        mixed = with_source(solved, {"compute_cost": ""})
        mixed.cells.insert(at(solved, "test_linear_forward") + 1, code_cell(cell))

        assert grade(mixed).missed == {}

    @pytest.mark.parametrize("error", ["linear_forward(A W, b)", "unknown(1)"])
    def test_the_exercise_was_left_empty(self, grade, solved, release, error):
        """A stub is no other definition: what was written beside an error still counts."""
        mixed = with_source(solved, {"linear_forward": source_of(release, "linear_forward")})
        answer = source_of(solved, "linear_forward")
        mixed.cells.insert(at(solved, "linear_forward") + 1, code_cell(f"{error}\n\n{answer}"))

        assert grade(mixed).missed == {}

    def test_what_is_only_missing_here(self, grade, solved):
        """Behind what ran where the notebook was written, the last version counts, as it did there."""
        wrong = with_source(solved, {"compute_cost": TestDefinitions.WRONG})
        answer = f"!wget https://example.org/data.h5\n\n{source_of(solved, 'compute_cost')}"
        wrong.cells.insert(at(solved, "compute_cost") + 1, code_cell(answer))

        assert grade(wrong).missed == {}


class TestBelowTheMarkers:
    """An answer that was written outside of the place that was meant for it."""

    BELOW = f"{END}\n    Z = np.dot(W, A) + b"

    def answered(self, solved, release):
        """Return a solved notebook with one answer below the markers."""
        stub = source_of(release, "linear_forward")
        assert stub.count(END) == 1
        return with_source(solved, {"linear_forward": stub.replace(END, self.BELOW)})

    def test_it_counts(self, grade, solved, release):
        """An old version further down is not judged instead."""
        below = self.answered(solved, release)
        below.cells.insert(at(solved, "linear_activation_forward"), code_cell(TestScratchCells.OLD))
        graded = grade(below)

        assert graded.points["linear_forward"] == 10
        assert graded.repairs == []

    def test_it_is_more_than_nothing(self, layout, solved, release):
        """The notebook with this answer is taken before one that was never filled in."""
        below = self.answered(solved, release)
        empty = with_source(solved, {"linear_forward": source_of(release, "linear_forward")})

        assert fullness(below, layout.exercises) == 10
        assert fullness(empty, layout.exercises) == 9

    def test_a_stub_of_another_release(self, layout, solved, release):
        """What was given there and is not given here is no answer."""
        stub = source_of(release, "linear_forward")
        given = "assert Z.shape == (W.shape[0], A.shape[1])"
        assert given in stub
        older = stub.replace(given, "assert(Z.shape == (W.shape[0], A.shape[1]))")

        assert fullness(with_source(solved, {"linear_forward": older}), layout.exercises) == 9


class TestEmptyExercises:
    """Exercises that are not there, or not filled in."""

    def test_a_deleted_cell(self, grade, solved):
        """The exercise is put back empty, so that the result says that it is not filled in."""
        less = nbformat.from_dict(solved)
        less.cells = [cell for cell in less.cells if grade_id_of(cell) != "compute_cost"]
        graded = grade(less)

        assert graded.missed == {"compute_cost": 0}
        assert graded.messages["compute_cost"].startswith("compute_cost is not filled in yet")

    def test_a_stub_of_an_older_release_that_is_no_python(self, grade, solved):
        """The same."""
        stub = f"def compute_cost(AL, Y):\n    {START} (≈ 1 lines of code)\n    cost = \n    {END}\n    return cost"
        graded = grade(stripped(with_source(solved, {"compute_cost": stub})))

        assert graded.missed == {"compute_cost": 0}
        assert graded.messages["compute_cost"].startswith("compute_cost is not filled in yet")

    def test_a_broken_attempt_is_no_stub(self, grade, solved):
        """What somebody wrote stays, and its error is shown."""
        source = f"def compute_cost(AL, Y):\n    {START}\n    cost = -(1 / m * np.sum(\n    {END}\n    return cost"
        graded = grade(with_source(solved, {"compute_cost": source}))

        assert graded.missed == {"compute_cost": 0}
        assert "SyntaxError" in graded.messages["compute_cost"]

    def test_no_solution_is_ever_put_back(self, layout, solution):
        """In no form of a notebook is there a line of the solution that was not handed in."""
        copy, _ = laid_out(layout, graded_notebook(code_cell("x = 1")))
        answers = [
            line.strip() for line in source_of(solution, "L_model_backward").split("\n") if "current_cache" in line
        ]

        assert answers
        for cell in copy.cells:
            if not nbgrader_metadata(cell).get("grade"):
                assert not any(line in cell.source for line in answers if "= None" not in line)

    def test_a_course_without_such_stubs(self):
        """Where an empty exercise cannot be derived, none is put in: it would be the solution."""
        from autograder.intake.normalize import Layout

        for source in (
            "def f():\n    return 1",
            "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
        ):
            note = {"grade_id": "f", "solution": True, "grade": False, "locked": False, "schema_version": 3}
            master = {"cell_type": "code", "source": source, "metadata": {"nbgrader": note}}
            notebook = graded_notebook(code_cell("x = 1"))
            Layout([master], {}).apply(notebook)

            assert [cell.source for cell in notebook.cells] == ["x = 1"]


class TestImports:
    """What the assignment gives and a notebook has lost."""

    def test_only_the_functions_were_handed_in(self, grade, solved):
        """The imports come back, and each function is judged."""
        functions = [cell for cell in stripped(solved).cells if cell.source.startswith("# GRADED")]
        graded = grade(graded_notebook(*functions))

        assert graded.missed == {}
        assert any("did not import np, relu, " in one for one in graded.repairs)

    def test_what_the_assignment_does_not_import(self, grade, solved):
        """A name that was never given stays unknown."""
        source = source_of(solved, "compute_cost").replace("np.squeeze", "numpy.squeeze")
        assert "numpy.squeeze" in source

        assert grade(with_source(solved, {"compute_cost": source})).missed == {"compute_cost": 0}


class TestAccounts:
    """Colab's notes about people."""

    def test_they_are_gone(self, grade, solved):
        """Names, ids and pictures are in nothing that the grader writes."""
        colab = nbformat.from_dict(solved)
        person = {"displayName": "Ada Lovelace", "photoUrl": "https://example.org/ada.jpg", "userId": "0123456789"}
        colab.metadata["colab"] = {"name": "x.ipynb", "provenance": [{"file_id": "secret-file"}], "authorship_tag": "t"}
        for cell in colab.cells:
            cell.metadata["executionInfo"] = {"status": "ok", "user": person, "user_tz": -60}
            cell.metadata["outputId"] = "11111111"
        graded = grade(colab)
        text = nbformat.writes(graded.notebook)

        assert graded.total == 100
        assert not any(word in text for word in ("Lovelace", "example.org", "0123456789", "secret-file", "user_tz"))
        assert "names and ids of accounts were taken out of the notebook's metadata" in graded.repairs
