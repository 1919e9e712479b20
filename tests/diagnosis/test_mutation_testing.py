"""The tests catch every mistake of the catalogue, and a diagnosis names it; quickly, in one process."""

import nbformat
import pytest
from helper import ROOT, code_cell, grade_cell, graded_notebook, solution_cell

from autograder.authoring.graded_mistakes import missed
from autograder.authoring.validate import check_proof
from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.mutation_testing import prove, prove_here
from autograder.grading.settings import Settings
from autograder.release import store_notebook

CATALOGUE = Catalogue.read(ROOT / "notebooks" / "step_by_step.misconceptions.toml")


@pytest.mark.parametrize("entry", CATALOGUE.entries.values(), ids=CATALOGUE.entries)
def test_every_entry_is_caught_and_named(entry, bench, knowledge):
    """The tests of its function fail, and the diagnosis says this entry, or what it is the same as, and no other."""
    assert bench.fails_with(entry.function, entry.apply(bench.solution.cells[entry.function]))
    assert bench.diagnosis(knowledge[entry.function], entry) == [entry.same_as or entry.id]


def test_the_solution_is_no_mistake(bench, knowledge):
    """It passes, and there is nothing to say about it."""
    for name, known in knowledge.items():
        assert bench.failing(name, bench.solution.function(name)) is None
        assert known.diagnose(bench.solution.function(name)) == []


def test_every_mutant_of_one_function_is_killed_or_explained(bench, step_by_step):
    """Those of all functions are tried out by `autograder validate`."""
    from autograder.diagnosis.mutants import mutants, read_explanations, unexplained

    name = "linear_backward"
    made = list(mutants(name, bench.solution.cells[name]))
    survivors = [mutant for mutant in made if not bench.fails_with(name, mutant.source)]
    reasons = [one for one in read_explanations(step_by_step.survivors) if one.function == name]

    assert len(made) > 100
    assert survivors
    assert unexplained(survivors, reasons, step_by_step.survivors) == []


@pytest.mark.slow
def test_every_mutant_is_killed_or_explained(step_by_step, catalogue):
    """The same for all functions, and in the process that `autograder validate` uses."""
    proof = prove(step_by_step.source, catalogue)

    assert check_proof(proof, step_by_step) == []
    assert (proof.caught, proof.told_apart) == (proof.entries, proof.entries) == (len(catalogue.entries),) * 2
    assert proof.explained == len(proof.survivors) > 0


class TestSmall:
    """What is wrong is found, in a small course."""

    def test_nothing(self, small, small_catalogue):
        """All mistakes are caught and told apart."""
        proof = prove_here(small, small_catalogue())

        assert proof.problems() == []
        assert (proof.entries, proof.caught, proof.told_apart) == (2, 2, 2)
        assert proof.mutants > 10

    def test_an_entry_that_is_no_mistake(self, small, small_catalogue):
        """The tests are to be mended."""
        proof = prove_here(small, small_catalogue('new = "low"', 'new = "low / len(x)"'))

        assert proof.missed == ["no-division"]
        assert (proof.caught, proof.told_apart) == (1, 2)
        assert "all tests pass with this mistake" in str(proof.problems()[0])

    def test_two_entries_that_do_the_same(self, small, small_catalogue):
        """They have to be declared."""
        proof = prove_here(
            small, small_catalogue('old = "low / n", new = "low"', 'old = "high - low", new = "low + high"')
        )

        assert proof.told_apart == 0
        assert [problem.cell for problem in proof.problems()] == ["no-division"]
        assert "write same_as = 'plus' and why" in str(proof.problems()[0])

    def test_a_declared_pair_that_differs(self, small, small_catalogue):
        """It is not the same, so it must not say so."""
        proof = prove_here(
            small,
            small_catalogue('instructor = "Not divided."', 'instructor = "N"\nsame_as = "plus"\nreason = "None."'),
        )

        assert proof.mistaken == {"no-division": []}
        assert "it is diagnosed as nothing" in str(proof.problems()[0])

    def test_a_weak_test_leaves_mutants(self, small, small_catalogue):
        """A hidden test that looks at one of two results only."""
        text = small.read_text(encoding="utf-8").replace("assert abs(got[1] - 1 / size) < 1e-6", "pass")
        small.write_text(text, encoding="utf-8")
        proof = prove_here(small, small_catalogue())

        assert proof.missed == ["no-division"]
        assert {mutant.after for mutant in proof.survivors} >= {"return (high - low, low)", "return (high - low, n)"}


MEANS = """
class Means:
    def __init__(self, rounds):
        self.rounds = rounds

    def fit(self, x, start):
        self.centre = start
        for _ in range(self.rounds):
            self.centre = (self.centre + x) / 2
        return self
"""
MEANS_CATALOGUE = """
[[misconception]]
id = "one-round"
function = "Means"
change = [{ old = "range(self.rounds)", new = "range(1)" }]
hint = "How often?"
cause = "A slip."
instructor = "One round."

[[misconception]]
id = "no-half"
function = "Means"
change = [{ old = "(self.centre + x) / 2", new = "self.centre + x" }]
hint = "Where is the middle?"
cause = "A slip."
instructor = "Not halved."
"""


class TestClasses:
    """An exercise that is a class, judged by what a given cell makes of it."""

    @pytest.fixture
    def course(self, tmp_path):
        """Return a notebook whose test looks at this, and its catalogue."""

        def make(test: str):
            cells = [
                solution_cell(MEANS, "Means"),
                code_cell("model = Means(3).fit(8.0, 0.0)"),
                grade_cell(test, "test"),
            ]
            notebook, catalogue = tmp_path / "means.ipynb", tmp_path / "means.misconceptions.toml"
            nbformat.write(graded_notebook(*cells), notebook)
            catalogue.write_text(MEANS_CATALOGUE, encoding="utf-8")
            return notebook, Catalogue.read(catalogue)

        return make

    def test_a_test_that_tells(self, course):
        """Both mistakes are caught, and every mutant is killed."""
        proof = prove_here(*course("assert model.centre == 7.0\nassert Means(2).fit(8.0, 0.0).centre == 6.0"))

        assert (proof.entries, proof.caught, proof.untried) == (2, 2, [])
        assert proof.mutants > 10
        assert proof.survivors == []

    def test_a_test_that_does_not(self, course):
        """One round would earn everything: it is said, for the entry and for the mutants."""
        proof = prove_here(*course("assert 0 < model.centre < 8"))

        assert proof.missed == ["one-round"]
        assert any("range" in mutant.before for mutant in proof.survivors)

    def test_the_engine_says_the_same(self, course, tmp_path):
        """What is graded decides: full marks with a mistake are found by grading it."""
        notebook, catalogue = course("assert 0 < model.centre < 8")
        text = notebook.read_text(encoding="utf-8")
        bundle = store_notebook(tmp_path / "bundle", "means", text, {}, files={}, siblings={"means"})

        assert missed(bundle, "means", Settings(), catalogue) == ["one-round"]
