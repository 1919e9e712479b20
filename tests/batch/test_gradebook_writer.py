"""Records into the gradebook: what becomes of a batch in the middle of which the database has an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nbformat
import pytest
import small_course
from nbgrader.api import Gradebook
from scale import postgres
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DataError, OperationalError

from autograder.batch.gradebook_writer import Landing, LandingError
from autograder.batch.result_store import Record, Records
from autograder.batch.worker import Job, workplace
from autograder.nbgrader_run import nbgrader_log, scripts_on_path

POINTS = {"test_first": [10.0, 10.0], "test_second": [5.0, 5.0]}


@contextmanager
def database_error(kind: type[Exception], student: str) -> Iterator[None]:
    """Let the database refuse a question about a student, while nbgrader is adding a submission.

    It asks for the submission, and if there is none, for the student; an error then makes it roll back.
    """
    asked = False

    def refuse(_, __, statement, parameters, *___):
        nonlocal asked
        if student not in (parameters.values() if isinstance(parameters, dict) else parameters):
            return
        if asked:
            raise kind(statement, parameters, Exception("there was a fault"))
        asked = "FROM submitted_assignment" in statement

    event.listen(Engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", refuse)
    assert asked


class TestErrors:
    """Ben comes before zoe in one batch, and the database has an error about zoe."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def address(self, request, tmp_path) -> Iterator[str]:
        """A gradebook's address."""
        if request.param == "sqlite":
            yield small_course.url(tmp_path)
            return
        if (programs := postgres.programs()) is None:
            pytest.skip("there is no PostgreSQL server on this machine: apt install postgresql")
        with postgres.server(programs) as folder:
            yield postgres.new_database(folder, "course")

    @pytest.fixture
    def course(self, tmp_path, address) -> Iterator[tuple[Landing, Records, str]]:
        """A course in which two have handed in."""
        assignment = small_course.make(tmp_path, address=address)
        for student in ("ben", "zoe"):
            folder = tmp_path / "submitted" / student / "task"
            folder.mkdir(parents=True)
            nbformat.write(small_course.notebook(), folder / "task.ipynb")
        records = Records(tmp_path / "results" / "task")
        with scripts_on_path(), nbgrader_log():
            steps = workplace(Job(tmp_path, assignment.name)).steps
            with Landing(steps, records) as landing:
                yield landing, records, address
        workplace.cache_clear()

    def two(self, records: Records) -> list[Record]:
        """Return both records."""
        made = []
        for student in ("ben", "zoe"):
            record = Record(student, f"key-of-{student}", "", "", "", {}, status="graded")
            record.notebooks = {"task": nbformat.writes(small_course.notebook())}
            record.scores = {"task": POINTS}
            records.keep(record)
            made.append(record)
        return made

    def scores(self, address: str) -> dict[str, float]:
        """Return the points in the gradebook."""
        with Gradebook(address) as gradebook:
            return {one.student.id: one.score for one in gradebook.assignment_submissions("task")}

    def test_one_that_is_zoes_own(self, course):
        """Ben's marks are in the gradebook, as is noted; zoe's are neither."""
        landing, records, address = course
        with database_error(DataError, "zoe"):
            failed = landing.land(self.two(records))

        assert failed.keys() == {"zoe"}
        assert self.scores(address) == {"ben": 15.0}
        assert (records.landed("ben"), records.landed("zoe")) == ("key-of-ben", None)

    def test_one_that_is_everybodys(self, course):
        """Nothing is noted that the gradebook does not have; afterwards both are landed."""
        landing, records, address = course
        with database_error(OperationalError, "zoe"), pytest.raises(LandingError, match="there was a fault"):
            landing.land(self.two(records))

        assert (records.landed("ben"), records.landed("zoe")) == (None, None)

        assert landing.land(self.two(records)) == {}
        assert self.scores(address) == {"ben": 15.0, "zoe": 15.0}
