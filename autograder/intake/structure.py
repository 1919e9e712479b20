"""Turns notebook JSON of any version and in any state into a valid notebook of version 4.5.

Outputs are dropped: they are made afresh when the notebook is graded.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from autograder.intake import budget
from autograder.intake.budget import Budget
from autograder.intake.encodings import clean
from autograder.intake.intake_errors import IntakeError
from autograder.intake.metadata import make_python3

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_GONE = object()
_PLAIN = (str, int, float, bool, type(None))


def notebook_from_json(text: str, name: str, remaining: Budget) -> tuple[NotebookNode, list[str]]:
    """Return the notebook that a file's text holds, and what was mended in it.

    name -- the file's, for messages
    remaining -- how much more is looked at
    Raises IntakeError if it is no notebook.
    """
    values = sum(text.count(sign) for sign in "[{,")
    if values > remaining.values:
        raise IntakeError(f"{name} holds too much to be a notebook: clear its outputs in Jupyter and hand it in again.")
    remaining.values -= values
    try:
        # NaN is no JSON, and what is written later must be.
        data = json.loads(text.strip().rstrip("\0"), parse_constant=lambda _: None)
    except RecursionError as error:
        raise IntakeError(_too_deep(name)) from error
    except ValueError as error:
        raise IntakeError(
            f"{name} begins like a notebook and cannot be read to its end, so it was cut off or changed on its way: "
            "open it in Jupyter, save it and hand it in again."
        ) from error
    return notebook_from_data(data, name, remaining)


def notebook_from_data(data: Any, name: str, remaining: Budget) -> tuple[NotebookNode, list[str]]:
    """Return a notebook made of parsed JSON, and what was repaired. Raises IntakeError if it is not a notebook."""
    from nbformat import from_dict  # noqa: PLC0415 (while the warm processes get ready)

    if not isinstance(data, dict):
        raise IntakeError(f"{name} holds data but no notebook: hand in the .ipynb file that Jupyter saves.")
    repairs: list[str] = []
    found = _cells(data, repairs)
    if found is None:
        raise IntakeError(f"{name} holds data but no cells: hand in the .ipynb file that Jupyter saves.")
    if len(found) > budget.CELLS:
        raise IntakeError(
            f"{name} has {len(found)} cells, more than {budget.CELLS}: delete what does not belong to the assignment."
        )
    cells = [cell for one in found if (cell := _cell(one, remaining)) is not None]
    if len(cells) < len(found):
        repairs.append(f"{len(found) - len(cells)} cells were no cells and were left out")
    _give_ids(cells, repairs)
    metadata = _metadata(data, remaining)
    repairs += make_python3(metadata)
    if not isinstance(metadata.get("language_info", {"name": ""}), dict) or not isinstance(
        metadata.get("language_info", {"name": ""}).get("name"), str
    ):
        metadata.pop("language_info", None)
    for key, kind in (("title", str), ("authors", list), ("orig_nbformat", int)):
        if not isinstance(metadata.get(key, kind()), kind) or (key == "orig_nbformat" and metadata.get(key, 1) < 1):
            metadata.pop(key, None)
    whole: NotebookNode = from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
    return whole, repairs


def _cells(data: dict[str, Any], repairs: list[str]) -> list[Any] | None:
    """Return what a notebook has as cells; None if it has none."""
    if isinstance(data.get("cells"), list):
        version = data.get("nbformat")
        if version != 4:
            repairs.append(f"the notebook did not say that it is of version 4, but {str(version)[:20]!r}")
        return list(data["cells"])
    sheets = data.get("worksheets")
    if not isinstance(sheets, list):
        return None
    repairs.append(f"the notebook is of the old version {str(data.get('nbformat'))[:20]} and was converted")
    cells: list[Any] = []
    for sheet in sheets:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            cells += sheet["cells"]
    return cells


def _cell(data: Any, remaining: Budget) -> dict[str, Any] | None:
    """Return a valid cell, None if it is not a cell."""
    if not isinstance(data, dict):
        return None
    kind = data.get("cell_type")
    source = _text(data.get("source") if "source" in data else data.get("input", ""))
    if source is None:
        return None
    metadata = _metadata(data, remaining)
    _mend_known(metadata)
    cell: dict[str, Any] = {"cell_type": kind, "id": data.get("id"), "metadata": metadata, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    elif kind in ("markdown", "heading", "html"):
        level = data.get("level", 1)
        if kind == "heading":
            hashes = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1)
            cell["source"] = f"{hashes} {' '.join(source.split())}"
        cell["cell_type"] = "markdown"
        attachments = _attachments(data.get("attachments"))
        if attachments:
            cell["attachments"] = attachments
    else:
        cell["cell_type"] = "raw"
    return cell


def _text(source: Any) -> str | None:
    """Return a cell's text; a file may have it as a list of lines."""
    if isinstance(source, list):
        if not all(isinstance(line, str) for line in source):
            return None
        source = "".join(source)
    if source is None:
        return ""
    return clean(source) if isinstance(source, str) else None


