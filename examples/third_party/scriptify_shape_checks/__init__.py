"""Transforms for the code of one house: its helpers are known here and nowhere else."""
