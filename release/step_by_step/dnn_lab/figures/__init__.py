"""Figures of networks, each with a text that says what it shows."""
