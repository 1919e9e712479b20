"""The entries of an assignment's catalogue of misconceptions, as they were when it was released."""

from __future__ import annotations

from autograder.diagnosis.catalogue import Catalogue, CatalogueError, Misconception
from autograder.release import Bundle


def read_entries(bundle: Bundle) -> dict[str, Misconception]:
    """Return the entries of a bundle's catalogues by id; a catalogue that cannot be read has none."""
    found: dict[str, Misconception] = {}
    for name in sorted(path.stem for path in (bundle.folder / "notebooks").glob("*.ipynb")):
        path = bundle.catalogue(name)
        try:
            found |= {} if path is None else Catalogue.read(path).entries
        except CatalogueError:
            continue
    return found
