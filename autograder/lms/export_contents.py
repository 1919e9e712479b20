"""Lists the files of an untrusted folder or zip archive without unpacking anything."""

from __future__ import annotations

import lzma
import os
import re
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.intake.encodings import printable

# Bytes of one file. A notebook full of pictures has a few MB.
FILE_BYTES = 200 << 20
# Bytes of all files of an export, unpacked, and how many there may be.
EXPORT_BYTES = 16 << 30
EXPORT_FILES = 200_000
# What is packed more densely than this, in a file of more than a megabyte, was packed to do harm.
MOST_DENSE = 500
# What reading a damaged archive, or a file that is not to be read, brings about; NotImplementedError is zipfile's word
# for a way of packing that it does not know.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    EOFError,
    struct.error,
    OSError,
    UnicodeDecodeError,
)
# What operating systems and tools leave behind.
JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__", ".git"}


class CollectError(Exception):
    """An export cannot be collected; the message says why and what to do, and can be shown as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


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

    def blocks(self) -> Iterator[bytes]:
        """Yield what is in it. Raises CollectError if it cannot be read or is larger than it said."""
        left = self.size
        try:
            with self.open() as source:
                while block := source.read(1 << 20):
                    left -= len(block)
                    if left < 0:
                        raise CollectError(f"{self.path} is larger than its archive says: it was made to do harm.")
                    yield block
        except _UNREADABLE as error:
            raise CollectError(
                f"{self.path} cannot be read: {_reason(error)}. Export again, or take it out, and run the same command "
                "again."
            ) from error

    def copy(self, target: Path) -> None:
        """Write it to a place, with its time. Raises CollectError if it cannot be read, OSError if not written."""
        with target.open("wb") as written:
            for block in self.blocks():
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
        """Return the file of this name that is highest up, None if there is none."""
        found = [file for file in self.files if file.path.name == name]
        return min(found, key=lambda file: len(file.path.parts), default=None)


@contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Yield the files of a folder or zip archive.

    Raises CollectError if it is neither, or damaged, or an archive that was made to do harm.
    """
    with ExitStack() as stack:
        try:
            if path.is_dir():
                contents = _checked(Contents(), _in_folder(path))
            elif path.is_file():
                archive = stack.enter_context(zipfile.ZipFile(path))
                contents = _checked(Contents(), _in_archive(archive, path))
            else:
                raise CollectError(
                    f"{path} does not exist. Give the folder or the zip file that your platform exported."
                )
        except _UNREADABLE as error:
            raise CollectError(
                f"{path} is neither a folder nor a zip archive that can be read: {_reason(error)}. Export again, or "
                "unpack it and give the folder."
            ) from error
        yield contents


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _shown(name: str) -> str:
    """Return a name as it can be shown in one line."""
    return printable(re.sub(r"[\n\t]", "\ufffd", name))


def _checked(contents: Contents, found: Iterator[File | tuple[str, str]]) -> Contents:
    total = 0
    for number, file in enumerate(found):
        if number >= EXPORT_FILES:
            raise CollectError(f"There are more than {EXPORT_FILES} files. Give the export of one assignment only.")
        if isinstance(file, tuple):
            contents.left_out[_shown(file[0])] = file[1]
        elif JUNK & set(file.path.parts) or file.path.name.startswith("._"):
            contents.junk += 1
        elif _shown(str(file.path)) != str(file.path):
            contents.left_out[_shown(str(file.path))] = (
                "its name has characters that cannot be shown; unpack the export, rename it and give the folder"
            )
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
    errors: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=errors.append):
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
    for error in errors:
        yield Path(error.filename).relative_to(folder).as_posix(), f"it cannot be read: {error.strerror}"


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
