"""What a course sets about how submissions are run."""

import pytest

from autograder.course import Course, CourseError
from autograder.grading.settings import GradingLimits, Settings, read_settings


@pytest.fixture
def settings(tmp_path):
    """The settings of a course with these lines in its configuration."""

    def read(*lines):
        text = "\n".join(["c = get_config()", *lines, ""])
        (tmp_path / "nbgrader_config.py").write_text(text, encoding="utf-8")
        return read_settings(Course(tmp_path))

    return read


def test_nothing_is_set(settings):
    """The defaults: confined, 30 seconds a cell; the file is not even run."""
    assert settings("raise SystemExit('not run')") == Settings(GradingLimits(), "auto")
    assert settings().confine
    assert (settings().limits.cell, settings().limits.submission) == (30.0, 300.0)


def test_this_course(step_by_step):
    """What is committed is confined."""
    assert read_settings(step_by_step.course) == Settings()


def test_everything_is_set(settings):
    """Each setting goes where it belongs."""
    found = settings(
        "c.Execute.timeout = 5",
        "c.Examine.submission_seconds = 60.5",
        "c.Examine.memory_bytes = 2**28",
        "c.Examine.scratch_bytes = 2**20",
        "c.Examine.output_bytes = 1000",
        "c.Examine.isolation = 'none'",
    )

    assert found == Settings(GradingLimits(5, 60.5, 2**28, 2**20, 1000), "none")
    assert not found.confine


def test_no_time_limit_for_a_cell(settings):
    """It is the whole submission's, then, as the preprocessor has it."""
    assert settings("c.Execute.timeout = None", "c.Examine.submission_seconds = 77").limits.cell == 77


def test_only_one_is_set(settings):
    """The others keep their defaults."""
    assert settings("c.Examine.memory_bytes = 5 * 2**20").limits == GradingLimits(memory=5 << 20)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("c.Examine.isolation = 'some'", "c.Examine.isolation is 'some'; it can be one of: auto, none"),
        ("c.Examine.isolation = None", "c.Examine.isolation is None"),
        ("c.Examine.isolation = 1 / 0", "ZeroDivisionError"),
        ("c.Examine.isolation = 'auto", "SyntaxError"),
    ],
)
def test_a_wrong_value(settings, tmp_path, line, words):
    """The file is named, and what is wrong."""
    with pytest.raises(CourseError) as caught:
        settings(line)

    assert str(caught.value).startswith(f"{tmp_path / 'nbgrader_config.py'}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "c.Examine.memory_bytes = '1 GB'",
        "c.Examine.scratch_bytes = -1",
        "c.Examine.output_bytes = 1.5",
        "c.Examine.submission_seconds = 'long'",
        "c.Execute.timeout = 'never'",
    ],
)
def test_a_number_that_makes_no_sense(settings, line):
    """Said at once, as `nbgrader autograde` does, and not in the middle of grading."""
    with pytest.raises(CourseError):
        settings(line)


def test_no_file(tmp_path):
    """The file is named."""
    with pytest.raises(CourseError, match=r"nbgrader_config\.py cannot be read"):
        read_settings(Course(tmp_path))


def test_a_file_that_is_no_text(tmp_path):
    """The file is named."""
    (tmp_path / "nbgrader_config.py").write_bytes(b"\xff\xfe\xfa")

    with pytest.raises(CourseError, match=r"nbgrader_config\.py cannot be read"):
        read_settings(Course(tmp_path))


def test_hints_by_attempt(settings):
    """Off, if the course does not say so."""
    assert not settings("c.Examine.isolation = 'none'").hints_by_attempt
    assert settings("c.Examine.hints_by_attempt = True").hints_by_attempt
    with pytest.raises(CourseError, match="hints_by_attempt is 3; it has to be True or False"):
        settings("c.Examine.hints_by_attempt = 3")
