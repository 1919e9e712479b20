"""What all pages share."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.reporting import pages

CSS = (Path(pages.__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
STATUSES = ["main", "wrong", "passed", "carried", "partial", "failed", "not-judged", "missing", "timeout", "manual"]
TEXT = [("ink", "paper"), ("ink", "ground"), ("faint", "paper"), ("faint", "ground"), ("link", "paper")]
TEXT += [("link", "ground"), *(("paper", status) for status in STATUSES)]


def colours(scheme: str) -> dict[str, str]:
    """Return the page's variables in light or in dark."""
    roots = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#\w+);", roots[["light", "dark"].index(scheme)]))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_contrast(scheme, text, ground):
    """Text can be read on what is behind it: at least 4.5 to 1."""
    found = colours(scheme)
    bright, dark = sorted((luminance(found[text]), luminance(found[ground])), reverse=True)

    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_values_are_text():
    """What comes from a submission becomes no markup."""
    told = pages.page(
        "feedback.html",
        title="<b>",
        assignment="a",
        notebook="<script>",
        person=type("Person", (), {"name": "n", "student": "n"}),
        score="1",
        maximum="1",
        penalty="",
        when="",
        waiting=False,
        words={},
        told=[],
        repairs=["<img>"],
    )

    assert "<script>" not in told
    assert "<img>" not in told
