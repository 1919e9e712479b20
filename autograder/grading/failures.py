"""What can keep a submission from being judged, which is never the student's zero.

GradingError                  the submission stays ungraded, and the instructor is told why
├── GraderProcessError        the grader's own process failed or ran too long
└── UnsoundBundleError        what was released cannot serve as the reference
"""

from __future__ import annotations


class GradingError(Exception):
    """A submission could not be judged, through no fault of the student; the message says what to do."""


class GraderProcessError(GradingError):
    """The process that runs the tests died, or a test took too long by itself: mend the test."""


class UnsoundBundleError(GradingError):
    """The solved notebook does not run, or does not belong to the gradebook: generate the assignment again."""
