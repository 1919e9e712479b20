"""Pictures and tables in a notebook: what a screen reader, a plain terminal and an eye on a dark page get."""

import re

import numpy as np
import pytest

from dnn_lab.figures.output import (
    BLUE,
    CARD,
    GREY,
    INK,
    SIGNED,
    VERMILLION,
    Picture,
    Table,
    contrast,
    new_figure,
    show,
    text_ink,
)

DARK_PAGE = "#111111"  # JupyterLab's dark theme


def picture(alt="A line."):
    """Return a small picture."""
    figure = new_figure(2, 1)
    figure.add_subplot().plot([0, 1])
    return Picture(figure, alt)


class TestPicture:
    """A figure with its alternative text."""

    def test_alternative_text_in_every_form(self):
        """The HTML has it as alt, the PNG as metadata, the terminal as a sentence."""
        data, metadata = picture('A line from "a" to <b>.')._repr_mimebundle_()

        assert 'alt="A line from &quot;a&quot; to &lt;b&gt;."' in data["text/html"]
        assert metadata["image/png"]["alt"] == 'A line from "a" to <b>.'
        assert data["text/plain"] == '[Picture: A line from "a" to <b>.]'

    @pytest.mark.parametrize("alt", ["", "  \n"])
    def test_none_without(self, alt):
        """A picture without words is refused."""
        with pytest.raises(ValueError, match="alternative text"):
            picture(alt)

    def test_brings_its_own_light_ground(self):
        """The corner of the picture is light, so that dark letters can be read on a dark page."""
        import io

        from PIL import Image

        corner = Image.open(io.BytesIO(picture().png)).convert("RGB").getpixel((0, 0))

        assert corner == (255, 255, 255)

    def test_shown_once(self):
        """A figure of pyplot is closed, or Jupyter would show it again without the text."""
        import matplotlib.pyplot as plt

        before = plt.get_fignums()
        figure, _ = plt.subplots()
        Picture(figure, "Nothing.")

        assert plt.get_fignums() == before


class TestTable:
    """A table with a caption and headings."""

    TABLE = Table("What to see.", ["name", "size"], [["W<1>", (2, 3)], ["b1", (2, 1)]])

    def test_headings_for_a_screen_reader(self):
        """Caption, headings of columns and of rows."""
        text = self.TABLE._repr_mimebundle_()[0]["text/html"]

        assert ">What to see.</caption>" in text
        assert re.findall(r'scope="(\w+)"[^>]*>([^<]*)<', text) == [
            ("col", "name"), ("col", "size"), ("row", "W&lt;1&gt;"), ("row", "b1"),
        ]  # fmt: skip

    def test_as_text(self, capsys):
        """Columns under each other."""
        show(self.TABLE)

        assert capsys.readouterr().out.splitlines() == [
            "What to see.", "name  size", "------------", "W<1>  (2, 3)", "b1    (2, 1)",
        ]  # fmt: skip


class TestColours:
    """What can be told apart, and read."""

    def test_contrast_of_letters_and_lines(self):
        """WCAG AA: 4.5 for text, 3 for lines, on the card of every picture."""
        assert min(contrast(ink, CARD) for ink in (INK, GREY, BLUE)) >= 4.5
        assert contrast(VERMILLION, CARD) >= 3

    def test_the_card_stands_out_on_a_dark_page(self):
        """And its edge needs no line."""
        assert contrast(CARD, DARK_PAGE) > 10

    def test_known_contrasts(self):
        """Black on white is 21; a colour on itself is 1."""
        assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
        assert contrast(BLUE, BLUE) == pytest.approx(1)

    def test_numbers_can_be_read_on_every_colour_of_the_scale(self):
        """The ink changes where it has to."""
        assert min(contrast(text_ink(colour), colour) for colour in SIGNED(np.linspace(0, 1, 101))) >= 4.5

    def test_blue_and_vermillion_differ_for_colour_blind_eyes(self):
        """Seen by eyes without red, or without green, they still lie far apart (Machado and others, 2009)."""
        without = {
            "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
            "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
        }
        rgb = {c: np.array([int(c[n : n + 2], 16) / 255 for n in (1, 3, 5)]) ** 2.2 for c in (BLUE, VERMILLION)}
        for matrix in without.values():
            seen = [np.clip(np.array(matrix) @ colour, 0, 1) ** (1 / 2.2) for colour in rgb.values()]

            assert np.linalg.norm(seen[0] - seen[1]) > 0.5
