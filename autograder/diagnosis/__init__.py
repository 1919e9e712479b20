"""Why an answer is wrong: a catalogue of misconceptions, and how an answer is recognised as one of them."""
