"""One submission in the forms that notebooks come back in; none says anything else than the first."""

from __future__ import annotations

import copy
import gzip
import io
import json
import tarfile
import zipfile

import nbformat
from nbformat import NotebookNode

MARKERS = ("START CODE HERE", "END CODE HERE")


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return a notebook as a file."""
    return nbformat.writes(notebook).encode()


def stripped(notebook: NotebookNode) -> NotebookNode:
    """Return it without any metadata, as copying and pasting leaves it."""
    bare = nbformat.from_dict(notebook)
    bare.metadata = nbformat.from_dict({})
    for cell in bare.cells:
        cell.metadata = nbformat.from_dict({})
    return bare


def without_markers(notebook: NotebookNode) -> NotebookNode:
    """Return it without the lines that show where to write."""
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        lines = [line for line in cell.source.split("\n") if not any(words in line for words in MARKERS)]
        cell.source = "\n".join(lines)
    return bare


def code_of(notebook: NotebookNode, *, tests: bool = True) -> list[str]:
    """Return the code of its cells."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if tests or not cell.metadata.get("nbgrader", {}).get("grade")]


def in_one_cell(notebook: NotebookNode, *, tests: bool = True) -> NotebookNode:
    """Return it with all code in one cell."""
    source = "\n\n".join(code_of(notebook, tests=tests))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])


def version_3(notebook: NotebookNode) -> bytes:
    """Return it in the format of old IPython."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            old = {"cell_type": "code", "input": cell.source.splitlines(keepends=True), "language": "python"}
            output = {"output_type": "pyout", "prompt_number": 3, "text": ["3"]}
            cells.append(old | {"outputs": [output], "collapsed": False, "prompt_number": 3, "metadata": {}})
        elif cell.source.startswith("## "):
            cells.append({"cell_type": "heading", "level": 2, "source": cell.source[3:], "metadata": {}})
        else:
            cells.append({"cell_type": "markdown", "source": cell.source, "metadata": {}})
    whole = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    return json.dumps(whole).encode()


def as_script(notebook: NotebookNode, kind: str) -> bytes:
    """Return it as a Python file: "percent" (jupytext, editors), "prompts" (nbconvert) or "plain"."""
    if kind == "percent":
        import jupytext

        return jupytext.writes(notebook, fmt="py:percent").encode()
    parts = ["#!/usr/bin/env python", "# coding: utf-8"] if kind == "prompts" else []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            source = cell.source.replace("%matplotlib inline", "get_ipython().magic('matplotlib inline')")
            source = source.replace("%load_ext autoreload", "get_ipython().magic('load_ext autoreload')")
            source = source.replace("%autoreload 2", "get_ipython().magic(u'autoreload 2')")
            parts += (["", "# In[12]:", ""] if kind == "prompts" else ["", ""]) + [source]
        elif kind == "prompts":
            parts += ["", *(f"# {line}" for line in cell.source.split("\n"))]
    return "\n".join(parts).encode()


def older_helpers(notebook: NotebookNode, tests: str = "testCases_v3", utils: str = "dnn_utils_v2") -> NotebookNode:
    """Return it with the helper modules imported under older names."""
    older = nbformat.from_dict(notebook)
    for cell in older.cells:
        cell.source = cell.source.replace("from testCases import", f"from {tests} import")
        cell.source = cell.source.replace("from dnn_utils import", f"from {utils} import")
    return older


def with_source(notebook: NotebookNode, changes: dict[str, str]) -> NotebookNode:
    """Return it with other code in the cells of these names."""
    changed = copy.deepcopy(notebook)
    for cell in changed.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in changes:
            cell.source = changes[grade_id]
    return changed


def source_of(notebook: NotebookNode, grade_id: str) -> str:
    """Return the code of a cell."""
    return next(cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # No time of day, so that the same files give the same archive.
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return raw.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    """Return a tar archive."""
    if mode == "w:gz":
        return gzip.compress(tarred(files, "w"), mtime=0)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return raw.getvalue()


def all_forms(notebook: NotebookNode) -> dict[str, tuple[str, bytes]]:
    """Return a file name and a file for each form; every one says what the notebook says."""
    plain = as_bytes(notebook)
    return {
        "as it is": ("step_by_step.ipynb", plain),
        "another name": ("Untitled (3).ipynb", plain),
        "no metadata": ("step_by_step.ipynb", as_bytes(stripped(notebook))),
        "no metadata, no markers": ("step_by_step.ipynb", as_bytes(without_markers(stripped(notebook)))),
        "markers removed": ("step_by_step.ipynb", as_bytes(without_markers(notebook))),
        "one cell": ("step_by_step.ipynb", as_bytes(in_one_cell(notebook))),
        "one cell, no tests": ("mine.ipynb", as_bytes(in_one_cell(notebook, tests=False))),
        "version 3": ("step_by_step.ipynb", version_3(notebook)),
        "older helpers": ("step_by_step.ipynb", as_bytes(older_helpers(notebook))),
        "older helpers, no metadata": ("a.ipynb", as_bytes(stripped(older_helpers(notebook, "testCases_v4a")))),
        "UTF-16": ("step_by_step.ipynb", plain.decode().encode("utf-16")),
        "UTF-16 without a mark": ("step_by_step.ipynb", plain.decode().encode("utf-16-le")),
        "UTF-32": ("step_by_step.ipynb", plain.decode().encode("utf-32")),
        "UTF-8 with a mark": ("step_by_step.ipynb", b"\xef\xbb\xbf" + plain),
        "lines of Windows": ("step_by_step.ipynb", plain.replace(b"\n", b"\r\n").replace(rb"\n", rb"\r\n")),
        "zip": ("hand-in.zip", zipped({"week4/step_by_step.ipynb": plain, "__MACOSX/._step_by_step.ipynb": b"\0"})),
        "zip called .ipynb": ("step_by_step.ipynb", zipped({"x.ipynb": plain})),
        "tar.gz": ("step_by_step.tar.gz", tarred({"./step_by_step.ipynb": plain})),
        "tar": ("step_by_step.tar", tarred({"step_by_step.ipynb": plain}, "w")),
        "py:percent": ("step_by_step.py", as_script(notebook, "percent")),
        "nbconvert": ("step_by_step.py", as_script(notebook, "prompts")),
        "plain Python": ("solution.py", as_script(notebook, "plain")),
    }
