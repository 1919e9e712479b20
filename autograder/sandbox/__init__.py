"""Confines processes that run untrusted code. Knows nothing of notebooks."""
