"""A class to the gradebook."""
