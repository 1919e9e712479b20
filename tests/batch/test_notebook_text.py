"""`written`, against nbformat's own writer."""

import json

import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.batch.notebook_text import written

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def by_nbformat(notebook):
    """The text as nbgrader writes it into a file."""
    return nbformat.v4.writes(notebook) + "\n"


class TestWritten:
    """The same text as nbformat's."""

    @given(JSON, TEXT)
    @settings(max_examples=60, deadline=None)
    def test_any_content(self, value, text):
        """Metadata, sources and outputs of any content are written alike."""
        outputs = [
            new_output("stream", text=f"{text}\nsecond"),
            new_output(
                "display_data", {"text/plain": text, "application/json": value, "image/svg+xml": f"<a>\n{text}"}
            ),
            new_output("error", ename="E", evalue=text, traceback=[text, ""]),
        ]
        cells = [new_code_cell(f"{text}\n\n", outputs=outputs), new_markdown_cell("", metadata={"of": value})]
        notebook = new_notebook(cells=cells, metadata={"tags": value, "empty": {}, "none": []})

        assert by_nbformat(notebook) == written(notebook)

    def test_what_is_not_kept(self):
        """What nbformat leaves out is left out."""
        notebook = new_notebook(cells=[new_code_cell("1", metadata={"trusted": True})], metadata={"signature": "x"})
        expected = by_nbformat(notebook)

        assert expected == written(notebook)
        assert "trusted" not in expected

    def test_reading_back(self):
        """What was written is read as what it was."""
        notebook = new_notebook(cells=[new_code_cell("a = 1\nb = 2", outputs=[new_output("stream", text="x\ny\n")])])
        text = written(nbformat.from_dict(json.loads(json.dumps(notebook))))

        assert notebook == nbformat.reads(text, as_version=4)
