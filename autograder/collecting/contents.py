"""The files in a folder or a zip archive that nobody vouches for, without unpacking anything."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

# Bytes of one file. A notebook full of pictures has a few MB.
FILE_BYTES = 200 << 20
# Bytes of all files of an export, unpacked, and how many there may be.
EXPORT_BYTES = 16 << 30
EXPORT_FILES = 200_000
# What is packed more densely than this, in a file of more than a megabyte, was packed to do harm.
MOST_DENSE = 500
# What operating systems and tools leave behind.
JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__", ".git"}


class CollectError(Exception):
    """Nothing of an export can be collected; the message says why and what to do. Nothing was written."""


@dataclass(frozen=True)
class File:
    """A file of an export.

    path -- its place in the folder or archive
    modified -- when it was written last, in seconds since 1970, UTC
    """

    path: PurePosixPath
    size: int
    modified: float
    open: Callable[[], IO[bytes]] = field(repr=False, compare=False)

    def copy(self, target: Path) -> None:
        """Write it to a place, with its time. Raises CollectError if it is larger than it said."""
        with self.open() as source, target.open("wb") as written:
            left = self.size
            while block := source.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise CollectError(f"{self.path} is larger than its archive says: it was made to do harm.")
                written.write(block)
        os.utime(target, (self.modified, self.modified))


@dataclass
class Contents:
    """What is in a folder or archive.

    left_out -- files that are not looked at further, and why
    junk -- how many files were left behind by systems and tools
    """

    files: list[File] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    junk: int = 0

    def find(self, name: str) -> File | None:
        """Return the file of this name that lies highest, None if there is none."""
        found = [file for file in self.files if file.path.name == name]
        return min(found, key=lambda file: len(file.path.parts), default=None)


@contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Yield the files of a folder or zip archive.

    Raises CollectError if it is neither, or an archive that was made to do harm.
    """
    if path.is_dir():
        yield _checked(Contents(), _in_folder(path))
    elif path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                yield _checked(Contents(), _in_archive(archive, path))
        # NotImplementedError is zipfile's word for a way of packing that it does not know.
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, struct.error) as error:
            raise CollectError(f"{path} is neither a folder nor a zip archive that can be read: {error}.") from error
    else:
        raise CollectError(f"{path} does not exist. Give the folder or the zip file that your platform exported.")


def _checked(contents: Contents, found: Iterator[File | tuple[str, str]]) -> Contents:
    total = 0
    for number, file in enumerate(found):
        if number >= EXPORT_FILES:
            raise CollectError(f"There are more than {EXPORT_FILES} files. Give the export of one assignment only.")
        if isinstance(file, tuple):
            contents.left_out[file[0]] = file[1]
        elif JUNK & set(file.path.parts) or file.path.name.startswith("._"):
            contents.junk += 1
        elif file.size > FILE_BYTES:
            contents.left_out[str(file.path)] = f"it has more than {FILE_BYTES >> 20} MiB"
        else:
            total += file.size
            contents.files.append(file)
        if total > EXPORT_BYTES:
            raise CollectError(f"The files have more than {EXPORT_BYTES >> 30} GiB in all, so nothing was collected.")
    contents.files.sort(key=lambda file: file.path)
    return contents


def _in_folder(folder: Path) -> Iterator[File | tuple[str, str]]:
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            path = Path(place) / name
            kind = path.lstat()
            if stat.S_ISREG(kind.st_mode):
                relative = PurePosixPath((inside / name).as_posix())
                yield File(relative, kind.st_size, kind.st_mtime, partial(_open, path))
            else:
                yield (inside / name).as_posix(), "it is a link or no ordinary file"


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _in_archive(archive: zipfile.ZipFile, path: Path) -> Iterator[File | tuple[str, str]]:
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) or not name.strip("/"):
            raise CollectError(
                f"{path.name} names a place outside of itself ({info.filename[:80]!r}): it was made to do harm, and "
                "nothing of it was collected."
            )
        if info.is_dir():
            continue
        kind = info.external_attr >> 16
        if stat.S_IFMT(kind) and not stat.S_ISREG(kind):
            yield name, "it is a link or no ordinary file"
        elif info.flag_bits & 1:
            yield name, "it is protected by a password"
        elif info.file_size > 1 << 20 and info.file_size > MOST_DENSE * max(info.compress_size, 1):
            raise CollectError(
                f"{path.name}: {name[:80]!r} unpacks to {info.file_size >> 20} MiB from almost nothing: it was made "
                "to do harm, and nothing was collected."
            )
        else:
            yield File(PurePosixPath(*parts), info.file_size, _modified(info), partial(archive.open, info))


def _modified(info: zipfile.ZipInfo) -> float:
    """Return when a member was written: exactly, if the archive says so, else by its local time."""
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and length >= 5 and extra[4] & 1:
            return float(struct.unpack("<i", extra[5:9])[0])
        extra = extra[4 + length :]
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def remove(folder: Path) -> None:
    """Remove a folder if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
