"""Draws the pictures of the image classification assignment. Course tooling: not installed with `autograder`."""
