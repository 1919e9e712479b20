"""Running code that nobody vouches for: warm workers, the wire between the processes, the sandbox."""
