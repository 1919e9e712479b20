"""The course's folders, its assignments and its configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.release import bundles_folder

CONFIG = "nbgrader_config.py"


class CourseError(Exception):
    """The command was given something that the course does not have; the message says what it has."""


@dataclass(frozen=True)
class Assignment:
    """One assignment: a master, and what is made of it."""

    course: Course
    name: str

    @property
    def master(self) -> Path:
        """The text notebook in which the content is edited."""
        return self.course.masters / f"{self.name}.py"

    @property
    def catalogue(self) -> Path:
        """The misconceptions that wrong answers are recognised by; not every assignment has them."""
        return self.master.with_name(f"{self.name}.misconceptions.toml")

    @property
    def survivors(self) -> Path:
        """Why some mutants of the solution pass all tests; not every assignment needs it."""
        return self.master.with_name(f"{self.name}.survivors.toml")

    @property
    def source(self) -> Path:
        """nbgrader's input: the solved notebook."""
        return self.course.root / "source" / self.name / f"{self.name}.ipynb"

    @property
    def release(self) -> Path:
        """What students get."""
        return self.course.root / "release" / self.name / f"{self.name}.ipynb"


@dataclass(frozen=True)
class Course:
    """A course is a folder with an nbgrader configuration and masters in `notebooks/`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Return the course that `start` (the current folder, if None) lies in.

        Raises CourseError if neither it nor a folder above it is a course.
        """
        start = (start or Path.cwd()).resolve()
        for folder in [start, *start.parents]:
            if (folder / CONFIG).is_file() and (folder / "notebooks").is_dir():
                return cls(folder)
        raise CourseError(
            f"{start} is not in a course: no folder from here upwards has both {CONFIG} and notebooks/. "
            "Change into the course's folder first."
        )

    @property
    def masters(self) -> Path:
        """The folder of the masters."""
        return self.root / "notebooks"

    def assignments(self, names: Iterable[str] = ()) -> list[Assignment]:
        """Return the named assignments, or all of them in alphabetical order.

        Raises CourseError if a name is unknown.
        """
        known = sorted(path.stem for path in self.masters.glob("*.py"))
        chosen = list(names) or known
        for name in chosen:
            if name not in known:
                raise CourseError(f"There is no assignment {name!r}. There is: {', '.join(known) or 'none'}.")
        return [Assignment(self, name) for name in chosen]

    @property
    def bundles(self) -> Path:
        """The folder of what was released, by assignment."""
        given = self.nbgrader_config().CourseDirectory.get("db_url") if self.may_set("db_url") else None
        return bundles_folder(given, self.root) if isinstance(given, str) else self.root / "bundles"

    def may_set(self, *names: str) -> bool:
        """Tell, without running it, whether the course's configuration may set one of these.

        Running it takes seconds, because it imports nbgrader.
        """
        text = (self.root / CONFIG).read_text(encoding="utf-8")
        return any(word in text for word in (*names, "load_subconfig", "merge("))

    def nbgrader_config(self, root: Path | None = None) -> Any:
        """Return the course's nbgrader configuration; for `root`, if given, with folders and gradebook of its own.

        Returns a traitlets Config.
        """
        from traitlets.config.loader import PyFileConfigLoader  # noqa: PLC0415 (heavy, and not every command needs it)

        config = PyFileConfigLoader(CONFIG, path=str(self.root)).load_config()
        if root is not None:
            for place in [name for name in config.CourseDirectory if name == "db_url" or name.endswith("_directory")]:
                del config.CourseDirectory[place]
        config.CourseDirectory.root = str(root or self.root)
        return config
