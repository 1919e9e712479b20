"""Grades submissions of one notebook: holds its specification and two fork servers."""

from __future__ import annotations

import contextlib
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from autograder.diagnosis.catalogue import Catalogue, CatalogueError
from autograder.grading import font_cache
from autograder.grading.examination import Examination
from autograder.grading.grading_errors import GraderProcessError, ThreadsError, UnconfinedError, UnsoundBundleError
from autograder.grading.not_judged import take_back
from autograder.grading.settings import GradingLimits
from autograder.intake import budget
from autograder.intake.companion_files import Surroundings, files_in
from autograder.intake.normalize import Layout
from autograder.kernel.outputs import Output
from autograder.notebook.specification import Specification
from autograder.processes.cpu_affinity import one_processor
from autograder.processes.memory_files import Parcel
from autograder.processes.process import Process
from autograder.processes.zygote import NotConfinedError, ThreadsLeftError, Zygote
from autograder.release import Bundle
from autograder.rpc.rpc_errors import IsolationError
from autograder.sandbox.resource_limits import ProcessLimits

if TYPE_CHECKING:
    from nbformat import NotebookNode

# nbgrader tells notebooks by this variable that they are being graded.
_ENVIRONMENT = {"NBGRADER_EXECUTION": "autograde"}
_STUDENT = "autograder.processes.student_main:serve"
_GRADER = "autograder.grading.grader:serve"
_ONLY_GRADER = "autograder.grading.grader:prepare_and_serve"
READY_SECONDS = 120.0
# What may be handed in beside a notebook; a notebook in somebody's home must not bring the home along.
HANDED_IN_BYTES = budget.UNPACKED
# How many times its size a file of data may take in memory while it is read.
IN_MEMORY = 4
# Enough for every library that starts some; each takes memory of the system's own.
THREADS = 128


