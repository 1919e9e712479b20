"""What a learning platform exports, into nbgrader's submitted/ folder."""
