"""Reading sets of pictures and single pictures, and what is said where something is wrong with them."""

import re
import shutil

import h5py
import numpy as np
import pytest
from helper import ROOT
from PIL import Image

from dnn_lab.pictures import DataError, load_data, load_picture

DRAWN = ROOT / "datasets" / "drawn_cats"


def write_set(folder, part="train", *, name=None, x=None, y=None, without=()):
    """Write a small set as HDF5."""
    folder.mkdir(exist_ok=True)
    path = folder / (name or f"{part}.h5")
    x = np.zeros((4, 64, 64, 3), np.uint8) if x is None else x
    y = np.array([0, 1, 0, 1]) if y is None else y
    with h5py.File(path, "w") as file:
        for key, value in {f"{part}_set_x": x, f"{part}_set_y": y, "list_classes": np.array([b"no", b"yes"])}.items():
            if key not in without:
                file[key] = value
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with a small training set and test set."""
    write_set(tmp_path / "set")
    write_set(tmp_path / "set", "test")
    return tmp_path / "set"


class TestSets:
    """Sets of pictures."""

    def test_the_drawn_set(self):
        """Shapes, types, labels and names."""
        train_x, train_y, test_x, test_y, classes = load_data(DRAWN)

        assert (train_x.shape, test_x.shape) == ((209, 64, 64, 3), (50, 64, 64, 3))
        assert (train_y.shape, test_y.shape) == ((1, 209), (1, 50))
        assert train_x.dtype == np.uint8
        assert set(train_y.ravel()) == {0, 1}
        assert classes.tolist() == [b"non-cat", b"cat"]

    def test_names_of_the_photographs(self, tmp_path):
        """The files that this assignment is known for have longer names."""
        write_set(tmp_path / "set", name="train_catvnoncat.h5")
        write_set(tmp_path / "set", "test", name="test_catvnoncat.h5")

        assert load_data(tmp_path / "set")[1].tolist() == [[0, 1, 0, 1]]

    def test_folders_of_pictures(self, tmp_path):
        """One folder per class; cat is 1, and every fifth picture is for testing."""
        for name, level, count in [("cat", 200, 6), ("dog", 40, 5)]:
            (tmp_path / name).mkdir()
            for number in range(count):
                Image.new("RGB", (80 + number, 60), (level, level, level)).save(tmp_path / name / f"{number}.png")
            (tmp_path / name / "notes.txt").write_text("no picture", encoding="utf-8")
        train_x, train_y, test_x, test_y, classes = load_data(tmp_path)

        assert classes.tolist() == [b"dog", b"cat"]
        assert (train_x.shape, test_x.shape) == ((9, 64, 64, 3), (2, 64, 64, 3))
        assert [int(x[0, 0, 0]) for x in train_x] == [200 if label else 40 for label in train_y[0]]
        assert test_y.tolist() == [[0, 1]]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (shutil.rmtree, "There is no folder"),
            (lambda folder: (folder / "train.h5").unlink(), "should have one file train*.h5; there is: none"),
            (lambda folder: write_set(folder, name="train2.h5"), "there is: train.h5, train2.h5"),
            (lambda folder: (folder / "train.h5").write_text("<!DOCTYPE html>"), "a web page that was saved"),
            (lambda folder: (folder / "train.h5").write_bytes(b"\0" * 5000), "no HDF5 file"),
            (lambda folder: write_set(folder, without=["train_set_y"]), "lacks one of train_set_x, train_set_y"),
            (lambda folder: write_set(folder, x=np.zeros((4, 32, 32, 3), np.uint8)), "(4, 32, 32, 3)"),
            (lambda folder: write_set(folder, x=np.zeros((4, 64, 64), np.uint8)), "(4, 64, 64); (m, 64, 64, 3) is"),
            (lambda folder: write_set(folder, x=np.zeros((4, 64, 64, 3))), "dtype float64; uint8"),
            (lambda folder: write_set(folder, y=np.array([0, 1, 0])), "4 pictures need as many whole numbers"),
            (lambda folder: write_set(folder, y=np.array([0.0, 1, 0, 1])), "4 pictures need as many whole numbers"),
            (lambda folder: write_set(folder, y=np.array([0, 1, 2, 1])), "labels other than 0 and 1"),
        ],
    )
    def test_what_is_wrong_is_named(self, folder, change, words):
        """The file and what is the matter with it, in one sentence and without other exceptions around it."""
        change(folder)

        with pytest.raises(DataError, match=re.escape(words)) as caught:
            load_data(folder)
        assert str(folder) in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_a_truncated_file(self, tmp_path, share):
        """Wherever it ends."""
        shutil.copytree(DRAWN, tmp_path / "drawn_cats")
        path = tmp_path / "drawn_cats" / "train.h5"
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

        with pytest.raises(DataError, match=r"train\.h5 is (damaged|no HDF5 file)"):
            load_data(tmp_path / "drawn_cats")

    def test_a_drawn_set_with_other_pictures(self, tmp_path):
        """One grey level in one pixel is enough."""
        shutil.copytree(DRAWN, tmp_path / "drawn_cats")
        with h5py.File(tmp_path / "drawn_cats" / "test.h5", "r+") as file:
            file["test_set_x"][7, 3, 3, 0] ^= 1

        with pytest.raises(DataError, match="is not the file that came with the assignment"):
            load_data(tmp_path / "drawn_cats")

    def test_folders_that_do_not_fit(self, tmp_path):
        """Two classes, and pictures in each."""
        (tmp_path / "cat").mkdir()
        with pytest.raises(DataError, match="it has: cat"):
            load_data(tmp_path)
        (tmp_path / "dog").mkdir()
        with pytest.raises(DataError, match="each class needs at least 2"):
            load_data(tmp_path)


class TestOwnPictures:
    """Single pictures of any kind."""

    def save(self, path, picture, **options):
        """Save a picture and return what is read back."""
        picture.save(path, **options)
        return load_picture(path)

    @pytest.mark.parametrize(
        ("mode", "colour", "expected"),
        [
            ("RGB", (10, 200, 30), [10, 200, 30]),
            ("L", 77, [77, 77, 77]),
            ("RGBA", (255, 0, 0, 0), [255, 255, 255]),
            ("I;16", 0x8080, [128, 128, 128]),
            ("1", 1, [255, 255, 255]),
        ],
    )
    def test_modes(self, tmp_path, mode, colour, expected):
        """Colour, grey, transparent, 16 bits, black and white."""
        got = self.save(tmp_path / "one.png", Image.new(mode, (90, 70), colour))

        assert (got.shape, got.dtype) == ((64, 64, 3), np.uint8)
        assert got[32, 32].tolist() == expected

    def test_a_palette(self, tmp_path):
        """A GIF has one."""
        got = self.save(tmp_path / "one.gif", Image.new("RGB", (64, 64), (0, 0, 255)).convert("P"))

        assert got[5, 5].tolist() == [0, 0, 255]

    def test_the_camera_was_turned(self, tmp_path):
        """What EXIF says is up is up."""
        picture = Image.new("RGB", (64, 64), "black")
        picture.paste("white", (0, 0, 64, 32))  # white above
        exif = Image.Exif()
        exif[0x0112] = 3  # upside down
        got = self.save(tmp_path / "one.jpg", picture, exif=exif, quality=95)

        assert got[:20].mean() < 20
        assert got[-20:].mean() > 235

    def test_it_is_cut_and_not_squeezed(self, tmp_path):
        """A disc stays a disc."""
        picture = Image.new("RGB", (200, 100), "black")
        picture.paste("white", (75, 25, 125, 75))
        got = self.save(tmp_path / "one.png", picture)[..., 0] > 127

        assert got.any(axis=0).sum() == got.any(axis=1).sum() == 32

    @pytest.mark.parametrize(
        ("content", "words"), [(None, "There is no file"), (b"GIF89a", "no picture"), (b"text", "no picture")]
    )
    def test_no_picture(self, tmp_path, content, words):
        """A missing file, half a picture, a text."""
        path = tmp_path / "one.gif"
        if content is not None:
            path.write_bytes(content)

        with pytest.raises(DataError, match=words):
            load_picture(path)
