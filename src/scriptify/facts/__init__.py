"""What is known about the code, and from where."""
