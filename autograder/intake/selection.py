"""Chooses which of several submitted notebooks is graded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from autograder.intake import budget
from autograder.intake.budget import Budget
from autograder.intake.encodings import clean
from autograder.intake.exercises import Exercise, fullness
from autograder.intake.formats import Candidate, read_file, receive
from autograder.intake.intake_errors import IntakeError

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".tbz2", ".txz", ".rar", ".7z")
# Looked into if there is no notebook and no archive.
SCRIPTS = (".py", ".txt", ".json", "")


@dataclass(frozen=True)
class Offer:
    """What was handed in: the notebooks that can be read, and why others cannot."""

    candidates: list[Candidate]
    refused: list[IntakeError]


def read_folder(folder: Path, helpers: Collection[str]) -> Offer:
    """Return the notebooks that lie in a folder, in archives too.

    helpers -- the names of modules that are no notebooks
    Links are not followed: one could lead to somebody else's work. Python files count if there is nothing else.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    paths = [path for path in paths if not {".ipynb_checkpoints", "__MACOSX", "__pycache__"} & set(path.parts)]
    for endings in ((".ipynb", *ARCHIVES), SCRIPTS):
        chosen = [
            path
            for path in paths
            if path.suffix.lower() in endings and (path.suffix != ".py" or path.stem not in helpers)
        ]
        found: list[Candidate] = []
        refused: list[IntakeError] = []
        remaining = Budget()
        for path in chosen[: budget.CANDIDATES]:
            name = clean(path.relative_to(folder).as_posix())
            try:
                data = read_file(path)
                if len(data) > remaining.unpacked:
                    raise IntakeError(f"{name} was not looked at, because too much was handed in.")
                found += receive(data, name, remaining)
            except IntakeError as error:
                refused.append(error)
        if found or refused:
            return Offer(found, refused)
    return Offer([], [])


def choose(
    candidates: Sequence[Candidate], wanted: Sequence[Exercise], name: str, others: Collection[str] = ()
) -> Candidate | None:
    """Return the candidate that has most of an assignment's exercises filled in; the others are named in its repairs.

    wanted -- the exercises
    name -- what the notebook should be called; that counts if two have filled in as many
    others -- the names of the assignment's other notebooks, which do not belong to this one
    Returns None if none of them can be the notebook.
    """
    if len(candidates) == 1 and candidates[0].name == f"{name}.ipynb":
        return candidates[0]
    ranked = []
    for position, one in enumerate(candidates):
        if one.stem in others and one.stem != name:
            continue
        filled = fullness(one.notebook, wanted)
        known = filled or one.stem == name or _has_cells_of(one, wanted)
        if known or (not one.is_script and len(candidates) == 1 and not others):
            depth = len(PurePosixPath(one.name).parts)
            ranked.append(((-filled, one.stem != name, one.is_script, depth, position), one))
    if not ranked:
        return None
    ranked.sort(key=lambda pair: pair[0])
    best = ranked[0][1]
    repairs = list(best.repairs)
    if best.name != f"{name}.ipynb":
        repairs.insert(0, f"the notebook was handed in as {best.name}")
    if len(ranked) > 1:
        rest = ", ".join(one.name for _, one in ranked[1:6])
        repairs.append(f"{best.name} has most of the exercises filled in and was graded; not graded: {rest}")
    return replace(best, repairs=repairs)


def _has_cells_of(candidate: Candidate, wanted: Sequence[Exercise]) -> bool:
    """Return whether a notebook has a cell that nbgrader knows as one of these exercises."""
    ids = {exercise.grade_id for exercise in wanted} | {test for exercise in wanted for test in exercise.tests}
    notes = [cell.metadata.get("nbgrader") for cell in candidate.notebook.cells]
    found = (note.get("grade_id") for note in notes if isinstance(note, dict))
    return any(one in ids for one in found if isinstance(one, str))
