"""What an assignment's catalogue of misconceptions says for people to read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import Assignment


@dataclass(frozen=True)
class Texts:
    """The texts of one entry: the student's hint, the cause, and the instructor's line."""

    function: str
    hint: str = ""
    cause: str = ""
    instructor: str = ""


def read_texts(assignment: Assignment) -> dict[str, Texts]:
    """Return the texts of a catalogue by id; none if the assignment has no catalogue that can be read."""
    path: Path = assignment.master.with_name(f"{assignment.name}.misconceptions.toml")
    try:
        entries: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("misconception", [])
    except (OSError, ValueError):
        return {}
    return {
        str(entry["id"]): Texts(*(_text(entry.get(key)) for key in ("function", "hint", "cause", "instructor")))
        for entry in entries
        if isinstance(entry, dict) and "id" in entry
    }


def _text(value: Any) -> str:
    """Return a text; of hints for one attempt after the other, the first."""
    return str(value[0] if isinstance(value, list) and value else value or "")
