"""Ends or reports threads that a notebook's cells leave running, because only a single thread may fork."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import sys
import threading
import time
from contextlib import suppress


def running_threads() -> list[str]:
    """Return the names of all threads but the main one."""
    return [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def end_threads(seconds: float) -> list[str]:
    """End what can be ended, wait for the rest, and return the names of those that still run after some seconds."""
    if not running_threads():
        return []
    _end_bars()
    _end_scripts()
    # Whoever has them may have forgotten them: a pool or a loop in a cell is bound to no name any more.
    for thing in gc.get_objects():
        if isinstance(thing, concurrent.futures.ThreadPoolExecutor):
            thing.shutdown(wait=False, cancel_futures=True)
        elif isinstance(thing, asyncio.BaseEventLoop) and thing.is_running():
            with suppress(RuntimeError):
                thing.call_soon_threadsafe(thing.stop)
        elif isinstance(thing, threading.Timer):
            thing.cancel()
    end = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(max(0.0, end - time.monotonic()))
    return running_threads()


def _end_bars() -> None:
    """End what tqdm watches its bars with."""
    tqdm = sys.modules.get("tqdm.std")
    monitor = getattr(getattr(tqdm, "tqdm", None), "monitor", None)
    if monitor is not None:
        monitor.exit()
        tqdm.tqdm.monitor = None  # type: ignore[union-attr]


def _end_scripts() -> None:
    """End what IPython runs %%bash and the like with; it makes another when it is wanted."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    scripts = shell.magics_manager.registry.get("ScriptMagics") if shell is not None else None
    if scripts is not None and hasattr(scripts, "stop_event_loop"):
        scripts.stop_event_loop()
