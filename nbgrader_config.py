"""The course as nbgrader sees it: every nbgrader command in this folder reads this file."""

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import ClearSolutions, Execute, SaveCells

from autograder.authoring.preprocessors import StoreBundle, StubSolutions
from autograder.grading.preprocessor import Examine, GiveRoles
from autograder.reporting.hide_tests import HideTests

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "deep_neural_networks"

# Stubs between START CODE HERE and END CODE HERE, and a bundle beside the gradebook; else nbgrader's own steps.
_replaced = {ClearSolutions: StubSolutions, SaveCells: StoreBundle}
c.GenerateAssignment.preprocessors = [_replaced.get(step, step) for step in GenerateAssignment.preprocessors.default()]

# `nbgrader validate` runs a kernel, which would warn on stderr that its socket is not encrypted; it only listens on
# loopback.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]

# Two processes: the student's cells in one, the tests in another, instead of both in one kernel. Before that, cells
# get the roles that the assignment gives them; nbgrader would leave a notebook ungraded whose cells have odd ones.
_traits = Autograde.class_traits()
c.Autograde.sanitize_preprocessors = [GiveRoles, *_traits["sanitize_preprocessors"].default()]
c.Autograde.autograde_preprocessors = [
    Examine if step is Execute else step for step in _traits["autograde_preprocessors"].default()
]

# Feedback shows nothing of hidden tests; nbgrader's own shows them with their values.
c.GenerateFeedback.preprocessors = [HideTests, *GenerateFeedback.class_traits()["preprocessors"].default()]
