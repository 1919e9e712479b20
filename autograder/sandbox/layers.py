"""The layers of a confinement: their names, what each stops, and what follows without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Layer:
    """A layer that can hold or not.

    stops -- what it keeps a student's code from
    without -- what follows for the grading where it does not hold
    """

    name: str
    stops: str
    without: str


LAYERS = (
    Layer(
        "user-namespace",
        "rights over anything outside; a user of its own for every submission",
        "the namespaces below cannot be made by an ordinary user",
    ),
    Layer("mount-namespace", "reading and writing the host's files", "Landlock has to keep the files away"),
    Layer(
        "pid-namespace",
        "seeing, tracing and signalling other processes; whatever it started dies with it",
        "Landlock and the filter have to keep other processes away",
    ),
    Layer("network-namespace", "every network, loopback too", "the filter has to deny all sockets"),
    Layer("ipc-namespace", "shared memory and queues of others", "the filter has to deny them"),
    Layer("own-proc", "what /proc says of the host", "/proc is empty, or denied"),
    Layer("scratch", "filling the disk", "each file has a limit; what takes too much in all is ended a moment later"),
    Layer("unprivileged-user", "the rights of root", "nothing, if whoever grades is not root anyway"),
    Layer("limits", "using up memory, threads, open files and processor time", "one submission can slow the machine"),
    Layer("capabilities", "mounting, entering namespaces, raising limits", "no student code is run"),
    Layer("no-new-privileges", "programs that give rights", "no student code is run"),
    Layer("landlock", "files, ports and processes, a second time", "the namespaces stand alone"),
    Layer(
        "seccomp",
        "new processes, sockets, tracing, keyrings, io_uring and the rest of the kernel's doors",
        "the memory of a submission is limited for each process and not in all; the namespaces stand alone",
    ),
)
NAMES = tuple(layer.name for layer in LAYERS)


@dataclass
class Held:
    """Which layers hold, and of the others, why not."""

    layers: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def in_order(self) -> list[str]:
        """The names of those that hold, from the outermost to the innermost."""
        return [name for name in NAMES if name in self.layers]


@dataclass(frozen=True)
class Report:
    """What was found by trying one way of confining.

    way -- what the way is called
    held -- the names of the layers that hold
    missing -- why others do not, by name
    leaks -- what could be done from inside that must not be; none, if the way is sound
    """

    way: str
    held: list[str]
    missing: dict[str, str]
    leaks: list[str]

    @property
    def sound(self) -> bool:
        """Whether untrusted code can be confined this way."""
        return not self.leaks

    def plain(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {"way": self.way, "held": self.held, "missing": self.missing, "leaks": self.leaks}
