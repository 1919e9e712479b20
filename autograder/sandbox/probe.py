"""Finds out whether a way of confining holds on this machine, by trying to get out.

Single calls that succeed prove little: some machines let a namespace be made and deny what makes it useful. So a
throw-away process takes all the steps and then tries to get out.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.sandbox import linux
from autograder.sandbox.confinement import PACKAGE, Confinement, Fences, Namespaces
from autograder.sandbox.layers import Held, Report
from autograder.sandbox.resource_limits import MIB, ProcessLimits

WAYS: tuple[type[Confinement], ...] = (Namespaces, Fences)
_SECONDS = 20.0
_READABLE_BY_ALL = ["/etc/passwd", "/etc/hostname", str(PACKAGE / "__init__.py")]
# From the standard library, and loaded by nobody else.
_RARE_MODULES = ["colorsys", "cmd", "sched", "chunk"]


@dataclass(frozen=True)
class _Outside:
    """What a confined process must not reach: files, a folder, a port, a process."""

    files: list[str]
    folder: str
    port: int
    process: int


def try_all(folder: Path) -> tuple[Confinement | None, list[Report]]:
    """Return the first way that is sound, relying on what held, and what was found about each that was tried.

    folder -- one that belongs to this process
    """
    reports = []
    for way in WAYS:
        confinement = way(folder)
        reports.append(try_out(confinement, folder))
        if reports[-1].sound:
            confinement.rely_on(frozenset(reports[-1].held))
            return confinement, reports
    return None, reports


def try_out(confinement: Confinement, folder: Path) -> Report:
    """Take all the steps in a throw-away process, try to get out of it, and say what held."""
    reading, writing = os.pipe()
    with _outside(folder) as outside:
        child = os.fork()
        if not child:
            os.close(reading)
            _confined(confinement, outside, writing)
        os.close(writing)
        text = _read(reading)
        os.close(reading)
        os.waitpid(child, 0)
    if not text:
        return Report(confinement.way, [], {}, ["the process that tried it died"])
    found = json.loads(text)
    held = Held(found["held"], found["missing"])
    return Report(confinement.way, held.in_order(), held.missing, found["leaks"])


@contextlib.contextmanager
def _outside(folder: Path) -> Iterator[_Outside]:
    own = folder / "trial"
    own.mkdir(exist_ok=True)
    # The process will be nobody, if this one is root.
    own.chmod(0o777 if os.geteuid() == 0 else 0o700)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        files = [path for path in _READABLE_BY_ALL if _can(Path(path).read_bytes)]
        yield _Outside(files, str(own), listening.getsockname()[1], os.getpid())


def _confined(confinement: Confinement, outside: _Outside, writing: int) -> None:
    """Confine this process, try to get out, and write what was found. Does not return."""
    step = "confine the fork server"
    try:
        confinement.confine_server()
        step = "fork a child"
        child = confinement.fork()
        if child:
            os.close(writing)
            os.waitpid(child, 0)
            os._exit(0)
        step = "confine a child"
        limits = ProcessLimits(memory=512 * MIB, scratch=MIB, cpu=60, threads=64)
        confinement.prepare()
        os.chdir(confinement.enter(outside.folder, limits, 0))
        confinement.seal()
        step = "try to get out"
        leaks = list(_leaks(outside, confinement.held))
    except BaseException as error:
        leaks = [f"could not {step}: {_why(error)}"]
    found = {"held": confinement.held.layers, "missing": confinement.held.missing, "leaks": leaks}
    with contextlib.suppress(OSError):
        os.write(writing, json.dumps(found).encode())
    os._exit(0)


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    return str(error) or repr(error)


def _leaks(outside: _Outside, held: Held) -> Iterator[str]:
    """Yield what this process could do that it must not, and what it could not do that it must."""
    for path in outside.files:
        if _can(Path(path).read_bytes):
            yield f"the host's file {path} could be read"
    for path in (f"{Path(outside.folder).parent}/trial.leak", "/etc/trial.leak", "/usr/trial.leak"):
        if _can(partial(Path(path).write_text, "out", "ascii")):
            yield f"{path} could be written"
    if _can(lambda: socket.create_connection(("127.0.0.1", outside.port), 1.0).close()):
        yield "the host's network could be reached"
    # Inside a PID namespace that number may be one's own.
    if outside.process != os.getpid() and _can(lambda: os.kill(outside.process, 0)):
        yield "a process of the host could be signalled"
    if "seccomp" in held.layers and _can(_fork):
        yield "another process could be started, although the filter forbids it"
    if _can(lambda: linux.mount("trial", ".", "tmpfs")):
        linux.detach(os.getcwd())
        yield "a file system could be mounted"
    if not _can(lambda: Path("trial.txt").write_text("in", "ascii")):
        yield "nothing could be written in the working folder"
    if any(os.path.lexists(os.path.join(place, PACKAGE.name, "__init__.py")) for place in sys.path if place):
        yield "this package could be found"
    rare = next(name for name in _RARE_MODULES if name not in sys.modules)
    if not _can(lambda: importlib.import_module(rare)):
        yield f"Python's own library could not be read ({rare})"


def _can(action: Callable[[], object]) -> bool:
    try:
        action()
    except (OSError, ImportError):
        return False
    return True


def _fork() -> None:
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def _read(descriptor: int) -> bytes:
    """Read until the other end is closed, or time is up."""
    data = b""
    deadline = time.monotonic() + _SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([descriptor], [], [], left)[0]:
        part = os.read(descriptor, 1 << 16)
        if not part:
            break
        data += part
    return data


if __name__ == "__main__":
    print(json.dumps([try_out(way(Path.cwd()), Path.cwd()).plain() for way in WAYS]))
