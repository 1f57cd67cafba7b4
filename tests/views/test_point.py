"""The page on which a department answers a point of its digest by the link of the mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from flask import Flask
from made_digests import Made, put
from screens import present_day
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from conftest import PanelClient
from factories import Factory
from models import AuditEntry, Delivery, Digest, Measure
from models.base import now
from models.mail_link import PointLink, answer_url, point_url
from models.measure import MeasureState

Address = Callable[..., str]
WHO = "chen@example.com"
NEW = {"answered_by": "李主任", "answer": "改用进口轴承", "measure_owner": "陈工"}


@pytest.fixture
def made(app: Flask, make: Factory) -> Made:
    return put(app, make, make.department(name="品质部"), [WHO])


def subject_key(session: Session, made: Made) -> str:
    text = mail_of(session, made)
    assert text.count("/point/") >= 1
    digest = session.get_one(Digest, made.digest)
    return f"subject:{digest.payload['subjects']['top'][0]['id']}"


def mail_of(session: Session, made: Made) -> str:
    query = select(Delivery).where(Delivery.id == made.deliveries[0]).options(undefer(Delivery.message))
    message = message_from_bytes(session.scalars(query).one().message, policy=policy.default)
    return str(message.get_body(("html",)).get_content())  # type: ignore[union-attr]  # each mail has a page


@pytest.fixture
def address(app: Flask, made: Made, db_session: Session) -> Address:
    def path(key: str | None = None, within: timedelta = timedelta(days=1), email: str = WHO) -> str:
        link = PointLink(made.digest, key or subject_key(db_session, made), email, now() + within)
        return point_url(app.extensions["settings"], link).removeprefix("http://localhost")

    return path


def form_key(client: PanelClient, path: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def due() -> str:
    return (present_day() + timedelta(days=10)).isoformat()


def test_each_point_of_the_mail_leads_to_a_page_that_takes_its_measure(
    client: PanelClient, made: Made, db_session: Session
) -> None:
    links = re.findall(r'href="http://localhost(/point/[^"]+)"', mail_of(db_session, made))
    assert len(set(links)) == len(links) >= 1
    pages = [client.get(link) for link in links]
    assert [page.status_code for page in pages] == [200] * len(links)
    assert db_session.scalar(select(Measure)) is None
    assert client.post(links[-1], data=NEW | {"measure_due_on": due()}).status_code == 303
    measure = db_session.scalars(select(Measure)).one()
    assert (measure.department_id, measure.digest_id) == (made.department, made.digest)
    assert (measure.what, measure.owner_name, measure.due_on) == (
        "改用进口轴承",
        "陈工",
        date.fromisoformat(due()),
    )
    assert measure.subject_id is not None
    assert measure.decided_by == f"李主任 {WHO}"
    audit = select(AuditEntry.source).where(
        AuditEntry.table_name == "measure", AuditEntry.row_id == measure.id
    )
    assert db_session.scalars(audit).all() == ["answer:point"]
    assert "改用进口轴承" in client.get(links[-1]).text


def test_a_measure_that_is_owed_is_reported_done_by_its_own_link(
    app: Flask, client: PanelClient, make: Factory, db_session: Session
) -> None:
    department = make.department(name="品质部")
    owed = make.measure(department_id=department.id, due_on=date(2024, 3, 1))
    make.measure(department_id=department.id, due_on=date(2024, 3, 2))
    mail = mail_of(db_session, put(app, make, department, [WHO]))
    links = re.findall(r'href="http://localhost(/point/[^"]+)"[^>]*>报告完成<', mail)
    assert len(links) == 2
    (link, _) = links
    page = client.get(link)
    assert owed.what in page.text
    sent = {"answered_by": "李主任", "answer": "旧件已全部退回", "measure_id": str(owed.id)}
    assert client.post(link, data=sent).status_code == 303
    db_session.refresh(owed)
    assert (owed.state, owed.report) == (MeasureState.DONE, "旧件已全部退回")


def test_what_is_sent_twice_has_one_effect(
    client: PanelClient, address: Address, db_session: Session
) -> None:
    path = address()
    sent = NEW | {"measure_due_on": due(), "form_key": form_key(client, path)}
    assert [client.post(path, data=sent).status_code for _n in range(2)] == [303, 303]
    measure = db_session.scalars(select(Measure)).one()
    report = {"answered_by": "陈工", "answer": "已换", "measure_id": measure.id}
    report["form_key"] = form_key(client, path)
    assert [client.post(path, data=report).status_code for _n in range(2)] == [303, 303]
    db_session.refresh(measure)
    assert (measure.state, measure.report, measure.done_on) == (MeasureState.DONE, "已换", present_day())
    again = client.post(path, data=report | {"form_key": "another", "answer": "again"})
    assert again.status_code == 422
    assert "该措施已不在进行中" in again.text


def test_who_reports_by_the_link_is_known_as_staff_by_the_address(
    client: PanelClient, make: Factory, address: Address, db_session: Session
) -> None:
    person = make.staff(email="staff@example.com")
    path = address(email="staff@example.com")
    client.post(path, data=NEW | {"measure_due_on": due()})
    measure = db_session.scalars(select(Measure)).one()
    client.post(path, data={"answered_by": "王", "answer": "done", "measure_id": measure.id})
    db_session.refresh(measure)
    assert measure.reported_by_id == person.id


def test_forged_expired_and_foreign_links_are_refused_with_a_sentence(
    app: Flask, client: PanelClient, make: Factory, address: Address, db_session: Session
) -> None:
    good = address()
    stranger = make.measure()
    foreign = client.post(good, data={"answered_by": "a", "answer": "b", "measure_id": stranger.id})
    assert (foreign.status_code, "已不在进行中" in foreign.text) == (422, True)
    notice = make.notice()
    other_purpose = answer_url(app.extensions["settings"], notice.id, notice.told_at).rpartition("/")[2]
    bad = {
        good[:-3] + "abc": 404,
        f"/point/{other_purpose}": 404,
        f"/answer/{good.rpartition('/')[2]}": 404,
        address("subject:999999"): 404,
        address(within=timedelta(seconds=-1)): 410,
    }
    for path, status in bad.items():
        for response in (client.get(path), client.post(path, data=NEW | {"measure_due_on": due()})):
            assert response.status_code == status
            assert ("无法使用" in response.text) or ("已过期" in response.text) or "链接" in response.text
    assert db_session.scalars(select(Measure)).all() == [stranger]


def test_what_is_missing_is_said_at_its_field(
    client: PanelClient, address: Address, db_session: Session
) -> None:
    response = client.post(address(), data={"answered_by": "李", "measure_due_on": "2020-01-01"})
    assert response.status_code == 422
    assert response.text.count('class="error" id=') == 3
    assert 'value="李"' in response.text
    assert db_session.scalar(select(Measure)) is None
