"""Cleans a notebook's metadata: account names, and the kernel that it asks for."""

from __future__ import annotations

from typing import Any

PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Where Colab, Kaggle and others keep names, ids and pictures of whoever ran a cell, and where the file lies.
_ABOUT_PEOPLE = frozenset(
    {
        "colab",
        "executionInfo",
        "outputId",
        "colab_type",
        "user",
        "user_tz",
        "userId",
        "displayName",
        "photoUrl",
        "kaggle",
        "papermill",
        "provenance",
        "authors",
        "author",
        "signature",
        "deepnote_notebook_id",
        "deepnote_app_layout",
        "varInspector",
    }
)


def strip_accounts(metadata: dict[str, Any]) -> bool:
    """Take out of a notebook's or a cell's metadata what says who had it open; return whether there was any."""
    found = False
    for key in list(metadata):
        if key in _ABOUT_PEOPLE or (key == "id" and "colab" in metadata):
            del metadata[key]
            found = True
        elif isinstance(metadata[key], dict):
            found = strip_accounts(metadata[key]) or found
    return found


def make_python3(metadata: dict[str, Any]) -> list[str]:
    """Make a notebook one for Python 3, and return what was done, in words.

    Notebooks without a kernel and those for Python 2 are run by Python 3. One for another language keeps its kernel.
    """
    given = metadata.get("kernelspec")
    spec = given if isinstance(given, dict) else {}
    name, language = spec.get("name"), spec.get("language", "python")
    if not isinstance(name, str) or not isinstance(language, str):
        metadata["kernelspec"] = dict(PYTHON)
        return ["the notebook did not say which kernel it is for; it was taken for Python 3"]
    if name.lower().startswith("python2") or language.lower() == "python2":
        metadata["kernelspec"] = dict(PYTHON)
        metadata.pop("language_info", None)
        return ["the notebook is for Python 2; its code was run with Python 3"]
    if not isinstance(spec.get("display_name"), str):
        spec["display_name"] = name
    return []
