"""Migrate a project with many entries on the workers of a Dask cluster, for those who outgrow one machine.

    python examples/many_machines.py PATH --entry FILE_OR_MODULE:FUNC [--entry ...] [--cluster tcp://scheduler:8786] [--write]

Needs ``distributed`` (``pip install 'torch-scriptify[dask]'``). Without ``--cluster`` a cluster of two processes is started
here. The workers must see the same files under the same paths, and have scriptify and the project's packages installed.
The result is the one that a run without executor gives: workers look at the entries and ask the oracle ahead, one entry
each; the decisions are made here, in order.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from distributed import Client, LocalCluster

import scriptify


@contextmanager
def workers(address: str = "") -> Iterator[Executor]:
    """The executor of a cluster's client; of a small cluster of our own without an address."""
    if address:
        with Client(address) as client:
            yield client.get_executor()
        return
    # One thread each: an oracle is a process of its own, which the thread only waits for.
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        yield client.get_executor()


def main() -> int:
    """Migrate, and print a line for each entry."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--entry", action="append", required=True, dest="entries")
    parser.add_argument("--cluster", default="", metavar="ADDRESS")
    parser.add_argument("--write", action="store_true", help="write the files; without it nothing is written")
    options = parser.parse_args()

    def progress(event: scriptify.Event) -> None:
        print(f"{event.stage} {event.subject}".rstrip(), file=sys.stderr)

    with workers(options.cluster) as executor:
        result = scriptify.migrate(options.paths, options.entries, executor=executor, progress=progress, write=options.write)
    for entry in result.entries:
        print(f"{entry.entry.target}: {'proved' if entry.ok else 'not proved'}")
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main())
