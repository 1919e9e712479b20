"""Files that nobody would hand in on purpose: what the corpus says, changed at random, and whole notebooks made up.

python tests/intake/fuzzing.py 10000          through intake, with the figures for docs/reliability.md
python tests/intake/fuzzing.py 300 --engine   through grading
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from autograder.intake.aliases import Aliases
from autograder.intake.companion_files import Beside
from autograder.intake.formats import receive
from autograder.intake.intake_errors import IntakeError
from autograder.intake.normalize import Layout
from autograder.intake.repairs import show
from autograder.intake.selection import choose
from autograder.notebook.markers import Markers
from autograder.notebook.specification import Specification, give_roles

ROOT = Path(__file__).resolve().parents[2]
_ODD_VALUES: list[Any] = [
    None, True, -1, 0, 3.5, 1e308, "", "\0", "\ud800", "a" * 3000, [], {}, [[]], {"": {}}, [None], {"nbgrader": None},
    "code", "markdown", 2**70, "🙂", ["a", 1], {"grade_id": "linear_forward"}, {"grade_id": ["x"], "grade": True},
    {"grade_id": "test_compute_cost", "grade": False, "solution": True, "points": -5},
]  # fmt: skip
_ODD_LINES = [
    "'''", '"""', "(", "[[[[", "}", "def", "def f(", "def linear_forward(A, W, b):", "    return", "return",
    "\t\tpass", "print 'x'", "%%bash", "%%time", "!rm -rf /", "%cd /", "cd somewhere", "?print", "print??",
    "x = !ls", "import os; os._exit(0)", "raise SystemExit", "from testCases_v3 import *", "import nowhere",
    "else:", "@", "@linear_forward", "\x0c", "\\", "# %%", "# In[3]:", "--" * 900 + "1", "(" * 150 + ")" * 150,
    "lambda: " * 90 + "1", "1" + "+1" * 3000, "class A:\n    def compute_cost(AL, Y): pass", "if True:", "try:",
    "async def linear_forward(): await x", "global compute_cost", "del linear_forward", "nonlocal x",
    "compute_cost = lambda AL, Y: 0", "exec('def f(): pass')", "### START CODE HERE ###",
    "### END CODE HERE ###", "\\N{x}", "f'{", "x: int = ", "match x:\n    case 1:\n        pass",
    "import google.colab", "*a, = 1", "\u2028", "ﬁ = 1", "if x:\n" * 3,
]  # fmt: skip
# Becomes a list within lists.
_DEEP = "very deep"

Change = Callable[[random.Random, bytes, list[bytes]], bytes]


def corpus() -> dict[str, tuple[str, bytes]]:
    """Return what is changed: the release, the solution, both in every form."""
    sys.path.insert(0, str(ROOT / "tests"))
    from intake.forms import all_forms

    from autograder.authoring.master import read_master
    from autograder.cli.demo import submission

    release = nbformat.read(ROOT / "release" / "step_by_step" / "step_by_step.ipynb", as_version=4)
    solved = submission(read_master(ROOT / "notebooks" / "step_by_step.py"), release, ())
    files = {f"release, {form}": file for form, file in all_forms(release).items()}
    return files | {f"solution, {form}": file for form, file in all_forms(solved).items()}


def inputs(seed: int, files: dict[str, tuple[str, bytes]]) -> Iterator[tuple[str, str, bytes]]:
    """Yield labels, names and bytes of changed files, without end and always the same for a seed."""
    draw = random.Random(seed)
    labels = sorted(files)
    # What is mixed with a release is a release, so that it can earn nothing.
    families = {
        kind: [files[label][1] for label in labels if label.startswith(kind)] for kind in ("release", "solution")
    }
    while True:
        label = draw.choice(labels)
        name, data = files[label]
        if draw.random() < 0.1:
            name = draw.choice(
                ["a.zip", "x.py", "y", "step_by_step.ipynb", "n.tar.gz", "ü.IPYNB", "z.txt", "../../a.ipynb"]
            )
        for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
            change = draw.choice(_CHANGES)
            data = change(draw, data, families[label.split(",")[0]])
        yield label, name, data[: 8 << 20]


def _flip(draw: random.Random, data: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice([1, 4, 64])):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _cut(draw: random.Random, data: bytes, _: list[bytes]) -> bytes:
    begin = draw.randrange(len(data) + 1)
    return draw.choice([data[:begin], data[begin:], data[:begin] + data[begin + draw.randrange(200) :]])


def _splice(draw: random.Random, data: bytes, others: list[bytes]) -> bytes:
    other = draw.choice(others)
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other) + 1) :]


