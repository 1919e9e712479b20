"""An export, into a course with a gradebook."""

from __future__ import annotations

import pytest
from small_course import make

from autograder.lms.export_contents import CollectError
from autograder.lms.into_course import collect


def test_a_damaged_gradebook(tmp_path):
    """One sentence that names it; nothing is collected."""
    assignment = make(tmp_path / "course")
    (assignment.course.root / "gradebook.db").write_bytes(b"no database " * 200)
    (tmp_path / "export").mkdir()
    (tmp_path / "export/doejane_1_2_task.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(CollectError, match=r"gradebook\.db cannot be read: file is not a database\. Nothing was"):
        collect(assignment, tmp_path / "export")

    assert not (assignment.course.root / "submitted").exists()
