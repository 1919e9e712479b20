"""Sets of pictures, and single pictures of your own, as arrays.

    train_x, train_y, test_x, test_y, classes = load_data("datasets/drawn_cats")
    picture = load_picture("my_cat.jpg")

Everything that can be wrong with a file is a DataError, whose message names the file and what to do.
"""

import hashlib
from pathlib import Path

import h5py
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["DataError", "load_data", "load_picture"]

SIZE = 64  # pixels on each side
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}

# What the sets hold that come with the notebook; the hash is that of the arrays, not of the file around them.
CHECKSUMS = {
    "drawn_cats/test.h5": "855386e05d62d89a886255ef7a0b4449c2301fcd1ab21dc4dee014c91ba92d8a",
    "drawn_cats/train.h5": "b20b7a042ff7134ee6f979e7e159fd81b61610a91dad1a3479989bf781bfb74f",
    "drawn_cats_and_dogs/test.h5": "dbb1f7d83c0f782671389015ff37b20a6a7f5ec1956a38d526ae415f1d10ecd7",
    "drawn_cats_and_dogs/train.h5": "32efda4e480ea8239ad53e04a9b63c02cd16926a2d247dc1ccc32fd088160292",
}


class DataError(ValueError):
    """A data file is missing, damaged or not what it should be."""


def load_data(source="datasets/drawn_cats"):
    """Return a training set and a test set of pictures.

    source -- a folder, either with two HDF5 files whose names begin with `train` and `test` (the drawn sets; the
        photographs train_catvnoncat.h5 and test_catvnoncat.h5 fit as well), or with one folder of pictures per class.
        The class that comes second in alphabetical order, or the one called `cat`, gets the label 1. Every fifth
        picture of a folder goes to the test set; pictures of any size are cut to a square and made 64 x 64.

    Returns train_x, train_y, test_x, test_y, classes: the pictures as uint8 of shape (m, 64, 64, 3), the labels 0 or 1
    as integers of shape (1, m), and the two classes' names.
    Raises DataError if anything is missing or is not what it should be.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. It should lie beside the notebook; unpack the assignment again.")
    if not list(folder.glob("*.h5")) and any(path.is_dir() for path in folder.iterdir()):
        return _from_pictures(folder)
    train_x, train_y, classes = _from_hdf5(folder, "train")
    test_x, test_y, _ = _from_hdf5(folder, "test")
    return train_x, train_y, test_x, test_y, classes


def load_picture(path, size=SIZE):
    """Return a picture as uint8 of shape (size, size, 3).

    It is turned as the camera says, put on white where it is transparent, cut to a square around its middle, and made
    smaller or larger. Raises DataError if the file is missing or is no picture.
    """
    try:
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened)
            if upright.mode.startswith("I"):  # 16 bits of grey
                upright = Image.fromarray((np.asarray(upright, dtype=float) / 257).astype(np.uint8))
            layers = upright.convert("RGBA")
    except FileNotFoundError:
        raise DataError(f"There is no file {path}. Put it beside the notebook, and mind its suffix.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is no picture that can be read: {error}. Save it as JPEG or PNG.") from None
    picture = Image.new("RGBA", layers.size, "white")
    picture.alpha_composite(layers)
    square = ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, dtype=np.uint8).copy()


def _from_hdf5(folder, part):
    """Return pictures, labels and classes of the training set or of the test set."""
    paths = sorted(folder.glob(f"{part}*.h5"))
    if len(paths) != 1:
        found = ", ".join(path.name for path in paths) or "none"
        raise DataError(f"{folder} should have one file {part}*.h5; there is: {found}. Unpack the assignment again.")
    path = paths[0]
    if not h5py.is_hdf5(path):
        beginning = path.read_bytes()[:200].lstrip().lower()
        what = "a web page that was saved under this name" if beginning.startswith(b"<") else "no HDF5 file"
        raise DataError(f"{path} is {what}. Fetch the file itself again.")
    try:
        with h5py.File(path) as file:
            arrays = {name: file[name][()] for name in (f"{part}_set_x", f"{part}_set_y", "list_classes")}
    except KeyError:
        wanted = f"{part}_set_x, {part}_set_y and list_classes"
        raise DataError(f"{path} lacks one of {wanted}. Is it another data set?") from None
    except (OSError, RuntimeError, TypeError):
        raise DataError(f"{path} is damaged, perhaps because copying it was interrupted. Fetch it again.") from None
    x, y, classes = arrays.values()
    _check(path, part, x, y)
    wanted = CHECKSUMS.get(f"{folder.name}/{path.name}")
    if wanted is not None and _checksum(x, y) != wanted:
        raise DataError(f"{path} is not the file that came with the assignment: its pictures differ. Fetch it again.")
    return x, y.reshape(1, -1).astype(np.int64), np.asarray(classes)


def _check(path, part, x, y):
    """Raise DataError unless these are pictures and as many labels."""
    if x.ndim != 4 or x.shape[1:] != (SIZE, SIZE, 3):
        raise DataError(f"{path}: {part}_set_x has the shape {x.shape}; (m, {SIZE}, {SIZE}, 3) is needed.")
    if x.dtype != np.uint8:
        raise DataError(f"{path}: {part}_set_x has the dtype {x.dtype}; uint8, whole numbers up to 255, is needed.")
    if y.size != len(x) or y.dtype.kind not in "iu":
        raise DataError(f"{path}: {len(x)} pictures need as many whole numbers in {part}_set_y, which has {y.size}.")
    if not len(x):
        raise DataError(f"{path} has no pictures.")
    if not np.isin(y, (0, 1)).all():
        raise DataError(f"{path}: {part}_set_y has labels other than 0 and 1.")


def _checksum(x, y):
    """Return a hash of pictures and labels."""
    return hashlib.sha256(np.ascontiguousarray(x).tobytes() + y.astype("<i8").tobytes()).hexdigest()


def _from_pictures(folder):
    """Return the sets made of two folders of pictures."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(classes) != 2:
        raise DataError(f"{folder} should have two folders of pictures, one per class; it has: {', '.join(classes)}.")
    if classes[0] == "cat":
        classes.reverse()
    parts = {"train": ([], []), "test": ([], [])}
    for label, name in enumerate(classes):
        paths = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in SUFFIXES)
        if len(paths) < 2:
            raise DataError(f"{folder / name} has {len(paths)} pictures; each class needs at least 2.")
        for position, path in enumerate(paths):
            x, y = parts["test" if position % 5 == 1 else "train"]
            x.append(load_picture(path))
            y.append(label)
    (train_x, train_y), (test_x, test_y) = ((np.stack(x), np.array(y).reshape(1, -1)) for x, y in parts.values())
    return train_x, train_y, test_x, test_y, np.array([name.encode() for name in classes])
