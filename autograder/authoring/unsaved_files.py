"""Finds files in an assignment's source folder that a build would delete and that exist nowhere else.

A build may delete what an earlier build wrote, what tools leave behind, and what has the same content where the build
takes it from. Anything else is an author's work: a file that was put beside the notebook in JupyterLab, or a picture
that was pasted into a cell, whose bytes the master cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.companions import Companion
from autograder.authoring.master import cell_name
from autograder.course import Assignment
from autograder.hashing import sha256_of
from autograder.notebook.authoring_errors import AuthoringError

_PASSED_OVER = {"__pycache__", ".ipynb_checkpoints"}  # by nbgrader too, so they reach no release
_CACHES = {".mypy_cache", ".pytest_cache", ".ruff_cache"}
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
_PICTURES = {".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}


def files_in(folder: Path) -> list[Path]:
    """Return the files of an assignment's folder; without what tools leave behind."""
    return [path for path in _all_files(folder) if not _is_litter(path.relative_to(folder))]


def remove_litter(folder: Path) -> None:
    """Remove what tools have left in an assignment's folder, which nbgrader would copy into the release."""
    for path in _all_files(folder):
        name = path.relative_to(folder)
        if _is_litter(name) and not _PASSED_OVER & set(name.parts):
            path.unlink()


def strays(assignment: Assignment, beside: Mapping[str, Companion], built: Mapping[str, str]) -> list[AuthoringError]:
    """Return the files in an assignment's source folder that no build wrote, or that were edited and belong nowhere.

    beside -- what goes beside the notebook now, by the path it has there
    built -- the hashes of what the last build wrote, by the same paths
    What a build wrote, what goes beside the notebook and was edited, and the notebook itself are not among them.
    """
    folder, found = assignment.source.parent, []
    for path in sorted(files_in(folder)):
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        ours = path == assignment.source or (name in built and (name in beside or sha256_of(content) == built[name]))
        if ours or (name in beside and content == beside[name].content):
            continue
        place = beside[name].origin if name in beside else _place(assignment, name)
        if place is None or not (place.is_file() and place.read_bytes() == content):
            found.append(AuthoringError(_remedy(assignment, name, place), file=path))
    return found


def attached(source: NotebookNode, assignment: Assignment) -> list[AuthoringError]:
    """Return the cells of a source notebook into which a picture was pasted."""
    return [
        AuthoringError(
            f"has {', '.join(sorted(cell.attachments))} pasted into it, which the master cannot hold, so that a build "
            f"would delete it. Save the picture under {assignment.course.masters / 'images'} and show it from there, "
            "as ![what it shows](images/...), instead of the attachment.",
            file=assignment.source,
            cell=cell_name(cell, position),
        )
        for position, cell in enumerate(source.cells)
        if cell.get("attachments")
    ]


def _all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _is_litter(name: Path) -> bool:
    """Return whether a tool left this file; `name` is its path from the assignment's folder."""
    return bool((_PASSED_OVER | _CACHES) & set(name.parts)) or name.name in _LITTER or name.name.startswith("._")


def _place(assignment: Assignment, name: str) -> Path | None:
    """Return where the build would take a file from, if any; `name` is its path beside the notebook."""
    root, masters, path = assignment.course.root, assignment.course.masters, Path(name)
    if path.suffix == ".ipynb":
        return None
    if path.suffix.lower() in _PICTURES:
        return masters / path if path.parts[0] == "images" else masters / "images" / path.name
    return root / path


def _remedy(assignment: Assignment, name: str, place: Path | None) -> str:
    problem = "not what a build wrote, and kept nowhere else; a build would delete it."
    if place is None:
        return f"{problem} Move it out of {assignment.source.parent}, or delete it."
    if place.exists():
        return f"{problem} {place} is another version; take over from this one what you need, then delete it."
    if place.suffix.lower() in _PICTURES:
        shown = place.relative_to(assignment.course.masters).as_posix()
        return f"{problem} Move it to {place} and show it as ![what it shows]({shown}), or delete it."
    if place.suffix == ".py":
        return f"{problem} Move it to {place}, from where the build copies what a notebook imports, or delete it."
    return (
        f"{problem} Move it to {place} and list {name} under autograder: files: in the master's header, or delete it."
    )