def _recode(draw: random.Random, data: bytes, _: list[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(draw.choice(["utf-16", "utf-16-be", "utf-32", "utf-7", "cp500", "latin-1"]), "replace")


def _json(change: Callable[[random.Random, Any], Any]) -> Change:
    def apply(draw: random.Random, data: bytes, others: list[bytes]) -> bytes:
        try:
            content = json.loads(data)
        except (ValueError, RecursionError):
            return _flip(draw, data, others)
        changed = json.dumps(change(draw, content))
        depth = draw.choice([40, 60, 900, 100_000])
        return changed.replace(json.dumps(_DEEP), "[" * depth + "]" * depth).encode()

    return apply


def _odd_value(draw: random.Random, content: Any) -> Any:
    """Put an odd value somewhere."""
    node, parents = content, []
    while isinstance(node, dict | list) and node and draw.random() < 0.85:
        key = draw.choice(list(node) if isinstance(node, dict) else list(range(len(node))))
        parents.append((node, key))
        node = node[key]
    if not parents:
        return draw.choice(_ODD_VALUES)
    parent, key = parents[-1]
    what = draw.random()
    if what < 0.2:
        del parent[key]
    elif what < 0.3 and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[draw.randrange(len(parent))]))
    elif what < 0.4 and isinstance(parent, dict):
        parent[draw.choice(["nbgrader", "metadata", "source", "cells", "worksheets", "id", "outputs", "tags"])] = node
    elif what < 0.45:
        parent[key] = _DEEP
    else:
        parent[key] = copy.deepcopy(draw.choice(_ODD_VALUES))
    return content


def _cells(draw: random.Random, content: Any) -> Any:
    """Shuffle, drop, double or merge cells."""
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or len(cells) < 2:
        return content
    what = draw.random()
    if what < 0.25:
        draw.shuffle(cells)
    elif what < 0.5:
        del cells[draw.randrange(len(cells)) :][:]
        content["cells"] = cells[: draw.randrange(len(cells) + 1)]
    elif what < 0.75:
        cells += copy.deepcopy(draw.sample(cells, draw.randrange(len(cells))))
    else:
        one, other = draw.sample(cells, 2)
        if isinstance(one, dict) and isinstance(other, dict):
            one["source"] = [*_lines(one), "\n", *_lines(other)]
    return content


def _lines(cell: dict[str, Any]) -> list[str]:
    source = cell.get("source", "")
    text = "".join(line for line in source if isinstance(line, str)) if isinstance(source, list) else str(source)
    return text.splitlines(keepends=True)


def _code(draw: random.Random, content: Any) -> Any:
    """Change the lines of a cell."""
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not cells:
        return content
    for cell in draw.sample(cells, min(len(cells), draw.choice([1, 3, 10]))):
        if isinstance(cell, dict):
            cell["source"] = _changed_lines(draw, _lines(cell))
    return content


def _changed_lines(draw: random.Random, lines: list[str]) -> str:
    for _ in range(draw.choice([1, 2, 6])):
        position = draw.randrange(len(lines) + 1)
        what = draw.random()
        if what < 0.5:
            lines.insert(position, draw.choice(["", "", "    "]) + draw.choice(_ODD_LINES) + "\n")
        elif what < 0.65 and lines:
            lines.pop(position - 1)
        elif what < 0.8 and lines:
            lines[position - 1] = draw.choice([" ", "\t", "    ", ""]) + lines[position - 1].lstrip()
        elif lines:
            line = lines[position - 1]
            cut = draw.randrange(len(line) + 1)
            lines[position - 1] = line[:cut] + draw.choice("()[]{}'\"\\:=\t\0#") + line[cut:]
    return "".join(lines)


