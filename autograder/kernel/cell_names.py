"""What the code of a notebook's cells is called where it is compiled."""

from __future__ import annotations


def is_cell(filename: str) -> bool:
    """Tell whether code of this file name stood in a notebook cell."""
    return filename.startswith(("<ipython-input", "<cell"))