def _metadata(data: dict[str, Any], remaining: Budget) -> dict[str, Any]:
    """Return a notebook's or a cell's metadata; those that the budget has no room for are left out."""
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or (size := _count(metadata)) > remaining.metadata:
        return {}
    remaining.metadata -= size
    copied: dict[str, Any] = _plain(metadata, budget.DEPTH)
    return copied


def _count(data: Any) -> int:
    """Return how many values there are in parsed JSON."""
    waiting, count = [data], 0
    while waiting:
        one = waiting.pop()
        count += 1
        if isinstance(one, dict | list):
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return count


def _mend_known(metadata: dict[str, Any]) -> None:
    """Take out of a cell's metadata what the format gives a meaning and the cell gives another."""
    if "tags" in metadata:
        tags = metadata["tags"]
        kept = [tag for tag in tags if isinstance(tag, str) and "," not in tag] if isinstance(tags, list) else []
        metadata["tags"] = list(dict.fromkeys(tag for tag in kept if tag))
        if not metadata["tags"]:
            del metadata["tags"]
    for key, kinds in {
        "name": str, "format": str, "jupyter": dict, "execution": dict, "collapsed": bool, "deletable": bool,
        "scrolled": (bool, str),
    }.items():  # fmt: skip
        if key in metadata and not isinstance(metadata[key], kinds):  # type: ignore[arg-type]
            del metadata[key]
    if metadata.get("name") == "":
        del metadata["name"]
    if isinstance(metadata.get("scrolled"), str) and metadata["scrolled"] != "auto":
        del metadata["scrolled"]
    jupyter = metadata.get("jupyter", {})
    for key in ("source_hidden", "outputs_hidden"):
        if key in jupyter and not isinstance(jupyter[key], bool):
            del jupyter[key]
    if metadata.get("collapsed") is not None and "outputs_hidden" in jupyter:
        del jupyter["outputs_hidden"]  # the format allows one of the two
    execution = metadata.get("execution", {})
    for key in list(execution):
        if not isinstance(execution[key], str):
            del execution[key]


def _attachments(data: Any) -> dict[str, dict[str, str]]:
    """Return the pictures inside a text cell."""
    found: dict[str, dict[str, str]] = {}
    for name, bundle in data.items() if isinstance(data, dict) else ():
        if isinstance(bundle, dict):
            kept = {kind: text for kind, text in bundle.items() if isinstance(text, str)}
            found[clean(name)] = {clean(kind): clean(text) for kind, text in kept.items()}
    return found


def _plain(data: Any, depth: int) -> Any:
    """Return a copy of parsed JSON that can be written again; what is nested too deep is left out."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, _PLAIN):
        return data
    if depth == 0:
        return _GONE
    if isinstance(data, list):
        return [inner for one in data if (inner := _plain(one, depth - 1)) is not _GONE]
    copied = {clean(key): _plain(value, depth - 1) for key, value in data.items()}
    return {key: value for key, value in copied.items() if value is not _GONE}


def _give_ids(cells: list[dict[str, Any]], repairs: list[str]) -> None:
    """Give each cell an id of its own, the same ones for the same notebook."""
    ids = [cell["id"] if isinstance(cell["id"], str) and _ID.fullmatch(cell["id"]) else None for cell in cells]
    taken = {one for one in ids if one}
    seen: set[str] = set()
    doubled = 0
    for position, cell in enumerate(cells):
        given = ids[position]
        if given is not None and given not in seen:
            seen.add(given)
            continue
        doubled += given is not None
        number, new = 0, f"cell-{position:03d}"
        while new in taken:
            number, new = number + 1, f"cell-{position:03d}-{number}"
        cell["id"] = new
        taken.add(new)
        seen.add(new)
    if doubled:
        repairs.append(f"{doubled} cells had the id of another cell and got one of their own")


def _too_deep(name: str) -> str:
    return f"{name} is nested too deep to be a notebook: hand in the .ipynb file that Jupyter saves."