def _script(draw: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Change the lines of a file that is no JSON."""
    if data[:1] in b"{P\x1f" or len(data) > 1 << 20:
        return _flip(draw, data, others)
    return _changed_lines(draw, data.decode("utf-8", "replace").splitlines(keepends=True)).encode("utf-8", "replace")


_CHANGES: list[Change] = [
    _flip, _cut, _splice, _recode, _script,
    _json(_odd_value), _json(_odd_value), _json(_odd_value), _json(_cells), _json(_cells),
    _json(_code), _json(_code), _json(_code),
]  # fmt: skip


class Intake:
    """Takes a file as far as to what would be run, and looks at what came of it."""

    def __init__(self) -> None:
        source = ROOT / "source" / "step_by_step"
        self.specification = Specification.read(source / "step_by_step.ipynb", Markers(single_none=True))
        self.beside = Beside(source, Aliases())

    def take(self, data: bytes, name: str) -> tuple[str, Any]:
        """Return "graded" and the laid out notebook, or "refused" and the reason.

        Raises AssertionError if what came of it is not what the grader may count on.
        """
        layout = Layout.of(self.specification)
        try:
            candidates = receive(data, name)
        except IntakeError as error:
            reason = str(error)
            assert "\n" not in reason, reason
            assert reason.endswith("."), reason
            assert len(reason) < 500 + len(name), reason
            return "refused", reason
        chosen = choose(candidates, layout.exercises, "step_by_step") or candidates[0]
        notebook = chosen.notebook
        repairs = [*chosen.repairs, *layout.apply(notebook, self.beside.environment(chosen.companions))]
        repairs += give_roles(notebook, self.specification)
        around = self.beside.around(notebook, [], chosen.companions)
        show(notebook, [*repairs, *around.repairs])
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode("utf-8")
        json.dumps(repairs).encode("utf-8")
        tests = {cell.metadata.nbgrader.grade_id: cell.source for cell in notebook.cells if _is_test(cell)}
        assert tests == {name: cell.source for name, cell in self.specification.grade_cells.items()}
        return "graded", (notebook, around)


def _is_test(cell: Any) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("grade") and not marks.get("solution"))


def main() -> None:
    """Run the fuzzer and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", action="store_true")
    options = parser.parse_args()
    intake = Intake()
    if options.engine:
        sys.exit(_through_engine(intake, options.count, options.seed))
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, str]] = []
    failures = 0
    begin = time.monotonic()
    for number, (label, name, data) in enumerate(inputs(options.seed, corpus())):
        if number and (number == options.count or number % 500 == 0):
            print(
                f"{number} inputs, seed {options.seed}, {time.monotonic() - begin:.0f} s: {dict(outcomes)}", flush=True
            )
        if number == options.count:
            break
        start = time.process_time()
        try:
            outcome = intake.take(data, name)[0]
        except Exception:
            failures += 1
            outcome = "failed"
            place = Path(f"fuzz-failure-{options.seed}-{number}")
            place.write_bytes(data)
            print(f"--- {number} {label} as {name!r}, kept in {place}\n{traceback.format_exc(limit=-6)}")
        outcomes[outcome] += 1
        slowest.append((time.process_time() - start, f"{number} {label}"))
        slowest = sorted(slowest, reverse=True)[:5]
    print("slowest, seconds of processor:", [(round(seconds, 2), label) for seconds, label in slowest])
    sys.exit(bool(failures))


def _through_engine(intake: Intake, count: int, seed: int) -> int:
    """Grade changed files, and print what came of it."""
    import tempfile

    from helper import modules_in

    from autograder.grading.engine import Engine
    from autograder.grading.settings import GradingLimits
    from autograder.notebook.cells import owners
    from autograder.notebook.marks import read_marks
    from autograder.release import store_notebook

    folder = ROOT / "source" / "step_by_step"
    outcomes: Counter[str] = Counter()
    failures = 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        solved = (folder / "step_by_step.ipynb").read_text(encoding="utf-8")
        files = modules_in(folder)
        bundle = store_notebook(Path(temporary), "step_by_step", solved, {}, files=files, siblings={"step_by_step"})
        with Engine(bundle, "step_by_step", GradingLimits(cell=10.0, submission=60.0)) as engine:
            for number, (label, name, data) in enumerate(inputs(seed, corpus())):
                if number and (number == count or number % 50 == 0):
                    seconds = time.monotonic() - begin
                    print(
                        f"{number} inputs, seed {seed}, {seconds:.0f} s: {dict(sorted(outcomes.items()))}", flush=True
                    )
                if number == count:
                    break
                try:
                    outcome, what = intake.take(data, name)
                    if outcome == "graded":
                        notebook, around = what
                        engine.examine(notebook, None, around=around)
                        nbformat.validate(notebook)
                        points = sum(one.score for one in read_marks(notebook, owners(engine.specification.cells)))
                        outcome = "no points" if not points else "some points" if points < 100 else "all points"
                        assert not (label.startswith("release") and points), f"{points} points for {label}"
                except Exception:
                    failures += 1
                    outcome = "failed"
                    place = Path(f"fuzz-failure-engine-{seed}-{number}")
                    place.write_bytes(data)
                    print(f"--- {number} {label} as {name!r}, kept in {place}\n{traceback.format_exc(limit=-6)}")
                outcomes[f"{label.split(',')[0]}: {outcome}"] += 1
    return bool(failures)


if __name__ == "__main__":
    main()
