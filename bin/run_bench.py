"""Measure how long the panel takes over much data: bin/bench ends here.

Another bench is a module with a `main`, and a line below.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import bench_digest
import bench_due
import bench_lists
from server_process import EngineError

# By name: what is run, with what follows the name.
BENCHES: dict[str, Callable[[Sequence[str]], int]] = {
    "digest": bench_digest.main,
    "due": bench_due.main,
    "lists": bench_lists.main,
}


def main(arguments: Sequence[str]) -> int:
    """Run the bench that the first argument names; return the exit status."""
    if not arguments or arguments[0] not in BENCHES:
        print("usage: bin/bench NAME …   where NAME is one of")
        for name, bench in BENCHES.items():
            print(f"  {name:<10} {sys.modules[bench.__module__].__doc__}")
        return 0 if not arguments else 2
    try:
        return BENCHES[arguments[0]](arguments[1:])
    except EngineError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