class Engine:
    """Grades submissions of one notebook of an assignment.

    bundle -- what was released
    name -- the notebook's name, without .ipynb
    limits -- what a submission may use
    confine -- whether both processes are confined
    for_many -- whether more than one submission will come, so that getting ready may take longer
    processes -- 2: the tests run in a process of their own; 1: in the student's
    failing -- the tests that the solution itself does not pass here, each with the error
    unsound -- those of them that it passes in a kernel: nobody is told that an answer is wrong by them

    The warm processes start at once; the first submission waits for them. Use it in a `with`, or close it.
    """

    def __init__(
        self,
        bundle: Bundle,
        name: str,
        limits: GradingLimits | None = None,
        *,
        confine: bool = True,
        for_many: bool = True,
        processes: int = 2,
        failing: Mapping[str, str] = MappingProxyType({}),
        unsound: Collection[str] = (),
    ) -> None:
        self.specification = Specification.read(bundle.notebook(name), bundle.markers_of(name))
        self.limits = limits or GradingLimits()
        self.catalogue = _catalogue(bundle, name)
        self._bundle = bundle
        self._confine = confine
        self._for_many = for_many
        self._processes = processes
        self._failing = dict(failing)
        self._unsound = frozenset(unsound)
        self._folder = _folder_for_nobody("autograder-engine-")
        self._student_zygote = self._begin_student_zygote()
        self._grader_zygote = self._begin_grader_zygote() if for_many and processes == 2 else None

    def examine(
        self,
        notebook: NotebookNode,
        handed_in: Path | None,
        *,
        keep: Collection[str] = (),
        known: Mapping[str, list[Output]] | None = None,
        around: Surroundings | None = None,
        carried_credit: float | None = 1.0,
        attempt: int = 1,
    ) -> Examination:
        """Run a submission, writing outputs into the notebook.

        handed_in -- the folder with what was handed in beside it; the student's code works in a copy of it, in which
        the assignment's own files replace any of the same name; None if there is none
        keep -- the names of files of which the student's own version is kept
        known -- the outputs of tests that need not run again, by grade_id
        around -- what else is to be beside the notebook, and what is not
        carried_credit -- the part of the points for a test that is right with references in place of functions that
            are wrong; None to judge every function together with those that it needs
        attempt -- which of an entry's hints is told
        Raises GradingError if it could not be judged through no fault of the student's.
        """
        options = (frozenset(keep), known, around or Surroundings(), carried_credit, attempt)
        # If something is lost on the way, the submission need not have been the reason; if it was, it is so again, and
        # then that counts.
        try:
            examination = self._examine(notebook, handed_in, *options)
        except GraderProcessError:
            self._renew()
            return self._examine(notebook, handed_in, *options)
        if examination.disturbed:
            repairs = examination.repairs
            examination = self._examine(notebook, handed_in, *options)
            examination.repairs = [*repairs, *examination.repairs]
        examination.not_judged = take_back(notebook, self._unsound)
        return examination

    def _examine(
        self,
        notebook: NotebookNode,
        handed_in: Path | None,
        keep: frozenset[str],
        known: Mapping[str, list[Output]] | None,
        around: Surroundings,
        carried_credit: float | None,
        attempt: int,
    ) -> Examination:
        # Imported while the warm processes get ready, not before they are started.
        from autograder.grading.examination import Examiner  # noqa: PLC0415

        try:
            found, size = _files(handed_in)
            files = {name: path for name, path in found.items() if around.shows(name)}
            own = _files(self._bundle.files)[0]
            replacing = {name: path for name, path in own.items() if name not in keep or name not in files}
            if keep.isdisjoint(files):
                replacing |= self._compiled
            beside: dict[str, Path | bytes] = {
                **(files if size <= HANDED_IN_BYTES else {}),
                **around.files,
                **replacing,
            }
            # Twice: where a solution runs for one submission only, it has a copy of its own.
            room = self._process_limits(2 * sum(path.stat().st_size for path in own.values()))
            with contextlib.ExitStack() as stack:
                temporary = stack.enter_context(_temporary_folder())
                stack.enter_context(one_processor())
                handed = stack.enter_context(Parcel(beside))
                grader = None
                if self._processes == 2:
                    released = stack.enter_context(Parcel(own))
                    kept = sorted(keep & files.keys())
                    grader = stack.enter_context(self._fork_grader(temporary / "tests", released, kept, room))
                fork = self._fork_student(handed, temporary, room)
                examiner = Examiner(
                    self.specification, self.layout.exercises, fork, grader, self.limits, carried_credit, self.catalogue
                )
                examination = examiner.examine(notebook, known, attempt)
            _refuse_dead(*self._zygotes())  # with whom what was forked from them has died
        except (IsolationError, OSError) as error:
            raise GraderProcessError(f"the machine could not run the submission: {error}") from error
        if size > HANDED_IN_BYTES:
            note = f"{size >> 20} MiB lie beside the notebook, more than {HANDED_IN_BYTES >> 20}: none of it was copied"
            examination.notes.append(note)
        return examination

    @cached_property
    def layout(self) -> Layout:
        """What lays out submissions as the assignment's own cells are."""
        return Layout.of(self.specification)

    @property
    def layers(self) -> list[str]:
        """The names of the layers that confine a student's process."""
        return self._ready(self._student_zygote).layers

    @property
    def failing_tests(self) -> dict[str, str]:
        """The tests that the solution itself does not pass, each with the error; nobody can pass them."""
        report = self._ready(self._grader_zygote).report if self._grader_zygote else {}
        return report | self._failing

    def _refuse_unable(self, report: dict[str, str]) -> None:
        """Raise UnsoundBundleError if this machine lacks what the master imports: that is not a wrong answer."""
        for grade_id, error in report.items():
            if error.startswith(("ModuleNotFoundError", "ImportError")):
                raise UnsoundBundleError(f"{grade_id} of the solution cannot run on this machine: {error}")

    @cached_property
    def _compiled(self) -> dict[str, Path]:
        """The helper modules, compiled: every submission imports them, and none has to compile them again."""
        compiled = {}
        for name, path in _files(self._bundle.files)[0].items():
            if name.endswith(".py") and "/" not in name:
                place = f"__pycache__/{path.stem}.{sys.implementation.cache_tag}.pyc"
                target = self._folder / place
                unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
                with contextlib.suppress(py_compile.PyCompileError):
                    py_compile.compile(str(path), str(target), name, doraise=True, invalidation_mode=unchecked)
                    compiled[place] = target
        return compiled

    def close(self) -> None:
        """End the warm processes and everything that was forked from them."""
        for zygote in self._zygotes():
            zygote.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _renew(self) -> None:
        """End the warm processes, and start others."""
        for zygote in self._zygotes():
            zygote.close()
        self._student_zygote = self._begin_student_zygote()
        self._grader_zygote = self._begin_grader_zygote() if self._for_many and self._processes == 2 else None

    def let_go(self) -> None:
        """Forget the warm processes, for a process that was forked from this one goes on with them."""
        for zygote in self._zygotes():
            zygote.let_go()

    def _zygotes(self) -> list[Zygote]:
        return [one for one in (self._student_zygote, self._grader_zygote) if one is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fork_student(self, files: Parcel, temporary: Path, room: ProcessLimits) -> Callable[[], Process]:
        """Return what makes a new process for a student, each with a fresh copy of the student's files."""
        zygote = self._ready(self._student_zygote)
        count = iter(range(1_000_000))
        return lambda: zygote.fork(_STUDENT, {}, temporary / f"student-{next(count)}", files=files, limits=room)

    def _fork_grader(self, folder: Path, files: Parcel, kept: list[str], room: ProcessLimits) -> Process:
        """Return a process that has run the solved notebook. Raises GradingError if it cannot judge.

        kept -- the names of files of which the student's own version lies beside the notebook
        """
        if self._grader_zygote is not None:
            graders = self._ready(self._grader_zygote)
            self._refuse_unable(graders.report)
            return graders.fork(_GRADER, {"kept": kept}, folder, files=files, limits=room)
        # For a single submission one warm process serves both: the solution runs in a fork of it, so what the
        # student's process is forked from never sees it.
        script = self._solution() | {"kept": kept}
        only = self._ready(self._student_zygote)
        with contextlib.ExitStack() as stack:
            grader = only.fork(_ONLY_GRADER, script, folder, files=files, limits=room)
            stack.enter_context(grader)
            answer: Any = grader.channel.receive(time.monotonic() + READY_SECONDS)
            if answer[0] != "ready":
                trace = answer[1]["traceback"].strip()
                raise GraderProcessError(f"the solved notebook ends its process: {trace[-200:]}")
            self._refuse_unable(answer[1])
            stack.pop_all()
        return grader

    def _solution(self) -> dict[str, Any]:
        """Return what the grader's process, and no other, is to know."""
        known = self.catalogue.plain() if self.catalogue else []
        files = sorted(_files(self._bundle.files)[0])
        return {"script": self.specification.script(), "misconceptions": known, "files": files}

    def _process_limits(self, own: int) -> ProcessLimits:
        """What the kernel is told. The host keeps the time; the limit on processor time is for when it does not.

        own -- bytes of the assignment's own files, which count for no student
        """
        cpu = int(self.limits.submission * (os.cpu_count() or 1)) + 10
        return ProcessLimits(self.limits.memory + IN_MEMORY * own, self.limits.scratch + own, cpu, THREADS)

    def _ready(self, zygote: Zygote) -> Zygote:
        """Return a warm process when it is ready."""
        try:
            zygote.wait_until_ready()
        except NotConfinedError as error:
            raise UnconfinedError(str(error)) from error
        except ThreadsLeftError as error:
            raise ThreadsError(f"Nothing can be graded: {error}.") from error
        font_cache.keep(self._folder / "student" / "matplotlib")
        _refuse_dead(zygote)
        return zygote

    def _begin_student_zygote(self) -> Zygote:
        folder = self._folder / "student"
        font_cache.restore(folder / "matplotlib")
        own = {path.stem for path in self._bundle.files.glob("*.py")} if self._bundle.files.is_dir() else set()
        modules = [name for name in self.specification.modules if name not in own]
        if "matplotlib" in modules:
            modules.append("matplotlib.pyplot")
        return Zygote.begin(
            prepare="autograder.processes.preload:warm_up",
            arguments={"modules": modules, "draw": self._for_many, "output": self.limits.output},
            environment=_ENVIRONMENT,
            directory=folder,
            confine=self._confine,
            entries=[_STUDENT] if self._for_many else [_STUDENT, _ONLY_GRADER],
        )

    def _begin_grader_zygote(self) -> Zygote:
        folder = self._folder / "grader"
        font_cache.restore(folder / "matplotlib")
        _copy(_files(self._bundle.files)[0], folder)
        return Zygote.begin(
            prepare="autograder.grading.grader:prepare",
            arguments=self._solution(),
            environment=_ENVIRONMENT,
            directory=folder,
            confine=self._confine,
            entries=[_GRADER],
        )


def _catalogue(bundle: Bundle, name: str) -> Catalogue | None:
    """Return the catalogue that was released, None if it cannot be read: grading does not need it."""
    path = bundle.catalogue(name)
    with contextlib.suppress(CatalogueError):
        return None if path is None else Catalogue.read(path)
    return None


def _refuse_dead(*zygotes: Zygote) -> None:
    if not all(zygote.alive for zygote in zygotes):
        raise GraderProcessError("a warm process has died; grade again, and look at the machine's memory")


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = _folder_for_nobody("autograder-submission-")
    try:
        yield folder
    finally:
        _remove(folder)


def _folder_for_nobody(prefix: str) -> Path:
    """Make a folder that an unprivileged process can pass through and nobody else can list."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    return folder


def _remove(folder: Path) -> None:
    """Remove a folder that a student's code has worked in, however deep it made it."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        subprocess.run(["rm", "-rf", "--", str(folder)], check=False, stderr=subprocess.DEVNULL)


def _files(folder: Path | None) -> tuple[dict[str, Path], int]:
    """Return the files of a folder, by their places in it, and their size; links are left out."""
    if folder is None:
        return {}, 0
    files = {place: folder / place for place in files_in(folder)}
    return files, sum(path.stat().st_size for path in files.values() if path.is_file())


def _copy(files: dict[str, Path], target: Path) -> None:
    """Copy files to their places in a folder, over what is there."""
    target.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        shutil.copyfile(path, place)
