"""The simulated class."""

import pytest
import small_course
from helper import FUNCTIONS, replaced, run_cells, up_to_last_grade_cell
from nbgrader.coursedir import CourseDirectory

from autograder.cli.demo import CLASS, DemoError, mistakes_of, mistakes_of_class, submission, throw_away_course
from autograder.course import Course
from autograder.diagnosis.catalogue import Catalogue, CatalogueError
from autograder.notebook.marks import functions


def failing(notebook) -> list[str]:
    """Return the functions with a failing grade cell."""
    errors = run_cells(up_to_last_grade_cell(notebook)).errors
    cells = functions(notebook)
    return [name for name in FUNCTIONS if any(cell.metadata.nbgrader.grade_id in errors for cell in cells[name])]


@pytest.mark.parametrize("name", [name for name, mistakes in CLASS.items() if mistakes])
def test_every_student_with_mistakes_loses_points_for_them(solution, release, catalogue, name):
    """The first function that a student has wrong is the first that fails."""
    mistakes = mistakes_of(name, catalogue)
    failed = failing(submission(solution, release, mistakes))

    assert failed[0] == min({mistake.function for mistake in mistakes}, key=FUNCTIONS.index)


def test_the_class_has_one_perfect_and_one_that_does_not_parse(solution, release, catalogue):
    """Ada makes no mistake; Lars' notebook has a syntax error and is graded all the same."""
    assert failing(submission(solution, release, mistakes_of("ada", catalogue))) == []
    assert failing(submission(solution, release, mistakes_of("lars", catalogue))) == ["compute_cost"]


def test_a_third_of_the_class_forgets_to_divide_by_m():
    """What the class report is to show later."""
    forgot = [name for name, mistakes in CLASS.items() if any("no-mean" in mistake for mistake in mistakes)]

    assert len(forgot) == 4


def test_larger_classes_are_deterministic(catalogue):
    """The same students with the same mistakes in every run, at most one mistake a function."""
    first, second = list(mistakes_of_class(60, catalogue)), list(mistakes_of_class(60, catalogue))

    assert first == second
    assert len({name for name, _ in first}) == 60
    assert all(len({m.function for m in mistakes}) == len(mistakes) for _, mistakes in first[len(CLASS) :])


def test_a_mistake_that_no_longer_fits_is_an_error(solution, release, catalogue):
    """A changed solution must not silently make a perfect student."""
    changed = replaced(solution, "linear_forward", "np.dot(W, A) + b", "b + np.dot(W, A)")

    with pytest.raises(CatalogueError, match="stands in the solution of linear_forward 0 times"):
        submission(changed, release, mistakes_of("greta", catalogue))


def test_a_mistake_that_the_catalogue_does_not_have():
    """The demo says what has to be mended."""
    with pytest.raises(DemoError, match="no misconception 'linear-no-bias'"):
        mistakes_of("greta", Catalogue({}))


def test_the_simulated_class_is_nowhere_near_the_real_one(tmp_path):
    """Its folders and its gradebook are its own, whatever the course sets."""
    course = small_course.make(tmp_path / "real", address=f"sqlite:///{tmp_path}/marks.db").course
    with (course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("c.CourseDirectory.submitted_directory = '/handed_in'\n")

    demo = throw_away_course(course.assignments(), tmp_path / "demo")

    used = CourseDirectory(config=demo.nbgrader_config())
    assert used.db_url == f"sqlite:///{tmp_path / 'demo' / 'gradebook.db'}"
    assert used.submitted_directory == "submitted"


def test_nothing_built_yet(tmp_path):
    """The remedy is in the message."""
    from autograder.cli.demo import run_demo

    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "step_by_step.py").write_text("# %%\n", encoding="utf-8")
    with pytest.raises(DemoError, match="autograder build step_by_step"):
        run_demo(Course(tmp_path), 1)
