"""Limits on how much of an untrusted file is read."""

from __future__ import annotations

from dataclasses import dataclass

# Bytes of one file. A notebook full of pictures has a few MB.
FILE = 50 << 20
# Bytes of all that is looked into, unpacked; as much as may lie beside a notebook.
UNPACKED = 64 << 20
# Files in an archive.
MEMBERS = 2_000
# Brackets and commas of all notebooks' files; each may become an object in memory.
VALUES = 3_000_000
# Values in all metadata; a notebook of many cells has some thousand.
METADATA = 100_000
# How deep lists and dictionaries of a notebook may be nested.
DEPTH = 50
# Cells of a notebook.
CELLS = 5_000
# Characters of a cell's code; a longer cell runs as it is, but its code is not looked into.
SOURCE = 200_000
# Characters of all code that is looked into.
CODE = 1_000_000
# Notebooks among what one student handed in.
CANDIDATES = 50


@dataclass
class Budget:
    """What is left; it grows smaller with every file, so that many small ones cost no more than a large one.

    unpacked -- bytes of files and of what archives hold
    values -- brackets and commas in notebooks
    metadata -- values in the metadata of cells, which stay in memory as long as their notebook
    """

    unpacked: int = UNPACKED
    values: int = VALUES
    metadata: int = METADATA
