"""The gradebook's connections."""

import gc
import sys
import warnings

import pytest
from nbgrader.api import InvalidEntry
from sqlalchemy.exc import DatabaseError, OperationalError

from autograder.gradebook import Gradebook
from autograder.nbgrader_run import scripts_on_path

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="older ones do not tell of open connections")


@pytest.fixture(autouse=True)
def on_path():
    """Nbgrader starts alembic to make a gradebook."""
    with scripts_on_path():
        yield


@pytest.fixture
def every_connection_is_closed():
    """Fail the test if what it leaves behind holds an open connection."""
    gc.collect()
    yield
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        gc.collect()
    assert not said


def test_damaged(tmp_path, every_connection_is_closed):
    """None is left of a file that is no database."""
    (tmp_path / "gradebook.db").write_text("no database " * 100)

    with pytest.raises(DatabaseError):
        Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}")


def test_not_there(tmp_path, every_connection_is_closed):
    """None is left of a folder that does not exist."""
    with pytest.raises(OperationalError):
        Gradebook(f"sqlite:///{tmp_path / 'none' / 'gradebook.db'}")


def test_taken(tmp_path, every_connection_is_closed, monkeypatch):
    """None is left if somebody adds the course at the same time."""

    def check_course(self, course_id):
        raise InvalidEntry("added already")

    monkeypatch.setattr(Gradebook, "check_course", check_course)

    with pytest.raises(InvalidEntry):
        Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}")


def test_read(tmp_path, every_connection_is_closed):
    """None is left of one that was used in a `with`."""
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ada")
        assert [student.id for student in gradebook.students] == ["ada"]
