"""A worker's preload: its machine fails at everything, and at once."""

import os

from autograder.batch import worker


def examine_at(_, task):
    """Return what comes of a full disk."""
    with open(os.environ["PRETENDS"], "a", encoding="utf-8") as log:
        log.write(f"fails {task.record.student}\n")
    task.record.error, task.record.machines_fault = "OSError: No space left on device", True
    return task.record


worker.examine_at = examine_at
