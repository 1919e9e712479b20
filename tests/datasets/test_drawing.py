"""The program that draws the pictures."""

import h5py
import numpy as np
import pytest
from helper import ROOT

from datasets.make import CATS, CATS_AND_DOGS
from datasets.pictures import KINDS, draw_picture, draw_set


def committed(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures and the labels of a committed file."""
    with h5py.File(ROOT / "datasets" / name / f"{part}.h5") as file:
        return file[f"{part}_set_x"][()], file[f"{part}_set_y"][()]


@pytest.mark.parametrize("one", [CATS, CATS_AND_DOGS], ids=lambda one: one.name)
def test_the_committed_files_are_what_the_program_draws(one):
    """Another processor may round a colour the other way; more than that would be another set."""
    pictures, labels = committed(one.name, "test")
    again, labels_again = one.draw(one.seeds[1], 50)

    difference = np.abs(pictures.astype(int) - again)
    assert labels.tolist() == labels_again.tolist()
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001


@pytest.mark.slow
def test_writing_them_twice_gives_the_same_bytes(tmp_path):
    """So a build is the same on another day."""
    first, second = (one.read_bytes() for part in "ab" for one in CATS_AND_DOGS.write(tmp_path / part)[1:])

    assert first == second


@pytest.mark.parametrize("name", ["drawn_cats", "drawn_cats_and_dogs"])
def test_shapes_and_balance(name):
    """209 and 50 pictures, about half of them cats, and none twice."""
    for part, count in [("train", 209), ("test", 50)]:
        pictures, labels = committed(name, part)

        assert (pictures.shape, pictures.dtype) == ((count, 64, 64, 3), np.uint8)
        assert abs(labels.mean() - 0.5) < 0.01
        assert len(np.unique(pictures.reshape(count, -1), axis=0)) == count


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_varies(kind):
    """Two of a kind differ in most pixels, and a picture has light and dark parts."""
    first, second = (draw_picture(np.random.default_rng(seed), kind) for seed in (1, 2))

    assert (np.abs(first.astype(int) - second) > 8).mean() > 0.5
    assert np.ptp(first.mean(axis=2)) > 40


def test_light_and_dark_are_exchanged_in_some():
    """In about three of ten the middle is darker than the rim, which makes a linear model fail."""
    pictures, _ = draw_set(5, {"bear": 1.0}, 120)
    grey = pictures.mean(axis=3)
    darker = grey[:, 24:40, 24:40].mean(axis=(1, 2)) < grey[:, :4].mean(axis=(1, 2))

    assert 0.2 < darker.mean() < 0.4


def test_the_shares_are_kept():
    """A set has as many of each kind as was asked for."""
    _, kinds = draw_set(3, {"cat": 2, "car": 1, "ball": 1}, 12)

    assert sorted(kinds) == ["ball"] * 3 + ["car"] * 3 + ["cat"] * 6
