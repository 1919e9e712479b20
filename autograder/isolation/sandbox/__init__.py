"""Confines processes that run what nobody vouches for. Knows nothing of notebooks."""
