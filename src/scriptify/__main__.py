"""``python -m scriptify``: the same as the ``scriptify`` command."""

from scriptify.cli import main

if __name__ == "__main__":
    main()
