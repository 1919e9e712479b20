"""Masters: reading, writing, cell ids."""

import nbformat
import pytest
from helper import ROOT, graded_notebook, solution_cell, text_cell

from autograder.authoring.master import master_text, pictures, read_master, to_source
from autograder.notebook.authoring_errors import AuthoringError

MASTER = ROOT / "notebooks" / "step_by_step.py"


def test_reading_and_writing_gives_the_same_text():
    """A master that goes through a notebook comes back byte for byte."""
    assert master_text(read_master(MASTER)) == MASTER.read_text(encoding="utf-8")


def test_what_a_notebook_server_adds_is_no_edit():
    """Outputs, counters, the kernel's version and nbgrader's checksums do not reach the master."""
    notebook = to_source(read_master(MASTER), {})
    before = master_text(notebook)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    notebook.metadata.kernelspec["display_name"] = "Python 3 (ipykernel)"
    for cell in notebook.cells:
        cell.metadata["collapsed"] = True
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["checksum"] = "0" * 32
            cell.metadata.nbgrader["cell_type"] = "code"
        if cell.cell_type == "code":
            cell.execution_count = 7
            cell.outputs = [nbformat.v4.new_output("stream", text="hello")]

    assert master_text(notebook) == before


def test_cell_ids_come_from_the_grade_id_or_the_position():
    """Ids are valid, unique and the same in every build."""
    source = to_source(read_master(MASTER), {})
    ids = [cell.id for cell in source.cells]

    nbformat.validate(source)
    assert len(set(ids)) == len(ids)
    assert ids == [cell.id for cell in to_source(read_master(MASTER), {}).cells]
    assert "linear_forward" in ids
    assert ids[0] == "cell-000"


def test_strange_grade_ids_give_valid_cell_ids():
    """A grade_id may have characters that a cell id may not have."""
    source = to_source(graded_notebook(solution_cell("x = 1", "täsk 1/2")), {})

    nbformat.validate(source)
    assert source.cells[0].id == "t-sk-1-2"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such master"), ("", "no cell"), ("# ---\n# jupyter: [\n# ---\n# %%\n", "no YAML")],
)
def test_a_bad_master_is_named(tmp_path, content, words):
    """A missing, empty or damaged file gives a sentence with its name."""
    path = tmp_path / "bad.py"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(AuthoringError, match=words) as caught:
        read_master(path)
    assert str(path) in str(caught.value)


def test_pictures():
    """Local pictures in Markdown and HTML, not those of the web or in the notebook itself."""
    notebook = graded_notebook(
        text_cell('![a b](images/a.svg) and <img alt="x" src="images/b.svg">'),
        text_cell("![c](https://example.org/c.png) ![d](data:image/png;base64,AA) ![e](attachment:e.png)"),
    )

    assert [target for _, target in pictures(notebook)] == ["images/a.svg", "images/b.svg"]
