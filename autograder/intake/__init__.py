"""From a file that somebody handed in to a notebook that can be graded; nothing of it is run."""
