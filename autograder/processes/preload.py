"""Work that a fork server does once for all its children: imports, the shell, a first drawing."""

import importlib
import sys
from dataclasses import dataclass, field

from autograder.kernel.outputs import CELL_BYTES
from autograder.kernel.shell import Shell
from autograder.sandbox.audit import AuditHook

# Each of these is slow the first time: a result, a traceback, a magic, and a figure with its fonts.
_CELLS = ["[1, 'a']", "def f():\n    1 / 0\nf()", "%timeit -n 1 -r 1 pass"]
_MAGICS = ["matplotlib", "load_ext", "time"]
_FIGURE = """
import matplotlib.pyplot as plt
_, axes = plt.subplots()
axes.plot([0, 1], label="$x^2$")
axes.set_title("title")
axes.legend()
None
"""


@dataclass
class Warm:
    """The state that forked processes start from.

    report -- which modules are missing, and why
    watch -- what a forked process is given to notice what its code tries
    """

    shell: Shell
    report: dict[str, str] = field(default_factory=dict)
    watch: AuditHook | None = None

    def get_ready(self) -> None:
        """Open what a forked process may not have the right to open later."""
        self.shell.open()


def warm_up(modules: list[str], *, draw: bool = True, output: int = CELL_BYTES) -> Warm:
    """Make the shell, whose cells may output *output* bytes, and import *modules*; one that cannot be is reported.

    With *draw*, also do once what is slow the first time. That pays if several processes will be forked.
    """
    # The shell first: it tells matplotlib which backend to use.
    warm = Warm(Shell(limit=output))
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:
            warm.report[name] = f"{type(error).__name__}: {error}"
    if "numpy" in sys.modules:
        # NumPy imports it when it is first used.
        importlib.import_module("numpy.random")
    for magic in _MAGICS if draw else []:
        # IPython imports what defines a magic when it is first used.
        warm.shell.interpreter.find_line_magic(magic)  # type: ignore[no-untyped-call]
    cells = [*_CELLS, _FIGURE] if "matplotlib" in sys.modules else _CELLS
    for cell in cells if draw else []:
        warm.shell.run(cell, store_count=False)
    warm.shell.forget()
    # Nothing stays open: the forked processes open their own.
    warm.shell.release()
    return warm
