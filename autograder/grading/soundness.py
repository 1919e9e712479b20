"""Finds out, with the engine that grades students, whether an assignment can be graded as it was released.

Its solution and its untouched release are graded like any submission. What the solution does not pass nobody can pass,
and what the release earns everybody is given. From this follows, too, in how many processes the assignment is graded:
in two, which keeps the tests out of the students' reach, where the solution passes in two; else in one.

    bundles/<assignment>/soundness.json     what was found out, and by which version of the grader
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.files import write_whole
from autograder.grading.engine import Engine
from autograder.grading.grading_errors import ThreadsError
from autograder.grading.jupyter_kernel import run_in_kernel
from autograder.grading.settings import Settings
from autograder.hashing import grader_hash, hash_of
from autograder.notebook.cells import is_test
from autograder.notebook.marks import failure
from autograder.notebook.score import score
from autograder.release import SOUNDNESS, Bundle

_UNCONFINED = ", not confined"


@dataclass(frozen=True)
class Soundness:
    """How a notebook of an assignment is graded, and what cannot be.

    made_by -- a hash of the grader, of what was released and of the settings
    processes -- 2 if tests run in a process of their own, 1 if they run in the student's
    only_in_one -- the tests that the solution does not pass in two processes, each with what it stops with
    unsound -- the tests that it passes in a kernel and not where it is graded
    unsolved -- the tests that it does not pass in a kernel either
    given_away -- the points that the untouched release earns, by test
    """

    made_by: str
    processes: int
    only_in_one: dict[str, str] = field(default_factory=dict)
    unsound: dict[str, str] = field(default_factory=dict)
    unsolved: dict[str, str] = field(default_factory=dict)
    given_away: dict[str, float] = field(default_factory=dict)

    @property
    def failing(self) -> dict[str, str]:
        """The tests that the solution does not pass, each with what it stops with."""
        return self.unsound | self.unsolved


@dataclass(frozen=True)
class _Tried:
    """The result of grading solution and release in one or two processes."""

    processes: int
    failing: dict[str, str]
    given_away: dict[str, float]

    @property
    def faults(self) -> int:
        return len(self.failing) + len(self.given_away)


def known(bundle: Bundle, name: str, settings: Settings, *, confine: bool = True) -> Soundness | None:
    """Return what is kept beside the bundle of how a notebook is graded, None if this version has not found it out."""
    kept = _read(bundle.folder).get(_key(name, confine))
    made_by = _made_by(bundle, settings)
    return Soundness(**kept) if kept and kept.get("made_by") == made_by else None


def last_known(folder: Path) -> dict[str, Soundness]:
    """Return what was found out last about the notebooks of a bundle, by whichever version, confined if it was."""
    kept = _read(folder)
    # Sorted, a name comes before the same name with a note.
    by_name = {key.removesuffix(_UNCONFINED): kept[key] for key in sorted(kept, reverse=True)}
    return {name: Soundness(**by_name[name]) for name in sorted(by_name)}


def soundness(bundle: Bundle, name: str, settings: Settings, *, confine: bool = True) -> Soundness:
    """Return how a notebook is graded; what is not known is found out and kept beside the bundle.

    Raises GradingError if nothing can be graded on this machine.
    """
    found = known(bundle, name, settings, confine=confine)
    if found is None:
        found = _find_out(bundle, name, settings, confine)
        _write(bundle.folder, _read(bundle.folder) | {_key(name, confine): asdict(found)})
    return found


def _key(name: str, confine: bool) -> str:
    return name if confine else f"{name}{_UNCONFINED}"


def _made_by(bundle: Bundle, settings: Settings) -> str:
    wanted = settings.processes_for(bundle.folder.name)
    return hash_of(grader_hash(), bundle.hash, repr((wanted, settings.limits)))


def engine_for(bundle: Bundle, name: str, settings: Settings, *, confine: bool = True, for_many: bool = True) -> Engine:
    """Return the engine that grades a notebook's submissions. Raises GradingError as `soundness` does."""
    found = soundness(bundle, name, settings, confine=confine)
    return Engine(
        bundle,
        name,
        settings.limits,
        confine=confine,
        for_many=for_many,
        processes=found.processes,
        failing=found.failing,
        unsound=found.unsound,
    )


def _find_out(bundle: Bundle, name: str, settings: Settings, confine: bool) -> Soundness:
    wanted = settings.processes_for(bundle.folder.name)
    only_in_one: dict[str, str] = {}
    try:
        tried = _try(bundle, name, settings, confine, 1 if wanted == 1 else 2)
    except ThreadsError as error:
        if wanted != "auto":
            raise
        tried = _try(bundle, name, settings, confine, 1)
        only_in_one = {"all tests": str(error)}
    if wanted == "auto" and tried.processes == 2 and tried.faults:
        one = _try(bundle, name, settings, confine, 1)
        if one.faults < tried.faults:
            # What the release is given in two processes only is a difference, too.
            given = {test: f"the untouched release earns {points:g}" for test, points in tried.given_away.items()}
            differing = given | tried.failing
            only_in_one = {
                test: why for test, why in differing.items() if test not in one.failing.keys() | one.given_away.keys()
            }
            tried = one
    by_kernel = _failing_in_kernel(bundle, name) if tried.failing else set()
    return Soundness(
        _made_by(bundle, settings),
        tried.processes,
        only_in_one,
        {test: why for test, why in tried.failing.items() if test not in by_kernel},
        {test: why for test, why in tried.failing.items() if test in by_kernel},
        tried.given_away,
    )


def _try(bundle: Bundle, name: str, settings: Settings, confine: bool, processes: int) -> _Tried:
    import nbformat  # noqa: PLC0415 (takes a while to import, and is seldom needed)

    solved = bundle.notebook(name)
    released = bundle.release(name)
    with Engine(bundle, name, settings.limits, confine=confine, processes=processes) as engine:
        notebook = nbformat.read(solved, as_version=4)
        engine.examine(notebook, None, carried_credit=None)
        failing = {test: failure(cell) or "no points" for test, cell in _tests(notebook) if not _is_full(cell)}
        given_away: dict[str, float] = {}
        if released is not None:
            notebook = nbformat.read(released, as_version=4)
            engine.examine(notebook, None, carried_credit=None)
            earned = {test: score(cell)[0] or 0.0 for test, cell in _tests(notebook)}
            given_away = {test: points for test, points in earned.items() if points}
    return _Tried(processes, failing, given_away)


def _failing_in_kernel(bundle: Bundle, name: str) -> set[str]:
    """Return the tests that the solution does not pass in a kernel."""
    import nbformat  # noqa: PLC0415 (as above)

    path = bundle.notebook(name)
    executed = run_in_kernel(nbformat.read(path, as_version=4), bundle.files, path)
    return {test for test, cell in _tests(executed) if not _is_full(cell)}


def _tests(notebook: Any) -> list[tuple[str, Any]]:
    return [(cell.metadata.nbgrader.grade_id, cell) for cell in notebook.cells if is_test(cell)]


def _is_full(cell: Any) -> bool:
    earned, possible = score(cell)
    return earned == possible


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / SOUNDNESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(folder: Path, found: Mapping[str, Any]) -> None:
    """Keep what was found out. Where nothing can be written, it is found out again the next time."""
    with contextlib.suppress(OSError):
        write_whole(folder / SOUNDNESS, json.dumps(found, indent=1, sort_keys=True) + "\n")
