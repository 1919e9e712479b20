"""Starts the fork servers of a class while nbgrader is being imported, which takes as long.

What they are started from is guessed, from where nbgrader keeps things if nothing else is configured; whoever uses
them compares that with what is so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.course import Course
from autograder.grading.engine import Engine
from autograder.grading.settings import Settings, read_settings
from autograder.grading.soundness import engine_for, known
from autograder.release import RESULTS, BundleError, load


@dataclass
class Headstart:
    """Warm processes that get ready, a set of engines by notebook for each worker.

    bundle_hash, settings, confine -- what they were started from
    """

    bundle_hash: str = ""
    settings: Settings = field(default_factory=Settings)
    confine: bool = True
    engines: list[dict[str, Engine]] = field(default_factory=list)

    def close(self) -> None:
        """End them."""
        for engines in self.engines:
            for engine in engines.values():
                engine.close()
        self.engines.clear()

    def let_go(self) -> None:
        """Forget them: processes that were forked from this one have taken them over."""
        for engines in self.engines:
            for engine in engines.values():
                engine.let_go()
        self.engines.clear()


def begin(course: Course, assignment: str, workers: int, isolation: str | None) -> Headstart:
    """Begin to start what grading an assignment will need, if it looks as if something is to be graded."""
    folder = course.root / "bundles" / assignment
    if course.may_set("db_url") or not folder.is_dir():
        return Headstart()
    waiting = len(list((course.root / "submitted").glob(f"*/{assignment}")))
    landed = len(list((course.root / RESULTS / assignment).glob("*/landed")))
    if landed >= waiting:
        return Headstart()
    try:
        bundle = load(folder)
    except BundleError:
        return Headstart()
    settings = read_settings(course)
    confine = settings.confine if isolation is None else isolation != "none"
    if not all(known(bundle, name, settings, confine=confine) for name in bundle.cells):
        return Headstart()  # first of all it is found out how they are graded
    engines = [
        {name: engine_for(bundle, name, settings, confine=confine) for name in bundle.cells}
        for _ in range(min(workers, waiting - landed))
    ]
    return Headstart(bundle.hash, settings, confine, engines)
