"""Lists, searches, forms and the export over HTTP, beside SQL by hand, at 10,000 to 1,000,000 complaints."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_data import add_complaints, begin_data, finish_data
from bench_digest import ROOT, empty_panel, figures_of
from server_process import EngineError

SIZES = (10_000, 100_000, 1_000_000)
COMPLAINTS_A_CUSTOMER = 5
STARTS_WITHIN = 60.0


def main(arguments: Sequence[str]) -> int:
    """Fill a database to each size, measure the panel as deployed, print tables; --json FILE keeps them."""
    kept = list(arguments)
    target = None
    if "--json" in kept:
        at = kept.index("--json")
        target = Path(kept[at + 1])
        del kept[at : at + 2]
    sizes = sorted(int(each.replace(",", "").replace("_", "")) for each in kept) or list(SIZES)
    found: dict[int, Any] = {}
    for size in sizes:
        found[size] = measure_size(size)
        print(table(size, found[size], found.get(sizes[0])), flush=True)
        if target is not None:
            target.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0 if all(each["missed"] == [] for each in found.values()) else 1


def measure_size(size: int, *, is_brief: bool = False) -> dict[str, Any]:
    """Return the figures of a panel with so many complaints, in a database of its own.

    `is_brief` opens each page a few times only, to see that it opens.
    """
    with empty_panel() as (environ, superuser_url):
        began = time.monotonic()
        begin_data(superuser_url, size // COMPLAINTS_A_CUSTOMER)
        add_complaints(superuser_url, 1, size)
        finish_data(superuser_url)
        filled = time.monotonic() - began
        with web_server(environ) as (port, pid):
            asked = {"PORT": str(port), "WEB_PID": str(pid), **({"IN_BRIEF": "1"} if is_brief else {})}
            figures = figures_of("measure_lists.py", {**environ, **asked})
        return {"filled_s": filled, **figures}


@contextmanager
def web_server(environ: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Run the Procfile's web process; yield its port and the id of its first process.

    Raises:
        EngineError: when it does not answer within a minute.
    """
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    command = next(line.partition(": ")[2] for line in lines if line.startswith("web: "))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *shlex.split(command), "--bind", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=dict(environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Wait until somebody answers at the port."""
    last = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < last:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise EngineError("The panel did not start.")


def table(size: int, found: Mapping[str, Any], smallest: Mapping[str, Any] | None) -> str:
    """Return the figures of one size as a table; the last column compares with the smallest size."""
    lines = [
        f"{size:,} complaints, filled in {found['filled_s']:.0f} s; milliseconds",
        f"{'':<34}{'median':>8}{'p95':>8}{'8: p95':>9}{'by hand':>9}{'ratio':>7}{'growth':>8}",
    ]
    for name, each in found["pages"].items():
        before = (smallest or found)["pages"][name]["median"]
        by_hand = each["by_hand"]
        lines.append(
            f"{name:<34}{each['median']:>8.1f}{each['p95']:>8.1f}{each['p95_of_eight']:>9.1f}"
            f"{by_hand:>9.1f}{each['median'] / by_hand:>6.0f}x{each['median'] / before:>7.1f}x"
        )
    for name, each in found["exports"].items():
        lines.append(
            f"{name}: {each['rows']:,} rows, first byte {each['first_byte'] * 1000:.0f} ms,"
            f" whole {each['seconds']:.2f} s (by hand {each['by_hand']:.2f} s),"
            f" {each['megabytes_above']:.0f} MB above idle"
        )
    lines.append(f"web workers: {found['worker_megabytes']:.0f} MB at most")
    lines += [f"missed: {each}" for each in found["missed"]]
    return "\n".join(lines)
