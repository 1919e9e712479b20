"""A root file system with nothing but what Python needs, and a scratch folder of limited size."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from autograder.sandbox import linux
from autograder.sandbox.bind_mounts import DEVICES
from autograder.sandbox.quota import MOST_FILES

# Everything that the process can write, as it sees it. No interpreter lies here.
SCRATCH = "/student"
WORK = f"{SCRATCH}/work"
FOLDERS = ("work", "home", "tmp", "shm", "matplotlib")
_LINKS = {"/tmp": "tmp", "/dev/shm": "shm"}
# What points into the scratch folder: libraries look here for places to write to.
ENVIRONMENT = {
    "HOME": f"{SCRATCH}/home",
    "TMPDIR": f"{SCRATCH}/tmp",
    "MPLCONFIGDIR": f"{SCRATCH}/matplotlib",
    "PWD": WORK,
}
_PLAIN = linux.MS_NOSUID | linux.MS_NODEV


def build(target: Path, places: list[str]) -> None:
    """Make `target` the root of this mount namespace: the places, read-only, the devices that do no harm, /proc.

    The mount namespace must be this process's own. Raises OSError if the kernel does not let it.
    """
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    target.mkdir(exist_ok=True)
    linux.mount("root", str(target), "tmpfs", _PLAIN, "mode=0755,size=1m,nr_inodes=2000")
    for place in places:
        _bind(place, target)
        linux.make_read_only(f"{target}{place}", recursive=True)
    for device in DEVICES:
        with contextlib.suppress(FileNotFoundError):
            _bind(device, target)
            linux.make_read_only(f"{target}{device}", recursive=False, devices=True)
    # Of the host's, until there is one of our own: the kernel shows a new one only where one was to be seen.
    _bind("/proc", target)
    Path(f"{target}{SCRATCH}").mkdir()
    for link, folder in _LINKS.items():
        # Where the interpreter lies under /tmp, that is a folder already.
        with contextlib.suppress(FileExistsError):
            Path(f"{target}{link}").symlink_to(f"{SCRATCH}/{folder}")
    linux.make_read_only(str(target), recursive=False)
    linux.pivot_root(str(target))


def _bind(path: str, target: Path) -> None:
    place = Path(f"{target}{path}")
    place.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISDIR(os.stat(path).st_mode):
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    linux.mount(path, str(place), flags=linux.MS_BIND | linux.MS_REC)


def mount_proc() -> None:
    """Show this process number namespace in /proc. Raises OSError where the kernel denies it, as in many containers."""
    linux.mount("proc", "/proc", "proc", _PLAIN | linux.MS_NOEXEC)


def hide_proc() -> None:
    """Show nothing in /proc."""
    linux.mount("nothing", "/proc", "tmpfs", _PLAIN | linux.MS_NOEXEC, "size=4k,nr_inodes=2,mode=0555")


def mount_scratch(size: int) -> None:
    """Make the scratch folder, of at most `size` bytes, and the folders in it."""
    linux.mount("scratch", SCRATCH, "tmpfs", _PLAIN, f"mode=0700,size={size},nr_inodes={MOST_FILES}")
    for folder in FOLDERS:
        os.mkdir(f"{SCRATCH}/{folder}", 0o700)
