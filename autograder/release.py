"""The bundle: what was released, kept beside the gradebook for grading.

`source/` may change after a release, and the gradebook stores only stubs and tests. A bundle holds the rest: the
solved notebook, the files that go with it, and hashes of everything.

    bundles/<assignment>/
        bundle.json               hashes of all files, and per notebook the checksums of its cells and its markers
        notebooks/<name>.ipynb    the solved notebook
        releases/<name>.ipynb     the same without its solutions, as students get it but for the hidden tests
        files/...                 helper modules, pictures, data
        misconceptions/<name>.toml    what wrong answers are recognised by, if there is a catalogue
"""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from autograder.files import write_whole
from autograder.hashing import sha256_of
from autograder.notebook.markers import DEFAULTS, Markers

MANIFEST = "bundle.json"
# Beside the manifest and no part of it: how the notebooks are graded, by which version of the grader.
SOUNDNESS = "soundness.json"
# The folder beside that of the bundles in which the results of grading are kept.
RESULTS = "results"
_PARTS = ("notebooks", "releases", "files", "misconceptions")


class BundleError(Exception):
    """A bundle is missing, damaged or does not belong to the gradebook; generate the assignment again."""


@dataclass(frozen=True)
class Bundle:
    """A stored bundle.

    folder -- where it lies
    hash -- one hash of everything in it
    cells -- per notebook, the checksum of each graded or locked cell as the gradebook has it, by grade_id
    markers -- by which each notebook was released
    """

    folder: Path
    hash: str
    cells: dict[str, dict[str, str]]
    markers: dict[str, Markers] = field(default_factory=dict)

    def markers_of(self, name: str) -> Markers:
        """Return the markers by which a notebook was released; earlier versions have stored none."""
        return self.markers.get(name, DEFAULTS)

    def notebook(self, name: str) -> Path:
        """Return the path of a solved notebook."""
        return self.folder / "notebooks" / f"{name}.ipynb"

    def release(self, name: str) -> Path | None:
        """Return the path of a notebook without its solutions, None if that was not stored."""
        path = self.folder / "releases" / f"{name}.ipynb"
        return path if path.is_file() else None

    def catalogue(self, name: str) -> Path | None:
        """Return the path of a notebook's catalogue of misconceptions, None if it has none."""
        path = self.folder / "misconceptions" / f"{name}.toml"
        return path if path.is_file() else None

    @property
    def files(self) -> Path:
        """The folder of the files that go with the notebooks."""
        return self.folder / "files"


def bundles_folder(db_url: str, root: Path) -> Path:
    """Return the folder of all bundles: beside the gradebook if that is a file, else in the course's folder."""
    url = urlsplit(db_url)
    if url.scheme == "sqlite" and len(url.path) > 1:
        return Path(unquote(url.path[1:])).absolute().parent / "bundles"
    return root / "bundles"


def store_notebook(
    folder: Path,
    name: str,
    solved: str,
    cells: dict[str, str],
    *,
    files: dict[str, Path],
    siblings: set[str],
    catalogue: Path | None = None,
    released: str | None = None,
    markers: Markers = DEFAULTS,
) -> Bundle:
    """Store one notebook of an assignment, and the files that go with the assignment.

    folder -- the assignment's bundle
    name, solved -- the notebook's name and its text, solved
    cells -- the checksums of its cells as the gradebook has them, by grade_id
    files -- all files of the assignment: where each is to lie beside the notebook, and where it is now
    siblings -- the names of all notebooks of the assignment; others that were stored before are removed
    catalogue -- the notebook's catalogue of misconceptions, if there is one
    released -- the notebook's text without its solutions, if that is known
    markers -- by which it was released
    """
    try:
        before = load(folder)
    except BundleError:
        before = Bundle(folder, "", {})
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    # Without a manifest there is no bundle: whatever stops this in the middle leaves none, not a mixed one.
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / "notebooks" / f"{name}.ipynb").write_text(solved, encoding="utf-8")
    release = folder / "releases" / f"{name}.ipynb"
    release.unlink(missing_ok=True)
    if released is not None:
        release.parent.mkdir(exist_ok=True)
        release.write_text(released, encoding="utf-8")
    own = folder / "misconceptions" / f"{name}.toml"
    own.unlink(missing_ok=True)
    if catalogue is not None and catalogue.is_file():
        own.parent.mkdir(exist_ok=True)
        shutil.copyfile(catalogue, own)
    stored = [(folder / "notebooks").glob("*.ipynb"), release.parent.glob("*.ipynb"), own.parent.glob("*.toml")]
    for path in itertools.chain(*stored):
        if path.stem not in siblings:
            path.unlink()
    shutil.rmtree(folder / "files", ignore_errors=True)
    for target, origin in files.items():
        place = folder / "files" / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, place)
    kept = {other: checksums for other, checksums in before.cells.items() if other in siblings}
    marked = {other: found.plain() for other, found in before.markers.items() if other in siblings}
    manifest = {
        "cells": kept | {name: cells},
        "files": _hashes(folder),
        "markers": marked | {name: markers.plain()},
    }
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return load(folder)


def load(folder: Path) -> Bundle:
    """Return the bundle that lies in a folder. Raises BundleError if it is missing or was changed since."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        manifest = json.loads(text)
        cells, files = dict(manifest["cells"]), dict(manifest["files"])
        markers = {name: Markers.from_plain(found) for name, found in manifest.get("markers", {}).items()}
    except FileNotFoundError as error:
        raise BundleError(
            f"{folder}: there is no bundle, so it is not known what was released. "
            f"Generate the assignment: nbgrader generate_assignment {folder.name} --force"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{folder / MANIFEST} is damaged; generate the assignment again.") from error
    now = _hashes(folder)
    for name in sorted(files.keys() | now.keys()):
        if files.get(name) != now.get(name):
            raise BundleError(
                f"{folder / name} is not what was stored when the assignment was generated; generate it again."
            )
    return Bundle(folder, sha256_of(text), cells, markers)


def _hashes(folder: Path) -> dict[str, str]:
    """Return the hashes of all files of a bundle, by their paths within it."""
    paths = [path for part in _PARTS for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): sha256_of(path.read_bytes()) for path in sorted(paths)}
