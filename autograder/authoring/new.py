"""Creates a new assignment from templates: a master with one exercise, its test helper and its catalogue."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from autograder.course import Course

_TEMPLATES = Path(__file__).parent / "templates"


class NewError(Exception):
    """A new assignment cannot be made; the message says why. Nothing was written."""


def new(course: Course, name: str) -> list[Path]:
    """Write the files of a new assignment and return their paths.

    Raises NewError if no module can have the name, or one of the files is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise NewError(
            f"{name!r} cannot be an assignment's name: it names files and a module, so take small letters, digits and "
            "underscores, a letter first."
        )
    files = {
        course.masters / f"{name}.py": "master.py.txt",
        course.root / f"{name}_cases.py": "cases.py.txt",
        course.masters / f"{name}.misconceptions.toml": "misconceptions.toml.txt",
    }
    if not (course.root / "testCases.py").is_file():
        raise NewError(f"{course.root / 'testCases.py'} is missing; the new assignment's checks are made of it.")
    for path in files:
        if path.exists():
            raise NewError(f"{path} is there already; remove it or take another name.")
    for path, template in files.items():
        text = (_TEMPLATES / template).read_text(encoding="utf-8")
        title = name.replace("_", " ").capitalize()
        path.write_text(text.replace("NAME", name).replace("TITLE", title), encoding="utf-8")
    return list(files)
