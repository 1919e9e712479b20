"""The same grading, inside Gradescope's container."""
