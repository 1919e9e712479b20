"""Prepares this process for nbgrader, and restores it afterwards."""

from __future__ import annotations

import logging
import os
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def scripts_on_path() -> Iterator[None]:
    """Let nbgrader find the programs installed beside it, even if the virtual environment is not activated.

    It starts `alembic` by name to create or upgrade a gradebook.
    """
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def shown_address(db_url: str) -> str:
    """Return a gradebook's address as it can be shown: without its password."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 (not every command that imports this has a gradebook)

    return make_url(db_url).render_as_string(hide_password=True)


@contextmanager
def nbgrader_log() -> Iterator[tuple[logging.Logger, list[str]]]:
    """Yield a logger for nbgrader, and the list of what went wrong by it.

    nbgrader logs an error as a whole traceback; the last line of one is what a person can use.
    """
    messages: list[str] = []
    log = logging.Logger("autograder.nbgrader", level=logging.ERROR)
    handler = _LastLines(messages)
    log.addHandler(handler)
    with warnings.catch_warnings():
        # nbgrader's own queries, which its authors have not adapted to SQLAlchemy 2.1; the results are right.
        warnings.filterwarnings("ignore", message="Object of type .* not in session")
        yield log, messages


class _LastLines(logging.Handler):
    """Keep the last line of each message in a list, without what nbgrader only says to wrap up."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__()
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        text = record.getMessage().strip().split("\n")[-1]
        if not text.startswith(("There was an error processing", "Please see the")):
            self.messages.append(text)
