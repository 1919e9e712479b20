"""Hands data to a new process in memory files that only this process reads, not even the fork server."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.rpc.channel import pack, unpack

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class Parcel:
    """Files, packed once for any number of processes. Close it, or use it in a `with`.

    files -- by their places, where each is now or what it holds
    size -- bytes of all files
    """

    def __init__(self, files: Mapping[str, Path | bytes]) -> None:
        self.descriptor = os.memfd_create("files", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.size = 0
        with os.fdopen(os.dup(self.descriptor), "wb") as target, tarfile.open(fileobj=target, mode="w:") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                if isinstance(content, bytes):
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
                else:
                    with open(content, "rb") as file:
                        member.size = os.fstat(file.fileno()).st_size
                        archive.addfile(member, file)
                self.size += member.size
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SEALS)

    def close(self) -> None:
        """Let go of the memory."""
        os.close(self.descriptor)

    def __enter__(self) -> Parcel:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def unpack_files(descriptor: int, folder: str) -> None:
    """Write a parcel's files into a folder."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as source, tarfile.open(fileobj=source, mode="r:") as archive:
        for member in archive:
            place = Path(folder, member.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None
            with content, open(place, "wb") as target:
                shutil.copyfileobj(content, target)


def arguments_file(arguments: dict[str, Any]) -> int:
    """Return the descriptor of a memory file with a function's arguments, which are plain data."""
    descriptor = os.memfd_create("arguments", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as target:
        target.write(pack(arguments))
    return descriptor


def read_arguments(descriptor: int) -> dict[str, Any]:
    """Return the arguments in such a file."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as source:
        arguments: dict[str, Any] = unpack(source.read())
    return arguments
