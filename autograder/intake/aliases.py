"""Stand-ins for modules that notebooks import under other names: helpers of older releases, Colab's modules.

What is put in their place lies beside the notebook in the student's process, and nowhere else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.intake.intake_errors import IntakeError

TABLE = "aliases.toml"
# The names under which the helper modules of this course have been released over the years.
_KNOWN: dict[str, tuple[str, ...]] = {
    "testCases": (
        "testCases_v2",
        "testCases_v3",
        "testCases_v4",
        "testCases_v4a",
        "public_tests",
        "test_utils",
        "test_cases",
    ),
    "dnn_utils": ("dnn_utils_v2", "dnn_utils_v3"),
    "dnn_app_utils": ("dnn_app_utils_v2", "dnn_app_utils_v3"),
    # Until the helper modules became one package.
    "dnn_lab.checks.calling": ("calling",),
    "dnn_lab.checks.other_values": ("other_values",),
    "dnn_lab.figures.output": ("dnn_output",),
    "dnn_lab.figures.plots": ("dnn_plots",),
    "dnn_lab.figures.traces": ("dnn_traces",),
    "dnn_lab.hints.comparing": ("comparing",),
    "dnn_lab.hints.constant_factors": ("constant_factors",),
    "dnn_lab.hints.finite_differences": ("finite_differences",),
    "dnn_lab.hints.known_inputs": ("known_inputs",),
    "dnn_lab.hints.numerical_hints": ("numerical_hints",),
    "dnn_lab.pictures": ("picture_data",),
    "dnn_lab.playground.board": ("dnn_board",),
    "dnn_lab.playground.learner": ("dnn_learner",),
    "dnn_lab.playground.patterns": ("dnn_patterns",),
    "dnn_lab.playground.widget": ("dnn_playground",),
    "dnn_lab.progress": ("dnn_progress",),
    "dnn_lab.training": ("training_view",),
}
# Helpers that hold the answers of other assignments than their own.
_ANSWERS = ("dnn_app_utils",)
# What takes the place of a helper that the assignment does not have.
_INSTEAD = {"dnn_app_utils": "dnn_utils", "dnn_utils": "dnn_app_utils"}

_MODULE = '''"""{alias}, as an older release called {target}."""
from {target} import *
import {target} as _target
_here = dir()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    if hasattr(_target, name):
        return getattr(_target, name)

    def not_here(*arguments, **keywords):
        print(f"{{name}} is not part of this release; nothing was done")

    return not_here


__all__ = [name for name in _here if not name.startswith("_")] + {more!r}
'''

_COLAB = {
    "google/colab/__init__.py": '''"""Stands in for Colab's module while a notebook is graded."""
from google.colab import drive, files, output, userdata
''',
    "google/colab/drive.py": """def mount(mountpoint, *arguments, **keywords):
    print(f"no drive is mounted at {mountpoint} while a notebook is graded")


def flush_and_unmount(*arguments, **keywords):
    pass
""",
    "google/colab/files.py": """def upload(*arguments, **keywords):
    print("nothing is uploaded while a notebook is graded")
    return {}


def download(*arguments, **keywords):
    pass


def view(*arguments, **keywords):
    pass
""",
    "google/colab/output.py": """def clear(*arguments, **keywords):
    pass


def enable_custom_widget_manager(*arguments, **keywords):
    pass
""",
    "google/colab/userdata.py": """def get(name, *arguments, **keywords):
    return ""
""",
    "google/colab/patches.py": """def cv2_imshow(*arguments, **keywords):
    pass
""",
}


@dataclass(frozen=True)
class Aliases:
    """A course's older names of helper modules.

    names -- for each older name, the module that it means
    """

    names: Mapping[str, str] = field(
        default_factory=lambda: {alias: target for target, known in _KNOWN.items() for alias in known}
    )

    @classmethod
    def read(cls, course: Path) -> Aliases:
        """Return the table of a course: what is known, and what its aliases.toml adds.

            [aliases]
            testCases_v5 = "testCases"

        Raises IntakeError if that file makes no sense.
        """
        path = course / TABLE
        try:
            added = tomllib.loads(path.read_text(encoding="utf-8")).get("aliases", {})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            raise IntakeError(f"{path} cannot be read: {error}.") from error
        if not isinstance(added, dict) or not all(
            isinstance(one, str) and one.isidentifier() for pair in added.items() for one in pair
        ):
            raise IntakeError(f'{path} has to be a table [aliases] of lines such as testCases_v5 = "testCases".')
        return cls({**cls().names, **added})

    def given(self, own: Collection[str]) -> frozenset[str]:
        """Return all module names that mean something in an assignment with these modules."""
        meant = {alias for alias in self.names if self._target(alias, own)}
        return frozenset(own) | meant | {"google"} | self._others(own)

    def others(self, own: Collection[str]) -> frozenset[str]:
        """Return the names of helper modules that belong to other assignments."""
        return self._others(own)

    def stand_ins(
        self, imported: Collection[str], used: Collection[str], own: Collection[str], handed_in: Collection[str]
    ) -> tuple[dict[str, bytes], list[str]]:
        """Return the files that answer a notebook's imports, and what was done, in words.

        imported -- the top-level modules that the notebook imports
        used -- the global names that it looks up
        own -- the modules that the assignment brings, those in packages with their dots
        handed_in -- those that lie beside the notebook
        """
        files: dict[str, bytes] = {}
        repairs = []
        foreign = self._others(own)
        for name in sorted(imported):
            if name in own or (name in handed_in and name not in foreign):
                continue
            target = self._target(name, own)
            if target is not None:
                more = sorted(one for one in used if one.endswith("_test") and one.isidentifier())
                files[f"{name}.py"] = _MODULE.format(alias=name, target=target, more=more).encode()
                repairs.append(f"the notebook imports {name}, which this release calls {target}")
        if "google" in imported and "google" not in handed_in:
            files |= {place: text.encode() for place, text in _COLAB.items()}
            repairs.append("the notebook imports Colab's own modules; harmless ones stand in for them")
        return files, repairs

    def _target(self, alias: str, own: Collection[str]) -> str | None:
        """Return the assignment's module that an older name means."""
        target = self.names.get(alias, alias)
        if target not in own:
            target = _INSTEAD.get(target, "")
        return target if target in own and alias not in own else None

    def _others(self, own: Collection[str]) -> frozenset[str]:
        """Return the names of modules that would give answers away: another assignment's helpers."""
        hidden = {target for target in _ANSWERS if target not in own}
        return frozenset(hidden | {alias for alias, target in self.names.items() if target in hidden})
