"""What a notebook's cells say without being run: their code, markers, stubs, tests, points and owners."""
