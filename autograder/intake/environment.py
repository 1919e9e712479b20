"""What a notebook finds where it is graded: which modules it can import, and which of them bring nothing of its own."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder


@dataclass(frozen=True)
class Environment:
    """The modules beside a notebook.

    given -- those that the assignment brings, and the names under which older releases had them
    handed_in -- those that lie beside the notebook, handed in by its author
    """

    given: frozenset[str] = frozenset()
    handed_in: frozenset[str] = frozenset()

    def is_there(self, module: str) -> bool:
        """Tell whether a top-level module can be imported."""
        return module in self.given or module in self.handed_in or is_installed(module)

    def may_define_answers(self, modules: Collection[str]) -> bool:
        """Tell whether one of these modules may hold what students are asked to write."""
        return any(module not in self.given and not is_installed(module) for module in modules)


@cache
def is_installed(module: str) -> bool:
    """Tell whether a top-level module belongs to Python or to an installed package; nothing is imported."""
    if module in sys.stdlib_module_names:
        return True
    # The current folder and a course's own are no place of packages.
    places = [place for place in sys.path if "site-packages" in place or "dist-packages" in place]
    try:
        return PathFinder.find_spec(module, places) is not None
    except (ImportError, ValueError):
        return False
