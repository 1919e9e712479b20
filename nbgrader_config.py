"""The course as nbgrader sees it: every nbgrader command in this folder reads this file."""

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, SaveCells

from autograder.authoring.preprocessors import StoreBundle, StubSolutions

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "deep_neural_networks"

# Stubs between START CODE HERE and END CODE HERE, and a bundle beside the gradebook; else nbgrader's own steps.
_replaced = {ClearSolutions: StubSolutions, SaveCells: StoreBundle}
c.GenerateAssignment.preprocessors = [_replaced.get(step, step) for step in GenerateAssignment.preprocessors.default()]

# The kernel would warn on stderr that its socket is not encrypted; it only listens on loopback.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]
