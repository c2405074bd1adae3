"""The judge: runs, scripts and compares in a child process; answers with a verdict."""
