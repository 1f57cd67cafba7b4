"""Invent as many records as a bench asks for, by statements over whole sets, in a database of its own."""

from __future__ import annotations

from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
# Two runs measure the same. Without triggers: no audit, and no check of keys drawn from their tables.
PREPARE = b"SELECT setseed(0.42); SET session_replication_role = replica; SET work_mem = '64MB'"


def begin_data(superuser_url: str, customers: int = 50_000) -> None:
    """Make what complaints hang on, so many customers among it."""
    _run(superuser_url, "bench_base.sql", 1, customers)


def add_complaints(superuser_url: str, low: int, high: int) -> None:
    """Add the complaints of these numbers, with calls, parts quality records, and the rest."""
    _run(superuser_url, "bench_complaints.sql", low, high)


def add_things_to_do(superuser_url: str, low: int, high: int) -> None:
    """Add the things to do of these numbers, of every kind; what other complaints left open is closed."""
    _run(superuser_url, "bench_due.sql", low, high)


def finish_data(superuser_url: str) -> None:
    """Make the indexes of the searches again, which only the benches of lists and searches need."""
    with psycopg.connect(_plain(superuser_url), autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        for (definition,) in connection.execute(
            "SELECT definition FROM bench_index ORDER BY name"
        ).fetchall():
            connection.execute(definition)
        connection.execute("DROP TABLE bench_index")
        connection.execute("VACUUM ANALYZE")


def _plain(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def _run(superuser_url: str, name: str, low: int, high: int) -> None:
    with psycopg.connect(_plain(superuser_url), autocommit=True) as connection:
        connection.execute(PREPARE)
        for setting, number in (("bench.low", low), ("bench.high", high)):
            connection.execute("SELECT set_config(%s, %s, false)", (setting, str(number)))
        connection.execute((HERE / name).read_bytes())
        # As the server's own cleaning would have done over the years.
        connection.execute("VACUUM ANALYZE")
