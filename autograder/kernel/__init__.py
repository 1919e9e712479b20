"""Runs cells and records their outputs as a Jupyter kernel would."""
