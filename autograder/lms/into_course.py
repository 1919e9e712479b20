"""Puts an export of a learning platform into a course."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.course import Assignment
from autograder.lms.attribution import attribute, with_roster
from autograder.lms.collect import CollectionPlan, carry_out, make_plan
from autograder.lms.export_contents import CollectError, opened
from autograder.nbgrader_run import shown_address


def collect(assignment: Assignment, path: Path, pattern: str | None = None, *, dry_run: bool = False) -> CollectionPlan:
    """Put what students handed in under submitted/, and return what was done, or would be if `dry_run`.

    path -- a folder or zip archive
    pattern -- a regular expression with the group `student`; see `autograder.lms.attribution`
    Raises CollectError if nothing can be collected.
    """
    from nbgrader.coursedir import CourseDirectory  # noqa: PLC0415 (takes seconds to import)

    directory = CourseDirectory(config=assignment.course.nbgrader_config())
    with opened(path) as contents:
        own = [path.name for path in assignment.source.parent.rglob("*") if path.is_file()]
        found = attribute(contents, assignment.name, pattern, own)
        if any(one.user for one in found.owned):
            found.owned = with_roster(found.owned, _roster(directory))
        folders = {
            one.student: Path(directory.format_path(directory.submitted_directory, one.student, assignment.name))
            for one in found.owned
        }
        notebooks = sorted(path.stem for path in assignment.source.parent.glob("*.ipynb")) or [assignment.name]
        plan = make_plan(contents, found, notebooks, folders)
        if not dry_run:
            carry_out(plan, folders)
    return plan


def _roster(directory: Any) -> dict[str, str]:
    """Return the gradebook's student ids by the learning platform's numbers. Raises CollectError if it is damaged."""
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415 (takes a second to import)

    from autograder.gradebook import Gradebook  # noqa: PLC0415 (as above)

    url = directory.db_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return {}
    try:
        with Gradebook(url, directory.course_id) as gradebook:
            return {str(student.lms_user_id): student.id for student in gradebook.students if student.lms_user_id}
    except DatabaseError as error:
        raise CollectError(
            f"The gradebook {shown_address(url)} cannot be read: {error.orig}. Nothing was collected; restore it from "
            "a copy and run the same command again."
        ) from error
