"""Writes a notebook's file byte for byte as nbformat does, in a third of the time.

Python's own encoder works in C only where nothing is indented.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any

from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient


def written(notebook: NotebookNode) -> str:
    """Return the text of a notebook's file. The notebook is used up: its texts become lists of lines."""
    return _indented(strip_transient(split_lines(notebook)), "\n") + "\n"


def _indented(value: Any, begin: str) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    inner = f"{begin} "
    if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        items = [f"{inner}{encode_basestring(key)}: {_indented(value[key], inner)}" for key in sorted(value)]
        return f"{{{','.join(items)}{begin}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{','.join([f'{inner}{_indented(item, inner)}' for item in value])}{begin}]"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
