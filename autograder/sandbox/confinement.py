"""Ways to confine a fork server and its children, each a sequence of layers in the order that works.

A way is tried in a throw-away process before it is used (`trial`). What held there must hold again: a step that fails
later ends the process.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

from autograder.sandbox import landlock, linux, rootfs, seccomp
from autograder.sandbox.bind_mounts import DEVICES, needed
from autograder.sandbox.credentials import drop_root, enter_user_namespace
from autograder.sandbox.layers import Held
from autograder.sandbox.quota import Quota
from autograder.sandbox.resource_limits import ProcessLimits

# The package that this is part of: whoever can read it learns how grading works.
PACKAGE = Path(__file__).resolve().parent.parent
_SEPARATE = linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS


class Confinement:
    """No confinement; and what the others have in common.

    folder -- one that belongs to the fork server

    A child calls `prepare` as soon as it is forked, `enter` when it is known what for, does what needs privileges, and
    then calls `seal`.
    """

    way = "none"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: frozenset[str] | None = None
        self.held = Held()
        self.readable: list[str] | None = None
        """What the children can read, their own folder aside; None if that is everything."""

    def rely_on(self, layers: frozenset[str]) -> None:
        """From now on these layers must hold, and no others are tried."""
        self._known = layers

    def confine_server(self) -> None:
        """Confine this process as far as its children have it in common. May go on in a child of this process."""

    def fork(self) -> int:
        """Fork, as `os.fork` does."""
        return os.fork()

    def prepare(self) -> None:
        """Confine this new child as far as that is the same for all."""

    def enter(self, directory: str, limits: ProcessLimits, given: int) -> str:
        """Confine this child, and return the folder that it is to work in.

        directory -- a folder of the host that this child may use, where it has to be one
        given -- bytes of files that come with the submission, beyond its limit
        """
        limits.apply()
        return directory

    def seal(self) -> None:
        """Take what is left of this process's rights."""

    def quota(self, directory: str, limits: ProcessLimits, given: int) -> Quota | None:
        """Return what the fork server has to hold a child to that was told to `enter`, None if the kernel does it."""
        return None

    def _need(self, layer: str, *steps: Callable[[], object]) -> None:
        """Take the steps of a layer that this way cannot do without."""
        for step in steps:
            step()
        self.held.layers.append(layer)

    def _want(self, layer: str, *steps: Callable[[], object]) -> None:
        """Take the steps of a layer if the machine has it."""
        if self._known is not None and layer not in self._known:
            return
        try:
            self._need(layer, *steps)
        except OSError as error:
            if self._known is not None:
                raise
            self.held.missing[layer] = error.strerror or str(error)


class Namespaces(Confinement):
    """The fork server has its own users, files, processes and network; each child is process 1 of its own."""

    way = "namespaces"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.readable = self._places = needed(PACKAGE)
        self._program = _Program(own_files=True, own_processes=True)
        self._me = -1

    def confine_server(self) -> None:
        """Enter the namespaces; goes on in a child, and this process ends when that does."""
        self._enter_mount_namespace()
        self._need("user-namespace", enter_user_namespace)
        self._need("network-namespace", lambda: linux.unshare(linux.CLONE_NEWNET, "a network namespace"))
        self._need("pid-namespace", lambda: linux.unshare(linux.CLONE_NEWPID, "a PID namespace"))
        # A mount namespace that the new user owns, and what else the kernel may have.
        linux.unshare(_SEPARATE, "mount and IPC namespaces")
        with contextlib.suppress(OSError):
            linux.unshare(linux.CLONE_NEWCGROUP, "a cgroup namespace")
        _go_on_in_a_child()
        self._own_proc()
        self._me = os.pidfd_open(os.getpid())

    def fork(self) -> int:
        """Fork a child that is process 1 of a PID namespace."""
        linux.unshare(linux.CLONE_NEWPID, "a PID namespace")
        child = -1
        try:
            child = os.fork()
        finally:
            if child:
                # The kernel makes a second namespace only for who has come back from the first.
                linux.enter(self._me, linux.CLONE_NEWPID)
        return child

    def prepare(self) -> None:
        """Give this child a view of files and processes of its own."""
        self._need("ipc-namespace", lambda: linux.unshare(_SEPARATE, "mount and IPC namespaces"))
        self._own_proc()
        os.environ.update(rootfs.ENVIRONMENT)

    def enter(self, directory: str, limits: ProcessLimits, given: int) -> str:
        """Give this child a scratch folder, users and limits of its own."""
        scratch = None if limits.scratch is None else limits.scratch + given
        self._need("scratch", lambda: rootfs.mount_scratch(scratch or 1 << 30))
        # Without /proc, nobody can say who is who in a new user namespace; the server's has to do.
        alone = "own-proc" in self.held.layers
        if alone:
            enter_user_namespace()
        self._need("limits", lambda: limits.apply(alone=alone))
        return rootfs.WORK

    def seal(self) -> None:
        """Drop all capabilities; then Landlock and the filter."""
        self._need("capabilities", linux.drop_capabilities)
        self._need("no-new-privileges", linux.forbid_new_privileges)
        # Landlock does not see a rule for a folder that another file system is mounted on: so not once for all.
        self._want("landlock", lambda: landlock.Ruleset(["/"], [rootfs.SCRATCH, *DEVICES]).restrict())
        self._want("seccomp", self._program.install)

    def _enter_mount_namespace(self) -> None:
        """Build the root, if it can be with root's rights: the interpreter may lie where nobody else can look."""
        try:
            linux.unshare(linux.CLONE_NEWNS, "a mount namespace")
        except PermissionError:
            # An ordinary user, and root in many a container, may only mount in a user namespace of their own.
            drop_root()
            enter_user_namespace()
            linux.unshare(linux.CLONE_NEWNS, "a mount namespace")
        self._need("mount-namespace", lambda: rootfs.build(self.folder / "root", self._places))
        self._need("unprivileged-user", drop_root)

    def _own_proc(self) -> None:
        self._want("own-proc", rootfs.mount_proc)
        if "own-proc" not in self.held.layers:
            rootfs.hide_proc()


