"""The clock: what is due when, in whatever zone, year or disorder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import select

from factories import Factory
from jobs import schedule
from jobs.digest import WeekNotOverError, make, make_digest
from jobs.queues import job_id
from jobs.schedule import due_digests, due_week, tick, tick_safely
from models import Delivery, Department, Digest, db
from models.complaint import Step
from models.deadline import Deadline, pause, start_deadline
from models.deadline_rule import DeadlineKind
from models.iso_week import IsoWeek
from models.operating import Sign, facts
from models.organisation import Role, Weekday
from models.retention import note_finished

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def department(
    weekday: Weekday = Weekday.MONDAY, hour: int = 8, created_at: datetime = LONG_AGO
) -> Department:
    return Department(
        id=1, code="d", name="d", digest_weekday=weekday, digest_hour=hour, created_at=created_at
    )


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("weekday", "hour", "now", "week"),
    [
        (Weekday.MONDAY, 8, "2024-03-11 08:00", "2024-W10"),
        (Weekday.MONDAY, 8, "2024-03-11 07:59:59", "2024-W09"),
        (Weekday.MONDAY, 0, "2024-03-11 00:00", "2024-W10"),
        (Weekday.SUNDAY, 23, "2024-03-17 23:00", "2024-W10"),
        (Weekday.SUNDAY, 23, "2024-03-17 22:59", "2024-W09"),
        # Missed on Friday, made up for on Monday: the week that was due last.
        (Weekday.FRIDAY, 9, "2024-03-18 06:00", "2024-W10"),
        (Weekday.FRIDAY, 9, "2024-03-14 06:00", "2024-W09"),
        # Years of 52 and 53 weeks.
        (Weekday.MONDAY, 8, "2021-01-04 08:00", "2020-W53"),
        (Weekday.MONDAY, 8, "2024-12-30 08:00", "2024-W52"),
        (Weekday.WEDNESDAY, 8, "2025-01-01 08:00", "2024-W52"),
    ],
)
def test_the_week_whose_digest_is_due_last(weekday: Weekday, hour: int, now: str, week: str) -> None:
    assert str(due_week(department(weekday, hour), at(now), SHANGHAI)) == week


def test_a_department_is_not_told_of_weeks_before_it_was_made() -> None:
    made = at("2024-03-13 10:00")
    new = department(created_at=made)
    assert due_week(new, at("2024-03-13 10:01"), SHANGHAI) is None
    assert due_week(new, at("2024-03-18 07:59"), SHANGHAI) is None
    assert str(due_week(new, at("2024-03-18 08:00"), SHANGHAI)) == "2024-W11"


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"]
)
@pytest.mark.parametrize(("weekday", "hour"), [(Weekday.MONDAY, 0), (Weekday.MONDAY, 8), (Weekday.SUNDAY, 2)])
def test_520_weeks_none_missing_none_twice(zone: str, weekday: Weekday, hour: int) -> None:
    place, made = ZoneInfo(zone), []
    who = department(weekday, hour)
    first, last = IsoWeek(2019, 1), IsoWeek(2019, 1).shifted(519)
    now = datetime.combine(first.monday, datetime.min.time(), UTC)
    while now < datetime.combine(last.shifted(2).monday, datetime.min.time(), UTC) + timedelta(days=1):
        week = due_week(who, now, place)
        # As the unique constraint does: what is made is not made again.
        if week is not None and week not in made:
            made.append(week)
            assert week.has_ended(now, place)
        now += timedelta(hours=6)
    assert made == sorted(made)
    assert set(first.up_to(last)) <= set(made)
    assert all(week.shifted(1) == following for week, following in pairwise(made))


def test_jumping_clocks_make_no_week_twice_and_none_that_has_not_ended() -> None:
    who, made = department(), set()
    for now in (
        "2024-03-11 08:00",
        "2024-03-18 08:00",
        "2024-03-04 08:00",
        "2024-03-11 09:00",
        "2024-03-18 08:01",
    ):
        week = due_week(who, at(now), SHANGHAI)
        assert week is not None
        assert week.has_ended(at(now), SHANGHAI)
        made.add(week)
    assert sorted(map(str, made)) == ["2024-W09", "2024-W10", "2024-W11"]


@pytest.fixture
def panel(fresh_app: Flask) -> Iterator[Flask]:
    with fresh_app.app_context():
        # Last night's removal is not what these tests are about.
        note_finished({})
        db.session.commit()
        yield fresh_app


@pytest.fixture
def old_department(panel: Flask) -> Department:
    return Factory(db.session).department("quality-test", created_at=LONG_AGO)


def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Collect what a tick would queue, in place of the queue at the edge of the process."""
    found: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        schedule, "enqueue", lambda function, *arguments: found.append((function, *arguments))
    )
    return found


def last_week() -> IsoWeek:
    return IsoWeek.last_closed(datetime.now(UTC), SHANGHAI)


