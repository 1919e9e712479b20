"""Notes what the code of a notebook tries to do, so that the result can report it.

Python tells audit hooks of files, imports, processes and sockets. A hook cannot be removed from Python, but native code
gets around it and can write what it likes where the notices go. So these are words for a reader: nothing is allowed or
denied by them, and the host takes none that is not among `SENTENCES`.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from autograder.kernel.cell_names import is_cell

# What is noticed, with a detail in some.
SENTENCES = {
    "file": "tried to open {}, which is out of its reach",
    "process": "tried to start a process",
    "signal": "tried to send a signal",
    "network": "tried to use the network",
    "import": "tried to import {}",
    "frames": "looked at other code's frames",
    "memory": "looked through the memory of its process",
    "trace": "traced the code that runs it",
    "native": "called the C function {}",
    "limits": "tried to change its limits",
    "lock": "tried to lock a file",
}
_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_MOST = 40
_LONGEST = 160
_PIPE_BYTES = 1 << 16

_EVENTS = {
    **dict.fromkeys(["os.kill", "os.killpg", "signal.pthread_kill"], "signal"),
    **dict.fromkeys(["socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"], "network"),
    **dict.fromkeys(["socket.getaddrinfo", "socket.gethostbyname"], "network"),
    **dict.fromkeys(["resource.setrlimit", "resource.prlimit"], "limits"),
    **dict.fromkeys(["fcntl.flock", "fcntl.lockf"], "lock"),
}
# Libraries do this, too: it is noticed of the notebook's own code only.
_OF_CELLS = {
    **dict.fromkeys(["os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "os.spawn"], "process"),
    **dict.fromkeys(["subprocess.Popen", "pty.spawn"], "process"),
    **dict.fromkeys(["sys.settrace", "sys.setprofile", "sys.monitoring.register_callback"], "trace"),
    **dict.fromkeys(["sys._getframe", "sys._current_frames", "sys._current_exceptions"], "frames"),
    **dict.fromkeys(["gc.get_objects", "gc.get_referrers", "gc.get_referents"], "memory"),
}
# What that code may have gone through.
_PASSING = {
    "process": {
        "asyncio",
        "concurrent",
        "IPython",
        "multiprocessing",
        "os",
        "pexpect",
        "pty",
        "ptyprocess",
        "subprocess",
    }
    | {__package__.partition(".")[0]},
    "trace": {"bdb", "pdb", "threading", "trace"},
    "native": {"ctypes"},
    "network": {"socket"},
}
_FRAME_ATTRIBUTES = frozenset(["tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_back", "f_locals", "f_globals"])
_READS = frozenset(["os.listdir", "os.scandir", "os.chdir"])
# The event, and which of its arguments are paths that it would change.
_WRITES = {
    **dict.fromkeys(["os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"], (0,)),
    **dict.fromkeys(["os.rename", "os.link", "os.symlink"], (0, 1)),
}
# What libraries look for on every machine.
_INNOCENT = (
    *map(str, mimetypes.knownfiles),
    "/usr/share/",
    "/usr/X11",
    "/usr/local/share/",
    "/usr/local/etc/",
    *("/etc/localtime", "/etc/timezone", "/etc/matplotlib", "/etc/fonts", "/etc/ssl", "/etc/ipython", "/etc/jupyter"),
    *("/sys/devices/system/", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self/stat", "/dev/"),
)


class AuditHook:
    """Writes a notice of each thing that is tried, once.

    descriptor -- where to, a pipe that does not block
    readable, writable -- the folders that this process may read or write; None if nothing is denied to it
    package -- the name of a package that must not be imported
    before -- the folder that libraries which were imported before take for their home
    """

    def __init__(self, descriptor: int, readable: list[str] | None, writable: str, package: str, before: str) -> None:
        self._descriptor = descriptor
        self._readable = None if readable is None else tuple(f"{path}/" for path in [*readable, writable])
        self._writable = (f"{writable}/",)
        self._package = package
        self._innocent = (*_INNOCENT, f"{before}/")
        self._seen: set[tuple[str, str]] = set()
        self._busy = False

    def start(self) -> None:
        """Begin. There is no end."""
        os.set_blocking(self._descriptor, False)
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Looking at a frame here is such an event itself.
        if self._busy or event not in _HANDLED:
            return
        self._busy = True
        try:
            for kind, detail in self._noticed(event, arguments):
                self._note(kind, detail)
        except Exception:  # whatever odd object was passed: the call itself will say what is wrong with it
            return
        finally:
            self._busy = False

    def _noticed(self, event: str, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
        if event in _EVENTS:
            yield _EVENTS[event], ""
        elif event in _OF_CELLS:
            if self._in_cell(_OF_CELLS[event]):
                yield _OF_CELLS[event], ""
        elif event == "object.__getattr__":
            if arguments[1] in _FRAME_ATTRIBUTES and self._in_cell():
                yield "frames", ""
        elif event == "import":
            if str(arguments[0]).partition(".")[0] == self._package:
                yield "import", str(arguments[0])
        elif event == "socket.__new__":
            # asyncio makes a pair for itself.
            if arguments[1] != socket.AF_UNIX or self._in_cell("network"):
                yield "network", ""
        elif event == "ctypes.dlsym":
            if self._in_cell("native"):
                yield "native", str(arguments[1])
        elif self._readable is not None:
            yield from self._files(event, arguments)

    def _files(self, event: str, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
        if event == "open":
            changes = bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            paths = [(arguments[0], changes)]
        elif event in _READS:
            paths = [(arguments[0], False)]
        else:
            paths = [(arguments[number], True) for number in _WRITES[event]]
        for path, changes in paths:
            if not isinstance(path, str | bytes | os.PathLike):
                continue
            place = os.path.abspath(os.fsdecode(path))
            allowed = self._writable if changes else self._readable
            # A traceback shows lines of the files that it goes through, these among them.
            shown = place.startswith(f"{_PACKAGE}/") and not self._in_cell()
            if not shown and "fonts" not in place and not f"{place}/".startswith((*(allowed or ()), *self._innocent)):
                yield "file", place

    def _in_cell(self, kind: str = "") -> bool:
        """Whether the submission's own code did what the hook is told of, itself or through a library made for it."""
        passing = _PASSING.get(kind, set())
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            name = str(frame.f_globals.get("__name__"))
            if name != __name__ and name.partition(".")[0] not in passing:
                break
            frame = frame.f_back
        if frame is None:
            return False
        file = frame.f_code.co_filename
        return is_cell(file) or file.startswith(self._writable)

    def _note(self, kind: str, detail: str) -> None:
        if (kind, detail) not in self._seen and len(self._seen) < _MOST:
            self._seen.add((kind, detail))
            with contextlib.suppress(OSError):
                os.write(self._descriptor, f"{kind} {ascii(detail)[:_LONGEST]}\n".encode())


_HANDLED = frozenset(
    {"object.__getattr__", "import", "socket.__new__", "ctypes.dlsym", "open"} | _EVENTS.keys() | _OF_CELLS.keys()
) | frozenset(_READS | _WRITES.keys())


def read_notices(descriptor: int) -> list[str]:
    """Return in sentences what was noticed, each once; the process that wrote it may have made it up."""
    os.set_blocking(descriptor, False)
    data = b""
    with contextlib.suppress(BlockingIOError):
        while len(data) < _PIPE_BYTES and (part := os.read(descriptor, _PIPE_BYTES)):
            data += part
    sentences: dict[str, None] = {}
    for line in data.decode("ascii", "replace").splitlines():
        kind, _, detail = line.partition(" ")
        if kind in SENTENCES and len(sentences) < _MOST:
            shown = "".join(letter if letter.isprintable() else "?" for letter in detail[:_LONGEST])
            sentences[SENTENCES[kind].format(shown)] = None
    return list(sentences)
