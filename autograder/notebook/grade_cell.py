"""A test, as the grader process needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GradeCell:
    """A test, as it was released.

    reads -- the names that it looks up and does not bind itself
    hidden_names -- what the hidden parts bind
    statements -- the names that each visible top-level statement binds, by the statement's first line
    """

    grade_id: str
    source: str
    reads: frozenset[str]
    hidden_names: frozenset[str]
    statements: dict[int, frozenset[str]]

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, to be sent to another process."""
        return {
            "grade_id": self.grade_id,
            "source": self.source,
            "reads": sorted(self.reads),
            "hidden_names": sorted(self.hidden_names),
            "statements": [[line, sorted(names)] for line, names in self.statements.items()],
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> GradeCell:
        """Return what `plain` was made of."""
        names = {key: frozenset(data[key]) for key in ("reads", "hidden_names")}
        statements = {line: frozenset(bound) for line, bound in data["statements"]}
        return cls(data["grade_id"], data["source"], statements=statements, **names)
