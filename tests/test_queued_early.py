"""What a rolled back transaction wrote is never queued, and the check of it sees what is queued too early."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import update

from conftest import PanelClient
from factories import Factory
from jobs.delivery import deliver
from jobs.outbox import put_account_mail, send_soon
from jobs.queues import enqueue, job_id, panel_queue
from models import Delivery, Staff, db
from models.organisation import Role


def test_a_mail_is_queued_by_the_request_that_commits_it_and_by_none_that_fails(
    app: Flask, client: PanelClient, make: Factory, queue: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make.staff(Role.CLERK)
    before = app.extensions["settings"]
    sending = replace(before, smtp_url="smtp://127.0.0.1:1", mail_allow=(person.email,))
    monkeypatch.setitem(app.extensions, "settings", sending)

    def fail(*arguments: object, **named: object) -> None:
        put_account_mail(*arguments, **named)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("jobs.account_mail.put_account_mail", fail)
        assert client.post("/reset", data={"email": person.email}).status_code == 500
    with app.app_context():
        assert panel_queue().job_ids == []
    assert make.session.query(Delivery).count() == 0
    assert client.post("/reset", data={"email": person.email}).status_code == 200
    sent = make.session.query(Delivery).one()
    with app.app_context():
        assert panel_queue().job_ids == [job_id(deliver, sent.id)]


@pytest.mark.parametrize("how", ["pending", "flushed", "statement"])
def test_the_check_sees_what_is_queued_before_its_commit(
    in_app: Flask, queue: Redis, queued_early: list[str], how: str
) -> None:
    person = Factory(db.session()).staff()
    send_soon([])
    enqueue(deliver, 1)
    assert queued_early == []
    if how == "statement":
        db.session.execute(update(Staff).values(name="改名"))
    else:
        person.name = "改名"
    if how == "flushed":
        db.session.flush()
    enqueue(deliver, 2)
    db.session.rollback()
    enqueue(deliver, 3)
    assert queued_early == [job_id(deliver, 2)]
    queued_early.clear()
