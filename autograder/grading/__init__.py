"""One submission to verdicts, a class to the gradebook."""
