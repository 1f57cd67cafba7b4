"""More requests than connections to the database: a clear answer with the draft, then all is well again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import create_engine, select

from app import POOL_WAIT_SECONDS
from factories import Factory
from models import Customer, acting_as, db, system_actor
from models.organisation import Role
from web_server import Answer, Web, logged_in, web_server

WEB_PROCESSES = 2


@pytest.mark.parametrize(
    ("connections", "requests"), [(1, 8), pytest.param(2, 100, marks=pytest.mark.faults)]
)
def test_who_finds_no_connection_is_told_so_and_keeps_the_draft(
    connections: int, requests: int, fresh_app: Flask
) -> None:
    with fresh_app.app_context():
        make = Factory(db.session())
        # Who holds the connections changes one record, and who finds none another.
        locked, free = make.customer().id, make.customer().id
        person = logged_in(fresh_app, make.staff(Role.SUPERVISOR), db.session())
        db.session.remove()
    # What waits for a lock must hold its connection for longer than others wait for one.
    settings = replace(
        fresh_app.extensions["settings"], database_connections=connections, statement_seconds=60
    )
    holders = connections * WEB_PROCESSES

    def save(web: Web, key: int, draft: str) -> Answer:
        fields = {"version": "1", "address": draft, "csrf_token": person.csrf}
        return web.send("POST", f"/customer/edit/?id={key}", person.cookie, fields)

    engine = create_engine(settings.database_url)
    with web_server(settings) as web, ThreadPoolExecutor(holders * 4 + requests) as pool:
        with engine.connect() as lock, lock.begin():
            lock.exec_driver_sql(f"UPDATE customer SET source = '等' WHERE id = {locked}")
            # More than there are connections: whichever process takes them, none is left.
            slow = [pool.submit(save, web, locked, f"慢{number}") for number in range(holders * 4)]
            time.sleep(1)
            others = [pool.submit(save, web, free, f"没有丢{number}。") for number in range(requests)]
            refused = [each.result() for each in others]
        engine.dispose()
        slow_ends = {each.result().status for each in slow}
        after = web.send("GET", f"/customer/edit/?id={free}", person.cookie)
    waited = sorted(answer.seconds for answer in refused)
    print(  # noqa: T201 - the figures of the long dose
        f"{requests} requests, {holders} connections: longest wait {waited[-1]:.1f} s"
    )
    assert {answer.status for answer in refused} == {503}
    for number, answer in enumerate(refused):
        assert "系统繁忙" in answer.text
        assert f"没有丢{number}。</textarea>" in answer.text
    assert slow_ends <= {302, 409, 503}
    assert after.status == 200
    # Whoever gets a thread waits once, and no page asks the database again.
    assert requests > 50 or waited[-1] < POOL_WAIT_SECONDS * 2 + 4
    with fresh_app.app_context(), acting_as(system_actor("test")):
        stored = db.session.scalar(select(Customer.address).where(Customer.id == free))
        db.session.remove()
    assert stored is None
