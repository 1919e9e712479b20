"""How pictures and tables get into a notebook: each picture with a text that says the same, tables readable as text.

- `Picture` is a matplotlib figure with its alternative text, for those who do not see it;
- `Table` has a caption and headings that a screen reader announces;
- `show` displays either. Outside Jupyter the text is printed.

The colours can be told apart by colour-blind eyes, and whatever a colour says is said a second time: by a dash, a
marker or a word. Every picture brings its own light card, so it can be read on a dark page.
"""

import base64
import html
import io

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "CARD",
    "GREY",
    "INK",
    "VERMILLION",
    "Picture",
    "Table",
    "contrast",
    "new_figure",
    "show",
    "text_ink",
]

BLUE, VERMILLION = "#0072B2", "#D55E00"
BLACK, INK, GREY, CARD = "#000000", "#1B1F24", "#5F6B76", "#FFFFFF"
# Negative numbers are vermillion, positive ones blue, and zero is the card.
SIGNED = LinearSegmentedColormap.from_list("signed", [VERMILLION, "#FBE3D2", CARD, "#D6E8F4", BLUE])

_DPI = 144  # twice what a page is drawn with, so that letters stay sharp


def new_figure(width, height, layout=None):
    """Return an empty figure with a light card, `width` by `height` inches on the page.

    layout -- matplotlib's way to make room for labels, if any
    """
    return Figure(figsize=(width, height), facecolor=CARD, layout=layout)


class Picture:
    """A figure and the text that stands for it.

    figure -- a matplotlib figure
    alt -- what the figure shows, in words
    """

    def __init__(self, figure, alt):
        if not alt.strip():
            raise ValueError("a picture needs an alternative text: say in words what it shows.")
        self.alt = " ".join(alt.split())
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=_DPI, facecolor=CARD)
        plt.close(figure)  # or Jupyter would show it a second time, without the text
        self.png = file.getvalue()
        self.width = round(figure.get_figwidth() * _DPI / 2)

    def __str__(self):
        return f"[Picture: {self.alt}]"

    def _repr_mimebundle_(self, include=None, exclude=None):
        # Not every front end passes the alternative text of an image/png on, so the picture comes as HTML, too.
        encoded = base64.b64encode(self.png).decode()
        alt = html.escape(self.alt, quote=True)
        image = (
            f'<img alt="{alt}" width="{self.width}" style="max-width: 100%; height: auto" '
            f'src="data:image/png;base64,{encoded}">'
        )
        bundle = {"text/html": image, "image/png": encoded, "text/plain": str(self)}
        return bundle, {"image/png": {"alt": self.alt, "width": self.width}}


class Table:
    """A table with a caption.

    caption -- what to see in it
    columns -- the headings
    rows -- lists of cells, as many as there are headings; the first cell is the heading of its row
    """

    def __init__(self, caption, columns, rows):
        self.caption = caption
        self.columns = list(columns)
        self.rows = [[str(cell) for cell in row] for row in rows]

    def __str__(self):
        lines = [self.columns, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([self.caption, text[0], "-" * max(map(len, text)), *text[1:]])

    def _repr_mimebundle_(self, include=None, exclude=None):
        left = 'style="text-align: left"'
        head = "".join(f'<th scope="col" {left}>{html.escape(cell)}</th>' for cell in self.columns)
        body = "".join(
            f'<tr><th scope="row" {left}>{html.escape(row[0])}</th>'
            + "".join(f"<td {left}>{html.escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows
        )
        caption = f'<caption style="text-align: left; caption-side: top">{html.escape(self.caption)}</caption>'
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return {"text/html": table, "text/plain": str(self)}, {}


def show(*things):
    """Display pictures, tables and sentences one under the other; outside Jupyter, print their texts."""
    for thing in things:
        if _in_jupyter() and not isinstance(thing, str):
            from IPython.display import display  # noqa: PLC0415 - only there where IPython is

            display(thing)
        else:
            print(thing)


def _in_jupyter():
    try:
        from IPython import get_ipython  # noqa: PLC0415
    except ImportError:
        return False
    return get_ipython() is not None


def contrast(one, other):
    """Return the contrast of two colours, from 1 (the same) to 21 (black on white), as WCAG defines it.

    one, other -- colours like "#0072B2", or three numbers from 0 to 1
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_ink(background):
    """Return the colour for text on a background, black or white, whichever is easier to read."""
    return BLACK if contrast(BLACK, background) >= contrast(CARD, background) else CARD


def _luminance(colour):
    if isinstance(colour, str):
        colour = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    parts = np.asarray(colour[:3], dtype=float)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
