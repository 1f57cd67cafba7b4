"""The numbers of records, such as TS-2026-000123: drawn by the database, one after the other in each year."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from config import Settings
from conftest import fresh_database
from embedded_services import Postgres
from models import db
from models.migrations.rights import NUMBER_FUNCTION_OF_CENTRE


@pytest.fixture(scope="module")
def own(app: Flask, settings: Settings, engines: Postgres) -> Iterator[Settings]:
    """Lead to one database for all tests here: a copy for each would take longer than the test."""
    with fresh_database(settings, engines) as found:
        yield found


@pytest.fixture
def owner(own: Settings) -> Iterator[Connection]:
    """Return a connection of the tables' owner; the test's sequences, clock and zone end with it."""
    engine = create_engine(own.migration_database_url)
    with engine.connect() as connection:
        function = connection.scalar(text("SELECT pg_get_functiondef('next_number'::regproc)"))
        zone = connection.scalar(text("SELECT timezone FROM centre"))
        assert sequences(connection) == []
        connection.commit()
        yield connection
        connection.rollback()
        for name in sequences(connection):
            connection.exec_driver_sql(f"DROP SEQUENCE {name}")
        connection.exec_driver_sql(str(function).replace("%", "%%"), ())
        connection.execute(text("UPDATE centre SET timezone = :zone"), {"zone": zone})
        connection.commit()
    engine.dispose()


def sequences(owner: Connection) -> list[str]:
    """Return the sequences that drawn numbers come from."""
    found = text("SELECT sequencename FROM pg_sequences WHERE sequencename LIKE 'number\\_%'")
    return list(owner.scalars(found))


@pytest.fixture
def panel(own: Settings, owner: Connection) -> Iterator[Engine]:
    """Return an engine of the application's role on a database where no number was drawn."""
    engine = create_engine(own.database_url)
    yield engine
    engine.dispose()


def draw(connection: Connection, prefix: str = "TS") -> str:
    return str(connection.scalar(text("SELECT next_number(:prefix)"), {"prefix": prefix}))


def set_clock(owner: Connection, instant: str) -> None:
    """Let numbers be drawn as if it were `instant`: the real function, its clock apart."""
    body = NUMBER_FUNCTION_OF_CENTRE.replace("now()", f"timestamptz '{instant}'")
    assert body != NUMBER_FUNCTION_OF_CENTRE
    owner.exec_driver_sql(body.replace("%", "%%"), ())
    owner.commit()


@pytest.mark.parametrize(
    ("zone", "instant", "year"),
    [
        ("Asia/Shanghai", "2026-12-31 15:59:59+00", 2026),
        ("Asia/Shanghai", "2026-12-31 16:00:00+00", 2027),
        ("Europe/Berlin", "2026-12-31 22:59:59+00", 2026),
        ("Europe/Berlin", "2026-12-31 23:00:00+00", 2027),
        ("America/New_York", "2027-01-01 04:59:59+00", 2026),
        ("America/New_York", "2027-01-01 05:00:00+00", 2027),
        # Nobody has said where the site is: as at somebody's own prompt.
        ("", "2026-12-31 23:59:59+00", 2026),
        ("", "2027-01-01 00:00:00+00", 2027),
    ],
)
def test_the_year_is_that_of_the_site_s_calendar(
    panel: Engine, owner: Connection, zone: str, instant: str, year: int
) -> None:
    set_clock(owner, instant)
    with panel.connect() as connection:
        connection.execute(text("SELECT set_config('huisheng.timezone', :zone, false)"), {"zone": zone})
        assert draw(connection) == f"TS-{year}-000001"


def test_each_year_begins_at_one_and_the_old_one_goes_on(panel: Engine, owner: Connection) -> None:
    drawn = []
    for year in (2026, 2026, 2027, 2026):
        set_clock(owner, f"{year}-06-01 00:00+00")
        with panel.begin() as connection:
            drawn.append(draw(connection))
    assert drawn == ["TS-2026-000001", "TS-2026-000002", "TS-2027-000001", "TS-2026-000003"]


