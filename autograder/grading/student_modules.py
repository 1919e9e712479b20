"""Modules that belong to the student, as the tests import them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from autograder.rpc.peer import Peer


class StudentModule(types.ModuleType):
    """Stands in for a module of the student's: what it holds is asked for where the student's code runs.

    name -- the module's
    student -- returns whom to ask
    """

    def __init__(self, name: str, student: Callable[[], Peer]) -> None:
        super().__init__(name)
        self.__dict__["_student"] = student

    def __getattr__(self, name: str) -> Any:
        root = self.__dict__["_student"]().root
        if name == "__all__":
            return root.public_names(self.__name__)
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(root.import_module(self.__name__), name)


def stand_in(modules: Iterable[str], student: Callable[[], Peer]) -> None:
    """Let every import of these modules, and of what is in them, give the student's."""
    for top in modules:
        loaded = [name for name in sys.modules if name == top or name.startswith(f"{top}.")]
        for name in {top, *loaded}:
            sys.modules[name] = StudentModule(name, student)
