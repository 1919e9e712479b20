"""Hashes of texts, of files, and of all that grades."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
import platform
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def sha256_of(content: str | bytes) -> str:
    """Return the SHA-256 of a text or of a file's content, as hexadecimal digits."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def hash_of(*parts: str) -> str:
    """Return a hash of texts."""
    joined = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        joined.update(len(data).to_bytes(8, "big") + data)
    return joined.hexdigest()[:32]


def hash_of_files(folder: Path, names: Iterable[str], largest: float = math.inf) -> str:
    """Return a hash of files, their names in the folder included. Raises OSError if one cannot be read.

    largest -- bytes; of a larger file the size counts, and nothing else
    """
    return hash_of(*(f"{name}:{_hash_of_file(folder / name, largest)}" for name in sorted(names)))


def _hash_of_file(path: Path, largest: float) -> str:
    size = path.stat().st_size
    if size > largest:
        return f"{size} bytes"  # nobody looks into it
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def grader_hash() -> str:
    """Return a hash of all that grades: this package, Python, and the versions of all that is installed."""
    package = Path(__file__).resolve().parent
    sources = [path.relative_to(package).as_posix() for path in package.rglob("*.py")]
    # Some packages add folders of their own to the path when they are imported; what lies there is not installed.
    places = [place for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    versions = {(dist.metadata["Name"], dist.version) for dist in importlib.metadata.distributions(path=places)}
    return hash_of(hash_of_files(package, sources), platform.python_version(), json.dumps(sorted(map(str, versions))))
