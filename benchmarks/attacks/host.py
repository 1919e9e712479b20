"""What an attack may hurt: secrets, a listening socket, processes; and how to clean up after it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path


class Listener:
    """Accepts connections on loopback and keeps what it is told."""

    def __init__(self) -> None:
        self.heard = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(2)
                self.heard += connection.recv(100)


@dataclass
class Prey:
    """Secrets, a listener and a process that are there to be attacked."""

    hidden: str = field(default_factory=lambda: f"hidden-{secrets.token_hex(8)}")  # stands in the hidden tests
    other: str = field(default_factory=lambda: f"other-{secrets.token_hex(8)}")  # stands in an honest submission
    secret: str = field(default_factory=lambda: secrets.token_hex(8))  # stands in the grader's environment
    orphan: str = field(default_factory=lambda: f"orphan{secrets.token_hex(4)}")  # the name of a process
    message: str = field(default_factory=lambda: secrets.token_hex(8))  # what the listener is told
    listener: Listener = field(default_factory=Listener)
    process: subprocess.Popen[bytes] | None = None

    def fresh_process(self) -> int:
        """Start a process that waits to be killed, unless there is one, and return its id."""
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        return self.process.pid

    def left_over(self) -> list[int]:
        """Return the ids of the processes that graders have left behind."""
        waiting = self.process.pid if self.process else None
        return [pid for pid in descendants(os.getpid()) if pid != waiting]


def adopt_orphans() -> None:
    """Become the parent of whatever is left over by the processes that this one starts, so that it can be found."""
    set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def descendants(pid: int) -> list[int]:
    """Return the ids of the live processes that a process started, and that they started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found[1:]


def kill(pids: list[int]) -> None:
    """End processes; those that have ended already are no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


# ---- The graders ---------------------------------------------------------------------------------------------------
