"""How much more of what one person handed in is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.intake import limits


@dataclass
class Room:
    """What is left; it grows smaller with every file, so that many small ones cost no more than a large one.

    unpacked -- bytes of files and of what archives hold
    values -- brackets and commas in notebooks
    metadata -- values in the metadata of cells, which stay in memory as long as their notebook
    """

    unpacked: int = limits.UNPACKED
    values: int = limits.VALUES
    metadata: int = limits.METADATA
