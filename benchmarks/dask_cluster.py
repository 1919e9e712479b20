"""A Dask cluster of processes on this machine, started as an administrator starts one on many."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client

STARTING_SECONDS = 120.0
# Else a worker looks a hundred times a second at what it is doing, and keeps the last thousand seconds of that.
WITHOUT_PROFILE = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}


class Cluster:
    """A scheduler, and workers that come and go. Use it in a `with`.

    folder -- for the processes' files and what they print
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def __enter__(self) -> Cluster:
        file = self._folder / "scheduler.json"
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        end = time.monotonic() + STARTING_SECONDS
        while not self.address:
            if time.monotonic() > end:
                raise TimeoutError(self.printed())
            time.sleep(0.1)
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(file.read_text(encoding="utf-8"))["address"]
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running):
            self.kill(process)

    def worker(self, *options: str, preload: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker; it joins when it is ready. A preload is a module that it runs first."""
        preloaded = [] if preload is None else ["--preload", str(preload)]
        return self._start(
            "dask_worker", self.address, "--nthreads", "1", "--local-directory", str(self._folder), *preloaded, *options
        )

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers have joined."""
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=STARTING_SECONDS)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and those that it has started, as a loss of power would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def printed(self) -> str:
        """Return what all processes have printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))

    def _start(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        with open(self._folder / f"{len(self._running)}-{module}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *options, "--no-dashboard"],
                env=os.environ | WITHOUT_PROFILE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)
        return process
