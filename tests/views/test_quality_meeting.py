"""The page of a week's quality meeting."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from made_digests import put
from screens import present_day
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login
from factories import Factory
from models import Digest, Measure
from models.organisation import Role

PAGE = "/quality-meeting/?week=2024-W10"


def test_a_measure_is_decided_at_its_point_beside_what_was_decided_before(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    made = put(app, make, make.department(name="品质部"), [])
    subject = db_session.get_one(Digest, made.digest).payload["subjects"]["top"][0]["id"]
    make.measure(department_id=made.department, subject_id=subject, what="以前的措施")
    make.measure(subject_id=subject, what="别的部门的措施")
    boss = login(Role.SUPERVISOR)
    page = boss.get(PAGE).text
    assert "以前的措施" in page
    assert "别的部门的措施" not in page
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert key is not None
    due = (present_day() + timedelta(days=9)).isoformat()
    sent = {"digest_id": made.digest, "point": f"subject:{subject}", "answer": "换供应商", "form_key": key[1]}
    refused = boss.post("/quality-meeting/decide/", data=sent)
    assert refused.status_code == 422
    assert "换供应商" in refused.text
    sent |= {"measure_owner": "陈工", "measure_due_on": due}
    # Sent twice, it has one effect.
    assert [boss.post("/quality-meeting/decide/", data=sent).status_code for _n in range(2)] == [302, 302]
    measure = db_session.scalars(select(Measure).where(Measure.what == "换供应商")).one()
    assert (measure.meeting_week, measure.subject_id, measure.digest_id) == ("2024-W10", subject, made.digest)
    assert "换供应商" in boss.get(PAGE).text
    assert boss.post("/quality-meeting/decide/", data=sent | {"point": "subject:0"}).status_code == 404


def test_a_week_without_digests_says_so_and_others_stay_out(login: Login) -> None:
    reader = login(Role.QUALITY_ENGINEER)
    assert "No points in this week" in reader.get("/quality-meeting/?week=2020-W10").text
    assert "week=2020-W09" in reader.get("/quality-meeting/?week=2020-W10").text
    assert login(Role.CLERK).get(PAGE).status_code == 403


def test_departments_stand_above_with_the_points_that_have_no_measure(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    first = put(app, make, make.department(name="品质部"), [])
    second = put(app, make, make.department(name="技术部"), [])
    subject = db_session.get_one(Digest, first.digest).payload["subjects"]["top"][0]["id"]
    make.measure(department_id=first.department, subject_id=subject)
    page = login(Role.SUPERVISOR).get(PAGE).text
    open_at = re.findall(r'href="#d(\d+)".*?(\d+) points?(?: · (\d+) without)?', page)
    assert [int(department) for department, _points, _open in open_at] == [
        first.department,
        second.department,
    ]
    (_d, points, undecided), (_e, others, open_there) = open_at
    assert int(points) - int(undecided or 0) >= 1
    assert others == open_there
