"""Renders a notebook as an accessible web page: nbconvert's page with corrected colours."""

from __future__ import annotations

from nbconvert import HTMLExporter
from nbformat import NotebookNode

# nbconvert's prompts and comments are too pale, its links told apart by colour alone: WCAG 2.1, 1.4.1 and 1.4.3.
_STYLE = """
.jp-InputPrompt, .jp-OutputPrompt { color: var(--jp-content-font-color1) !important; opacity: 1 !important; }
.jp-RenderedHTMLCommon a:link { text-decoration: underline !important; }
"""
# Comments, operators that are words, and numbers.
_INKS = {
    "light": ".highlight .c1 { color: #2B5F5F } .highlight .ow { color: #7A00CC }"
    " .highlight .mi, .highlight .mf { color: #006400 }",
    "dark": ".highlight .c1 { color: #8CC7C7 } .highlight .ow { color: #D7A6FF }",
}


def as_page(notebook: NotebookNode, title: str, theme: str = "light") -> str:
    """Return a notebook as HTML.

    title -- the page's
    theme -- "light" or "dark"
    """
    exporter = HTMLExporter(theme=theme, embed_images=False)  # type: ignore[no-untyped-call]  # nbconvert has no types
    text, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    style = f"<style>{_STYLE}{_INKS[theme]}</style>"
    before, head, after = text.partition("</head>")
    return f"{before}{style}{head}{after}"
