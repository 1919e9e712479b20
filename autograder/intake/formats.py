"""Recognises what was handed in, by its bytes: notebooks, with the files that came in the same archive."""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from autograder.intake import budget
from autograder.intake.archives import is_archive, members
from autograder.intake.budget import Budget
from autograder.intake.encodings import decode
from autograder.intake.intake_errors import IntakeError
from autograder.intake.scripts import notebook_from_script
from autograder.intake.structure import notebook_from_json
from autograder.notebook import python_source

if TYPE_CHECKING:
    from nbformat import NotebookNode

_OTHER_FILES = {
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"\x89PNG": "a picture (PNG)",
    b"GIF8": "a picture (GIF)",
    b"%PDF": "a PDF document",
    b"\x89HDF": "a data file (HDF5)",
    b"\x93NUMPY": "a data file (NumPy)",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
_ASK = "hand in the .ipynb file that Jupyter saves."


@dataclass(frozen=True)
class Candidate:
    """A notebook that was handed in.

    name -- its file's name; within an archive with the archive's before it
    repairs -- what was mended to read it, in words
    companions -- the files that came in the same archive, by their places beside the notebook
    is_script -- whether it was a Python file, which may also be a helper module
    """

    name: str
    notebook: NotebookNode
    repairs: list[str] = field(default_factory=list)
    companions: Mapping[str, bytes] = field(default_factory=dict)
    is_script: bool = False

    @property
    def stem(self) -> str:
        """The notebook's name without what comes before and behind it."""
        return PurePosixPath(self.name).stem


def read_file(path: Path) -> bytes:
    """Return a file's bytes. Raises IntakeError if there is none, or if it is too large to be a notebook."""
    try:
        with open(path, "rb", opener=_open_only) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise IntakeError(f"{path.name} is no file: {_ASK}")
            if status.st_size > budget.FILE:
                raise IntakeError(_too_large(path.name, status.st_size))
            data = file.read(budget.FILE + 1)
    except FileNotFoundError as error:
        raise IntakeError(f"There is no file {path}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise IntakeError(f"{path} cannot be read: {reason}.") from error
    if len(data) > budget.FILE:
        raise IntakeError(_too_large(path.name, len(data)))
    return data


def _open_only(path: str, flags: int) -> int:
    """Open a file without waiting for the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def receive(data: bytes, name: str, remaining: Budget | None = None) -> list[Candidate]:
    """Return the notebooks that a file holds, at least one.

    remaining -- how much more is looked at, if this is not the only file
    Raises IntakeError if it holds none; the message says why, in one sentence.
    """
    remaining = remaining or Budget()
    if not is_archive(data):
        remaining.unpacked -= len(data)
        return [_notebook(data, name, remaining)]
    files, repairs = members(data, name, remaining)
    if len(files) == 1 and not is_archive(next(iter(files.values()))):
        (inner, content) = next(iter(files.items()))
        only = _notebook(content, inner, remaining)
        return [Candidate(f"{name}/{inner}", only.notebook, [*repairs, *only.repairs], {}, only.is_script)]
    found: list[Candidate] = []
    refused: list[IntakeError] = []
    notebooks = [place for place in files if place.lower().endswith(".ipynb")]
    for place in (notebooks or [place for place in files if place.lower().endswith(".py")])[: budget.CANDIDATES]:
        try:
            one = _notebook(files[place], place, remaining)
        except IntakeError as error:
            refused.append(error)
            continue
        found.append(
            Candidate(f"{name}/{place}", one.notebook, [*repairs, *one.repairs], _beside(files, place), one.is_script)
        )
    if not found:
        raise refused[0] if refused else IntakeError(f"{name} holds no notebook: pack the .ipynb file, or {_ASK}")
    return found


def _notebook(data: bytes, name: str, remaining: Budget) -> Candidate:
    if len(data) > budget.FILE:
        raise IntakeError(_too_large(name, len(data)))
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise IntakeError(f"{name} is empty: save the notebook in Jupyter and hand it in again.")
    for magic, kind in _OTHER_FILES.items():
        if data.startswith(magic):
            raise IntakeError(f"{name} is {kind}, not a notebook: {_ASK}")
    text, repairs = decode(data)
    begin = text.lstrip()[:200]
    if begin.startswith(("{", "[")) and not name.lower().endswith(".py"):
        notebook, mended = notebook_from_json(text, name, remaining)
        return Candidate(name, notebook, [*repairs, *mended])
    if begin[:1] == "<":
        raise IntakeError(f"{name} is a web page, not a notebook: download the notebook itself, and {_ASK}")
    if begin.startswith("version https://git-lfs"):
        raise IntakeError(f"{name} only says where Git keeps the notebook: {_ASK}")
    if "\0" not in text and "\ufffd" not in text[:2000] and (name.lower().endswith(".py") or _is_python(text)):
        notebook, mended = notebook_from_script(text, name)
        return Candidate(name, notebook, [*repairs, *mended], is_script=True)
    raise IntakeError(f"{name} is no notebook and no Python: {_ASK}")


def _is_python(text: str) -> bool:
    """Return whether a text that is not called so is Python that defines something."""
    tree = python_source.parse(text) if len(text) <= budget.SOURCE else None
    return tree is not None and any(isinstance(node, ast.FunctionDef) for node in tree.body)


def _beside(files: Mapping[str, bytes], place: str) -> dict[str, bytes]:
    """Return the files in the folder of one of them, and below it, without notebooks."""
    folder = place.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    return {
        other[len(prefix) :]: content
        for other, content in files.items()
        if other.startswith(prefix) and other != place and not other.lower().endswith(".ipynb")
    }


def _too_large(name: str, size: int) -> str:
    return (
        f"{name} has {size >> 20} MiB, more than the {budget.FILE >> 20} that a notebook can have: "
        "clear its outputs in Jupyter, save it and hand it in again."
    )
