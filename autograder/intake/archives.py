"""Reads files of an archive into memory; nothing is ever written to a path that an archive names."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any

from autograder.intake import budget
from autograder.intake.budget import Budget
from autograder.intake.intake_errors import IntakeError

_JUNK = {"__MACOSX", ".DS_Store", ".ipynb_checkpoints", "__pycache__", ".git", ".venv", "node_modules", "Thumbs.db"}
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError,
            NotImplementedError, RuntimeError, KeyError, IndexError, OverflowError, UnicodeError, AttributeError,
            TypeError, MemoryError, AssertionError)  # fmt: skip
_OPENERS: dict[bytes, Callable[[io.BytesIO], Any]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_UNKNOWN = {b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7-Zip"}


def is_archive(data: bytes) -> bool:
    """Return whether a file is an archive, or is compressed, by how it begins."""
    return data.startswith((*_ZIP, *_OPENERS, *_UNKNOWN)) or _is_tar(data)


def members(data: bytes, name: str, remaining: Budget) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of an archive by their places in it, and what was left out, in words.

    name -- the archive's, for messages
    remaining -- how much more may be unpacked
    Raises IntakeError if it cannot be read, or holds more than can be handed in.
    """
    for magic, kind in _UNKNOWN.items():
        if data.startswith(magic):
            raise IntakeError(f"{name} is a {kind} archive, which cannot be read: hand in the .ipynb file or a .zip.")
    opener = next((opener for magic, opener in _OPENERS.items() if data.startswith(magic)), None)
    try:
        if opener is not None:
            data = _read(opener(io.BytesIO(data)), remaining.unpacked, name)
            if not _is_tar(data):
                remaining.unpacked -= len(data)
                return {re.sub(r"\.(gz|bz2|xz)$", "", name): data}, []
        return _collect(_tar(data) if _is_tar(data) else _zip(data, name), name, remaining)
    except IntakeError:
        raise
    except _DAMAGED as error:
        raise IntakeError(
            f"{name} is a damaged archive ({type(error).__name__}): pack it again, or hand in the .ipynb file itself."
        ) from error


Member = tuple[str, int, Callable[[], Any]]


def _collect(found: Iterator[Member], name: str, remaining: Budget) -> tuple[dict[str, bytes], list[str]]:
    files: dict[str, bytes] = {}
    repairs: list[str] = []
    for number, (place, declared, opened) in enumerate(found):
        if number >= budget.MEMBERS:
            raise IntakeError(f"{name} holds more than {budget.MEMBERS} files: pack only what the assignment needs.")
        parts = PurePosixPath(place.replace("\\", "/")).parts
        if _JUNK & set(parts) or (parts and parts[-1].startswith("._")):
            continue
        if not _is_safe(place, parts):
            repairs.append(f"{place[:80]!r} in {name} was left out, because its place is outside of the archive")
            continue
        if declared > remaining.unpacked:
            raise IntakeError(_too_large(name))
        # What the archive declares is only what it says; what comes out of it is counted.
        content = _read(opened(), remaining.unpacked, name)
        remaining.unpacked -= len(content)
        files["/".join(parts)] = content
    return files, repairs


def _zip(data: bytes, name: str) -> Iterator[Member]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            kind = info.external_attr >> 16
            if info.is_dir() or (stat.S_IFMT(kind) and not stat.S_ISREG(kind)):
                continue
            if info.flag_bits & 1:
                raise IntakeError(f"{name} is protected by a password: pack it again without one.")
            yield info.filename, info.file_size, partial(archive.open, info)


def _tar(data: bytes) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            if info.isreg() and not info.issparse():
                yield info.name, info.size, partial(archive.extractfile, info)


def _read(file: IO[bytes], most: int, name: str) -> bytes:
    with file:
        content = file.read(most + 1)
    if len(content) > most:
        raise IntakeError(_too_large(name))
    return content


def _is_tar(data: bytes) -> bool:
    return data[257:262] == b"ustar"


def _is_safe(place: str, parts: tuple[str, ...]) -> bool:
    """Return whether a file's place is inside the archive's own folder, on any system."""
    return (
        bool(parts)
        and ".." not in parts
        and not place.startswith(("/", "\\"))
        and not re.match(r"[A-Za-z]:", place)
        and "\0" not in place
        and len(place) <= 250
        and len(parts) <= 20
        and place.isprintable()
    )


def _too_large(name: str) -> str:
    most = f"the {budget.UNPACKED >> 20} MiB that can be handed in"
    return f"{name} unpacks to more than {most}: pack only the notebook and what it needs."
