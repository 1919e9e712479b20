"""Text, JSON and MIME bundles of notebook outputs, made valid and kept within limits.

Everything here takes a value of unknown origin and gives back plain `str`, `int`, `float`, `bool`,
`None`, `list` and `dict`, or `None` for "not usable". Nothing here raises.
"""

import base64
import json
import math
import re
from typing import Any

Bundle = dict[str, Any]

MAX_DEPTH = 30
MAX_NODES = 200_000
MAX_LINES = 200_000
MAX_MIMES = 20
MAX_METADATA_BYTES = 10_000
# A larger integer has no place in an output, and printing one of 5,000 digits raises in Python.
MAX_INTEGER = 2**63

_SURROGATE = re.compile("[\ud800-\udfff]")
_MIME = re.compile(r"[a-z]{1,30}/[A-Za-z0-9][A-Za-z0-9.+_-]{0,100}")
# nbformat's own pattern for the types whose value is JSON and not text.
_JSON_MIME = re.compile(r"application/(.*\+)?json")
_BASE64_MIME = re.compile(r"image/(?!svg\+xml$).*|audio/.*|video/.*|application/pdf")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


class UnusableError(ValueError):
    """The value cannot stand in a notebook; the caller leaves it out."""


def size_of(text: str) -> int:
    """Bytes that *text* takes in a file."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def cut(text: str, room: int) -> str:
    """The longest beginning of *text* that takes at most *room* bytes."""
    if room <= 0:
        return ""
    if size_of(text) <= room:
        return text
    # A character takes at least one byte, so only the first `room` of them need encoding.
    return text[:room].encode("utf-8", "replace")[:room].decode("utf-8", "ignore")


def whole(text: str) -> str:
    """*text* as a plain `str` without lone surrogates, which no file can hold."""
    text = str.__str__(text)
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def clean_text(value: object) -> str | None:
    """Text as nbformat has it, one string or a list of them, joined; bytes as base64; else `None`."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, list | tuple) and len(value) <= MAX_LINES:
        lines = [whole(line) for line in value if isinstance(line, str)]
        return "".join(lines) if len(lines) == len(value) else None
    return None


class _JsonCleaner:
    """Copies a JSON value, counting what it copies: a hostile one may be wide, deep or both."""

    def __init__(self) -> None:
        self.nodes = 0

    def clean(self, value: object, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise UnusableError("too deep or too large")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return whole(value)
        if isinstance(value, int):
            return self._integer(int.__int__(value))
        if isinstance(value, float):
            # JSON knows neither NaN nor infinity.
            return float.__float__(value) if math.isfinite(value) else None
        if isinstance(value, list | tuple):
            return [self.clean(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {self._key(key): self.clean(item, depth + 1) for key, item in value.items()}
        raise UnusableError(f"{type(value).__name__} is not JSON")

    @staticmethod
    def _integer(value: int) -> int:
        if not -MAX_INTEGER <= value < MAX_INTEGER:
            raise UnusableError("integer out of range")
        return value

    @staticmethod
    def _key(key: object) -> str:
        if not isinstance(key, str):
            raise UnusableError("a key that is no string")
        return whole(key)


def clean_json(value: object) -> Any:
    """A copy of *value* that JSON can hold; raises `UnusableError` where there is none."""
    return _JsonCleaner().clean(value)


def clean_metadata(value: object) -> Bundle:
    """An output's metadata, empty when what is given is no small JSON object."""
    if not isinstance(value, dict):
        return {}
    try:
        metadata: Bundle = clean_json(value)
    except UnusableError:
        return {}
    return metadata if json_size(metadata) <= MAX_METADATA_BYTES else {}


def clean_bundle(value: object) -> Bundle | None:
    """A MIME bundle without the entries that are not valid; `None` if none of them is."""
    if not isinstance(value, dict):
        return None
    bundle: Bundle = {}
    for mime, item in value.items():
        if len(bundle) == MAX_MIMES:
            break
        if not (isinstance(mime, str) and _MIME.fullmatch(mime)):
            continue
        cleaned = _clean_item(str.__str__(mime), item)
        if cleaned is not None:
            bundle[str.__str__(mime)] = cleaned
    return bundle if bundle or not value else None


def _clean_item(mime: str, item: object) -> Any:
    if _JSON_MIME.fullmatch(mime):
        try:
            return clean_json(item)
        except UnusableError:
            return None
    text = clean_text(item)
    # What is not base64 would be put into a page's markup unchanged.
    if text is not None and _BASE64_MIME.fullmatch(mime) and not _BASE64.fullmatch(text):
        return None
    return text


def json_size(value: object) -> int:
    """Bytes that a value takes in a notebook file; text counts as it is, without quotes or escapes."""
    if isinstance(value, str):
        return size_of(value)
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return sum(size_of(key) + size_of(item) for key, item in value.items())
    return len(json.dumps(value))
