"""The class report and students' feedback."""
