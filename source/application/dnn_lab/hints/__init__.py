"""What a wrong number of a network says about the mistake behind it."""
