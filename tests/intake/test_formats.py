"""Bytes to notebooks: what can be read, what is mended on the way, and what is refused."""

import io
import json
import os
import stat
import tarfile
import zipfile

import nbformat
import pytest
from intake.forms import as_bytes, tarred, zipped

from autograder.intake import budget
from autograder.intake.archives import members
from autograder.intake.budget import Budget
from autograder.intake.formats import receive
from autograder.intake.intake_errors import IntakeError
from autograder.intake.selection import choose, read_folder


def read(data, name="x.ipynb"):
    """Return the only notebook in a file, which is valid, and what was mended."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    (only,) = receive(data, name)
    nbformat.validate(only.notebook)
    return only.notebook, only.repairs


def cell(source="x = 1", **more):
    """Return a code cell as it stands in a file."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None} | more


def of(*cells, **more):
    """Return a notebook as it stands in a file."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": list(cells)} | more


class TestStructure:
    """Notebooks that a validator would refuse."""

    @pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 99, None, "x"])
    def test_minor_variants(self, minor):
        """Any minor version is read as 4.5, and each cell has an id."""
        notebook, _ = read(of(cell(), cell(), nbformat_minor=minor))

        assert [one.id for one in notebook.cells] == ["cell-000", "cell-001"]

    def test_ids_that_are_none(self):
        """Doubled and malformed ids are replaced, others stay."""
        notebook, repairs = read(of(*[cell(id=one) for one in ("a", "a", "", "no good", 7, "cell-001", "b")]))
        ids = [one.id for one in notebook.cells]

        assert len(set(ids)) == len(ids)
        assert (ids[0], ids[5], ids[6]) == ("a", "cell-001", "b")
        assert repairs == ["1 cells had the id of another cell and got one of their own"]

    @pytest.mark.parametrize(
        ("metadata", "repairs"),
        [
            ({}, 1),
            (None, 1),
            ({"kernelspec": {"name": 3}}, 1),
            ({"kernelspec": {"name": "python2", "display_name": "Python 2", "language": "python"}}, 1),
            ({"kernelspec": {"name": "conda-env-x", "language": "python"}}, 0),
        ],
    )
    def test_kernels(self, metadata, repairs):
        """A kernel that is missing or of Python 2 becomes Python 3."""
        notebook, said = read(of(cell(), metadata=metadata))

        assert notebook.metadata.kernelspec.language == "python"
        assert (notebook.metadata.kernelspec.name == "python3") is bool(repairs)
        assert len(said) == repairs

    def test_another_language_keeps_its_kernel(self):
        """What is no Python is not made Python."""
        kernel = {"name": "ir", "display_name": "R", "language": "R"}

        assert read(of(cell(), metadata={"kernelspec": kernel}))[0].metadata.kernelspec == kernel

    def test_sources(self):
        """Text, lines, lines of Windows, halves of characters, nothing."""
        sources = ["a\r\nb", ["a\n", "b"], None, "\ud800", []]
        notebook, _ = read(of(*[cell(one) for one in sources]))

        assert [one.source for one in notebook.cells] == ["a\nb", "a\nb", "", "\ufffd", ""]

    def test_what_is_no_cell(self):
        """It is left out and counted."""
        notebook, repairs = read(of(cell(), 3, None, cell(5), cell(["a", 1]), [cell()]))

        assert len(notebook.cells) == 1
        assert repairs == ["5 cells were no cells and were left out"]

    def test_old_outputs_are_not_kept(self):
        """They are made afresh, so that their format does not matter."""
        odd = [{"output_type": "pyout", "text": 3}, {"output_type": "stream"}, 7]

        assert read(of(cell(outputs=odd)))[0].cells[0].outputs == []

    @pytest.mark.parametrize("depth", [60, 900])
    def test_metadata_nested_deep(self, depth):
        """They are cut, and the notebook is read."""
        deep = json.loads("[" * depth + "]" * depth)
        notebook, _ = read(of(cell(metadata={"deep": deep, "kept": 1})))

        assert notebook.cells[0].metadata.kept == 1

    @pytest.mark.parametrize(
        "data", ["3", "[]", "{}", '{"cells": 3}', '{"cells": {}}', "[" * 100_000, '{"a": NaN}', "{,}"]
    )
    def test_no_notebook(self, data):
        """Refused in one sentence."""
        with pytest.raises(IntakeError, match=r"^x\.ipynb .*\.$"):
            receive(data.encode(), "x.ipynb")

    def test_metadata_that_no_notebook_has(self):
        """They are left out and the cell stays: each value would take memory until the notebook is graded."""
        many = {"deep": [{}] * budget.METADATA, "tags": ["mine"]}
        notebook, _ = read(of(cell(metadata=many), cell(metadata={"tags": ["mine"]})))

        assert [one.metadata for one in notebook.cells] == [{}, {"tags": ["mine"]}]

    def test_too_many_cells(self):
        """A notebook has no million of cells."""
        with pytest.raises(IntakeError, match="more than 5000"):
            receive(json.dumps(of(*[cell()] * (budget.CELLS + 1))).encode(), "x.ipynb")


class TestScripts:
    """Python files."""

    def test_one_cell(self):
        """A file without marks is one cell."""
        notebook, repairs = read(b"def f():\n    return 1\n", "f.py")

        assert [one.source for one in notebook.cells] == ["def f():\n    return 1"]
        assert repairs == ["f.py is a Python file and was taken for a notebook of one cell"]

    def test_python_that_is_called_a_notebook(self):
        """It is read as what it is."""
        assert len(read(b"import x\n\ndef f():\n    return 1\n")[0].cells) == 1

    def test_old_magics(self):
        """What nbconvert made of magics is made magics again."""
        script = (
            b"# coding: utf-8\n\n# In[1]:\n\nget_ipython().magic(u'matplotlib inline')\nx = 1\n\n# In[ ]:\n\ny = 2\n"
        )

        assert [one.source for one in read(script, "f.py")[0].cells] == ["%matplotlib inline\nx = 1", "y = 2"]


class TestArchives:
    """Archives, honest ones and others."""

    EVIL = ["../evil.ipynb", "/etc/evil.ipynb", "a/../../evil.ipynb", "..\\evil.ipynb", "C:\\evil.ipynb", "a\nb.ipynb"]

    @pytest.mark.parametrize("pack", [zipped, tarred])
    @pytest.mark.parametrize("place", EVIL)
    def test_places_outside(self, pack, place):
        """They are left out and named; nothing is written anywhere in any case."""
        files, repairs = members(pack({place: b"evil", "good.ipynb": b"good"}), "x", Budget())

        assert files == {"good.ipynb": b"good"}
        assert len(repairs) == 1
        assert "was left out" in repairs[0]

    def test_links(self):
        """They lead nowhere."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as archive:
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
                link = tarfile.TarInfo(f"link{kind!r}.ipynb")
                link.type, link.linkname = kind, "/etc/passwd"
                archive.addfile(link)
        zip_link = zipfile.ZipInfo("link.ipynb")
        zip_link.external_attr = (stat.S_IFLNK | 0o777) << 16
        other = io.BytesIO()
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr(zip_link, "/etc/passwd")

        assert members(raw.getvalue(), "x.tar", Budget())[0] == {}
        assert members(other.getvalue(), "x.zip", Budget())[0] == {}

    @pytest.mark.parametrize("pack", [zipped, tarred])
    def test_bombs(self, pack):
        """Neither one large file nor many small ones unpack to more than is allowed."""
        large, many = bytes(budget.UNPACKED + 1), {f"{n}.txt": b"" for n in range(budget.MEMBERS + 1)}

        for files in ({"a.ipynb": large}, {f"{n}.ipynb": bytes(budget.UNPACKED // 3) for n in range(4)}, many):
            with pytest.raises(IntakeError, match="pack only"):
                members(pack(files), "x", Budget())

    def test_a_bomb_that_lies(self):
        """What comes out is counted, not what the archive says of it."""
        data = bytearray(zipped({"a.ipynb": bytes(budget.UNPACKED + 1)}))
        for at in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
            data[at : at + 4] = (1000).to_bytes(4, "little")

        with pytest.raises(IntakeError):
            members(bytes(data), "x.zip", Budget())

    @pytest.mark.parametrize("cut", [30, 60, 200])
    def test_damaged(self, solved, cut):
        """Refused with the remedy."""
        for data in (zipped({"a.ipynb": as_bytes(solved)}), tarred({"a.ipynb": as_bytes(solved)})):
            with pytest.raises(IntakeError, match="damaged"):
                receive(data[:cut], "x.zip")

    def test_a_password(self, solved):
        """Said as such."""
        data = bytearray(zipped({"a.ipynb": as_bytes(solved)}))
        for at in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
            data[at] |= 1

        with pytest.raises(IntakeError, match="password"):
            receive(bytes(data), "x.zip")


class TestChoice:
    """Several notebooks."""

    def test_the_fullest_wins(self, layout, solved, release):
        """The others are named; of two that are as full the one with the assignment's name is taken."""
        empty, full = as_bytes(release), as_bytes(solved)
        one = choose(
            receive(zipped({"step_by_step.ipynb": empty, "b.ipynb": full}), "x.zip"), layout.exercises, "step_by_step"
        )
        two = choose(
            receive(zipped({"a.ipynb": full, "step_by_step.ipynb": full}), "x.zip"), layout.exercises, "step_by_step"
        )

        assert (one.name, two.name) == ("x.zip/b.ipynb", "x.zip/step_by_step.ipynb")
        assert any("not graded: x.zip/step_by_step.ipynb" in repair for repair in one.repairs)
        assert any("not graded: x.zip/a.ipynb" in repair for repair in two.repairs)

    def test_another_notebook_of_the_assignment_is_none(self, layout, solved):
        """In an assignment of two notebooks each is graded for itself."""
        found = receive(as_bytes(solved), "second.ipynb")

        assert choose(found, layout.exercises, "step_by_step", ["second"]) is None

    def test_a_folder(self, solved, tmp_path):
        """Checkpoints and links are not looked at; a helper is no notebook; a broken file is said."""
        (tmp_path / ".ipynb_checkpoints").mkdir()
        (tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb").write_bytes(as_bytes(solved))
        (tmp_path / "link.ipynb").symlink_to(tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb")
        (tmp_path / "testCases_v3.py").write_text("def f(): pass")
        assert read_folder(tmp_path, {"testCases_v3"}).candidates == []

        (tmp_path / "a.ipynb").write_bytes(as_bytes(solved))
        (tmp_path / "b.ipynb").write_bytes(b"")
        offer = read_folder(tmp_path, {"testCases_v3"})
        assert [one.name for one in offer.candidates] == ["a.ipynb"]
        assert [str(one).startswith("b.ipynb is empty") for one in offer.refused] == [True]

    def test_many_small_archives_cost_no_more_than_a_large_one(self, solved, tmp_path):
        """What all of them unpack to counts, and all the values of their notebooks; what comes first is looked at."""
        (tmp_path / "a.ipynb").write_bytes(as_bytes(solved))
        for n in range(4):
            big = zipped({"x.ipynb": as_bytes(solved), "zeros.bin": bytes(budget.UNPACKED // 3)})
            (tmp_path / f"b{n}.zip").write_bytes(big)
        offer = read_folder(tmp_path, set())
        assert [one.name for one in offer.candidates] == ["a.ipynb", "b0.zip/x.ipynb", "b1.zip/x.ipynb"]
        assert all("unpacks to more than" in str(one) for one in offer.refused)

        for n in range(4):
            values = json.dumps({"cells": [], "more": [1] * (budget.VALUES // 3)})
            (tmp_path / f"b{n}.zip").write_bytes(zipped({"x.ipynb": values.encode()}))
        offer = read_folder(tmp_path, set())
        assert [one.name for one in offer.candidates] == ["a.ipynb", "b0.zip/x.ipynb", "b1.zip/x.ipynb"]
        assert all("holds too much" in str(one) for one in offer.refused)

    def test_names_that_are_no_text(self, solved, tmp_path):
        """A name of a file may hold any bytes; what is said of it can be printed."""
        (tmp_path / os.fsdecode(b"\xff.ipynb")).write_bytes(as_bytes(solved))

        (one,) = read_folder(tmp_path, set()).candidates
        assert one.name == "\ufffd.ipynb"
