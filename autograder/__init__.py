"""A notebook autograder on nbgrader, and the tools that build its teaching notebooks."""

__version__ = "0.1.0"
