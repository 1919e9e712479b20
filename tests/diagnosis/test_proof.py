"""The tests catch every mistake of the catalogue, and a diagnosis names it; quickly, in one process."""

import pytest
from helper import ROOT

from autograder.authoring.validate import check_proof
from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.proof import prove, prove_here

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
    from autograder.diagnosis.mutation import mutants, read_explanations, unexplained

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
