"""Builds masters into source and release, and takes edits made in Jupyter back into the master.

A build never overwrites an edit. Each source notebook keeps the hashes of what the last build wrote; a source or a
copied file that no longer has its hash was edited, and stays until `pull` has taken the edit into the master. A build
deletes only what an earlier build wrote; see strays.py for everything else that lies there.
"""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.companions import Companion, companions
from autograder.authoring.generate import generate
from autograder.authoring.leaks import find_leaks
from autograder.authoring.lint import cautions, lint
from autograder.authoring.master import (
    built_hashes,
    digest,
    master_text,
    read_master,
    read_source,
    to_source,
)
from autograder.authoring.unsaved_files import attached, files_in, remove_litter, strays
from autograder.course import Assignment, Course
from autograder.diagnosis.catalogue import Catalogue, CatalogueError, solutions
from autograder.grading.configured_markers import configured_markers
from autograder.grading.grading_mode import remarks as soundness_remarks
from autograder.grading.settings import read_settings
from autograder.grading.soundness import known
from autograder.hashing import sha256_of
from autograder.notebook.authoring_errors import AuthoringError, BuildError
from autograder.notebook.markers import Markers
from autograder.release import load

_NOTEBOOK = "notebook"  # the key of the notebook itself among the hashes of its files


def build(assignment: Assignment) -> list[Path]:
    """Write an assignment's source and release, and its bundle and gradebook entry; return the files written.

    Raises BuildError if the master or its catalogue is wrong, the source was edited, something lies in the source's
    folder that the build would delete and that is nowhere else, or the release gives something away.
    """
    master = _linted_master(assignment)
    if misfits := catalogue_problems(assignment, master):
        raise BuildError(misfits)
    problems = [
        AuthoringError(
            f"edited since the last build from {origin}. `autograder build --pull {assignment.name}` takes "
            f"the edit into {origin}; `git restore {path}` gives it up.",
            file=path,
        )
        for path, origin in edited(assignment).items()
    ]
    if problems := problems + _only_in_source(assignment, companions(assignment, master)):
        raise BuildError(problems)
    _write_source(assignment, master)
    generate(assignment)
    _refuse_leaks(assignment, configured_markers(assignment.course))
    folders = [assignment.source.parent, assignment.release.parent]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def remarks(assignment: Assignment) -> list[str]:
    """Return what an author should know of a build that was made: lines that look odd, and how it will be graded."""
    return [f"look at this: {odd}" for odd in looks_odd(assignment)] + _how_graded(assignment)


def _how_graded(assignment: Assignment) -> list[str]:
    settings = read_settings(assignment.course)
    bundle = load(assignment.course.bundles / assignment.name)
    found = known(bundle, assignment.name, settings, confine=settings.confine)
    if found is None:
        return [f"{assignment.name}: how it will be graded could not be found out here; `autograder doctor` says why."]
    return list(soundness_remarks(assignment.name, found))


def drift(assignment: Assignment) -> list[AuthoringError]:
    """Return every file under source/ and release/ that is not what a build would write."""
    course = assignment.course
    master = _linted_master(assignment)
    problems = _only_in_source(assignment, companions(assignment, master))
    reported = {problem.file for problem in problems}
    with tempfile.TemporaryDirectory(prefix="autograder-build-") as temporary:
        fresh = Assignment(Course(Path(temporary)), assignment.name)
        _write_source(fresh, master, origin=assignment)
        generate(fresh, course, examine=False)
        _refuse_leaks(fresh, configured_markers(course))
        for was, now in [(assignment.source, fresh.source), (assignment.release, fresh.release)]:
            names = {path.relative_to(folder) for folder in (was.parent, now.parent) for path in files_in(folder)}
            for name in sorted(names):
                old, new = was.parent / name, now.parent / name
                if old not in reported and not (
                    old.is_file() and new.is_file() and filecmp.cmp(old, new, shallow=False)
                ):
                    problem = f"not what {assignment.master.name} gives now; run `autograder build {assignment.name}`."
                    problems.append(AuthoringError(problem, file=old))
        return problems


