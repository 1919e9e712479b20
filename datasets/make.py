"""Write the sets that the assignment brings: python -m datasets.make [--output DIR].

The files come out the same each time, and on every machine but for single grey levels.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from datasets.pictures import draw_set

OTHERS = {
    "dog": 28,
    "rabbit": 20,
    "bear": 16,
    "owl": 12,
    "bird": 6,
    "car": 6,
    "house": 4,
    "plant": 4,
    "ball": 2,
    "texture": 2,
}


@dataclass(frozen=True)
class PictureSet:
    """A training set and a test set.

    kinds -- the shares of what is drawn; cats are labelled 1 and everything else 0
    seeds -- of the training set and of the test set
    """

    name: str
    other: str
    kinds: dict[str, float]
    seeds: tuple[int, int]

    def draw(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return pictures, uint8 of shape (count, 64, 64, 3), and labels, int64 of shape (count,)."""
        pictures, kinds = draw_set(seed, self.kinds, count)
        return pictures, np.array([kind == "cat" for kind in kinds], dtype=np.int64)

    def write(self, folder: Path) -> list[Path]:
        """Write train.h5 and test.h5 in a folder of this set's name, and return their paths."""
        target = folder / self.name
        target.mkdir(parents=True, exist_ok=True)
        paths = []
        for part, seed, count in zip(("train", "test"), self.seeds, (209, 50), strict=True):
            pictures, labels = self.draw(seed, count)
            paths.append(target / f"{part}.h5")
            with h5py.File(paths[-1], "w", track_order=False) as file:
                file.attrs["description"] = "drawn by a program, not photographed"
                file.attrs["seed"] = seed
                options = {"compression": "gzip", "compression_opts": 9, "shuffle": True, "track_times": False}
                file.create_dataset(f"{part}_set_x", data=pictures, chunks=(8, 64, 64, 3), **options)
                file.create_dataset(f"{part}_set_y", data=labels, track_times=False)
                classes = np.array([self.other.encode(), b"cat"])
                file.create_dataset("list_classes", data=classes, track_times=False)
        return paths


# Half of the pictures are cats, so that guessing earns one half and the accuracies can be read without a footnote.
CATS = PictureSet("drawn_cats", "non-cat", {"cat": 100, **OTHERS}, (2026, 2027))
CATS_AND_DOGS = PictureSet("drawn_cats_and_dogs", "dog", {"cat": 1, "dog": 1}, (2028, 2029))


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description="Draw the sets of pictures and write them as HDF5.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder to write into")
    options = parser.parse_args()
    for one in (CATS, CATS_AND_DOGS):
        for path in one.write(options.output):
            print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