class Fences(Confinement):
    """Without namespaces: Landlock and the filter together. Alone, each would leave holes."""

    way = "landlock and seccomp"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.readable = self._places = needed(PACKAGE)
        signals = linux.landlock_version() >= landlock.SIGNALS
        self._program = _Program(own_files=False, own_processes=signals)
        self._rules: landlock.Ruleset | None = None

    def confine_server(self) -> None:
        """Drop root's rights."""
        self._need("unprivileged-user", drop_root)
        for place in self._places:
            if not os.access(place, os.R_OK):
                raise PermissionError(
                    0, f"{place} is not readable for an unprivileged user; install Python where everybody can read it"
                )

    def enter(self, directory: str, limits: ProcessLimits, given: int) -> str:
        """Limit this child, and prepare the rules for its own folder."""
        folder = Path(directory)
        for name in rootfs.FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        self._rules = landlock.Ruleset(self._places, [directory, *DEVICES])
        self._need("limits", limits.apply)
        os.environ.update(
            {name: place.replace(rootfs.SCRATCH, directory) for name, place in rootfs.ENVIRONMENT.items()}
        )
        return f"{directory}/{Path(rootfs.WORK).name}"

    def seal(self) -> None:
        """Drop all capabilities; then Landlock and the filter, both or nothing."""
        assert self._rules is not None
        self._need("capabilities", linux.drop_capabilities)
        self._need("no-new-privileges", linux.forbid_new_privileges)
        self._need("landlock", self._rules.restrict)
        self._need("seccomp", self._program.install)

    def quota(self, directory: str, limits: ProcessLimits, given: int) -> Quota | None:
        """There is no file system for it alone."""
        return None if limits.scratch is None else Quota(directory, limits.scratch + given)


class _Program:
    """A filter, compiled once for all children; if it cannot be, installing it says why."""

    def __init__(self, *, own_files: bool, own_processes: bool) -> None:
        self._problem: OSError | None = None
        self._program = b""
        try:
            self._program = seccomp.compile_rules(seccomp.rules(own_files=own_files, own_processes=own_processes))
        except OSError as error:
            self._problem = error

    def install(self) -> None:
        if self._problem is not None:
            raise self._problem
        linux.filter_system_calls(self._program)


def _go_on_in_a_child() -> None:
    """Fork; the child returns, process 1 of the new PID namespace, and this process ends as the child does."""
    me = os.pidfd_open(os.getpid())
    child = os.fork()
    if child:
        os.close(me)
        # Whatever is open here is the child's now: who reads or writes the other ends must hear when it ends.
        os.closerange(0, 1 << 16)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    die_with(me)
    os.close(me)


def die_with(parent: int) -> None:
    """Be killed when the parent, given by a descriptor that stands for it, dies. Raises OrphanedError if it has."""
    linux.die_with_parent(signal.SIGKILL)
    poll = select.poll()
    poll.register(parent, select.POLLIN)
    if poll.poll(0):
        raise OrphanedError


class OrphanedError(RuntimeError):
    """The parent died while its child was being born; the child ends."""