def test_what_is_due_and_missing_is_queued_at_each_tick_until_it_is_there(
    panel: Flask, old_department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = queued(monkeypatch)
    week = due_week(old_department, datetime.now(UTC), SHANGHAI)
    assert week is not None
    key = old_department.id
    for _ in range(2):
        tick()
    assert found == [(make_digest, key, week.year, week.week)] * 2
    make_digest(key, week.year, week.week)
    found.clear()
    tick()
    assert found == []


def test_a_digest_that_fails_waits_twice_as_long_after_each_failure(
    panel: Flask, old_department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_one, found = Factory(db.session), queued(monkeypatch)
    other = make_one.department("other-test", created_at=LONG_AGO)
    week = due_week(old_department, datetime.now(UTC), SHANGHAI)
    assert week is not None
    failed = make_one.failed_job(
        key=job_id(make_digest, old_department.id, week.year, week.week),
        function="jobs.digest.make_digest",
        arguments=[old_department.id, week.year, week.week],
    )
    for failures, minutes in ((1, 1), (2, 2), (3, 4), (7, 60), (90, 60)):
        for ago, is_tried in ((minutes * 60 - 5, False), (minutes * 60, True)):
            failed.failures = failures
            failed.last_failed_at = datetime.now(UTC) - timedelta(seconds=ago)
            db.session.commit()
            found.clear()
            tick()
            # The others do not wait for it.
            assert {key for _make, key, *_week in found} - {old_department.id} == {other.id}
            assert (old_department.id in {key for _make, key, *_week in found}) is is_tried


def test_after_weeks_without_a_clock_one_late_digest_is_made(
    panel: Flask, old_department: Department
) -> None:
    now = at("2024-03-14 10:00")
    assert [(due.department_id, str(due.week)) for due in due_digests(now, SHANGHAI)] == [
        (old_department.id, "2024-W10")
    ]


def test_a_department_without_digest_or_deleted_is_never_due(
    panel: Flask, old_department: Department
) -> None:
    make_one = Factory(db.session)
    make_one.department(created_at=LONG_AGO, gets_digest=False)
    make_one.department(created_at=LONG_AGO, deleted_at=LONG_AGO)
    assert [due.department_id for due in due_digests(at("2024-03-14 10:00"), SHANGHAI)] == [old_department.id]


def test_a_digest_and_its_mails_are_made_together_and_once(panel: Flask, old_department: Department) -> None:
    for number in range(3):
        Factory(db.session).digest_recipient(old_department, email=f"r{number}@example.com")
    Factory(db.session).digest_recipient(old_department, is_active=False)
    key, week = old_department.id, last_week()
    first, is_new = make(key, week)
    again, is_new_again = make(key, week)
    assert (first, is_new, is_new_again) == (again, True, False)
    assert db.session.scalars(select(Digest.id)).all() == [first]
    assert len(db.session.scalars(select(Delivery.id)).all()) == 3


def test_an_open_week_is_refused(panel: Flask, old_department: Department) -> None:
    with pytest.raises(WeekNotOverError):
        make(old_department.id, last_week().shifted(1))
    assert db.session.scalars(select(Digest.id)).all() == []


def test_a_department_that_is_gone_is_an_error(panel: Flask) -> None:
    with pytest.raises(LookupError):
        make(987654, last_week())


def test_a_calm_week_is_sent_unless_the_department_wants_none(
    panel: Flask, old_department: Department
) -> None:
    make_one = Factory(db.session)
    quiet = make_one.department(skips_empty_digest=True)
    for each in (old_department, quiet):
        make_one.digest_recipient(each)
    keys = [old_department.id, quiet.id]
    digests = [make(key, last_week())[0] for key in keys]
    assert db.session.scalars(select(Delivery.digest_id)).all() == [digests[0]]


def test_the_digest_is_frozen_with_its_cut(panel: Flask, old_department: Department) -> None:
    key, week = old_department.id, IsoWeek(2024, 10)
    made = db.session.get(Digest, make(key, week)[0])
    assert made is not None
    assert (made.starts_on, made.ends_on) == (date(2024, 3, 4), date(2024, 3, 10))
    assert datetime.fromisoformat(made.payload["cut_at"]) == made.cut_at
    assert made.payload["week"] == "2024-W10"


def test_a_tick_lets_a_clock_run_on_that_stood_still_for_long_enough(
    panel: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(monkeypatch)
    complaint = Factory(db.session()).complaint(step=Step.CONFIRMED)
    deadline = start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    pause(complaint, at("2026-03-03 09:00"))
    db.session.commit()
    tick()
    db.session.refresh(deadline)
    assert (deadline.paused_at, deadline.due_at) == (None, at("2026-03-11 23:59:59"))


def test_a_tick_survives_a_queue_or_database_that_is_away(
    panel: Flask, old_department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old_department.gets_digest

    def refuse(*_arguments: object) -> None:
        raise RedisConnectionError("away")

    monkeypatch.setattr(schedule, "enqueue", refuse)
    records = Factory(db.session())
    complaint = records.complaint(step=Step.VERIFIED, responsible_id=records.staff(Role.CLERK).id)
    start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    db.session.commit()
    assert not tick_safely()
    assert db.session.scalars(select(Deadline.reminded_late_at)).one() is not None
    assert facts().age(Sign.TICK_FINISHED) is not None
    found = queued(monkeypatch)
    assert tick_safely()
    assert len(found) == 1
