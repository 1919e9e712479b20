"""From a submitted file to a notebook that can be graded; none of it is run."""
