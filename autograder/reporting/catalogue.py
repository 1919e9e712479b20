"""What an assignment's catalogue of misconceptions says for people to read: the one that was released with it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.bundle import Bundle


@dataclass(frozen=True)
class Texts:
    """The texts of one entry.

    hints -- what the student reads, the first attempt's first
    cause -- why students do this
    instructor -- one line for the class report
    """

    function: str
    hints: tuple[str, ...] = ()
    cause: str = ""
    instructor: str = ""

    def hint(self, attempt: int = 1) -> str:
        """Return what a student reads at this attempt, the first being 1; the last hint serves all later ones."""
        return self.hints[min(attempt, len(self.hints)) - 1] if self.hints else ""


def read_texts(bundle: Bundle) -> dict[str, Texts]:
    """Return the texts of a bundle's catalogues by id; those that cannot be read have none."""
    return {
        str(entry["id"]): Texts(
            str(entry.get("function") or ""),
            tuple(str(hint) for hint in _listed(entry.get("hint"))),
            str(entry.get("cause") or ""),
            str(entry.get("instructor") or ""),
        )
        for entry in _entries(bundle)
        if isinstance(entry, dict) and "id" in entry
    }


def _entries(bundle: Bundle) -> Iterable[Any]:
    for name in sorted(path.stem for path in (bundle.folder / "notebooks").glob("*.ipynb")):
        path = bundle.catalogue(name)
        try:
            found = [] if path is None else tomllib.loads(path.read_text(encoding="utf-8")).get("misconception", [])
        except (OSError, ValueError):
            continue
        yield from found if isinstance(found, list) else []


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given] if given else []
