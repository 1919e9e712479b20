"""IPython's own `InteractiveShell`, set up the way ipykernel does, but without a kernel around it.

Nothing is read from or written to a profile, nothing waits for input, and what a kernel would send
to a front end goes into a `Recorder`.
"""

# Most of IPython's methods carry no annotations.
# mypy: allow-untyped-calls

import ast
import atexit
import os
import re
import sys
import tokenize
from collections.abc import Callable, Coroutine, Iterator
from types import CodeType
from typing import Any, NoReturn

from IPython.core import page
from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.autocall import ExitAutocall
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.extensions import ExtensionManager
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Instance, Type, default

from autograder.kernel.capture import Capture

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
# Interactive figures need a kernel's comm channel; a still picture is better than an error.
_INTERACTIVE_BACKENDS = {"notebook", "nbagg", "nbAgg", "widget", "ipympl"}

AfterStatement = Callable[[int], object]


class _ResultHook(DisplayHook):
    """Records a cell's last expression as `execute_result`."""

    def quiet(self) -> bool:
        """Return whether the cell ends in a semicolon."""
        assert self.shell is not None
        if self.shell.uncounted is None:
            # IPython looks at the last cell of `In`.
            return bool(super().quiet())
        try:
            return bool(self.semicolon_at_end_of_expression(self.shell.uncounted))
        except (SyntaxError, tokenize.TokenError):
            return False

    def start_displayhook(self) -> None:
        self._is_active = True

    def write_output_prompt(self) -> None:
        """Write nothing: the number is part of the output."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        assert self.shell is not None
        self.shell.capture.settled().result(format_dict, md_dict, self.prompt_count)

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Publisher(DisplayPublisher):
    """Records what `display` shows."""

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        self._validate_data(data, metadata)
        recorder = self.shell.capture.settled()
        display_id = (transient or {}).get("display_id")
        if update:
            recorder.update(display_id, data, metadata)
        else:
            recorder.display(data, metadata, display_id=display_id)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.capture.settled().clear(wait)


class _Extensions(ExtensionManager):
    """Loads extensions, but for autoreload: while a notebook is graded no module changes on the disk, and looking
    at every module before every cell takes longer than most cells."""

    def load_extension(self, module_str: str) -> str | None:
        if module_str.removeprefix("IPython.extensions.") != "autoreload":
            result: str | None = super().load_extension(module_str)
            return result
        assert self.shell is not None  # it is given where this is made
        for name in ("autoreload", "aimport"):
            self.shell.register_magic_function(_do_nothing, "line", name)
        return None


def _do_nothing(line: str) -> None:
    """Stand in for a magic."""


class _Exit(ExitAutocall):
    """`exit` and `quit`: end the cell, not the process that has more cells to run."""

    def __call__(self, keep_kernel: bool = False) -> NoReturn:
        raise SystemExit


def _run_async(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a cell with a top-level `await`; an interrupt cancels it, as in ipykernel."""
    loop = get_asyncio_loop()
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt:
        # An interrupt within the task has ended it already, and the loop would run for ever to wait for it.
        if task.done():
            raise
        # The loop was interrupted between two steps of the cell, which has yet to hear of it.
        task.cancel()
        return loop.run_until_complete(task)


# What IPython changes before Python sees it: lines that begin with an escape or a prompt, values of magics and shell
# commands, and questions at a line's end. Where it is inside a string, IPython finds that out.
_NOT_PLAIN = re.compile(r"^[ \t]*(?:[%!?,;/]|>>>|\.\.\.|In ?\[)|=[ \t]*[%!]|\?[ \t]*$|\r|\f", re.MULTILINE)


