"""What an attack is: a notebook that tries to get what it did not earn, or to do harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from types import MappingProxyType

from nbformat import NotebookNode

# What can stand in an attack's way.
LAYERS = frozenset(
    [
        "two-processes",  # the tests are in another; roles and names are the master's; the wire is not believed
        "clock",  # a wall clock held outside
        "output-limit",
        "clean-environment",  # neither variables nor descriptors nor memory of the host's
        "private-copy",  # of what was handed in, for this submission only
        "mount-namespace",
        "pid-namespace",
        "user-namespace",
        "network-namespace",
        "ipc-namespace",
        "scratch",  # a file system in memory, of limited size
        "limits",
        "capabilities",
        "landlock",
        "seccomp",
    ]
)

# The functions of the course that is attacked.
EVERYTHING = ("keep", "scale", "total", "last")
# What the result says where it says no more than that an answer is wrong.
WRONG_ANSWER = r"should be|should leave its argument alone|does not do"


@dataclass(frozen=True)
class Attack:
    """One attack.

    name -- what it is called in the results
    what -- what it tries, in a plain sentence
    stopped_by -- the layer that stops it
    otherwise -- the layer that does where there are no namespaces; the same one if None
    front -- the code of a cell that is run before everything else, if there is one
    answers -- what the solution cells of some functions say instead
    change -- what is done to the notebook when it is complete
    beside -- what is handed in beside the notebook: texts by their names, and links as pairs ("link", target)
    lost -- the functions that deserve no marks; those without an answer of their own get a wrong one
    sentence -- a regular expression for what the result says about it
    harmful -- whether it would harm the machine if nothing stood in its way
    slow -- whether it uses up its time
    """

    name: str
    what: str
    stopped_by: str
    otherwise: str | None = None
    front: str | None = None
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    change: Callable[[NotebookNode], object] | None = None
    beside: Mapping[str, str | tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    lost: tuple[str, ...] = ("last",)
    sentence: str = WRONG_ANSWER
    harmful: bool = False
    slow: bool = False

    def __post_init__(self) -> None:
        assert {self.stopped_by, self.otherwise or self.stopped_by} <= LAYERS, self.name
        assert self.answers.keys() <= set(self.lost), f"{self.name}: an answer that is not expected to fail"
        if self.front is not None:
            object.__setattr__(self, "front", dedent(self.front).strip())
        object.__setattr__(self, "answers", {name: dedent(text).strip() for name, text in self.answers.items()})
