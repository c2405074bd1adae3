"""How much memory `scriptify checkpoint` takes on a large file: ``python benchmarks/checkpoint_memory.py [--gigabytes 1]``.

Each operation runs in a process of its own. Of its peak, what it allocates (anonymous memory) is told apart from the
pages of the mapped file, which the system takes back whenever it needs them. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

MAKE = """
import sys, torch
torch.save({"params": {f"module.layers.{n}.weight": torch.rand(1 << 20) for n in range(int(256 * float(sys.argv[2])))}}, sys.argv[1])
"""
RUN = """
import sys, threading, time
peak = {"RssAnon": 0, "RssFile": 0}
def watch():
    while True:
        for line in open("/proc/self/status"):
            name, _, value = line.partition(":")
            if name in peak:
                peak[name] = max(peak[name], int(value.split()[0]))
        time.sleep(0.005)
import torch
from scriptify import checkpoint
threading.Thread(target=watch, daemon=True).start()
time.sleep(0.1)
before, began = peak["RssAnon"], time.monotonic()
OPERATION
seconds = time.monotonic() - began
time.sleep(0.05)
print((peak["RssAnon"] - before) // 1024, peak["RssFile"] // 1024, round(seconds, 1))
"""
OPERATIONS = {
    "inspect": "checkpoint.inspect('big.pt')",
    "strip to another file": "checkpoint.strip('big.pt', 'other.pt', write=True)",
    "convert to safetensors": "checkpoint.convert('big.pt', 'big.safetensors', write=True)",
    "strip in safetensors": "checkpoint.strip('big.safetensors', 'other.safetensors', write=True)",
    "convert from safetensors": "checkpoint.convert('big.safetensors', 'back.pt', write=True)",
    "strip in place": "checkpoint.strip('big.pt', write=True)",
    "torch.load and torch.save, for comparison": "torch.save(torch.load('other.pt'), 'copy.pt')",
}


def main() -> None:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=1.0)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", MAKE, "big.pt", str(options.parse_args().gigabytes)], cwd=folder, check=True)
        print(f"a file of {(Path(folder) / 'big.pt').stat().st_size / 2**20:.0f} MiB\n")
        print("| operation | allocated, MiB | mapped pages, MiB | seconds |\n|---|---|---|---|")
        for name, code in OPERATIONS.items():
            command = [sys.executable, "-c", RUN.replace("OPERATION", code)]
            done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
            print(f"| {name} | {' | '.join(done.stdout.split())} |", flush=True)


if __name__ == "__main__":
    main()
