"""What the marks of a class say about its exercises."""

import pytest
from made_results import outcome

from autograder.reporting import charts, statistics


class TestItems:
    """Difficulty and discrimination."""

    def test_by_hand(self, results):
        """The mean share of the points, and the correlation with the points elsewhere."""
        items = {item.name: item for item in statistics.items(results)}

        assert items["first"].difficulty == pytest.approx(3 / 4)
        assert items["other"].difficulty == pytest.approx((1 + 1 + 0.4 + 0) / 4)
        # first is 10, 0, 10, 10; the rest is 20, 5, 12, 15
        assert items["first"].discrimination == pytest.approx(80 / (75 * 118) ** 0.5)

    def test_everybody_the_same(self, results):
        """No correlation can be computed, and the reading says so."""
        for result in results.graded:
            result.outcomes[0] = result.outcomes[0].__class__("first", 5.0, 10.0, "partial")
        first = statistics.items(results)[0]

        assert (first.discrimination, first.reading) == (None, "everybody has the same points")

    def test_nothing_to_compare_with(self, results):
        """The points differ, and nothing else does."""
        for result in results.graded:
            result.outcomes[1:] = [outcome(name, 1) for name in ("second", "third", "other")]
        first = statistics.items(results)[0]

        assert (first.discrimination, first.reading) == (None, "all other points are the same")

    @pytest.mark.parametrize(
        ("difficulty", "discrimination", "words"),
        [(0.96, 0.9, "nearly everybody"), (0.5, -0.1, "look at its test"), (0.5, 0.1, "little"), (0.5, 0.3, "well")],
    )
    def test_in_words(self, difficulty, discrimination, words):
        """A sentence for each kind of figures."""
        assert words in statistics.Item("x", difficulty, discrimination).reading

    def test_alpha(self, results):
        """Cronbach's alpha, computed once more from its definition."""
        import numpy as np

        table = np.array([[one.score for one in result.outcomes] for result in results.graded])
        expected = 4 / 3 * (1 - table.var(axis=0, ddof=1).sum() / table.sum(axis=1).var(ddof=1))

        assert statistics.alpha(results) == pytest.approx(expected)


class TestDependences:
    """Failures that occur together."""

    def test_after_another_or_alone(self, results):
        """A failure after one of something used at any distance is told from one on its own."""
        found = {one.name: (one.failed, one.after, one.alone) for one in statistics.dependences(results)}

        assert found == {"first": (1, 0, 1), "second": (1, 1, 0), "third": (2, 1, 1), "other": (2, 0, 2)}


def test_what_a_person_grades(results):
    """It is right if it has all points, and no function is called the hardest because a person grades it."""
    for number, result in enumerate(results.graded):
        result.outcomes[0] = outcome("first", 1 if number else 0.5, "manual")

    assert statistics.dependences(results)[0].failed == 1
    assert "have first right" not in charts.success(statistics.statuses(results))[0]


def test_counts(results):
    """Statuses per function, and students per misconception."""
    assert statistics.statuses(results)["other"] == {"passed": 2, "partial": 1, "failed": 1}
    assert statistics.misconceptions(results) == {"no-mean": 2}
