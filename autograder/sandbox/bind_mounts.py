"""Which of the host's files Python needs: the interpreter, its packages, the C libraries."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_LIBRARIES = ["/lib", "/lib64", "/lib32", "/libx32", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
_DATA = ["/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/usr/share/fonts", "/usr/share/zoneinfo"]
DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]


def needed(without: Path) -> list[str]:
    """Return the files and folders to be shown, none of them within another.

    without -- a folder that must not be shown: where another one holds it, its neighbours are listed instead
    """
    paths = sysconfig.get_paths()
    wanted = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # A folder of the path that holds the hidden one and is no library is a checkout, with all that lies there.
    hidden = os.path.realpath(without)
    wanted.update(
        path
        for path in sys.path
        if path and (path.endswith("-packages") or not _within(hidden, os.path.realpath(path)))
    )
    if site.ENABLE_USER_SITE:
        wanted.add(site.getusersitepackages())
    wanted.update(_LIBRARIES, _DATA, _mapped_folders())
    existing = {path for path in wanted if os.path.exists(path)}
    existing |= {os.path.realpath(path) for path in existing}
    return _outermost({found for path in existing for found in _around(path, hidden)})


def _mapped_folders() -> set[str]:
    """The folders of the libraries that are loaded, wherever the machine keeps them."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        files = {line.split(maxsplit=5)[-1].rstrip("\n") for line in maps if "/" in line}
    return {os.path.dirname(file) for file in files if ".so" in os.path.basename(file)}


def _around(path: str, hidden: str) -> Iterable[str]:
    """Yield a path; if the hidden folder lies in it, what is beside that; by whatever links they lead to each other."""
    real = os.path.realpath(path)
    if real == hidden or _within(real, hidden):
        return
    if not _within(hidden, real):
        yield path
        return
    for entry in os.scandir(path):
        yield from _around(entry.path, hidden)


def _within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _outermost(paths: set[str]) -> list[str]:
    return sorted(path for path in paths if not any(_within(path, other) for other in paths))
