"""The nightly removal: once a night, in portions, going on where it was cut off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from factories import Factory
from jobs import retention, schedule
from jobs.retention import due_purge, purge_expired
from jobs.schedule import tick
from models import AccessEntry, CallRecord, db
from models.access import AccessKind
from models.retention import last_run, note_finished

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def panel(fresh_app: Flask) -> Iterator[Flask]:
    with fresh_app.app_context():
        yield fresh_app


def calls() -> int:
    return db.session.query(CallRecord).count()


def test_a_night_is_due_from_two_o_clock_until_its_run_has_come_to_its_end(in_app: Flask) -> None:
    local = datetime.now(SHANGHAI)
    # Whatever the hour of the test: the entry below is made now.
    night = local.replace(hour=2, minute=0, second=0, microsecond=0)
    night -= timedelta(days=0 if local >= night else 1)
    assert due_purge(local, SHANGHAI) == night.date().isoformat()
    assert due_purge(night, SHANGHAI) == night.date().isoformat()
    before = night - timedelta(seconds=1)
    assert due_purge(before, SHANGHAI) == (night.date() - timedelta(days=1)).isoformat()
    note_finished({})
    assert due_purge(local, SHANGHAI) is None
    assert due_purge(before, SHANGHAI) is None
    tomorrow = night + timedelta(days=1)
    assert due_purge(tomorrow, SHANGHAI) == tomorrow.date().isoformat()


def test_a_run_works_in_portions_and_goes_on_where_it_was_killed(
    panel: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Factory(db.session())
    customer = make.customer()
    for _ in range(5):
        make.call_record(customer_id=customer.id, called_at=LONG_AGO)
    monkeypatch.setattr(retention, "PORTION", 2)
    purge = retention.purge

    def die_after_one(kind: object, most: int) -> int:
        if calls() < 5:
            raise KeyboardInterrupt
        return purge(kind, most)

    monkeypatch.setattr(retention, "purge", die_after_one)
    with pytest.raises(KeyboardInterrupt):
        purge_expired("2026-03-10")
    db.session.rollback()
    assert calls() == 3
    assert last_run() is None
    monkeypatch.setattr(retention, "purge", purge)
    purge_expired("2026-03-10")
    assert calls() == 0
    entries = db.session.scalars(select(AccessEntry).where(AccessEntry.kind == AccessKind.PURGED)).all()
    assert [entry.detail.get("count") for entry in entries] == [2, 2, 1, None]
    assert entries[-1].detail == {"finished": {"call_record": 3}}
    # Again in the same night: nothing more.
    purge_expired("2026-03-10")
    assert calls() == 0


def test_a_run_ends_in_time_and_is_not_called_finished(panel: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Factory(db.session())
    customer = make.customer()
    for _ in range(3):
        make.call_record(customer_id=customer.id, called_at=LONG_AGO)
    monkeypatch.setattr(retention, "PORTION", 1)
    monkeypatch.setattr(retention, "SECONDS_MOST", -1)
    purge_expired("2026-03-10")
    assert calls() == 2
    assert last_run() is None


def test_the_clock_queues_the_run_until_it_is_done(panel: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    monkeypatch.setattr(schedule, "enqueue", lambda function, *_arguments: found.append(function))
    for _ in range(2):
        tick()
    assert found == [purge_expired] * 2
    purge_expired("2026-03-10")
    tick()
    assert found == [purge_expired] * 2
