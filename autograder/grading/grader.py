"""The grader process: has run the solved master, and runs a submission's tests.

    ["run", {"grade_id", "number", "fresh", "lend"}]  from the host, answered by
    ["done", {"outputs", "ename", "evalue", "seconds", "broken"}]
    ["run", {"functions", "failed", "number", "fresh"}]   when all tests have run: why do these functions fail?
    ["done", {"misconceptions"}]
    ["request", {...}]                                from the student's process, answered by ["reply", {...}]
    ["interrupt", None]                               to the host: a test no longer waits for the student's reply

`fresh` says that the student's process is another one than before. With `lend`, names of functions, a test is run a
second time, with the namespace that it had and with references in place of these functions of the student's. What the
student's functions print while a test runs is shown as plain output of the test, never as a result, an error or stderr.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.diagnosis.remote import Diagnostician
from autograder.grading.student_modules import stand_in
from autograder.grading.test_namespace import GraderNamespace, Moment, NamesInMemory, moment, variables
from autograder.kernel.outputs import Output, demote, error_output, sanitise, without_stderr
from autograder.kernel.shell import Shell
from autograder.notebook import python_source
from autograder.notebook.grade_cell import GradeCell
from autograder.notebook.ownership import Owned, Step, owned
from autograder.processes.preload import Warm
from autograder.rpc.channel import Channel, Plain
from autograder.rpc.peer import Peer
from autograder.rpc.reference_proxies import Loans
from autograder.rpc.rpc_errors import ChannelClosed, MalformedMessage, WireError
from autograder.rpc.standard_values import is_fixed
from autograder.rpc.value_limits import Limits
from autograder.rpc.working_folder import SharedFiles

_FAILURE = """
def fail():
    raise AssertionError("expected")
