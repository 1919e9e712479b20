"""Runs nbgrader's generate_assignment on one assignment."""

from __future__ import annotations

from autograder.course import Assignment, Course
from autograder.nbgrader_run import nbgrader_log, scripts_on_path
from autograder.notebook.authoring_errors import AuthoringError, BuildError


def generate(assignment: Assignment, configured_by: Course | None = None, *, examine: bool = True) -> None:
    """Make an assignment's release from its source; nbgrader also saves it to the gradebook and stores the bundle.

    configured_by -- the course whose nbgrader configuration applies, if not the assignment's own
    examine -- whether solution and release are graded at once, to find out how the assignment will be
    Raises BuildError with nbgrader's own words if it cannot.
    """
    from nbgrader.converters import GenerateAssignment  # noqa: PLC0415 (takes seconds to import)
    from nbgrader.converters.base import NbGraderException  # noqa: PLC0415 (the same)
    from nbgrader.coursedir import CourseDirectory  # noqa: PLC0415 (the same)

    course = assignment.course
    config = configured_by.nbgrader_config(course.root) if configured_by else course.nbgrader_config()
    config.CourseDirectory.assignment_id = assignment.name
    config.GenerateAssignment.force = True
    config.StoreBundle.examine = examine
    with nbgrader_log() as (log, messages), scripts_on_path():
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config, log=log), config=config, log=log)
        try:
            converter.start()
        except NbGraderException as error:
            problems = [AuthoringError(text, file=assignment.source) for text in messages or [str(error)]]
            raise BuildError(problems) from error
