"""What the program and a change of percentage cost."""
