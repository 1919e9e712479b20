"""The load generator: always the same, and as mixed as it says."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.synthetic_class import FORMS, STANDING, SyntheticClass

SOME = 250


@pytest.fixture(scope="module")
def made(step_by_step):
    """A class that has handed in. Read-only."""
    return list(SyntheticClass(step_by_step, seed=5).submissions(SOME))


def test_the_same_in_every_run(step_by_step, made):
    """And in a class of any size; another seed gives another class."""
    again = SyntheticClass(step_by_step, seed=5)
    other = SyntheticClass(step_by_step, seed=6)

    assert again.submission(37) == made[37]
    assert [other.submission(n).kind for n in range(40)] != [one.kind for one in made[:40]]


def test_everything_occurs(made):
    """Every standing and every form, about as often as it should; hardly two students hand in the same."""
    kinds = Counter(one.kind.split(":")[0] for one in made)
    forms = Counter(one.form for one in made)

    assert kinds.keys() == STANDING.keys()
    assert forms.keys() == {*FORMS, "cut off"}
    assert 0.8 * SOME < kinds["diligent"] < 0.92 * SOME
    assert 0.6 * SOME < forms["as it is"] < 0.8 * SOME
    assert len({one.student for one in made}) == SOME
    assert len({repr(sorted(one.files.items())) for one in made}) > 0.95 * SOME


@pytest.mark.slow
def test_who_hands_in_again_has_fewer_mistakes(step_by_step, made):
    """About one in five; the others' work is what it was."""
    second = list(SyntheticClass(step_by_step, seed=5).submissions(SOME, version=2))
    changed = sum(a != b for a, b in zip(made, second, strict=True))

    assert 0.08 * SOME < changed < 0.25 * SOME
    assert [one.student for one in second] == [one.student for one in made]
