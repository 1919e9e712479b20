"""Decodes bytes in the encodings that editors write, and makes text printable."""

from __future__ import annotations

import codecs
import json
import re

# The longer ones first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_SURROGATE = re.compile("[\ud800-\udfff]")
# Control characters but for tabs and ends of lines, and halves of characters, which cannot be printed at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file, and what was unusual about how it is written, in words.

    Lines end in a line feed. Bytes that are no text in any encoding become question marks.
    """
    repairs: list[str] = []
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    body = data[len(mark) :]
    if not encoding:
        encoding = json.detect_encoding(body[:4]) if b"\0" in body[:4] else "utf-8"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        encoding = "windows-1252" if encoding == "utf-8" else encoding
        text = body.decode(encoding, "replace")
    if encoding != "utf-8":
        repairs.append(f"the file is written in {encoding.upper()} and was read as such")
    return clean(text).lstrip("\ufeff").rstrip("\0"), repairs


def clean(text: str) -> str:
    """Return a text with lines that end in a line feed, and without halves of characters, which no file can hold."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", text)


def printable(text: str) -> str:
    """Return a text that a terminal shows as it is.

    Names of files and messages of errors are students' own: a control sequence in one could repaint the marks above it.
    """
    return _UNPRINTABLE.sub("\ufffd", text)
