"""Reasons why a submission could not be graded; none of them is the student's zero.

GradingError                  the submission stays ungraded, and the instructor is told why
├── GraderProcessError        the grader's own process failed or ran too long
├── UnconfinedError           this machine cannot confine the student's process
└── UnsoundBundleError        what was released cannot serve as the reference
    └── ThreadsError          the solved notebook leaves threads running
"""

from __future__ import annotations


class GradingError(Exception):
    """A submission could not be judged, through no fault of the student; the message says what to do."""


class GraderProcessError(GradingError):
    """The process that runs the tests died, or a test took too long by itself: mend the test."""


class UnconfinedError(GradingError):
    """The student's code would not be kept from files and network, so it was not run: see `autograder doctor`."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"This machine cannot confine a student's code, so none is run ({why}). `autograder doctor` says what is "
            "missing. To grade without, code that you trust: --isolation none, or in nbgrader_config.py "
            'c.Examine.isolation = "none".'
        )


class UnsoundBundleError(GradingError):
    """The solved notebook does not run, or does not belong to the gradebook: generate the assignment again."""


class ThreadsError(UnsoundBundleError):
    """The solved notebook leaves threads running, so no tests can be run beside it: let its cells end them."""
