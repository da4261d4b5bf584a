"""A running AWS account of our own, to try the program in."""
