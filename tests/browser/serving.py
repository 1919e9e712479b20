"""JupyterLab on a copy of a folder, or of the course as `make lab` serves it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def jupyterlab(folder: Path, settings: dict[str, dict]) -> Iterator[str]:
    """Serve a folder in JupyterLab with these settings and yield its address."""
    with _serving(folder, settings, lambda options: [sys.executable, "-m", "jupyterlab", *options]) as address:
        yield address


@contextmanager
def make_lab(course: Path, settings: dict[str, dict]) -> Iterator[str]:
    """Do `make lab` in a course, which has the project's Makefile, and yield the address of JupyterLab."""
    # The environment that the tests run in is the one to use, and is there already.
    given = [f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.installed"]
    with _serving(course, settings, lambda options: ["make", "lab", *given, f"LAB={' '.join(options)}"]) as address:
        yield address


@contextmanager
def _serving(folder: Path, settings: dict[str, dict], command: Callable[[list[str]], list[str]]) -> Iterator[str]:
    home = folder.parent / f"home-{folder.name}"
    for name, content in settings.items():
        path = home / "settings" / "@jupyterlab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
    }
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    log = (home / "log").open("w", encoding="utf-8")
    server = subprocess.Popen(
        command(options), cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None, (home / "log").read_text(encoding="utf-8")
                time.sleep(0.5)
        else:
            pytest.fail(f"JupyterLab did not start: {(home / 'log').read_text(encoding='utf-8')}")
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        log.close()
