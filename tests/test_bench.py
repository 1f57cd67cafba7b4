"""The benches, tried on little data: that they measure what they say, not how fast this machine is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

import bench_lists
import measure_due
import run_bench
from bench_data import add_complaints, add_things_to_do, begin_data
from bench_digest import environment, measure
from embedded_services import Postgres
from models import CallRecord, Complaint, Deadline, PartsQualityRecord, db
from models.base import now
from models.centre import site_zone
from models.complaint import Step
from models.due import due_items
from models.essentials import seed_essentials

SIZE = 1000
THINGS = 80


def superuser_url_of(app: Flask, engines: Postgres) -> str:
    own = make_url(app.extensions["settings"].database_url).database
    return make_url(engines.superuser_url).set(database=own).render_as_string(hide_password=False)


def test_the_digest_bench_makes_every_department_s_digest_over_its_own_data(
    fresh_app: Flask, engines: Postgres, redis_url: str, tmp_path: Path
) -> None:
    settings, url = fresh_app.extensions["settings"], superuser_url_of(fresh_app, engines)
    with fresh_app.app_context():
        seed_essentials()
        db.session.commit()
        begin_data(url, customers=200)
        add_complaints(url, 1, SIZE)
        counts = {model: db.session.scalar(select(func.count(model.id))) for model in COUNTED}
        assert counts == COUNTED
        open_ones = db.session.scalar(
            select(func.count(Complaint.id)).where(Complaint.step != Step.CONFIRMED)
        )
        assert open_ones
        assert 0 < open_ones < SIZE / 4
    environ = environment(settings.database_url, settings.migration_database_url, redis_url, tmp_path)
    found = measure(environ)
    assert found.digests > 5
    assert found.mails == 2 * found.digests
    # However many subjects, complaints and parts there are.
    assert found.statements < 70 * found.digests
    assert 0 < found.slowest <= found.seconds


COUNTED = {Complaint: SIZE, CallRecord: SIZE, PartsQualityRecord: SIZE // 2, Deadline: 2 * SIZE}


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["no-such"], 2)])
def test_without_a_known_name_it_says_which_there_are(
    arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_bench.main(arguments) == status
    assert "digest" in capsys.readouterr().out


def test_the_bench_of_what_is_due_adds_so_many_things_and_opens_the_pages_that_show_them(
    fresh_app: Flask, engines: Postgres, queue: Redis
) -> None:
    url = superuser_url_of(fresh_app, engines)
    with fresh_app.app_context():
        seed_essentials()
        db.session.commit()
        begin_data(url, customers=40)
        add_complaints(url, 1, 100)
        add_things_to_do(url, 1, THINGS)
        found = due_items(
            now().astimezone(site_zone()).date() + timedelta(days=28), zone=site_zone(), limit=2 * THINGS
        )
        assert len(found) == THINGS
        assert len({each.kind for each in found}) == 11
        db.session.remove()
    figures = measure_due.measure(fresh_app, times=1)
    assert set(figures) == {"first tick", "quiet tick", *measure_due.PAGES}
    assert all(0 < in_database < seconds for seconds, _statements, in_database in figures.values())
    assert all(figures[page][1] < 40 for page in measure_due.PAGES)


@pytest.mark.faults
def test_the_bench_of_lists_opens_every_page_as_deployed_and_saves_what_it_sends() -> None:
    found = bench_lists.measure_size(2000, is_brief=True)
    assert len(found["pages"]) == 20
    assert {name.partition(":")[0] for name in found["pages"]} == {"administrator", "clerk"}
    assert all(each["by_hand"] > 0 and 0 < each["median"] <= each["p95"] for each in found["pages"].values())
    # The head and every complaint.
    assert found["exports"]["CSV"]["rows"] >= 2001
    assert bench_lists.table(2000, found, None).count("\n") > 22
