"""One submission to verdicts."""
