"""Finds out what confines student code on this machine, with a process like the one that runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.sandbox.environment import clean_environment
from autograder.sandbox.layers import Report


def diagnose() -> list[Report]:
    """Try every way to confine a process, and return what was found; the first that is sound is the one in use."""
    with tempfile.TemporaryDirectory(prefix="autograder-doctor-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # The process may become nobody, and has to get through.
        folder.chmod(0o711)
        run = subprocess.run(
            [sys.executable, "-P", "-s", "-m", "autograder.sandbox.probe"],
            cwd=folder,
            env=clean_environment(folder),
            stdout=subprocess.PIPE,
            check=True,
        )
    return [Report(**report) for report in json.loads(run.stdout)]