def pull(assignment: Assignment) -> list[Path]:
    """Take what was edited under source/ back into the master and the helper files; return the files changed.

    Raises BuildError if the same file was edited on both sides since the last build, or something lies in the source's
    folder that cannot be taken back and is nowhere else.
    """
    source = read_source(assignment.source)
    built = built_hashes(source)
    beside = companions(assignment, read_master(assignment.master))
    made = {name for name, one in beside.items() if not one.copied}
    conflicts, changed = _only_in_source(assignment, beside), []
    for path, origin in edited(assignment).items():
        now = digest(read_master(origin)) if path == assignment.source else sha256_of(origin.read_bytes())
        key = _NOTEBOOK if path == assignment.source else path.relative_to(assignment.source.parent).as_posix()
        if key in made:
            problem = f"made of the solution in {origin}; edit that, and `git restore {path}`."
            conflicts.append(AuthoringError(problem, file=path))
        elif now != built.get(key):
            conflicts.append(
                AuthoringError(f"edited, and so was {origin}, since the last build; merge the two by hand.", file=path)
            )
        elif path == assignment.source:
            changed.append((origin, master_text(source).encode()))
        else:
            changed.append((origin, path.read_bytes()))
    if conflicts:
        raise BuildError(conflicts)
    for origin, content in changed:
        origin.write_bytes(content)
    if changed:
        # What was pulled is what the master says now, so the next build finds nothing edited.
        _write_source(assignment, read_master(assignment.master))
    return [origin for origin, _ in changed]


def edited(assignment: Assignment) -> dict[Path, Path]:
    """Return the files under source/ that were edited since the last build, each with what it was built from."""
    if not assignment.source.is_file():
        return {}
    source = read_source(assignment.source)
    built = built_hashes(source)
    master = read_master(assignment.master)
    edits = {}
    if digest(source) not in (built.get(_NOTEBOOK), digest(master)):
        edits[assignment.source] = assignment.master
    for name, one in companions(assignment, master).items():
        path = assignment.source.parent / name
        if (
            path.is_file()
            and name in built
            and sha256_of(path.read_bytes()) not in (built[name], sha256_of(one.content))
        ):
            edits[path] = one.origin
    return edits


def _only_in_source(assignment: Assignment, beside: dict[str, Companion]) -> list[AuthoringError]:
    """Return what a build would delete for good and `pull` cannot take back: strays, and pictures pasted into cells.

    beside -- what goes beside the notebook
    """
    if not assignment.source.is_file():
        return strays(assignment, beside, {})
    source = read_source(assignment.source)
    return attached(source, assignment) + strays(assignment, beside, built_hashes(source))


def _linted_master(assignment: Assignment) -> NotebookNode:
    master = read_master(assignment.master)
    if problems := lint(master, assignment.master, configured_markers(assignment.course)):
        raise BuildError(problems)
    return master


def looks_odd(assignment: Assignment) -> list[AuthoringError]:
    """Return what looks odd in a master that can be built."""
    return cautions(read_master(assignment.master), assignment.master, configured_markers(assignment.course))


def catalogue_problems(assignment: Assignment, solved: NotebookNode) -> list[AuthoringError]:
    """Return what is wrong with an assignment's catalogue of misconceptions, if it has one."""
    if not assignment.catalogue.is_file():
        return []
    try:
        catalogue = Catalogue.read(assignment.catalogue)
    except CatalogueError as error:
        return [error]
    return [problem.at(file=assignment.catalogue) for problem in catalogue.problems(solutions(solved.cells))]


def _write_source(assignment: Assignment, master: NotebookNode, origin: Assignment | None = None) -> None:
    """Write source/<assignment>/, from the files of `origin` if that is another course's."""
    beside = companions(origin or assignment, master)
    built = {name: sha256_of(one.content) for name, one in beside.items()} | {_NOTEBOOK: digest(master)}
    folder = assignment.source.parent
    remove_litter(folder)
    for path in files_in(folder):
        path.unlink()  # the callers have made sure that nothing is among them that is nowhere else
    for name, one in beside.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(one.content)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(to_source(master, built), assignment.source)


def _refuse_leaks(assignment: Assignment, markers: Markers) -> None:
    """Remove a release that gives something away, and raise BuildError."""
    source, release = read_source(assignment.source), read_source(assignment.release)
    files = [path for path in files_in(assignment.release.parent) if path != assignment.release]
    if leaks := find_leaks(source, release, files, markers):
        shutil.rmtree(assignment.release.parent)
        raise BuildError([leak.at(file=assignment.release) for leak in leaks])
