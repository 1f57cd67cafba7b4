"""All departments' digests of one week, over 10,000, 100,000 and 1,000,000 complaints."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_data import add_complaints, begin_data
from embedded_services import postgres, valkey_server
from server_process import EngineError

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
# What the largest size may take, on two processors.
MOST_SECONDS = 10.0
SECRETS = ("SECRET_KEY", "PASSWORD_SECRET", "SECOND_FACTOR_SECRET")


@dataclass(frozen=True)
class Measured:
    """What a process that made all digests of a week tells of itself."""

    digests: int
    mails: int
    seconds: float
    slowest: float
    statements: int
    in_database: float
    megabytes: float
    megabytes_before: float


def main(arguments: Sequence[str]) -> int:
    """Fill an own database to each size, make the digests there, print a table; 1 where it took too long."""
    sizes = [int(each.replace(",", "").replace("_", "")) for each in arguments] or list(SIZES)
    with empty_panel() as (environ, superuser_url):
        begin_data(superuser_url)
        return measure_all(sorted(sizes), superuser_url, environ)


@contextmanager
def empty_panel() -> Iterator[tuple[dict[str, str], str]]:
    """Run database and queue of a panel without data; yield its environment and the superuser's address."""
    with tempfile.TemporaryDirectory(prefix="huisheng-bench-") as folder:
        base = Path(folder)
        with postgres(base) as database, valkey_server(base) as queue:
            environ = environment(database.app_url, database.owner_url, queue.url, base)
            subprocess.run(
                [sys.executable, "-m", "flask", "--app", "app", "release"], check=True, env=environ, cwd=ROOT
            )
            yield environ, database.superuser_url


def environment(app_url: str, owner_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """Return what the panel's processes are started with, as in production but for the mails, which stay."""
    return dict(os.environ) | {
        "ENVIRONMENT": "local",
        "LOG_FORMAT": "json",
        "DATABASE_URL": app_url,
        "MIGRATION_DATABASE_URL": owner_url,
        "REDIS_URL": redis_url,
        "LOCAL_DIR": str(folder),
        "DEMO_DATA": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "bin")]),
        **{name: secrets.token_urlsafe(48) for name in SECRETS},
    }


def measure_all(sizes: Sequence[int], superuser_url: str, environ: Mapping[str, str]) -> int:
    """Measure each size, smallest first, and print a line for it; return the exit status."""
    before, taken, status = 0, None, 0
    heads = ("complaints", "seconds", "ratio", "slowest", "statements", "in them s", "peak MB")
    print("  ".join(f"{head:>10}" for head in heads))
    for size in sizes:
        began = time.monotonic()
        add_complaints(superuser_url, before + 1, size)
        filled = time.monotonic() - began
        found = measure(environ)
        cells = (
            f"{size:,}",
            f"{found.seconds:.2f}",
            "" if taken is None else f"x{found.seconds / taken:.1f}",
            f"{found.slowest:.2f}",
            str(found.statements),
            f"{found.in_database:.2f}",
            f"{found.megabytes:.0f}",
        )
        print(
            "  ".join(f"{cell:>10}" for cell in cells),
            f"  ({found.digests} digests, {found.mails} mails;",
            f"{found.megabytes_before:.0f} MB before the first; filled in {filled:.0f} s)",
            flush=True,
        )
        before, taken = size, found.seconds
        if found.seconds > MOST_SECONDS:
            print(f"More than {MOST_SECONDS:.0f} s.")
            status = 1
    return status


def measure(environ: Mapping[str, str]) -> Measured:
    """Make all digests of the last week in a process of its own, one after the other as a worker does."""
    return Measured(**figures_of("make_digests.py", environ))


def figures_of(program: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Run a program of bin/ in a process of its own, and return the figures that it prints.

    Raises:
        EngineError: when it fails; what it said goes to the terminal.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "bin" / program)],
        check=False,
        env=environ,
        cwd=ROOT,
        capture_output=True,
    )
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stderr)
        raise EngineError(f"{program} failed; why stands above.")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
