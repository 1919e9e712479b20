"""A gradebook in PostgreSQL: the same marks as in SQLite, and two who grade at once."""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
import pytest
import small_course
from nbgrader.api import Gradebook
from scale import postgres
from small_course import fails_hidden, fails_visibly

from autograder.batch.grade import ClassGrading, ClassResult
from autograder.batch.gradebook_writer import LandingError
from autograder.batch.result_store import Record
from autograder.batch.worker import Job, Task, workplace
from autograder.course import Assignment
from autograder.lms.marks_export import to_csv
from autograder.nbgrader_run import nbgrader_log, scripts_on_path
from autograder.reporting.results import Archive, read_results

STUDENTS = 45  # more than two transactions' worth
PROGRAMS = postgres.programs()
pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="there is no PostgreSQL server on this machine: apt install postgresql"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The folder of a server's socket."""
    assert PROGRAMS is not None
    with postgres.server(PROGRAMS) as folder:
        yield folder


@pytest.fixture
def address(server) -> str:
    """An empty database."""
    return postgres.new_database(server, uuid.uuid4().hex)


class Pretending:
    """A pool that examines nothing: every third student fails in one way, every third in another."""

    def start(self) -> None:
        """Start nothing."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yield what would have come of it."""
        for task in tasks:
            record, made = task.record, small_course.notebook()
            kind = int(record.student[-2:]) % 3
            if kind:
                (fails_hidden if kind == 1 else fails_visibly)(made)
            (name,) = task.notebooks
            record.notebooks = {name: nbformat.writes(made)}
            first, second = (0.0 if kind == 1 else 10.0), (0.0 if kind == 2 else 5.0)
            record.scores = {name: {"test_first": [first, 10.0], "test_second": [second, 5.0]}}
            record.owners = {name: {"test_first": "first", "test_second": "second"}}
            record.timed_out, record.seconds, record.status = {name: []}, 0.25, "graded"
            yield record


def hand_in(assignment: Assignment) -> None:
    """Let the class hand in; one in five is late."""
    for number in range(STUDENTS):
        folder = assignment.course.root / "submitted" / f"student{number:02d}" / assignment.name
        folder.mkdir(parents=True)
        nbformat.write(small_course.notebook(), folder / f"{assignment.name}.ipynb")
        day = 9 if number % 5 == 0 else 1
        (folder / "timestamp.txt").write_text(f"2026-03-0{day} 12:00:00.000000 UTC", encoding="utf-8")


def grade(assignment: Assignment) -> ClassResult:
    """Grade who has handed in."""
    workplace.cache_clear()
    root = assignment.course.root
    with scripts_on_path():
        grading = ClassGrading(Job(root, assignment.name))
        return grading.grade(grading.submissions(), Pretending())


def a_class(root: Path, address: str) -> Assignment:
    """Make a course with a due date and a penalty, and grade it."""
    assignment = small_course.make(root, "task", address)
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with Gradebook(address) as gradebook:
        gradebook.update_or_create_assignment("task", duedate="2026-03-05 00:00:00 UTC")
    hand_in(assignment)
    result = grade(assignment)
    assert not result.failed
    assert len(result.graded) == STUDENTS
    return assignment


def rows(address: str) -> list[tuple]:
    """Return every mark and comment of a gradebook."""
    found = []
    with nbgrader_log(), Gradebook(address) as gradebook:
        for submission in gradebook.assignment_submissions("task"):
            who = (submission.student.id, submission.timestamp, submission.late_submission_penalty, submission.score)
            for notebook in submission.notebooks:
                for g in notebook.grades:
                    marks = (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade, g.max_score)
                    found.append((*who, notebook.name, *marks))
                found += [(*who, notebook.name, c.name, c.auto_comment, c.manual_comment) for c in notebook.comments]
    return sorted(found, key=repr)


