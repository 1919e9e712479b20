"""Self-contained HTML pages from templates, which load nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def page(template: str, **values: Any) -> str:
    """Return a page; whatever is in `values` is text and becomes no markup."""
    css = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render(css=Markup(css), **values)
