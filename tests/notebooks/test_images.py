"""The figures: drawn by the project, the same in every run, readable by everybody."""

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET

import pytest
from helper import ROOT

from autograder.authoring.master import read_master
from autograder.course import Course

IMAGES = ROOT / "notebooks" / "images"
SVG = "{http://www.w3.org/2000/svg}"


def _load_draw():
    spec = importlib.util.spec_from_file_location("draw", IMAGES / "draw.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["draw"] = module
    spec.loader.exec_module(module)
    return module


draw = _load_draw()


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, by the formula of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted([luminance(first), luminance(second)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_committed_figures_are_what_the_script_draws(tmp_path):
    """Byte for byte."""
    drawn = {path.name: path.read_bytes() for path in draw.draw(tmp_path)}

    assert drawn == {path.name: path.read_bytes() for path in IMAGES.glob("*.svg")}
    assert len(drawn) == 7


@pytest.mark.parametrize("figure", draw.FIGURES, ids=lambda figure: figure.name)
class TestEachFigure:
    """Every one of the seven."""

    def test_it_is_vector_with_title_and_description(self, figure):
        """Well-formed, for screen readers too, with no bitmap inside, and small."""
        path = IMAGES / figure.name
        root = ET.fromstring(path.read_bytes())

        assert root.get("role") == "img"
        assert root.find(f"{SVG}title").text == figure.title
        assert root.find(f"{SVG}desc").text == figure.alt
        assert root.find(f".//{SVG}image") is None
        assert path.stat().st_size < 150_000

    def test_the_notebook_gives_the_same_alternative_text(self, figure):
        """What a screen reader says about the picture and about the text is the same."""
        masters = [read_master(assignment.master) for assignment in Course(ROOT).assignments()]
        text = "\n".join(cell.source for master in masters for cell in master.cells)

        assert re.search(rf"!\[{re.escape(figure.alt)}\]\(images/{figure.name}\)", text)


@pytest.mark.parametrize("role", [draw.FORWARD, draw.BACKWARD, draw.STORED, draw.PLAIN], ids=lambda role: role.edge)
def test_text_has_contrast(role):
    """Text on its box and on the card, at least 4.5 to 1; edges on the card at least 3 to 1."""
    assert contrast(role.ink, role.fill) >= 4.5
    assert contrast(role.ink, draw.CARD) >= 4.5
    assert contrast(role.edge, draw.CARD) >= 3


def test_forward_and_backward_differ_in_more_than_colour():
    """The outline says it a second time."""
    assert draw.FORWARD.dash != draw.BACKWARD.dash
