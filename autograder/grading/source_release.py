"""A bundle made from source/ and release/ as they are now, as generating the assignment would store it."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.course import Assignment
from autograder.grading.configured_markers import configured_markers
from autograder.release import SOUNDNESS, Bundle, BundleError, store_notebook

KEPT = "build/soundness"


@contextmanager
def made_bundle(assignment: Assignment) -> Iterator[Bundle]:
    """Yield the bundle, as long as this lasts. Raises BundleError if there is no source."""
    if not assignment.source.is_file():
        raise BundleError(f"{assignment.source} is missing; run `autograder build {assignment.name}` first.")
    folder = assignment.source.parent
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    del files[assignment.source.name]
    release = assignment.release.read_text(encoding="utf-8") if assignment.release.is_file() else None
    solved = assignment.source.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="autograder-bundle-") as temporary:
        bundle = store_notebook(
            Path(temporary) / assignment.name,
            assignment.name,
            solved,
            {},
            files=files,
            siblings={assignment.name},
            catalogue=assignment.catalogue,
            released=release,
            markers=configured_markers(assignment.course).of_notebook(json.loads(solved)["metadata"]),
        )
        # What is found out about it is kept until something of it changes.
        found, kept = bundle.folder / SOUNDNESS, assignment.course.root / KEPT / f"{assignment.name}.json"
        with contextlib.suppress(OSError):
            shutil.copyfile(kept, found)
        yield bundle
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, kept)
