"""The transforms that ship with scriptify: one file each."""
