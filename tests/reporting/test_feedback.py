"""Feedback, ours in bulk and nbgrader's own."""

from __future__ import annotations

import html
import re

import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from small_course import HIDDEN_NUMBER, fails_hidden, fails_visibly, hand_in, make, url

from autograder.reporting.feedback import Told, feedback_page, told_of, write_feedback
from autograder.reporting.marks_table import Marks, Person
from autograder.reporting.released_catalogue import read_entries
from autograder.reporting.results import Archive, Outcome

SECRETS = [HIDDEN_NUMBER, "31337", "secret_input", "HIDDEN TESTS", "expect_equal"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A course in which three have handed in, with a comment to one of them."""
    assignment = make(tmp_path_factory.mktemp("feedback") / "course")
    hand_in(assignment, "ada", person={"first_name": "Ada", "last_name": "<Byron>"})
    hand_in(assignment, "ben", fails_hidden, repairs=["a test was put back"])
    hand_in(assignment, "chi", fails_visibly)
    with Gradebook(url(assignment.course.root)) as gradebook:
        gradebook.find_comment("second", "task", "task", "chi").manual_comment = "Well tried & nearly right."
        gradebook.db.commit()
    return assignment


@pytest.fixture(scope="module")
def pages(made):
    """The text of each student's page, without markup."""
    done = write_feedback(Archive(made))
    assert (done.students, done.without) == (["ada", "ben", "chi"], {})
    return {name: words((folder(made, name) / "task.html").read_text(encoding="utf-8")) for name in done.students}


def folder(made, student: str):
    """Return where a student's feedback lies."""
    return made.course.root / "feedback" / student / "task"


def words(text: str) -> str:
    """Return a page's text."""
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)))


class TestBulk:
    """`autograder feedback`."""

    def test_marks_and_messages(self, pages):
        """The points, the check's numbers where the student has the check, comments and repairs."""
        assert re.search(r"15\s*points of 15", pages["ada"])
        assert re.search(r"5\s*points of 15", pages["ben"])
        assert "first: Z has the wrong shape." in pages["ben"]
        assert "a test was put back" in pages["ben"]
        assert "expected: 0.5\n  got:      1" in pages["chi"]
        assert "Well tried & nearly right." in pages["chi"]

    @pytest.mark.parametrize("student", ["ada", "ben", "chi"])
    def test_nothing_of_hidden_tests(self, made, pages, student):
        """Neither source nor values nor inputs, not even in the markup, and no later output."""
        text = (folder(made, student) / "task.html").read_text(encoding="utf-8")

        assert [secret for secret in [*SECRETS, "seen:"] if secret in text] == []

    def test_nothing_of_other_students(self, pages):
        """Nobody else's name."""
        assert not re.search(r"\b(ada|chi|Byron)\b", pages["ben"])

    def test_no_markup_out_of_names(self, made, pages):
        """A name is text."""
        assert "Ada <Byron>" in pages["ada"]
        assert "<Byron>" not in (folder(made, "ada") / "task.html").read_text(encoding="utf-8")

    def test_what_release_feedback_needs(self, made, pages):
        """The time stamp lies beside the page."""
        assert (folder(made, "ada") / "timestamp.txt").read_text(encoding="utf-8").startswith("2026-03-01")

    def test_hints_and_carried_functions(self, made):
        """The catalogue's hint for the student, and a sentence for what was tested with another function of ours."""
        archive = Archive(made)
        record = archive.record("ben")
        record.misconceptions, record.carried = {"task": {"first": ["no-mean"]}}, {"task": ["test_second"]}
        record.lent = {"task": {"test_second": ["first"]}}
        notebook = archive.notebooks("ben", record)["task"]
        outcomes = archive.outcomes(notebook, "task", record)
        told = told_of(archive.cells["task"], notebook, outcomes, read_entries(archive.bundle))
        text = words(feedback_page("task", "task", Person("ben"), Marks(None), told, []))

        assert "Which mean is meant?" in text
        assert "The mean is forgotten" not in text
        assert "Correct. It was tested with our first, because yours does not pass its own checks." in text

    def test_late_with_one_of_two_notebooks(self):
        """Each page has its own notebook's penalty."""
        right = Told(Outcome("first", 10.0, 10.0, "passed"))
        marks = Marks(None, penalties={"task": 4.0, "other": 0.0})

        assert "6points of 10" in words(feedback_page("both", "task", Person("ben"), marks, [right], []))
        assert "10points of 10" in words(feedback_page("both", "other", Person("ben"), marks, [right], []))

    def test_hints_that_go_further(self, made):
        """The page has the hint that the graded notebook has, by the attempt that the record is of."""
        archive = Archive(made)
        record = archive.record("ben")
        record.misconceptions, record.attempt = {"task": {"first": ["no-mean"]}}, 2
        archive.records.keep(record)
        write_feedback(archive, ["ben"])
        page = words((folder(made, "ben") / "task.html").read_text(encoding="utf-8"))
        record.misconceptions, record.attempt = {}, 1
        archive.records.keep(record)

        assert "What is divided by m?" in page
        assert "Which mean is meant?" not in page

    def test_the_catalogue_is_the_released_one(self, made):
        """What is edited later beside the master says nothing to those who had the release."""
        catalogue = made.catalogue
        before = catalogue.read_text(encoding="utf-8")
        catalogue.write_text(before.replace("The mean is forgotten.", "Something else."), encoding="utf-8")
        texts = read_entries(Archive(made).bundle)
        catalogue.write_text(before, encoding="utf-8")

        assert texts["no-mean"].instructor == "The mean is forgotten."

    def test_who_is_not_graded(self, made):
        """Is named, with the reason."""
        done = write_feedback(Archive(made), ["dan"])

        assert (done.students, done.without) == ([], {"dan": "nothing of theirs is graded"})


@pytest.fixture(scope="module")
def text(made):
    """Ben's page, as nbgrader makes it."""
    config = made.course.nbgrader_config()
    config.CourseDirectory.assignment_id = "task"
    config.CourseDirectory.student_id = "ben"
    config.CourseDirectory.feedback_directory = "theirs"
    GenerateFeedback(coursedir=CourseDirectory(config=config), config=config).start()
    return (made.course.root / "theirs/ben/task/task.html").read_text(encoding="utf-8")


class TestNbgraders:
    """`nbgrader generate_feedback`, with this course's configuration."""

    def test_nothing_of_hidden_tests(self, text):
        """Neither source nor values nor inputs, nor what later cells showed."""
        assert [secret for secret in [*SECRETS, "seen:"] if secret in words(text)] == []

    def test_the_rest_is_there(self, text):
        """The visible check, what it says, the student's code and the points."""
        told = words(text)

        assert "assert check_first(first)" in re.sub(r"\s+", " ", told)
        assert "first: Z has the wrong shape." in told
        assert "Which mean is meant?" in told
        assert "tested with our first, because yours does not pass its own checks" in told
        assert "(Score: 5.0 / 15.0)" in told
