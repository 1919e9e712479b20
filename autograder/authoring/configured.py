"""The markers that a course has configured."""

from __future__ import annotations

from autograder.course import Course
from autograder.markers import DEFAULTS, Markers


def configured_markers(course: Course) -> Markers:
    """Return the markers of a course, by its nbgrader configuration; it is run only if it may set one of them."""
    if not course.may_set("delimeter", "code_stub"):
        return DEFAULTS
    # nbgrader's own classes know what a configuration means for them, but take seconds to import.
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme  # noqa: PLC0415

    from autograder.authoring.preprocessors import StubSolutions, markers_of  # noqa: PLC0415

    config = course.nbgrader_config()
    return markers_of([step(config=config) for step in (StubSolutions, ClearHiddenTests, ClearMarkScheme)])
