"""The file names under which the code of cells is compiled."""

from __future__ import annotations


def is_cell(filename: str) -> bool:
    """Return whether code of this file name stood in a notebook cell."""
    return filename.startswith(("<ipython-input", "<cell"))
