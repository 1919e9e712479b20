"""When two numbers count as equal."""

import numpy as np

__all__ = ["agree"]


def agree(expected, got, scale=1.0):
    """Return where two arrays agree, as closely as results that are known to eight decimals allow."""
    return np.isclose(got, expected, rtol=1e-6, atol=1e-7 * scale)
