"""What a course adds to its configuration to be graded in two processes; nbgrader finds it by JUPYTER_CONFIG_PATH."""

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, Execute, SaveCells

from autograder.authoring.preprocessors import StoreBundle, StubSolutions
from autograder.grading.preprocessor import Examine

c = get_config()  # noqa: F821 (nbgrader defines it)

_replaced = {ClearSolutions: StubSolutions, SaveCells: StoreBundle, Execute: Examine}
for converter, steps in [(GenerateAssignment, "preprocessors"), (Autograde, "autograde_preprocessors")]:
    default = converter.class_traits()[steps].default()
    c[converter.__name__][steps] = [_replaced.get(step, step) for step in default]
