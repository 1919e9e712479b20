"""Runs an awaitable to its end in this process's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

__all__ = ["complete"]


def complete(awaitable: Awaitable[Any]) -> Any:
    """Return what `awaitable` comes to, or raise what it raises; an interrupt cancels it and raises here."""
    # IPython's, in which cells with an `await` run; what they made there belongs to it.
    from IPython.core.async_helpers import get_asyncio_loop  # noqa: PLC0415 (whoever awaits has imported it)

    outer = asyncio._get_running_loop()
    loop = get_asyncio_loop() if outer is None else None  # type: ignore[no-untyped-call]
    if loop is not None and not loop.is_running():
        return _run(loop, awaitable)
    # Asked in the middle of what a loop runs, which cannot be run in itself.
    inner = asyncio.new_event_loop()
    asyncio._set_running_loop(None)
    try:
        return _run(inner, awaitable)
    finally:
        asyncio._set_running_loop(outer)
        inner.close()


def _run(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[Any]) -> Any:
    task = loop.create_task(_wait_for(awaitable))
    try:
        return loop.run_until_complete(task)
    except BaseException:
        # An interrupt within the task has ended it already, and the loop would run for ever to wait for it.
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
                loop.run_until_complete(task)
        raise


async def _wait_for(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
