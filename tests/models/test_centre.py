from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from conftest import Login, count_queries
from factories import Factory
from jobs import schedule
from jobs.digest import make as make_digest_of
from jobs.digest_mail import digest_mail
from jobs.outbox import Addressee, put_digest, sender_name
from models import AuditEntry, Centre, Department, Digest, Region, acting_as, db, system_actor
from models.actor import Actor
from models.base import now
from models.centre import centre_facts, find_centre, site_zone
from models.digest_content import digest_content
from models.iso_week import IsoWeek
from models.organisation import Locale, Role
from views.clock import show_instant

NEW_YORK = "America/New_York"
WEEK = IsoWeek(2026, 10)


def choose(**values: Any) -> None:
    row = find_centre()
    for name, value in values.items():
        setattr(row, name, value)
    db.session.commit()


def test_the_environment_s_zone_counts_until_somebody_chooses_one(in_app: Flask) -> None:
    assert site_zone() == in_app.extensions["settings"].timezone
    choose(timezone=NEW_YORK)
    assert site_zone() == ZoneInfo(NEW_YORK)
    assert show_instant(datetime(2026, 1, 1, 3, tzinfo=UTC)) == "2025-12-31 22:00"
    choose(timezone=None)
    assert site_zone() == in_app.extensions["settings"].timezone


def test_a_zone_that_another_process_chose_counts_from_the_next_transaction_on(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        before = site_zone()
        with fresh_app.app_context():
            choose(timezone=NEW_YORK)
        # What this transaction began with, it ends with.
        assert site_zone() == before
        db.session.commit()
        assert site_zone() == ZoneInfo(NEW_YORK)


def test_nobody_and_a_reader_of_one_region_know_the_centre_too(in_app: Flask) -> None:
    choose(name="东方售后", timezone=NEW_YORK)
    for actor in (None, Actor(staff_id=None, source="test")):
        db.session.remove()
        with acting_as(actor):  # nobody, as before a login
            assert (centre_facts().name, site_zone().key) == ("东方售后", NEW_YORK)


def test_it_is_read_once_in_a_transaction(app: Flask, in_app: Flask) -> None:
    db.session.remove()
    with count_queries(app) as queries:
        for _ in range(3):
            site_zone()
    assert sum("FROM centre" in query for query in queries) == 1


@pytest.mark.parametrize("wrong", [{"id": 2}, {"id": 1, "name": " "}, {"id": 1, "name_en": "\t"}])
def test_there_is_one_centre_with_no_blank_name(wrong: dict[str, Any], in_app: Flask) -> None:
    if wrong["id"] == 1:
        with pytest.raises(IntegrityError):
            choose(**wrong)
    else:
        db.session.add(Centre(**wrong))
        with pytest.raises(IntegrityError):
            db.session.commit()
    db.session.rollback()


def test_the_week_of_a_digest_ends_where_the_centre_is(in_app: Flask, make: Factory) -> None:
    make.department("all", gets_all_subjects=True)
    # Sunday evening in New York; Monday of the next week in Shanghai.
    make.complaint(registered_at=datetime(2026, 3, 9, 2, tzinfo=UTC))
    found = {}
    for zone in (NEW_YORK, "Asia/Shanghai"):
        choose(timezone=zone)
        department = db.session.scalars(select(Department).filter_by(code="all")).one()
        payload = digest_content(department, WEEK, site_zone(), now())
        found[payload["timezone"]] = payload["new"]["this_week"]
    assert found == {NEW_YORK: 1, "Asia/Shanghai": 0}


def test_a_digest_that_a_worker_makes_is_of_the_centre_s_week(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        department = Department(code="quality", name="品质检验部")
        db.session.add(department)
        choose(timezone=NEW_YORK)
        key, _is_new = make_digest_of(department.id, WEEK)
        made = db.session.get(Digest, key)
        assert made is not None
        assert made.payload["timezone"] == NEW_YORK


def test_the_clock_asks_by_the_centre_s_zone(in_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[ZoneInfo] = []
    monkeypatch.setattr(schedule, "due_digests", lambda _now, zone: asked.append(zone) or [])
    choose(timezone=NEW_YORK)
    schedule.tick()
    assert asked == [ZoneInfo(NEW_YORK)]


def test_mails_come_from_the_centre_and_bear_its_name(in_app: Flask, make: Factory) -> None:
    settings = in_app.extensions["settings"]
    assert sender_name(Locale.CHINESE) == "回声 Huisheng"
    make.department("all")
    choose(name="东方<售后>", name_en="East & Service")
    department = db.session.scalars(select(Department).filter_by(code="all")).one()
    payload = digest_content(department, WEEK, site_zone(), now())
    digest = Digest(
        department_id=department.id,
        iso_year=WEEK.year,
        iso_week=WEEK.week,
        starts_on=WEEK.monday,
        ends_on=WEEK.sunday,
        cut_at=now(),
        payload=payload,
    )
    db.session.add(digest)
    db.session.flush()
    assert (sender_name(Locale.CHINESE), sender_name(Locale.ENGLISH)) == ("东方<售后>", "East & Service")
    mail = digest_mail(digest.payload, Locale.CHINESE, settings, digest.id, "https://stop")
    assert "东方&lt;售后&gt; · " in (mail.html or "")
    assert mail.text.startswith("东方<售后> · ")
    delivery = put_digest(digest, Addressee("Ann", "ann@example.com", Locale.ENGLISH))
    assert b"From: =?utf-8?" in delivery.message
    choose(name_en=None)
    assert sender_name(Locale.ENGLISH) == "东方<售后>"


def test_every_page_bears_the_name_before_and_after_the_login(login: Login, db_session: Any) -> None:
    row = db_session.get(Centre, 1)
    row.name, row.name_en = "东方售后中心", "East <b>Service</b>"
    db_session.commit()
    client = login(Role.CLERK)
    page = client.get("/").text
    assert "<span>East &lt;b&gt;Service&lt;/b&gt;</span>" in page
    assert "· East &lt;b&gt;Service&lt;/b&gt;</title>" in page
    stranger = client.application.test_client()
    assert "<span>东方售后中心</span>" in stranger.get("/login", headers={"Accept-Language": "zh"}).text


def test_asking_for_the_centre_puts_nothing_down_to_the_panel(in_app: Flask) -> None:
    with acting_as(system_actor("command:release")):
        db.session.add(Region(name="华北"))
        # Read while a change waits to be written.
        assert site_zone()
        db.session.commit()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.table_name == "region")).one()
    assert entry.source == "command:release"
