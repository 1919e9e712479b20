"""What checks of exercises are made of, whatever the course is about."""

from dnn_lab.checks.calling import CheckFailed, attempt
from dnn_lab.checks.comparing import expect_equal, expect_keys, expect_length

__all__ = ["CheckFailed", "attempt", "expect_equal", "expect_keys", "expect_length"]
