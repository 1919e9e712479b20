"""The words for how a function fared."""

from __future__ import annotations

# How functions fare, in the order in which they are drawn, and in words.
STATUS_WORDS = {
    "passed": "right",
    "carried": "right, tested with our version of an earlier function",
    "partial": "right in part",
    "failed": "wrong",
    "not_judged": "not judged: needs what is missing",
    "missing": "not filled in",
    "timeout": "out of time",
    "manual": "graded by a person",
}
