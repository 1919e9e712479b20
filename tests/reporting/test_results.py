"""What the gradebook and the records say of a class."""

from __future__ import annotations

import shutil

import pytest
from nbgrader.api import Gradebook
from small_course import fails_hidden, fails_visibly, hand_in, make, url

from autograder.batch.result_store import Record
from autograder.reporting.marks_table import Marks
from autograder.reporting.results import Archive, GradedExercise, ReportError, read_results, with_marks


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """A course in which three have handed in. Read-only."""
    assignment = make(tmp_path_factory.mktemp("results") / "course")
    hand_in(assignment, "ada", person={"first_name": "Ada", "last_name": "Byron"})
    hand_in(assignment, "ben", fails_hidden, notes=["the submission tried something"])
    hand_in(assignment, "chi", fails_visibly)
    return assignment


@pytest.fixture
def made(made_once, tmp_path):
    """The same, to be changed."""
    shutil.copytree(made_once.course.root, tmp_path / "course")
    return made_once.__class__(made_once.course.__class__(tmp_path / "course"), "task")


def by_student(assignment):
    """Return what came of each student's submission."""
    return {result.student: result for result in read_results(Archive(assignment)).results}


class TestResults:
    """Marks and records together."""

    def test_the_class(self, made_once):
        """Scores, statuses, notes and names; what uses what is read off the solution."""
        results = read_results(Archive(made_once))
        found = {result.student: result for result in results.results}

        assert [(exercise.name, exercise.needs) for exercise in results.exercises] == [
            ("first", ()),
            ("second", ("first",)),
        ]
        assert [found[name].final for name in ("ada", "ben", "chi")] == [15, 5, 10]
        assert [one.status for one in found["ben"].outcomes] == ["failed", "passed"]
        assert (found["ada"].person.name, found["ben"].notes) == ("Ada Byron", ["the submission tried something"])

    def test_what_a_person_decided_counts(self, made):
        """Manual points, extra credit and a penalty change score and status."""
        with Gradebook(url(made.course.root)) as gradebook:
            grade = gradebook.find_grade("test_first", "task", "task", "ben")
            grade.manual_score, grade.extra_credit = 10.0, 1.0
            gradebook.find_submission_notebook("task", "task", "ben").late_submission_penalty = 3.0
            gradebook.db.commit()
        ben = by_student(made)["ben"]

        assert (ben.score, ben.penalty, ben.final) == (16, 3, 13)
        assert ben.outcomes[0].status == "passed"

    def test_without_records(self, made):
        """What nbgrader graded itself is read from autograded/."""
        shutil.rmtree(made.course.root / "results")
        ben = by_student(made)["ben"]

        assert [one.status for one in ben.outcomes] == ["failed", "passed"]
        assert (ben.seconds, ben.graded) == (None, True)

    def test_who_is_not_graded(self, made):
        """Handed in, but not in the gradebook; with a reason where a record says one; the absent apart."""
        root = made.course.root
        for name in ("dan", "eve"):
            shutil.copytree(root / "submitted/ada", root / "submitted" / name)
        Archive(made).records.keep(Record("eve", "k", "", "", "", {}, error="no notebook"))
        with Gradebook(url(root)) as gradebook:
            gradebook.add_student("zoe")
        results = read_results(Archive(made))
        found = {result.student: result for result in results.results}

        assert (found["dan"].graded, found["dan"].error) == (False, "it has not been graded yet")
        assert (found["eve"].graded, found["eve"].error) == (False, "no notebook")
        assert [person.student for person in results.absent] == ["zoe"]

    def test_a_later_submission_that_cannot_be_graded(self, made):
        """The marks stand, and the reason is told."""
        Archive(made).records.keep(Record("ada", "later", "", "", "", {}, error="no notebook"))
        ada = by_student(made)["ada"]

        assert (ada.graded, ada.final, ada.error) == (True, 15, "no notebook")

    def test_diagnosis(self, made):
        """Misconceptions and carried functions, where records have them."""
        archive = Archive(made)
        record = archive.record("ben")
        record.misconceptions = {"task": {"first": ["no-mean"]}}
        record.carried, record.lent = {"task": ["test_second"]}, {"task": {"test_second": ["first"]}}
        outcomes = archive.outcomes(archive.notebooks("ben", record)["task"], "task", record)

        assert [(one.status, one.misconceptions, one.lent) for one in outcomes] == [
            ("failed", ("no-mean",), ()),
            ("carried", (), ("first",)),
        ]

    def test_points_that_a_person_gives(self, made):
        """A task has no test that could say anything, and is not missing for that."""
        exercise = GradedExercise("essay", "task", {"essay": 5.0}, by_hand=True)

        assert with_marks(exercise, Marks(None, cells={("task", "essay"): 4.0}), None).status == "manual"

    def test_a_damaged_gradebook(self, made):
        """A sentence, for whatever reads it."""
        (made.course.root / "gradebook.db").write_bytes(b"no database at all" * 1000)
        with pytest.raises(ReportError, match=r"gradebook\.db cannot be read"):
            read_results(Archive(made))

    def test_nothing_there(self, tmp_path):
        """The remedy is said."""
        assignment = make(tmp_path / "course")
        with pytest.raises(ReportError, match="Nobody has handed in"):
            read_results(Archive(assignment))
        (tmp_path / "course/gradebook.db").unlink()
        with pytest.raises(ReportError, match="autograder grade task"):
            Archive(assignment)
