"""Do something in a forked process, which may confine itself for good."""

from __future__ import annotations

import json
import os
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

_SECONDS = 30


def apart(action: Callable[..., Any], *arguments: Any) -> Any:
    """Return what an action returns in a process of its own, as JSON makes it; fail as it fails."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # That this process has threads does not matter: the child keeps to itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        # Whatever was locked by another thread of the parent stays locked here.
        signal.alarm(_SECONDS)
        try:
            answer = {"value": action(*arguments)}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    assert text, f"the process ended with status {os.waitstatus_to_exitcode(status)}"
    answer = json.loads(text)
    assert "error" not in answer, answer.get("error")
    return answer["value"]


def tried(action: Callable[..., Any], *arguments: Any) -> str | None:
    """Return the name of the error with which something fails, or None if it does not."""
    try:
        action(*arguments)
    except OSError as error:
        return errno_name(error.errno)
    except Exception as error:
        return type(error).__name__
    return None


def errno_name(number: int | None) -> str:
    """Return the name of an error's number."""
    import errno

    return errno.errorcode.get(number or 0, str(number))
