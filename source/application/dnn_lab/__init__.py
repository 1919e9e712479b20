"""The parts that this course's notebooks share: checks, hints, figures, a playground."""