def shown(address: str) -> list[object]:
    """Return what formgrader's pages ask for, without identifiers, which are random."""
    with nbgrader_log(), Gradebook(address) as gradebook:
        lists = [
            gradebook.student_dicts(),
            gradebook.submission_dicts("task"),
            gradebook.notebook_submission_dicts("task", "task"),
        ]
        plain = [sorted(repr(sorted(row.items() - {("id", row["id"])})) for row in rows) for rows in lists[1:]]
        students = sorted(repr(sorted(row.items())) for row in lists[0])
        averages = [gradebook.average_assignment_score("task"), gradebook.average_notebook_score("task", "task")]
        return [students, *plain, averages]


class TestTheSame:
    """What comes of the same class in SQLite and in PostgreSQL."""

    @pytest.mark.slow
    def test_gradebooks_are_equal(self, address, tmp_path):
        """Row by row, on formgrader's pages, and in what is exported; a second run changes nothing."""
        file = f"sqlite:///{tmp_path}/sqlite/gradebook.db"
        ours, theirs = a_class(tmp_path / "postgres", address), a_class(tmp_path / "sqlite", file)

        assert len(rows(address)) >= 2 * STUDENTS
        assert {row[2] for row in rows(address)} == {0.0, 10.0, 5.0, 15.0}
        assert rows(address) == rows(file)
        assert shown(address) == shown(file)
        with nbgrader_log():
            assert to_csv(read_results(Archive(ours))) == to_csv(read_results(Archive(theirs)))
        assert len(grade(ours).unchanged) == STUDENTS
        assert rows(address) == rows(file)


def grade_in_a_process(assignment: Assignment, begin, answers) -> None:
    """Grade when both processes are there, and send what came of it."""
    begin.wait()
    result = grade(assignment)
    answers.put((assignment.name, len(result.graded), result.failed))


@pytest.mark.slow
def test_two_assignments_at_once(address, tmp_path):
    """Two graders who meet the same new students in the same gradebook do not get into each other's way."""
    assignments = [small_course.make(tmp_path, name, address) for name in ("task", "other")]
    for assignment in assignments:
        hand_in(assignment)
    fork = multiprocessing.get_context("fork")
    begin, answers = fork.Barrier(2), fork.Queue()
    graders = [fork.Process(target=grade_in_a_process, args=(one, begin, answers)) for one in assignments]
    for grader in graders:
        grader.start()
    came = sorted(answers.get(timeout=300) for _ in graders)
    for grader in graders:
        grader.join()

    assert came == [("other", STUDENTS, {}), ("task", STUDENTS, {})]
    with Gradebook(address) as gradebook:
        assert len(gradebook.students) == STUDENTS
        assert len(gradebook.assignment_submissions("other")) == STUDENTS


@pytest.mark.slow
def test_a_server_that_goes_away(tmp_path):
    """It is said, without the password; what was examined is kept, and the next run lands it."""
    assert PROGRAMS is not None
    with postgres.server(PROGRAMS) as folder:
        address = postgres.new_database(folder, "course").replace("autograder@", "autograder:verysecret@")
        assignment = small_course.make(tmp_path, "task", address)
        hand_in(assignment)
        root = assignment.course.root
        workplace.cache_clear()
        grading = ClassGrading(Job(root, "task"))

        class Breaking(Pretending):
            """Loses the server when half is done."""

            def run(self, tasks: Iterable[Task]) -> Iterator[Record]:
                """Yield records, and end all connections on the way."""
                for number, record in enumerate(super().run(tasks)):
                    if number == 25:
                        with Gradebook(address) as gradebook:
                            gradebook.db.connection().exec_driver_sql(
                                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                            )
                    yield record

        with pytest.raises(LandingError) as caught:
            grading.grade(grading.submissions(), Breaking())

        assert "verysecret" not in str(caught.value)
        assert "run the same command again" in str(caught.value)
        again = grade(assignment)
        assert len(again.graded) + len(again.unchanged) == STUDENTS
