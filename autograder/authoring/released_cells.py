"""Changes an assignment's cells in the gradebook after submissions exist, which nbgrader refuses.

The marks of a cell that goes are written to a file beside the gradebook before they leave it; a cell that comes has an
empty mark for every submission, which the next grading fills.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, GradeCell, Notebook, SolutionCell, SourceCell, TaskCell

Kind = type[BaseCell] | type[SourceCell]

HISTORY = "removed_cells.jsonl"


@dataclass(frozen=True)
class CellNames:
    """The names of a notebook's cells, by what they are; a cell that is two things is named twice."""

    grade: Collection[str]
    solution: Collection[str]
    task: Collection[str]
    source: Collection[str]

    @classmethod
    def of(cls, notebook: Notebook) -> CellNames:
        """Return those that the gradebook has."""
        kinds = (notebook.grade_cells, notebook.solution_cells, notebook.task_cells, notebook.source_cells)
        return cls(*({cell.name for cell in cells} for cells in kinds))

    def by_kind(self) -> dict[Kind, set[str]]:
        """Return the names by the gradebook's classes."""
        return {
            GradeCell: set(self.grade),
            SolutionCell: set(self.solution),
            TaskCell: set(self.task),
            SourceCell: set(self.source),
        }


def make_room(gradebook: Gradebook, notebook: Notebook, new: CellNames, history: Path) -> None:
    """Let a notebook that was handed in have the cells that it is to have now; nbgrader then fills them in.

    history -- the folder in which the marks of removed cells are kept
    """
    before, now = CellNames.of(notebook).by_kind(), new.by_kind()
    cells = {(type(cell), cell.name): cell for cell in [*notebook._base_cells, *notebook.source_cells]}
    gone = [cells[kind, name] for kind, names in before.items() for name in sorted(names - now[kind])]
    _keep_marks([cell for cell in gone if not isinstance(cell, SourceCell)], history)
    for cell in gone:
        for row in [*(getattr(cell, "grades", None) or ()), *(getattr(cell, "comments", None) or ())]:
            gradebook.db.delete(row)
        gradebook.db.delete(cell)
    for kind, names in now.items():
        for name in sorted(names - before[kind]):
            _add(gradebook, notebook, kind, name)
    gradebook.db.commit()
    gradebook.db.expire_all()


def _add(gradebook: Gradebook, notebook: Notebook, kind: Kind, name: str) -> None:
    cell = kind(name=name, notebook=notebook)
    # What may not be empty; nbgrader sets it right next.
    if kind is not SolutionCell:
        cell.cell_type = "code"
    if kind in (GradeCell, TaskCell):
        cell.max_score = 0
    gradebook.db.add(cell)
    gradebook.db.flush()
    for submitted in notebook.submissions:
        if kind in (GradeCell, TaskCell):
            gradebook.db.add(Grade(cell_id=cell.id, notebook=submitted))
        if kind in (SolutionCell, TaskCell):
            gradebook.db.add(Comment(cell_id=cell.id, notebook=submitted))


def _keep_marks(cells: list[BaseCell], history: Path) -> None:
    lines = []
    for cell in cells:
        rows: dict[str, dict[str, object]] = {}
        for grade in getattr(cell, "grades", None) or ():
            marks = {"auto_score": grade.auto_score, "manual_score": grade.manual_score}
            rows.setdefault(grade.student.id, {}).update(marks, extra_credit=grade.extra_credit)
        for comment in getattr(cell, "comments", None) or ():
            rows.setdefault(comment.notebook.student.id, {})["comment"] = comment.manual_comment
        place = {"when": time.time(), "notebook": cell.notebook.name, "cell": cell.name, "was": type(cell).__name__}
        lines += [json.dumps({**place, "student": student, **row}) for student, row in sorted(rows.items())]
    if lines:
        history.mkdir(parents=True, exist_ok=True)
        with (history / HISTORY).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
