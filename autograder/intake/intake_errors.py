"""Raised for submissions that cannot be read."""

from __future__ import annotations


class IntakeError(Exception):
    """What was handed in holds no notebook that can be read; the message is one sentence with the remedy."""