fail()
"""


@dataclass
class Prepared:
    """What is ready before any submission comes: the master has run, and what it changed is known.

    steps -- the master's cells, and what they did
    files -- the files that the assignment brings, by their places; of modules with their content
    report -- the tests that the solution itself does not pass, each with the error, and the cells that cannot import
        what they need
    diagnostician -- knows the misconceptions, if there is a catalogue
    """

    shell: Shell
    diagnostician: Diagnostician | None = None
    cells: dict[str, GradeCell] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    owned: dict[str, Owned] = field(default_factory=dict)
    report: dict[str, str] = field(default_factory=dict)

    def get_ready(self) -> None:
        """Open what a forked process may not have the right to open later."""
        self.shell.open()


def prepare(script: list[dict[str, Any]], misconceptions: list[dict[str, Any]], files: Sequence[str]) -> Prepared:
    """Run a solved notebook, as `Plan.script` gives it, and note what each test is to see: for `Zygote.start`.

    misconceptions -- as `Catalogue.plain` gives them
    files -- the places of the files that the assignment brings
    """
    shell = Shell()
    # A failure takes long the first time: what a traceback is made with looks at every module.
    shell.run(_FAILURE, store_count=False)
    shell.forget()
    prepared = _prepare(script, misconceptions, files, shell)
    if prepared.diagnostician is not None:
        with contextlib.suppress(Exception):  # what is not known is not diagnosed; see below
            prepared.diagnostician.learn()
    # Nothing stays open: the forked processes open their own.
    prepared.shell.release()
    return prepared


def _prepare(
    script: list[dict[str, Any]], misconceptions: list[dict[str, Any]], files: Sequence[str], shell: Shell
) -> Prepared:
    prepared = Prepared(shell, files=_modules(files))
    before: dict[str, Any] = {}
    for step in script:
        namespace = prepared.shell.namespace
        at_first = variables(namespace)
        cell = GradeCell.from_plain(step) if "grade_id" in step else None
        if cell is not None:
            prepared.cells[cell.grade_id] = cell
            prepared.moments[cell.grade_id] = moment(before, variables(namespace))
        run = prepared.shell.run(step["source"], store_count=False)
        if cell is not None:
            before = variables(namespace)
            if run.ename is not None:
                prepared.report[cell.grade_id] = f"{run.ename}: {run.evalue}"
        prepared.steps.append(_what_it_did(step, at_first, variables(namespace)))
        if (
            cell is None
            and run.ename is not None
            and (missing := python_source.not_imported(step["source"], namespace))
        ):
            # Whatever the error is called: a test would take names that are missing from the student.
            prepared.report[f"the cell that imports {missing[0]}"] = f"ImportError: {run.ename}: {run.evalue}"
    prepared.owned = owned(prepared.steps, prepared.files)
    if misconceptions:
        # Grading does not depend on the diagnosis. What is wrong with a catalogue, `autograder validate` says.
        with contextlib.suppress(Exception):
            prepared.diagnostician = Diagnostician(script, variables(shell.namespace), misconceptions)
    return prepared


def _what_it_did(step: dict[str, Any], before: dict[str, Any], now: dict[str, Any]) -> Step:
    role = "test" if "grade_id" in step else "solution" if "written" in step else "given"
    bound = {name for name, value in now.items() if name not in before or before[name] is not value}
    fixed = {name for name, value in now.items() if is_fixed(value)}
    return Step(step["source"], role, step.get("grade_id"), step.get("written", ""), frozenset(bound), frozenset(fixed))


def _module_at(place: str) -> str:
    """Return the name of the module in a file."""
    return place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _modules(files: Sequence[str]) -> dict[str, str]:
    """Return these files, and of modules with their content."""
    return {
        place: Path(place).read_text(encoding="utf-8", errors="replace") if place.endswith(".py") else ""
        for place in files
    }


def serve(channel: Channel, state: Prepared, kept: Sequence[str] = ()) -> None:
    """Be the grader process of one submission: the entry for `Zygote.fork`.

    kept -- the names of files of which the student's own version lies beside the notebook
    """
    Grader(channel, state, kept).serve()


def prepare_and_serve(
    channel: Channel,
    state: Warm,
    script: list[dict[str, Any]],
    misconceptions: list[dict[str, Any]],
    files: Sequence[str],
    kept: Sequence[str],
) -> None:
    """Be the grader process of the only submission that will come; begins with ["ready", report]."""
    with _elsewhere():
        prepared = _prepare(script, misconceptions, files, state.shell)
    channel.send(["ready", dict(prepared.report)])
    serve(channel, prepared, kept)


def _explained(output: Output, refused: dict[str, str]) -> Output:
    """Say of a name that is missing why: what it stands for could not be brought here."""
    why = next((why for name, why in refused.items() if repr(name) in output.get("evalue", "")), None)
    return output if why is None else output | {"evalue": f"{output['evalue']} here: {why}"}


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """Work in a copy of this folder: a test must not find a file that the solution has written."""
    here = Path.cwd()
    copy = here.with_name(f"{here.name}-solution")
    shutil.copytree(here, copy)
    os.chdir(copy)
    try:
        yield
    finally:
        os.chdir(here)  # the copy stays: tracebacks quote the modules in it


class Grader:
    """Runs tests, one after the other, in one namespace."""

    def __init__(self, channel: Channel, prepared: Prepared, kept: Sequence[str] = ()) -> None:
        self._channel = channel
        self._prepared = prepared
        self._entered = 0  # how many of the master's moments the namespace has
        self._memories: dict[str, tuple[int, NamesInMemory]] = {}  # before each test
        self._names = GraderNamespace(prepared.shell.namespace, map(_module_at, prepared.files))
        self._names.start_over()
        self._files = SharedFiles.here(Limits(), guarded=True, protected=prepared.files)
        self._student = self._meet()
        self._owned = owned(prepared.steps, prepared.files, kept) if kept else prepared.owned
        modules = next(reversed(self._owned.values())).modules if self._owned else frozenset[str]()
        stand_in(modules, lambda: self._student)

    def serve(self) -> None:
        """Answer until the host hangs up."""
        self._files.watch()
        with contextlib.suppress(ChannelClosed):
            while True:
                try:
                    message: Any = self._channel.receive()
                except MalformedMessage as error:
                    # The host hands on what the student's process says without looking into it.
                    self._channel.send(["refused", str(error)])
                    continue
                if type(message) is list and message[0] == "run":
                    # Whatever was said before belongs to a cell that is over.
                    self._channel.send(["begun", message[1]["number"]])
                    run = self._diagnose if "functions" in message[1] else self._run
                    self._channel.send(["done", run(**message[1])])
                else:
                    self._serve_student(message)

    def _meet(self) -> Peer:
        """Begin a conversation with a student's process."""
        self._names.new_student()
        self._files.tell_again()
        return Peer(
            self._channel,
            send_random_state=True,
            before_call=lambda: self._names.synchronise(self._student),
            after_call=lambda: self._names.refresh(self._student),
            give_up=lambda: self._channel.send(["interrupt", None]),
            on_outputs=self._show,
            files=self._files,
        )

    def _serve_student(self, message: Any) -> None:
        """Answer a student's cell that calls something of a test's; the host hears if that makes no sense."""
        try:
            self._student.serve(message)
        except WireError as error:
            self._channel.send(["refused", str(error)])
        except KeyboardInterrupt:
            self._channel.send(["refused", "its time was up"])

    def _run(self, grade_id: str, number: int, fresh: bool, lend: list[str]) -> dict[str, Any]:
        if fresh:
            self._student = self._meet()
        self._remember(grade_id, again=bool(lend))
        shell, cell = self._prepared.shell, self._prepared.cells[grade_id]
        shell.execution_count = number
        loans: Loans | None = None
        with contextlib.suppress(WireError):  # the test will find the names unbound, and the host knows why
            self._names.enter(cell, self._owned[grade_id], self._moments_until(grade_id), self._student)
            loans = self._names.lend(lend, self._student) if lend else None
        with self._student.open_to_threads():
            run = shell.run(cell.source, after_statement=self._names.seen)
        self._files.look_again()
        with contextlib.suppress(WireError):
            self._names.synchronise(self._student)
            self._student.tell_files()
            if loans is not None:
                self._names.take_back(loans, lend, self._student)
        outputs = [without_stderr(output) for output in run.outputs]
        if run.ename is not None and not any(output["output_type"] == "error" for output in outputs):
            # IPython prints some errors, groups of exceptions among them, and records none.
            outputs.append(error_output(run.ename, run.evalue or "", [f"{run.ename}: {run.evalue}"]))
        if run.ename == "NameError":
            outputs = [_explained(output, self._names.refused) for output in outputs]
        return {
            "outputs": outputs,
            "ename": run.ename,
            "evalue": run.evalue,
            "seconds": run.seconds,
            "broken": str(self._student.broken) if self._student.broken else None,
        }

    def _diagnose(self, functions: list[str], failed: list[str], number: int, fresh: bool) -> dict[str, Any]:
        """Say what explains functions that failed; without `failed` only learn what has to be known for that."""
        found: dict[str, list[str]] = {}
        doctor = self._prepared.diagnostician
        if fresh and failed:
            self._student = self._meet()
        if doctor is not None and not failed:
            doctor.learn(functions)
        elif doctor is not None:
            # The tests are over. Whatever a student's function brings about, what was found until then is told.
            with contextlib.suppress(BaseException):
                for name, misconceptions in doctor.consult(self._student, functions, failed):
                    found[name] = misconceptions
        return {"misconceptions": found}

    def _remember(self, grade_id: str, *, again: bool) -> None:
        """Note what the names are before a test, or make them that for the second run."""
        if not again:
            self._memories[grade_id] = (self._entered, self._names.memory())
        elif grade_id in self._memories:
            self._entered, memory = self._memories[grade_id]
            self._names.recall(memory)
        else:
            self._entered = 0

    def _moments_until(self, grade_id: str) -> list[Moment]:
        """Return what the master changed since the last test that ran, up to this one, in the master's order."""
        order = list(self._prepared.moments)
        begin, end = self._entered, order.index(grade_id) + 1
        self._entered = max(begin, end)
        return [self._prepared.moments[name] for name in order[min(begin, end - 1) : end]]

    def _show(self, outputs: list[Plain]) -> None:
        """Show what the student's function printed or displayed, where it did."""
        for output in demote(sanitise(outputs)):
            if output["output_type"] == "stream":
                sys.stdout.write(output["text"])
            else:
                self._prepared.shell.interpreter.display_pub.publish(output["data"], output["metadata"])
