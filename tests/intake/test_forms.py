"""The same work, handed in in every form: the same marks, and no more."""

import pytest
from helper import FUNCTIONS, replaced
from intake.forms import all_forms, as_bytes, in_one_cell, source_of, stripped, with_source

FORMS = [
    "another name",
    "no metadata",
    "no metadata, no markers",
    "markers removed",
    "one cell",
    "one cell, no tests",
    "version 3",
    "older helpers",
    "older helpers, no metadata",
    "UTF-16",
    "UTF-16 without a mark",
    "UTF-32",
    "UTF-8 with a mark",
    "lines of Windows",
    "zip",
    "zip called .ipynb",
    "tar.gz",
    "tar",
    "py:percent",
    "nbconvert",
    "plain Python",
]
WRONG = ("compute_cost", "np.sum(", "np.mean(")

SAMPLE = ["no metadata", "one cell", "version 3", "older helpers", "plain Python", "zip"]


def test_every_form_is_here(solved):
    """A form that is added is tested."""
    assert sorted(all_forms(solved)) == sorted(["as it is", *FORMS])


class TestForms:
    """What a form costs: nothing."""

    def test_as_it_is(self, grade, solved):
        """The usual way needs no repair."""
        graded = grade(solved)

        assert graded.total == 100
        assert graded.repairs == []

    @pytest.mark.parametrize("form", FORMS)
    def test_full_marks_and_said(self, grade, solved, form):
        """All functions are right, and a repair says what was unusual, but for what nobody needs to know."""
        name, data = all_forms(solved)[form]
        graded = grade(data, name)

        assert graded.missed == {}
        quiet = form in ("markers removed", "UTF-8 with a mark", "lines of Windows")
        assert bool(graded.repairs) is not quiet

    @pytest.mark.parametrize(
        "form", [pytest.param(form, marks=() if form in SAMPLE else pytest.mark.slow) for form in FORMS]
    )
    def test_a_mistake_stays_one(self, grade, solved, form):
        """A wrong function earns nothing in any form, and costs nothing else."""
        name, data = all_forms(replaced(solved, *WRONG))[form]
        graded = grade(data, name)

        assert graded.missed == {"compute_cost": 0}

    @pytest.mark.parametrize("form", SAMPLE)
    def test_an_untouched_release_earns_nothing(self, grade, release, form):
        """Whatever is mended, nobody gets marks for it, and each message says that it is not filled in."""
        name, data = all_forms(release)[form]
        graded = grade(data, name)

        assert graded.total == 0
        assert {name for name, text in graded.messages.items() if "is not filled in yet" in text} == set(FUNCTIONS)


class TestBroken:
    """Cells that Python cannot read."""

    @pytest.mark.parametrize("form", [stripped, in_one_cell, lambda notebook: notebook])
    def test_a_syntax_error_costs_one_function(self, grade, solved, form):
        """The third function has one; those that call it are tested with ours, and all others stand."""
        broken = source_of(solved, "linear_forward").replace("np.dot(W, A) + b", "np.dot(W, A + b")
        graded = grade(as_bytes(form(with_source(solved, {"linear_forward": broken}))))

        right = {name for name, points in graded.points.items() if points == 10}
        assert right == set(FUNCTIONS) - {"linear_forward"}

    def test_functions_in_the_same_cell_are_rescued(self, grade, solved):
        """Two functions and a line with an error in one cell: both count, and it is said."""
        both = source_of(solved, "linear_backward") + "\nprint 'W1 = ', W1\n" + source_of(solved, "compute_cost")
        graded = grade(with_source(solved, {"compute_cost": "", "linear_backward": both}))

        assert graded.missed == {}
        assert any("has a syntax error" in one and "compute_cost, linear_backward" in one for one in graded.repairs)

    def test_what_is_rescued_is_what_was_written(self, grade, solved):
        """A wrong function beside a syntax error is still wrong."""
        wrong = source_of(solved, "compute_cost").replace(WRONG[1], WRONG[2])
        graded = grade(with_source(solved, {"compute_cost": f"print 'a'\n{wrong}\nprint 'b'"}))

        assert graded.missed == {"compute_cost": 0}