class Interpreter(InteractiveShell):
    """The engine: one per process, because IPython's `get_ipython` and matplotlib look for the one."""

    capture = Instance(Capture)
    after_statement = AnyTrait(None, allow_none=True)

    displayhook_class = Type(_ResultHook)
    display_pub_class = Type(_Publisher)

    shown_error: tuple[str, str] | None = None
    """Name and text of the last error that was shown since somebody set this to None."""
    callback_error: BaseException | None = None
    """What `after_statement` raised."""
    failed_line: int | None = None
    """The first line of the top-level statement that failed last, since somebody set this to None."""
    uncounted: str | None = None
    """The running cell, if it is not one of those in `In`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(colors="nocolor", banner1="", **kwargs)
        self.loop_runner = _run_async
        self._at_start = dict(self.user_ns)
        # A stack: a cell may run another through get_ipython().run_cell.
        self._watches: list[tuple[AfterStatement | None, Iterator[int]]] = []

    def init_extension_manager(self) -> None:
        """Make the manager of extensions, as IPython does."""
        self.extension_manager = _Extensions(shell=self, parent=self)
        self.configurables.append(self.extension_manager)  # type: ignore[arg-type]  # as IPython itself does

    def run(self, source: str, store_count: bool) -> BaseException | None:
        """Run a cell and return the exception that ended it."""
        self.uncounted = None if store_count else source
        result: ExecutionResult = self.run_cell(source, store_history=store_count)
        # Compared with None: the truth of an exception may be code of the notebook's.
        early: BaseException | None = result.error_before_exec
        return result.error_in_exec if early is None else early

    @default("exiter")
    def _default_exiter(self) -> ExitAutocall:
        return _Exit(self)

    # Nothing from a profile, nothing into one.

    def init_ipython_dir(self, ipython_dir: str | None) -> None:
        """Have none."""

    def init_profile_dir(self, profile_dir: object) -> None:
        """Have none, but a place in memory for what `%cd`, `%alias` and `%store` look up there."""
        self._db = {}  # type: ignore[assignment]

    def init_virtualenv(self) -> None:
        """Leave `sys.path` alone, as a kernel does."""

    def init_history(self) -> None:
        """Keep `In` and `Out` in memory, without the database and the thread that writes it."""
        manager = HistoryManager(shell=self, parent=self, enabled=False, hist_file=":memory:")
        self.history_manager = manager
        self.configurables.append(manager)  # type: ignore[arg-type]

    def init_hooks(self) -> None:
        """Let `name?` show nothing: its page goes to a front end's pager, never into the outputs."""
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(lambda *_, **__: None), 99)

    def init_environment(self) -> None:
        """Have subprocesses print instead of paging, as a kernel does."""
        os.environ.update(PAGER="cat", GIT_PAGER="cat")

    def transform_cell(self, raw_cell: str) -> str:
        """Turn magics and the like into Python; a cell that has none is Python already, which is quickly seen."""
        # What IPython does to a cell of one line alone, `exit` for instance, depends on the variables.
        lines = "\n" in raw_cell.rstrip() and raw_cell[:1] not in " \t\n"
        if lines and _NOT_PLAIN.search(raw_cell) is None and not self.input_transformers_post:
            return raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
        transformed: str = super().transform_cell(raw_cell)
        return transformed

    def should_run_async(self, raw_cell: str, **given: Any) -> bool:
        """Whether a cell has a top-level `await`; without the word it has none, and need not be compiled to see."""
        if "await" not in raw_cell and "async" not in raw_cell:
            return False
        answer: bool = super().should_run_async(raw_cell, **given)
        return answer

    def system(self, cmd: str) -> None:
        """Run a program, as `!command` asks; say so where none can be run."""
        sys.audit("os.system", cmd)
        try:
            super().system(cmd)
        except Exception as error:
            raise PermissionError("no other program can be run while a notebook is graded") from error

    def enable_gui(self, gui: object = None) -> None:
        """Accept any event loop and run none."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """Show figures inline, also where interactive ones were asked for."""
        if gui in _INTERACTIVE_BACKENDS:
            gui = "inline"
        answer: tuple[Any, Any] = super().enable_matplotlib(gui)
        return answer

    def ask_exit(self) -> NoReturn:
        """End the cell."""
        raise SystemExit

    def start_over(self) -> None:
        """Forget the session."""
        self.reset(new_session=True)
        # IPython's reset deletes these and does not put them back.
        for name, value in self._at_start.items():
            self.user_ns.setdefault(name, value)

    def dismiss(self) -> None:
        """Stop being the one shell of this process."""
        atexit.unregister(self.atexit_operations)
        self.cleanup()
        type(self).clear_instance()

    async def run_ast_nodes(self, nodelist: list[ast.stmt], *args: Any, **kwargs: Any) -> bool | None:
        """Run a cell's top-level statements, noting where each begins for `after_statement`."""
        callback, self.after_statement = self.after_statement, None
        self._watches.append((callback, iter([_first_line(node) for node in nodelist])))
        try:
            failed: bool | None = await super().run_ast_nodes(nodelist, *args, **kwargs)
            return failed
        finally:
            self._watches.pop()

    async def run_code(
        self, code_obj: CodeType, result: ExecutionResult | None = None, *, async_: bool = False
    ) -> bool:
        """Run one top-level statement, then tell whoever wants to know."""
        failed: bool = await super().run_code(code_obj, result, async_=async_)
        callback, lines = self._watches[-1] if self._watches else (None, iter(()))
        line = next(lines, None)
        if failed:
            self.failed_line = line
        if callback is None or line is None or failed:
            return failed
        try:
            callback(line)
        except BaseException as error:
            # It is not the cell's error: the cell ends here and the caller gets it.
            self.callback_error = error
            return True
        return False

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        # IPython formats every traceback a second time, for a history that is not kept here, and takes an
        # exception whose __str__ is broken for an error of the cell's own.
        return {}

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException | None, stb: list[str]) -> None:
        self.shown_error = name_and_text(evalue) if evalue is not None else (etype.__name__, "")
        self.capture.settled().error(*self.shown_error, stb)


def name_and_text(error: BaseException) -> tuple[str, str]:
    """What a kernel reports as `ename` and `evalue`."""
    name = type(error).__name__
    try:
        return name, str(error)
    except Exception:
        # A class of the notebook's own whose __str__ is broken.
        return name, "<exception str() failed>"


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def let_figures_be_inline() -> None:
    """Make inline figures matplotlib's default, without importing it."""
    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    if "matplotlib.pyplot" in sys.modules:
        # Too late for the variable.
        Interpreter.instance().enable_matplotlib("inline")


def forget_event_loop() -> None:
    """Close the event loop that cells with a top-level `await` shared."""
    loop = get_asyncio_loop()
    if not loop.is_running():
        loop.close()
