"""What an attack achieves where the tests run in the student's process: marks and tests are within its reach there."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARKS = re.compile(r"(\w+) earned (?P<earned>[\d.e+-]+) of its marks and deserves (?P<deserved>[\d.e+-]+)")
_READ = re.compile(r"the secret of tests came out|BREACH: __\w+__ is shown")
_SAID = "the result says nothing like"


def achieved(problems: Iterable[str]) -> list[str]:
    """Return what an attack has achieved: of its own marks, of the tests, and, as it was said, of all else."""
    found: dict[str, None] = {}
    for problem in problems:
        if match := _MARKS.fullmatch(problem):
            if float(match["earned"]) > float(match["deserved"]):
                found["earns marks"] = None
        elif _READ.fullmatch(problem):
            found["reads the tests"] = None
        elif not problem.startswith(_SAID):
            found[problem] = None
    return list(found)
