"""Makes the zip from which Gradescope builds an autograder.

    setup.sh, run_autograder     what Gradescope runs: once for the image, and for each submission
    autograder/, pyproject.toml  this package, and what it needs in fixed versions
    course/                      the bundle that was released, with its catalogue, and the course's configuration

Gradescope unpacks it into /autograder/source and copies run_autograder to /autograder.
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.course import CONFIG, Assignment
from autograder.grading.grading_errors import GradingError
from autograder.intake.aliases import TABLE
from autograder.release import Bundle, BundleError, load

SETTINGS = "course/gradescope.json"
_PACKAGE = Path(__file__).resolve().parent.parent
_SCRIPTS = ("setup.sh", "run_autograder")
_PROJECT = ("pyproject.toml", "requirements.lock", "README.md", "LICENSE")
# The same zip whenever nothing has changed.
_WHEN = (2020, 1, 1, 0, 0, 0)


def make_package(assignment: Assignment, isolation: str | None = None) -> bytes:
    """Return the zip for an assignment.

    isolation -- "auto" or "none"; what the course sets, if None
    Raises BundleError if the assignment was not released, GradingError if this package's own files are not at hand.
    """
    bundle = load(assignment.course.bundles / assignment.name)
    if not bundle.notebook(assignment.name).is_file() or len(bundle.cells) > 1:
        raise BundleError(
            f"{assignment.name} has the notebooks {', '.join(sorted(bundle.cells))}, but on Gradescope an assignment "
            f"is one notebook, called {assignment.name}.ipynb. Make an assignment of each."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(assignment, bundle, isolation):
            info = zipfile.ZipInfo(name, _WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if name in _SCRIPTS else 0o644
            info.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(info, content)
    return packed.getvalue()


def _files(assignment: Assignment, bundle: Bundle, isolation: str | None) -> Iterator[tuple[str, bytes]]:
    root = _PACKAGE.parent
    for name in _SCRIPTS:
        yield name, (_PACKAGE / "gradescope" / name).read_bytes()
    for name in _PROJECT:
        path = root / name
        if not path.is_file():
            raise GradingError(
                f"{path} is missing: the zip is made from a checkout of the project, not an installation."
            )
        yield name, path.read_bytes()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()
    settings = {"assignment": assignment.name, "isolation": isolation}
    yield SETTINGS, (json.dumps(settings, indent=1) + "\n").encode()
    yield f"course/{CONFIG}", (assignment.course.root / CONFIG).read_bytes()
    aliases = assignment.course.root / TABLE
    if aliases.is_file():
        yield f"course/{TABLE}", aliases.read_bytes()
    # By the masters' names a course knows its assignments; the container needs no more of this one.
    yield f"course/notebooks/{assignment.name}.py", b""
    for path in sorted(bundle.folder.rglob("*")):
        if path.is_file():
            yield f"course/bundles/{assignment.name}/{path.relative_to(bundle.folder).as_posix()}", path.read_bytes()
