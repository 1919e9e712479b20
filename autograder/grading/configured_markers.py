"""The markers that a course has configured for nbgrader's preprocessors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from traitlets.config import Config

from autograder.course import Course
from autograder.notebook.markers import DEFAULTS, Markers


def configured_markers(course: Course) -> Markers:
    """Return the markers of a course, by its nbgrader configuration; it is run only if it may set one of them."""
    if not course.may_set("delimeter", "code_stub"):
        return DEFAULTS
    # nbgrader's own classes know what a configuration means for them, but take seconds to import.
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions  # noqa: PLC0415

    config = course.nbgrader_config()
    # StubSolutions is a ClearSolutions: what is set for the one counts for the other.
    solutions = Config(ClearSolutions=config.ClearSolutions | config.StubSolutions)
    return markers_of(
        [ClearSolutions(config=solutions), *(step(config=config) for step in (ClearHiddenTests, ClearMarkScheme))]
    )


def markers_of(steps: Iterable[Any], language: str = "python") -> Markers:
    """Return the markers that steps of nbgrader go by, and the stub that they leave.

    steps -- ClearSolutions, ClearHiddenTests and ClearMarkScheme, or what a course has in their place; of several of
        a kind the first counts, and what is missing goes by nbgrader's defaults
    language -- of the notebook, for the stub
    """
    # nbgrader takes seconds to import.
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions  # noqa: PLC0415

    found: dict[str, Any] = {}
    for step in steps:
        if isinstance(step, ClearSolutions):
            found.setdefault("begin_solution", step.begin_solution_delimeter)
            found.setdefault("end_solution", step.end_solution_delimeter)
            found.setdefault("code_stub", step.code_stub.get(language, ""))
        elif isinstance(step, ClearHiddenTests):
            found.setdefault("begin_hidden_tests", step.begin_test_delimeter)
            found.setdefault("end_hidden_tests", step.end_test_delimeter)
        elif isinstance(step, ClearMarkScheme):
            found.setdefault("begin_mark_scheme", step.begin_mark_scheme_delimeter)
            found.setdefault("end_mark_scheme", step.end_mark_scheme_delimeter)
    return Markers(**found)
