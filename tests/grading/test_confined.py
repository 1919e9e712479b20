"""What works in a confined notebook, and what it may use."""

import pytest
from helper import code_cell

from autograder.grading.grading_errors import UnconfinedError
from autograder.grading.settings import GradingLimits


@pytest.fixture(scope="module")
def layers(engine):
    """What confines here."""
    try:
        return engine.layers
    except UnconfinedError as error:
        pytest.skip(str(error))


@pytest.fixture
def run(examine, engine, layers, monkeypatch):
    """Run cells after all others and return their outputs; none of the tests before may have failed."""
    # Time is not what is tested here, and the solution does not import matplotlib, so that it is not warm.
    monkeypatch.setattr(engine, "limits", GradingLimits(cell=20.0, submission=60.0))

    def run(*sources):
        def change(notebook):
            notebook.cells += [code_cell(source) for source in sources]

        graded = examine(change)
        assert graded.failed == []
        return [cell.outputs for cell in graded.notebook.cells[-len(sources) :]]

    return run


def text(outputs):
    """What a cell printed, and its errors."""
    return "".join(out.get("text", "") + out.get("ename", "") for out in outputs)


WORKS = {
    "h5py": "import h5py\nwith h5py.File('d.h5', 'w') as f: f['x'] = [1, 2]\nwith h5py.File('d.h5') as f: print(f['x'][1])",
    "tempfile": "import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n    f.write('2'); f.seek(0); print(f.read())",
    "threads": "import threading\nt = [threading.Thread(target=print, args=(2,)) for _ in range(1)]\n"
    "[x.start() for x in t]; [x.join() for x in t];",
    "pool": "from concurrent.futures import ThreadPoolExecutor as P\nwith P(8) as p: print(sum(p.map(int, '0101')))",
    "import": "import colorsys, xml.dom.minidom, wave\nprint(len([colorsys, wave]))",
    "asyncio": "import asyncio\nprint(await asyncio.sleep(0.01, 2))",
    "sqlite": "import sqlite3\nwith sqlite3.connect('d.db') as c: print(c.execute('select 2').fetchone()[0])\nc.close()",
    "linear algebra": "import numpy as np\nprint(int(np.linalg.svd(np.eye(300) * 2)[1][0]))",
}


def test_libraries(run):
    """What notebooks do, each in a cell."""
    found = dict(zip(WORKS, map(text, run(*WORKS.values())), strict=True))

    assert found == dict.fromkeys(WORKS, "2\n")


def test_a_plot_and_a_picture(run, tmp_path):
    """A figure is an image in the output; a picture that was handed in is read."""
    import matplotlib.image

    matplotlib.image.imsave(tmp_path / "cat.png", [[0.0, 1.0], [0.5, 0.2]])
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('$x^2$')\nplt.show()"
    drawn, read, shown = run(
        plot,
        "import matplotlib.image as image\nprint(image.imread('cat.png').shape)",
        "from PIL import Image\nprint(Image.open('cat.png').size)\nplt.imshow(Image.open('cat.png'));",
    )

    assert "image/png" in drawn[-1].get("data", {}), drawn
    assert text(read) == "(2, 2, 4)\n"
    assert text(shown) == "(2, 2)\n"
    assert "image/png" in shown[-1].get("data", {})


def test_files_of_its_own(run, tmp_path):
    """A later cell finds what an earlier one wrote; the next submission and the instructor's folder do not."""
    places = "import os, tempfile\nplaces = ['mine.txt', tempfile.gettempdir() + '/mine.txt', os.path.expanduser('~/my.txt')]\n"
    write = f"{places}for p in places:\n    open(p, 'w').write('x')"
    look = f"{places}print([os.path.exists(p) for p in places])"

    wrote, found = run(write, look)
    assert (text(wrote), text(found)) == ("", "[True, True, True]\n")
    assert text(run(look)[0]) == "[False, False, False]\n"
    assert list(tmp_path.iterdir()) == []


class TestLimits:
    """What is too much costs the cell that asks for it, and no other."""

    def test_memory(self, run):
        """An error in that cell; the variables of the others are still there."""
        asked, after = run("kept = 2\nx = bytearray(3 << 30)", "print(kept, any(bytearray(5 << 20)))")

        assert (asked[-1].ename, text(after)) == ("MemoryError", "2 False\n")

    def test_scratch(self, run):
        """An error in that cell, and room again when the file is gone."""
        fill = "with open('big', 'wb') as f:\n    for _ in range(200): f.write(bytes(1 << 20))"
        filled, after = run(fill, "os.unlink('big')\nprint(open('small', 'wb').write(b'xx'))")

        assert (filled[-1].ename, text(after)) == ("OSError", "2\n")

    def test_many_small_files(self, run, layers):
        """All of them together have a limit, where there is a scratch file system."""
        if "scratch" not in layers:
            pytest.skip("no scratch file system here")
        (filled,) = run("for n in range(20):\n    open(str(n), 'wb').write(bytes(8 << 20))")

        assert filled[-1].ename == "OSError"

    def test_output(self, run):
        """It is cut, and said so."""
        printed, after = run("print('x' * 2_000_000)", "print(2)")

        assert 900_000 < len(text(printed)) < 1_100_000
        assert "truncated" in text(printed)[-300:] or "cut" in text(printed)[-300:]
        assert text(after) == "2\n"
