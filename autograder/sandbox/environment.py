"""The environment variables of the processes that run untrusted code."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def clean_environment(directory: Path) -> dict[str, str]:
    """The variables of a fork server: nothing of the host's, the same on every machine."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": os.fspath(directory.absolute() / "home"),
        "MPLCONFIGDIR": os.fspath(directory.absolute() / "matplotlib"),
        "LANG": "C.UTF-8",
        # A second thread would make forking unsafe, and workers would fight for the cores.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # The order of a set of strings is the same in every run.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }
