"""One working folder in two processes: changes in one are copied to the other whenever control passes.

    [path, content]    content: the bytes of a file, True for a folder, None for what is gone

A path is a root's label and a relative path, "work/data/x.csv". Links and whatever else is no file do not travel, nor
do times, owners and modes. What arrives in the process that runs the tests is bounded, and never replaces what tests
rely on: the assignment's own files, modules, and files that a library would read by itself.

To find out whether something has changed must cost next to nothing. Python tells of each file that it opens for
writing; for what is written past it, times of folders and of files that have changed before are compared, and when a
cell is over, all are.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import os
import stat
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from autograder.rpc.rpc_errors import MalformedMessage, Refused
from autograder.rpc.value_limits import Limits
from autograder.sandbox.rootfs import SCRATCH

__all__ = ["SharedFiles"]

Change = list[Any]

_DEPTH = 12
_LONGEST = 1000
_MOST_ENTRIES = 50_000
# How many files and folders are looked at with each message; of changes to others Python tells.
_MOST_SIGNS = 50
# A file may change twice without its time showing it: the kernel's clock for files stands still so long.
_RECENT = 50_000_000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TOLD = frozenset(
    ["open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "sqlite3.connect"]
)
# What Python would import, and what it or a library would read for its settings, from the working folder.
_MODULES = (*importlib.machinery.all_suffixes(), ".pyo", ".pyd", ".pyw", ".pth", ".egg", ".egg-link", ".whl", ".so")
_SETTINGS = frozenset(["matplotlibrc", "setup.cfg", "pyproject.toml", "tox.ini", "pytest.ini", "site.cfg"])
_FOLDER, _GONE = True, None


# The time, size and number of a file or folder.
_Mark = tuple[int, int, int]


@dataclass
class _File:
    """A file as it was last looked at.

    digest -- of what stood in it, if it has changed since the beginning
    recent -- whether it had changed so shortly before that it may have changed again without a new time
    """

    mark: _Mark
    digest: bytes = b""
    recent: bool = False


class SharedFiles:
    """The files of this process's working folder, and what the other process knows of them.

    Args:
        roots: The folders whose files are shared, by their labels.
        limits: Bounds on what goes with one message.
        guarded: Whether the other process is not trusted, so that not all that it tells is taken over.
        protected: The relative paths of the assignment's own files, in the first of the roots.

    """

    def __init__(
        self, roots: Mapping[str, Path], limits: Limits, *, guarded: bool, protected: Iterable[str] = ()
    ) -> None:
        self._roots = {label: os.fspath(path.absolute()) for label, path in roots.items()}
        self._limits = limits
        self._guarded = guarded
        label = next(iter(roots))
        files = [PurePosixPath(label, place) for place in protected]
        self._protected = {str(path) for file in files for path in (file, *file.parents)}
        self._dirty = False
        self._folders, marks = self._scan()
        self._files = {path: _File(mark) for path, mark in marks.items()}
        self._changed: set[str] = set()  # files and folders, since the beginning, here or there
        self._signs: list[tuple[str, _Mark]] = []  # what to look at, and what was seen there
        self._settle()

    @classmethod
    def here(cls, limits: Limits, *, guarded: bool, protected: Iterable[str] = ()) -> Self:
        """Share this process's working folder, and the one for temporary files where it has one of its own."""
        roots = {"work": Path.cwd()}
        if os.environ.get("TMPDIR") == f"{SCRATCH}/tmp":
            roots["tmp"] = Path(SCRATCH, "tmp")
        return cls(roots, limits, guarded=guarded, protected=protected)

    def watch(self) -> None:
        """Have Python tell of what is changed. There is no end."""

        # A function and not a method, and this test first: Python also tells of each object's number that is asked for.
        def note(event: str, arguments: tuple[Any, ...]) -> None:
            if event in _TOLD and (event != "open" or _is_writing(arguments[2])):
                self._dirty = True

        sys.addaudithook(note)

    def look_again(self) -> None:
        """Compare all files, not only those of which something is known, when the next message goes."""
        self._dirty = True

    def tell_again(self) -> None:
        """The other process is a new one: tell it all that has changed since the beginning."""
        for path in self._changed & self._files.keys():
            self._files[path] = _File((0, 0, 0))
        self._dirty = True

    def pending(self) -> list[Change]:
        """Return what has changed here since the last call, in the order of paths, as far as one message may hold."""
        if not self._dirty and not self._seems_changed():
            return []
        self._dirty = False
        folders, marks = self._scan()
        new = folders.keys() - self._folders.keys()
        new |= {path for path, mark in marks.items() if self._differs(path, mark)}
        gone = (self._files.keys() - marks.keys()) | (self._folders.keys() - folders.keys())
        self._folders = {path: mark for path, mark in folders.items() if path in self._folders}
        changes: list[Change] = []
        room = self._limits.file_bytes
        for path in sorted(gone | new):
            if len(changes) == self._limits.files:
                self._dirty = True
                break
            if path in gone:
                self._files.pop(path, None)
            if path not in new:
                changes.append([path, _GONE])
            elif path in folders:
                self._folders[path] = folders[path]
                self._changed.add(path)
                changes.append([path, _FOLDER])
            elif marks[path][1] > room:
                # What never fits is left out; the rest goes with the next message.
                self._dirty |= marks[path][1] <= self._limits.file_bytes
            elif (content := self._read(path, room)) is not None and self._note(path, marks[path], content):
                room -= len(content)
                changes.append([path, content])
        self._settle()
        return changes

    def apply(self, changes: Any) -> None:
        """Take over what the other process, which may be hostile, has changed.

        Raises `MalformedMessage` for what is no change, and `Refused` if there is no room for it.
        """
        self._check(changes)
        gone = [path for path, content in changes if content is _GONE]
        try:
            # From the innermost on: a folder may be gone, too, or have become a file.
            for path in sorted(gone, reverse=True):
                if (place := self._place(path)) is not None:
                    self._remove(path, place)
            for path, content in sorted(
                (change for change in changes if change[1] is not _GONE), key=lambda one: one[0]
            ):
                if (place := self._place(path)) is not None:
                    self._write(path, place, content)
        except OSError as error:
            raise Refused(f"the files that the other process has written cannot be written here: {error}") from None

    # Looking

    def _scan(self) -> tuple[dict[str, _Mark], dict[str, _Mark]]:
        """Return all folders and all files that may be told of, by their paths."""
        folders: dict[str, _Mark] = {}
        files: dict[str, _Mark] = {}
        waiting = list(self._roots)
        while waiting and len(folders) + len(files) < _MOST_ENTRIES:
            path = waiting.pop()
            with contextlib.suppress(OSError), os.scandir(self._real(path)) as entries:
                folders[path] = _mark(os.lstat(self._real(path)))
                for entry in entries:
                    inner = f"{path}/{entry.name}"
                    if not (self._guarded or _is_harmless(entry.name)):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [inner] if inner.count("/") < _DEPTH else []
                    elif entry.is_file(follow_symlinks=False):
                        files[inner] = _mark(entry.stat(follow_symlinks=False))
        return folders, files

    def _settle(self) -> None:
        """Note what to look at for changes that Python does not tell of."""
        changed = sorted(self._changed & (self._folders.keys() | self._files.keys()))
        signs = [next(iter(self._roots)), *changed][:_MOST_SIGNS]
        self._signs = [
            (self._real(path), self._folders[path] if path in self._folders else self._files[path].mark)
            for path in signs
            if path in self._folders or path in self._files
        ]
        self._recent = time.time_ns() - max((mark[0] for _, mark in self._signs), default=0) < _RECENT

    def _seems_changed(self) -> bool:
        """Tell from a few times whether something may have changed."""
        try:
            return self._recent or any(_mark(os.lstat(place)) != mark for place, mark in self._signs)
        except OSError:
            return True

    def _differs(self, path: str, mark: _Mark) -> bool:
        known = self._files.get(path)
        return known is None or known.mark != mark or known.recent

    def _note(self, path: str, mark: _Mark, content: bytes) -> bool:
        """Note the content of a file that may have changed; return whether it has."""
        digest = hashlib.blake2b(content, digest_size=16).digest()
        before = self._files.get(path)
        self._files[path] = _File(mark, digest, time.time_ns() - mark[0] < _RECENT)
        self._changed.add(path)
        return before is None or before.digest != digest

    def _read(self, path: str, room: int) -> bytes | None:
        """Return a file's content, None if it is gone, or has grown."""
        try:
            descriptor = os.open(self._real(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            content = file.read(room + 1)
        return content if len(content) <= room else None

    def _real(self, path: str) -> str:
        label, slash, rest = path.partition("/")
        return f"{self._roots[label]}{slash}{rest}"

    # Taking over

    def _check(self, changes: Any) -> None:
        if type(changes) is not list or len(changes) > self._limits.files:
            raise MalformedMessage("no files, or too many")
        room = self._limits.file_bytes
        paths = set()
        for change in changes:
            if type(change) is not list or len(change) != 2 or type(change[0]) is not str:
                raise MalformedMessage("a file without a path")
            if not (type(change[1]) is bytes or change[1] is _FOLDER or change[1] is _GONE):
                raise MalformedMessage("a file of something else than bytes")
            room -= len(change[1]) if type(change[1]) is bytes else 0
            paths.add(change[0])
            if room < 0:
                raise MalformedMessage("files that are too large")
        if len(paths) < len(changes):
            raise MalformedMessage("one file twice")

    def _place(self, path: str) -> str | None:
        """Return where to put what came under a path; None if that is nowhere."""
        label, *names = path.split("/")
        if label not in self._roots or not 0 < len(names) <= _DEPTH or len(path) > _LONGEST:
            return None
        if not all(map(_is_name, names)):
            return None
        if self._guarded and (path in self._protected or not all(map(_is_harmless, names))):
            return None
        for length in range(1, len(names)):
            parent = f"{self._roots[label]}/{'/'.join(names[:length])}"
            try:
                if not stat.S_ISDIR(os.lstat(parent).st_mode):
                    return None
            except FileNotFoundError:
                break
        return self._real(path)

    def _remove(self, path: str, place: str) -> None:
        before = _kind(place)
        if before == "file":
            os.remove(place)
            self._files.pop(path, None)
        elif before == "folder":
            with contextlib.suppress(OSError):  # what is in it is this process's own
                os.rmdir(place)
                self._folders.pop(path, None)

    def _write(self, path: str, place: str, content: object) -> None:
        wanted = "folder" if content is _FOLDER else "file"
        if _kind(place) not in (None, wanted):
            self._remove(path, place)
        before = _kind(place)
        if wanted == "folder" and before is None:
            os.makedirs(place)
            self._folders[path] = _mark(os.lstat(place))
            self._changed.add(path)
        elif wanted == "file" and before in (None, "file"):
            assert isinstance(content, bytes)  # it has been checked
            os.makedirs(os.path.dirname(place), exist_ok=True)
            # Into the file that is there: whoever has it open sees what comes, as in one process.
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            self._note(path, _mark(os.lstat(place)), content)


def _is_writing(flags: object) -> bool:
    return type(flags) is not int or bool(flags & _WRITING)


def _mark(status: os.stat_result) -> _Mark:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _kind(place: str) -> str | None:
    """Return what lies somewhere: a "file", a "folder", something "else", None if nothing does."""
    try:
        mode = os.lstat(place).st_mode
    except FileNotFoundError:
        return None
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "else"


def _is_name(name: str) -> bool:
    return name not in ("", ".", "..") and name.isprintable() and len(os.fsencode(name)) <= 255


def _is_harmless(name: str) -> bool:
    """Return whether nothing is imported from, or set by, a file or folder of this name."""
    lower = name.lower()
    return not (name.startswith(".") or lower.endswith(_MODULES) or lower in _SETTINGS or lower == "__pycache__")
