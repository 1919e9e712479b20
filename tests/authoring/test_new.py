"""A new assignment, and the page that walks through making one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from documents import blocks, follow
from helper import ROOT, copy_modules

from autograder.authoring.new import NewError, new
from autograder.course import Course


def copy_course(target: Path) -> Course:
    """Copy what an author edits to another folder."""
    copy_modules(target)
    shutil.copytree(ROOT / "notebooks", target / "notebooks", ignore=shutil.ignore_patterns("__pycache__"))
    return Course(target)


@pytest.mark.slow
def test_the_page_can_be_followed(tmp_path):
    """Every command succeeds, every edit fits, and in the end the changed assignment is sound and graded."""
    course = copy_course(tmp_path / "course")
    printed = [text for _, text in follow(blocks("docs/authoring.md"), course.root)]

    new_one, _, proven, _, _, changed, checked = printed
    assert "wrote first_loss_cases.py" in new_one
    for text in (proven, changed):
        assert "10 of 10" in text
        assert "not filled in yet" in text
    assert "mean_absolute_error" in changed
    assert re.search(r"mean_absolute_error\s+10 of 10\s+passed", checked)


class TestNew:
    """`autograder new`."""

    def test_three_files(self, tmp_path):
        """With the name in them, and nothing left to be filled in by a program."""
        course = copy_course(tmp_path)
        paths = new(course, "my_task")

        assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
            "notebooks/my_task.py",
            "my_task_cases.py",
            "notebooks/my_task.misconceptions.toml",
        ]
        for path in paths:
            text = path.read_text(encoding="utf-8")
            assert "my_task" in text
            assert not re.search(r"\b(NAME|TITLE)\b|NAME_", text)
        assert "# # My task" in paths[0].read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", ["My Task", "2nd", "import", "../x", "task-1", ""])
    def test_names_that_no_module_can_have(self, tmp_path, name):
        """Refused, and nothing is written."""
        course = copy_course(tmp_path)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(NewError, match="cannot be an assignment's name"):
            new(course, name)

        assert sorted(tmp_path.rglob("*")) == before

    def test_nothing_is_overwritten(self, tmp_path):
        """Not even one of the three."""
        course = copy_course(tmp_path)
        (tmp_path / "task_cases.py").write_text("mine", encoding="utf-8")
        with pytest.raises(NewError, match="there already"):
            new(course, "task")

        assert not (tmp_path / "notebooks/task.py").exists()

    def test_without_the_helper(self, tmp_path):
        """What the checks are made of has to be there."""
        (tmp_path / "notebooks").mkdir()
        with pytest.raises(NewError, match=r"testCases\.py is missing"):
            new(Course(tmp_path), "task")
