"""The clock's tick, "My work", the team and the first page, over 1,000 and 20,000 things to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench_data import add_complaints, add_things_to_do, begin_data
from bench_digest import empty_panel, figures_of

SIZES = (1_000, 20_000)
# Done already, and to be left aside by whatever looks for what is to do.
COMPLAINTS = 100_000
# What a page may take, on two processors; the first tick writes all mails at once.
MOST_SECONDS = 1.0

Figures = Mapping[str, Sequence[float]]


def main(arguments: Sequence[str]) -> int:
    """Fill an own database to each size, measure there, print a table; 1 where a page took too long."""
    sizes = sorted(int(each.replace(",", "").replace("_", "")) for each in arguments) or list(SIZES)
    with empty_panel() as (environ, superuser_url):
        begin_data(superuser_url)
        add_complaints(superuser_url, 1, COMPLAINTS)
        return measure_all(sizes, superuser_url, environ)


def measure_all(sizes: Sequence[int], superuser_url: str, environ: Mapping[str, str]) -> int:
    """Measure each size, smallest first, and print its lines beside those before; return the exit status."""
    before: Figures = {}
    status, low = 0, 1
    for size in sizes:
        add_things_to_do(superuser_url, low, size)
        low = size + 1
        found = measure(environ)
        print(f"{size:,} things to do")
        for name, (seconds, statements, in_database) in found.items():
            ratio = f"x{seconds / before[name][0]:.1f}" if name in before else ""
            asked = f"{statements:>4.0f} statements, {in_database:.3f} s"
            print(f"  {name:<24}{seconds:>8.3f} s  {ratio:>6}  {asked}", flush=True)
            if "tick" not in name and seconds > MOST_SECONDS:
                print(f"  More than {MOST_SECONDS:.0f} s.")
                status = 1
        before = found
    return status


def measure(environ: Mapping[str, str]) -> Figures:
    """Measure in a process of its own; return by what was done seconds, statements, and seconds in these."""
    return figures_of("measure_due.py", environ)
