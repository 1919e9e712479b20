"""The simulated class."""

import pytest
from helper import FUNCTIONS, run_cells, up_to_last_grade_cell

from autograder.course import Course
from autograder.demo import CLASS, DemoError, Mistake, mistakes_of_class, submission
from autograder.grading.marks import functions


def failing(notebook) -> list[str]:
    """Return the functions with a failing grade cell."""
    errors = run_cells(up_to_last_grade_cell(notebook)).errors
    cells = functions(notebook)
    return [name for name in FUNCTIONS if any(cell.metadata.nbgrader.grade_id in errors for cell in cells[name])]


@pytest.mark.parametrize("name", [name for name, mistakes in CLASS.items() if mistakes])
def test_every_student_with_mistakes_loses_points_for_them(solution, release, name):
    """The first function that a student has wrong is the first that fails."""
    wrong = {mistake.function for mistake in CLASS[name]}
    failed = failing(submission(solution, release, CLASS[name]))

    assert failed[0] == min(wrong, key=FUNCTIONS.index)


def test_the_class_has_one_perfect_and_one_that_does_not_parse(solution, release):
    """Ada makes no mistake; Lars' notebook has a syntax error and is graded all the same."""
    assert failing(submission(solution, release, CLASS["ada"])) == []
    assert failing(submission(solution, release, CLASS["lars"])) == ["compute_cost"]


def test_a_third_of_the_class_forgets_to_divide_by_m():
    """What the class report is to show later."""
    forgot = [name for name, mistakes in CLASS.items() if any("/ m" in m.right or "1 / m" in m.right for m in mistakes)]

    assert len(forgot) == 4


def test_larger_classes_are_deterministic():
    """The same students with the same mistakes in every run, at most one mistake a function."""
    first, second = list(mistakes_of_class(60)), list(mistakes_of_class(60))

    assert first == second
    assert len({name for name, _ in first}) == 60
    assert all(len({m.function for m in mistakes}) == len(mistakes) for _, mistakes in first[len(CLASS) :])


def test_a_mistake_that_no_longer_fits_is_an_error(solution, release):
    """A changed solution must not silently make a perfect student."""
    with pytest.raises(DemoError, match=r"does not say 'np\.no'"):
        submission(solution, release, (Mistake("linear_forward", "np.no", "np.yes"),))


def test_nothing_built_yet(tmp_path):
    """The remedy is in the message."""
    from autograder.demo import run_demo

    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "step_by_step.py").write_text("# %%\n", encoding="utf-8")
    with pytest.raises(DemoError, match="autograder build step_by_step"):
        run_demo(Course(tmp_path), 1)
