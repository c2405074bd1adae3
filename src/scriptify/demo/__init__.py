"""Models that ship inside, for ``scriptify demo``: input to the program, not a part of it."""
