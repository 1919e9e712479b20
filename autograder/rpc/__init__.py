"""The wire between a student's process and the process of the tests. Knows nothing of notebooks."""
