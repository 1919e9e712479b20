"""What is sent to a worker on another machine: an assignment once, and submissions one by one.

A worker has neither the course's folder nor its gradebook. All that it needs of them for an assignment travels as a
`Shipment`, which is the same as another if its `hash` is. A submission's files travel with its task, as bytes.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.batch.nbgrader_steps import Released
from autograder.batch.worker import Job, Task, Workplace, workplace
from autograder.course import CONFIG
from autograder.grading.engine import HANDED_IN_BYTES
from autograder.hashing import grader_hash, hash_of, sha256_of
from autograder.intake.aliases import TABLE
from autograder.intake.budget import FILE, UNPACKED
from autograder.intake.selection import ARCHIVES, SCRIPTS
from autograder.release import load

_BUNDLE = "bundle"


@dataclass(frozen=True)
class Shipment:
    """An assignment as it is graded.

    files -- the bundle's files, and the course's table of aliases if it has one, by their places
    config -- nbgrader's configuration, read; without the gradebook's address, which may hold a password
    configured -- a hash of the file that it was read from
    released -- what the gradebook says, by notebook
    grader -- the hash of what is to grade it: results of another version would not be the same
    """

    assignment: str
    isolation: str | None
    carry_forward: bool
    files: dict[str, bytes]
    config: Any
    configured: str
    released: dict[str, Released]
    grader: str

    @cached_property
    def hash(self) -> str:
        """A hash of everything in it."""
        files = {name: sha256_of(content) for name, content in self.files.items()}
        return hash_of(
            repr((self.assignment, self.isolation, self.carry_forward, sorted(files.items()), self.released)),
            self.configured,
            # What that file reads from others may have changed, too.
            json.dumps(self.config, sort_keys=True, default=repr),
            self.grader,
        )

    def unpack(self, folder: Path) -> None:
        """Write the files into a new folder."""
        for name, content in self.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def workplace(self, folder: Path) -> Workplace:
        """Return a workplace that has its files in the folder. Raises BundleError if they are not what was sent."""
        config = deepcopy(self.config)
        config.CourseDirectory.root = str(folder)
        job = Job(folder, self.assignment, self.isolation, self.carry_forward)
        return _Unpacked(job, config, folder / _BUNDLE / self.assignment, self.released)


class _Unpacked(Workplace):
    """A workplace that asks no gradebook."""

    def __init__(self, job: Job, config: Any, bundle: Path, released: dict[str, Released]) -> None:
        super().__init__(job, config)
        self.bundle = load(bundle)
        self._released = dict(released)


def pack(job: Job) -> Shipment:
    """Return what workers need of an assignment. Raises BundleError if bundle and gradebook disagree."""
    place = workplace(job)
    folder = place.bundle.folder
    stored = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {f"{_BUNDLE}/{job.assignment}/{path.relative_to(folder)}": path for path in stored}
    if (job.root / TABLE).is_file():
        files[TABLE] = job.root / TABLE
    config = job.config()
    for secret in ("db_url", "root"):
        config.CourseDirectory.pop(secret, None)
    return Shipment(
        job.assignment,
        job.isolation,
        job.carry_forward,
        {name: path.read_bytes() for name, path in files.items()},
        config,
        hash_of((job.root / CONFIG).read_text(encoding="utf-8")),
        {name: place.released(name) for name in place.bundle.cells},
        grader_hash(),
    )


@dataclass(frozen=True)
class SentTask:
    """A task, and the files that were handed in by their places: what is in them, or how many bytes.

    What nobody would look at is not sent.
    """

    task: Task
    files: dict[str, bytes | int]

    @classmethod
    def of(cls, task: Task) -> SentTask:
        """Read a task's files. Raises OSError if one cannot be read."""
        found = sorted(path for path in task.folder.rglob("*") if path.is_file() and not path.is_symlink())
        sizes = {path: path.stat().st_size for path in found}
        files: dict[str, bytes | int] = {}
        too_much, looked_at = sum(sizes.values()) > HANDED_IN_BYTES, 0
        for path, size in sizes.items():
            # If there is too much, none of it will lie beside the notebook, but notebooks are still looked for.
            if too_much and _may_be_notebook(path) and size <= FILE:
                looked_at += size
            left_out = too_much and (not _may_be_notebook(path) or size > FILE or looked_at > UNPACKED)
            files[path.relative_to(task.folder).as_posix()] = size if left_out else path.read_bytes()
        return cls(replace(task, folder=Path(task.folder.name)), files)

    @contextmanager
    def unpacked(self) -> Iterator[Task]:
        """Give the task with its files in a folder of their own, as long as this lasts."""
        folder = Path(tempfile.mkdtemp(prefix="autograder-handed-in-"))
        try:
            for name, content in self.files.items():
                place = folder / PurePosixPath(name)
                place.parent.mkdir(parents=True, exist_ok=True)
                with open(place, "wb") as file:
                    if isinstance(content, bytes):
                        file.write(content)
                    else:
                        file.truncate(content)  # takes no room
            yield replace(self.task, folder=folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _may_be_notebook(path: Path) -> bool:
    return path.suffix.lower() in (".ipynb", *ARCHIVES, *SCRIPTS)
