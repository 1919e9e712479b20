"""Grades every mistake of a catalogue with the engine that grades students: each has to lose marks."""

from __future__ import annotations

import nbformat

from autograder.diagnosis.catalogue import Catalogue
from autograder.grading.settings import Settings
from autograder.grading.soundness import engine_for
from autograder.notebook.cells import grade_id_of, is_test, owners
from autograder.notebook.score import score
from autograder.release import Bundle


def missed(bundle: Bundle, name: str, settings: Settings, catalogue: Catalogue) -> list[str]:
    """Return the entries of a catalogue whose author would lose no point, by their ids.

    Raises GradingError if nothing can be graded on this machine.
    """
    found = []
    with engine_for(bundle, name, settings, confine=settings.confine) as engine:
        belongs = owners(engine.specification.cells)
        solved = nbformat.read(bundle.notebook(name), as_version=4)
        graded = nbformat.from_dict(solved)
        engine.examine(graded, None, carried_credit=None)
        outputs = {cell.metadata.nbgrader.grade_id: cell.outputs for cell in graded.cells if is_test(cell)}
        for entry in catalogue.entries.values():
            mistaken = nbformat.from_dict(solved)
            for cell in mistaken.cells:
                if grade_id_of(cell) == entry.function:
                    cell.source = entry.apply(cell.source)
            # The tests of other exercises need not run for this.
            known = {test: said for test, said in outputs.items() if belongs.get(test) != entry.function}
            engine.examine(mistaken, None, known=known, carried_credit=None)
            own = [cell for cell in mistaken.cells if is_test(cell) and cell.metadata.nbgrader.grade_id not in known]
            if all(score(cell)[0] == score(cell)[1] for cell in own):
                found.append(entry.id)
    return found
