"""Inlines a chart as SVG in the page's colours: it is drawn in placeholder colours that become CSS variables."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Stand-ins, each of which becomes a CSS variable of the page.
COLOURS = {
    "ink": "#010101",
    "faint": "#020202",
    "grid": "#030303",
    "paper": "#040404",
    "main": "#050505",
    "wrong": "#060606",
    "passed": "#070707",
    "carried": "#080808",
    "partial": "#090909",
    "failed": "#0a0a0a",
    "not_judged": "#0b0b0b",
    "missing": "#0c0c0c",
    "timeout": "#0d0d0d",
    "manual": "#0e0e0e",
}
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10.5,
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": COLOURS["faint"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "xtick.color": COLOURS["faint"],
    "ytick.color": COLOURS["faint"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "text.color": COLOURS["ink"],
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "figure.facecolor": "none",
}


class Chart:
    """A figure that is being drawn; `svg` is what to put into the page when the `with` is over."""

    def __init__(self, name: str, title: str, description: str, size: tuple[float, float]) -> None:
        self._name, self._title, self._description = name, title, description
        self.figure = Figure(figsize=size, layout="constrained")
        self.svg = ""
        self._tips: list[str] = []

    def axes(self) -> Axes:
        """Return the only axes."""
        return self.figure.subplots()

    def tip(self, artist: Artist, text: str) -> None:
        """Let a part of the figure say a text to who points at it."""
        artist.set_gid(f"tip-{len(self._tips)}")
        self._tips.append(text)

    def finish(self) -> None:
        """Write the SVG."""
        written = io.StringIO()
        FigureCanvasSVG(self.figure).print_svg(written, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
        self.svg = _inline(written.getvalue(), self._name, self._title, self._description, self._tips)


@contextmanager
def drawing(name: str, title: str, description: str, size: tuple[float, float]) -> Iterator[Chart]:
    """Give a chart to draw in, in the report's style.

    name -- unique on the page
    title, description -- what a screen reader says
    size -- width and height in inches
    """
    with mpl.rc_context(_STYLE | {"svg.hashsalt": name}):
        chart = Chart(name, title, description, size)
        yield chart
        chart.finish()


def _inline(svg: str, name: str, title: str, description: str, tips: Sequence[str]) -> str:
    """Return an SVG file's text as an element of a page: named, described, in the page's colours and its font.

    tips -- what parts of it say, by the numbers in their names
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="tip-(\d+)">', lambda found: f"<g><title>{html.escape(tips[int(found[1])])}</title>", svg)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # they would stand in the page once for each chart
    for variable, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable.replace('_', '-')})")
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1; font-family: inherit", svg)
    svg = re.sub(r"font-family: (?!inherit)[^;\"]*", "font-family: inherit", svg)
    opening = svg[: svg.index(">") + 1]
    box = re.search(r'viewBox="([^"]*)"', opening)
    assert box is not None
    head = (
        f'<svg class="chart" viewBox="{box[1]}" role="img" aria-labelledby="{name}-title {name}-desc" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{name}-title">{html.escape(title)}</title><desc id="{name}-desc">{html.escape(description)}</desc>'
    )
    return head + svg[len(opening) :]
