"""The host's state, before an attack and after it."""

from __future__ import annotations

import ctypes
import hashlib
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attacks.target import MARK, Target

PR_SET_CHILD_SUBREAPER = 36
SECONDS_TO_SETTLE = 2.0
# A fork server has its next child by then.
SECONDS_TO_BE_BORN = 0.1
GENERATIONS = 8
# What other programs on this machine have in /dev/shm: their multiprocessing, and the server of the tests beside these.
OTHERS = ("sem.mp-", "psm_", "PostgreSQL.")
# What grading itself writes in the course's folder.
WRITTEN_BY_GRADING = ("gradebook.db", "autograded", "results")


class Host:
    """Looks at everything that an attack could have changed.

    grading_writes -- whether the gradebook and the graded notebooks may change meanwhile
    """

    def __init__(self, target: Target, *, grading_writes: bool = False) -> None:
        self._target = target
        self._grading_writes = grading_writes
        # Whatever loses its parent becomes this process's child, so that nothing gets out of sight.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        time.sleep(SECONDS_TO_BE_BORN)
        self._before = self._state()

    def changes(self) -> list[str]:
        """Return what is different from what it was, in words; what is expected to end soon is waited for."""
        time.sleep(SECONDS_TO_BE_BORN)
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while (found := self._differences()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _differences(self) -> list[str]:
        now = self._state()
        names = sorted(self._before.keys() | now.keys())
        changed = [name for name in names if self._before.get(name) != now.get(name)]
        return [_difference(name, self._before.get(name), now.get(name)) for name in changed]

    def _state(self) -> dict[str, object]:
        return {**self._files(), **self._processes(), **self._machine()}

    def _files(self) -> dict[str, object]:
        state: dict[str, object] = {}
        course = self._target.course.root
        for path in self._target.folder.rglob("*"):
            part = path.relative_to(course).parts[0] if path.is_relative_to(course) and path != course else ""
            if path == course or (self._grading_writes and part.startswith(WRITTEN_BY_GRADING)):
                continue
            state[str(path)] = (_file(path), path.lstat().st_nlink if path.is_file() else None)
        for path in (Path(os.__file__), Path(np.__file__), Path(sys.executable)):
            # Other environments on this machine may have links to it.
            state[str(path)] = _file(path)
        for folder in {Path(os.__file__).parent, Path(np.__file__).parent.parent, Path(sys.executable).parent}:
            state[f"names in {folder}"] = sorted(os.listdir(folder))
        for place in {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/", Path.home(), Path.cwd(), "/etc"}:
            state[f"what was left in {place}"] = [name for name in _names(place) if MARK in name]
        state["names in /dev/shm"] = [name for name in _lasting_names("/dev/shm") if not name.startswith(OTHERS)]
        for path in ("/etc/passwd", "/etc/hosts"):
            state[path] = _file(Path(path))
        return state

    def _processes(self) -> dict[str, object]:
        canary = self._target.known["pid"]
        try:
            fields = _stat(canary)
            alive = (fields[0] not in "TtZX", os.getpriority(os.PRIO_PROCESS, canary), os.sched_getaffinity(canary))
        except OSError:
            alive = None
        everybody = _everybody()
        family = {os.getpid()}
        for _ in range(GENERATIONS):
            family |= {pid for pid, (_, parent) in everybody.items() if parent in family}
        living = sorted(pid for pid in family if everybody.get(pid, "Z")[0] not in "ZX")
        # A fork server has one child that waits for an order, each time another; a second one is somebody's.
        parents = {pid: everybody[pid][1] for pid in living}
        newborn = [pid for pid in living if pid not in parents.values() and _is_fork_server(parents[pid])]
        return {
            "the canary": alive,
            "processes": [pid for pid in living if pid not in newborn],
            "children of fork servers": Counter(parents[pid] for pid in newborn),
            "own descriptors": len(os.listdir("/proc/self/fd")),
        }

    def _machine(self) -> dict[str, object]:
        state: dict[str, object] = {
            "host name": socket.gethostname(),
            "mounts": _text("/proc/self/mounts").splitlines(),
        }
        for kind in ("msg", "sem", "shm"):
            # Without the columns that change when somebody looks on: who came last, and when.
            lines = [line.split() for line in _text(f"/proc/sysvipc/{kind}").splitlines()[1:]]
            state[f"System V {kind}"] = sorted(line[1] for line in lines if kind != "shm" or not _somebody_elses(line))
        state["keys"] = [line for line in _text("/proc/keys").splitlines() if MARK in line]
        return state


def _somebody_elses(segment: list[str]) -> bool:
    """Whether a segment of shared memory was made by a process that lives and is not this one: by other tests."""
    creator, made = int(segment[4]), int(segment[13])
    try:
        started = float(_text("/proc/stat").partition("btime ")[2].split()[0])
        started += int(_stat(creator)[19]) / os.sysconf("SC_CLK_TCK")
    except ProcessLookupError:
        return False
    # A process that came later only has the number of the one that made it.
    return creator != os.getpid() and started <= made + 1


def _difference(name: str, before: object, now: object) -> str:
    if isinstance(before, list) and isinstance(now, list):
        gone, new = [one for one in before if one not in now], [one for one in now if one not in before]
        return f"{name}: {gone or 'nothing'} gone, {new or 'nothing'} new"
    return f"{name} was {before} and is {now}"


def _file(path: Path) -> object:
    """Return what a file is and holds; the times of a folder change when names in it do, which is seen anyway."""
    try:
        info = path.lstat()
        if not path.is_file() or path.is_symlink():
            return (oct(info.st_mode), info.st_uid)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        attributes = tuple(os.listxattr(path))
        return (oct(info.st_mode), info.st_uid, info.st_size, info.st_mtime_ns, content[:8], attributes)
    except FileNotFoundError:
        return None


def _lasting_names(place: str) -> list[str]:
    """Return what stays in a folder: the C library makes each semaphore under another name first."""
    before = _names(place)
    time.sleep(SECONDS_TO_BE_BORN)
    return sorted(set(before) & set(_names(place)))


def _names(place: str | Path) -> list[str]:
    try:
        return sorted(os.listdir(place))
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """Return the fields of a process's state from the third on: state, parent, ..."""
    text = _text(f"/proc/{pid}/stat")
    if not text:
        raise ProcessLookupError(pid)
    return text.rpartition(")")[2].split()


def _is_fork_server(pid: int) -> bool:
    return "autograder.processes.fork_server" in _text(f"/proc/{pid}/cmdline")


def _everybody() -> Mapping[int, tuple[str, int]]:
    """Return the processes of this machine: of each, its state and its parent."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                state, parent, *_ = _stat(int(name))
            except OSError:
                continue
            found[int(name)] = (state, int(parent))
    return found
