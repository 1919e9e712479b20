"""Runs a notebook in a Jupyter kernel, as plain nbgrader does."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.notebook.authoring_errors import AuthoringError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_CELL_TIMEOUT = 1800  # seconds; a solution may train a network, on a busy machine


def run_in_kernel(notebook: NotebookNode, beside: Path, file: Path) -> NotebookNode:
    """Run a notebook in a copy of a folder, and return it with its outputs; errors in cells are recorded.

    beside -- the folder with what lies beside it
    file -- whose fault it is, for the message
    Raises AuthoringError if the kernel dies or a cell takes too long.
    """
    from nbclient import NotebookClient  # noqa: PLC0415 (takes half a second to import)
    from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415 (as above)

    with tempfile.TemporaryDirectory(prefix="autograder-kernel-") as temporary:
        folder = Path(temporary) / file.parent.name
        if beside.is_dir():
            shutil.copytree(beside, folder)
        else:
            folder.mkdir()
        client = NotebookClient(
            notebook,
            timeout=_CELL_TIMEOUT,
            kernel_name="python3",
            allow_errors=True,
            skip_cells_with_tag="",  # cells that grading skips have to run here
            resources={"metadata": {"path": str(folder)}},
            # The kernel would warn on our stderr that its socket is not encrypted; it only listens on loopback.
            extra_arguments=["--IPKernelApp.log_level=ERROR", "--HistoryManager.hist_file=:memory:"],
        )
        try:
            return client.execute()
        except CellTimeoutError as error:
            raise AuthoringError(f"a cell takes longer than {_CELL_TIMEOUT} seconds: {error}", file=file) from error
        except DeadKernelError as error:
            raise AuthoringError("the kernel died while this notebook ran.", file=file) from error
