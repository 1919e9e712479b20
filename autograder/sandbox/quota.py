"""Limits all files of a process together, where no file system of its own does.

The kernel limits each file and not their number, so the fork server looks again and again, and ends the process.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.sandbox.resource_limits import MIB

# In a scratch file system, too.
MOST_FILES = 20_000
# How often to look: a fast disk takes a gigabyte or a hundred thousand links in a second.
SECONDS = 0.02
_BLOCK = 512  # the unit of st_blocks, whatever the file system's own is


@dataclass(frozen=True)
class Quota:
    """What a process may have in a folder that it can write.

    folder -- everything in it counts, and what has been removed from it and is still open
    size -- bytes of files on the disk
    files -- files, folders and links
    """

    folder: str
    size: int
    files: int = MOST_FILES

    def exceeded(self, process: int) -> str | None:
        """Return how a process has used up more, in words that complete "the process ...", None if it has not."""
        files = used = 0
        try:
            for status in self._found(process):
                files += status.st_nlink > 0
                used += status.st_blocks * _BLOCK if stat.S_ISREG(status.st_mode) else 0
                if files > self.files:
                    return f"was ended because it made more than {self.files:,} files"
                if used > self.size:
                    return f"was ended because its files took more than {self.size // MIB} MiB in all"
        except OSError:
            # Nested too deep, or made unreadable: what cannot be counted has no bound.
            return "was ended because its folders cannot be looked into"
        return None

    def _found(self, process: int) -> Iterator[os.stat_result]:
        folders = [self.folder]
        while folders:
            try:
                listing = os.scandir(folders.pop())
            except (FileNotFoundError, NotADirectoryError):
                continue  # gone in this moment
            with listing:
                for entry in listing:
                    with contextlib.suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISDIR(status.st_mode):
                            folders.append(entry.path)
                        yield status
        yield from _removed(process)


def _removed(process: int) -> Iterator[os.stat_result]:
    """Yield what is nowhere any more, and takes room as long as a process has it open."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        for descriptor in os.listdir(f"/proc/{process}/fd"):
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(f"/proc/{process}/fd/{descriptor}")
                if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                    yield status