def test_each_kind_of_record_has_numbers_of_its_own(panel: Engine) -> None:
    with panel.begin() as connection:
        drawn = [draw(connection, prefix) for prefix in ("TS", "KH", "PZ", "TS")]
    assert [number[:2] + number[-6:] for number in drawn] == ["TS000001", "KH000001", "PZ000001", "TS000002"]


def test_the_millionth_number_is_longer_and_not_cut(panel: Engine, owner: Connection) -> None:
    set_clock(owner, "2026-06-01 00:00+00")
    with panel.begin() as connection:
        draw(connection)
    owner.exec_driver_sql("SELECT setval('number_ts_2026', 999998)")
    owner.commit()
    with panel.begin() as connection:
        assert [draw(connection) for _ in range(2)] == ["TS-2026-999999", "TS-2026-1000000"]


@pytest.mark.parametrize("prefix", ["", "T", "ts", "TSX", "T1", "T'", 'T"', "ＴＳ", "TS\n"])
def test_a_prefix_that_is_not_two_capitals_is_refused(panel: Engine, prefix: str) -> None:
    with panel.connect() as connection, pytest.raises(DBAPIError, match="two capital letters"):
        draw(connection, prefix)


def test_the_application_can_not_set_a_number_back(panel: Engine) -> None:
    with panel.begin() as connection:
        year = draw(connection).split("-")[1]
    for tampering in (f"SELECT setval('number_ts_{year}', 1)", f"DROP SEQUENCE number_ts_{year}"):
        with (
            panel.connect() as connection,
            pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
        ):
            connection.execute(text(tampering))


def test_nobody_waits_for_another_s_open_transaction(panel: Engine) -> None:
    with panel.begin() as connection:
        draw(connection)
    with panel.connect() as slow, panel.connect() as quick:
        quick.execute(text("SET lock_timeout = '2s'"))
        first = draw(slow)
        assert draw(quick) > first


@pytest.mark.parametrize(("ends", "expected"), [("commit", "000002"), ("rollback", "000001")])
def test_two_first_numbers_of_a_year_at_once_are_two_numbers(panel: Engine, ends: str, expected: str) -> None:
    drawn: list[str] = []

    def draw_other() -> None:
        with panel.begin() as connection:
            drawn.append(draw(connection))

    with panel.connect() as first:
        assert draw(first).endswith("000001")
        other = threading.Thread(target=draw_other)
        other.start()
        other.join(0.5)
        # The sequence of the year is not there for anybody else until its maker has committed.
        assert (drawn, other.is_alive()) == ([], True)
        getattr(first, ends)()
        other.join(10)
    assert [number[-6:] for number in drawn] == [expected]


def test_many_at_once_draw_no_number_twice_and_leave_none_out(panel: Engine) -> None:
    drawn: list[str] = []

    def draw_some() -> None:
        for _ in range(25):
            with panel.begin() as connection:
                drawn.append(draw(connection))

    threads = [threading.Thread(target=draw_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(int(number[-6:]) for number in drawn) == list(range(1, 101))


def test_the_panel_tells_the_database_where_the_site_is(in_app: Flask, settings: Settings) -> None:
    found = db.session.scalar(text("SELECT current_setting('huisheng.timezone')"))
    assert found == settings.timezone.key


def test_the_zone_that_the_centre_chose_counts_at_once_whatever_the_environment_says(
    panel: Engine, owner: Connection
) -> None:
    set_clock(owner, "2026-12-31 17:00:00+00")
    with panel.connect() as connection:
        connection.execute(text("SELECT set_config('huisheng.timezone', 'Asia/Shanghai', false)"))
        assert draw(connection).startswith("TS-2027-")
        # Chosen by another process, while this connection goes on.
        owner.execute(text("UPDATE centre SET timezone = 'America/New_York'"))
        owner.commit()
        assert draw(connection).startswith("TS-2026-")
