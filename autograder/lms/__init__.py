"""Exports of learning platforms into submitted/, and marks back to the platforms."""
