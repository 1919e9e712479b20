"""Runs the cells of a notebook in this process, as a kernel would, and returns their outputs."""

import builtins
import contextlib
import getpass
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from IPython.core.error import StdinNotImplementedError

from autograder.kernel.capture import Capture
from autograder.kernel.interpreter import (
    AfterStatement,
    Interpreter,
    forget_event_loop,
    let_figures_be_inline,
    name_and_text,
)
from autograder.kernel.outputs import CELL_BYTES, Output
from autograder.kernel.recorder import Recorder


@dataclass(frozen=True)
class CellRun:
    """The result of running a cell.

    `failed_line` is where the statement begins that did not end well, None if all did or none was begun.

    `ename` and `evalue` are those of the error that ended it (or that IPython showed while
    formatting its result), or None.
    """

    outputs: list[Output]
    ename: str | None
    evalue: str | None
    seconds: float
    failed_line: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the cell ran to its end."""
        return self.ename is None


class Shell:
    """A notebook's interpreter. There can be one in a process.

    It may be made in one process and used in its forks: descriptors are opened on first use, or by `open`.
    """

    def __init__(self, *, limit: int = CELL_BYTES) -> None:
        self._capture = Capture(Recorder(limit))
        self._replaced = (builtins.input, getpass.getpass, sys.path[:], sys.modules["__main__"])
        self.interpreter = Interpreter.instance(capture=self._capture)
        self._handlers = _handle_timers()
        builtins.input = _no_input
        getpass.getpass = _no_getpass
        # A notebook imports the files beside it.
        if "" not in sys.path:
            sys.path.insert(0, "")
        let_figures_be_inline()

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's variables, the dictionary of its `__main__`."""
        namespace: dict[str, Any] = self.interpreter.user_ns
        return namespace

    @property
    def execution_count(self) -> int:
        """The number of the next cell."""
        count: int = self.interpreter.execution_count
        return count

    @execution_count.setter
    def execution_count(self, count: int) -> None:
        self.interpreter.execution_count = count

    def run(self, source: str, *, after_statement: AfterStatement | None = None, store_count: bool = True) -> CellRun:
        """Run a cell.

        *after_statement* is called with the number of its first line in *source* after each top-level
        statement that did not fail; if it raises, the cell ends and the exception comes out here.
        With *store_count* false, the cell is not counted and not kept in `In`.
        """
        interpreter = self.interpreter
        interpreter.shown_error = interpreter.callback_error = interpreter.failed_line = None
        blank = _leading_blank_lines(source)
        if after_statement is not None:
            interpreter.after_statement = _shifted(after_statement, blank)
        started = time.perf_counter()
        error: BaseException | None = None
        with self.recording():
            self.drain()
            try:
                error = interpreter.run(source, store_count)
            except KeyboardInterrupt as interrupt:
                # It came just before or after the cell's own code, where IPython does not catch it.
                interpreter.showtraceback()
                error = interrupt
            finally:
                _stop_timers()
                interpreter.after_statement = None
            seconds = time.perf_counter() - started
        outputs = self.drain()
        if interpreter.callback_error is not None:
            raise interpreter.callback_error
        shown = interpreter.shown_error or (None, None)
        ename, evalue = shown if error is None else name_and_text(error)
        line = None if interpreter.failed_line is None else interpreter.failed_line + blank
        return CellRun(outputs, ename, evalue, seconds, line)

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Record what is printed inside, for `drain`; an interrupt (SIGINT) raises inside only."""
        self._capture.install()
        process = os.getpid()
        with interruptible():
            try:
                yield
            finally:
                if os.getpid() != process:
                    # The notebook forked, and this is the child, come to the end of its cell:
                    # it must not go on as a second speaker on its parent's socket.
                    self._capture.flush()
                    os._exit(0)

    def drain(self) -> list[Output]:
        """Return the outputs recorded since the last call."""
        if self._capture.owner is None:
            return self._capture.recorder.take()
        return self._capture.finish().take()

    def forget(self) -> None:
        """Forget all variables and results, and count the cells from 1 again."""
        self.interpreter.start_over()
        for name in ("last_type", "last_value", "last_traceback"):
            with contextlib.suppress(AttributeError):
                delattr(sys, name)

    def open(self) -> None:
        """Take stdout, stderr and the descriptors, until `release`."""
        self._capture.install()

    def release(self) -> None:
        """Give back stdout, stderr and the descriptors until the next `run` or `recording`."""
        self._capture.remove()
        # It has descriptors, too, which a forked process would not have.
        forget_event_loop()

    def close(self) -> None:
        """Undo what making the shell changed in the process, as far as IPython allows."""
        self.release()
        self.interpreter.dismiss()
        builtins.input, getpass.getpass, sys.path[:], sys.modules["__main__"] = self._replaced
        for number in self._handlers:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT raise `KeyboardInterrupt` inside, whatever was done to it before, and restore that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        # None: it was set by other means than Python's, and what that was cannot be told.
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


# The signals of timers, by the timers.
_TIMERS = {
    signal.ITIMER_REAL: signal.SIGALRM,
    signal.ITIMER_VIRTUAL: signal.SIGVTALRM,
    signal.ITIMER_PROF: signal.SIGPROF,
}


def _handle_timers() -> list[signal.Signals]:
    """Have a timer that goes off raise an error, where it would end the process; return which signals that are."""

    def raise_error(number: int, _: FrameType | None) -> NoReturn:
        raise TimeoutError(f"{signal.Signals(number).name}: a timer went off that nobody handles")

    if threading.current_thread() is not threading.main_thread():
        return []
    unhandled = [number for number in _TIMERS.values() if signal.getsignal(number) is signal.SIG_DFL]
    for number in unhandled:
        signal.signal(number, raise_error)
    return unhandled


def _stop_timers() -> None:
    """A timer that a cell has set ends with it: the next cell, or this process itself, is not to be interrupted."""
    for timer in _TIMERS:
        signal.setitimer(timer, 0)


def _leading_blank_lines(source: str) -> int:
    """Lines that IPython removes before it numbers the rest."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        if line.strip():
            return number
    return 0


def _shifted(callback: AfterStatement, lines: int) -> AfterStatement:
    return lambda first_line: callback(first_line + lines)


def _no_input(prompt: object = "", /) -> NoReturn:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _no_getpass(prompt: str = "", stream: object = None, **_: object) -> NoReturn:
    raise StdinNotImplementedError("getpass was called, but this frontend does not support input requests.")
