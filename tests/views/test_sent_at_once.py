"""Two clicks on Save that reach the deployed server at the same moment: one row, and the same answer."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from factories import Factory
from models import Customer, acting_as, db, system_actor
from models.organisation import Role
from web_server import Answer, Person, Web, logged_in, web_server


def send_twice(web: Web, person: Person, address: str, fields: dict[str, str]) -> list[Answer]:
    """Send the same form on two connections at once."""
    barrier = Barrier(2)

    def send(_number: int) -> Answer:
        barrier.wait()
        return web.send("POST", address, person.cookie, fields | {"csrf_token": person.csrf})

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(send, range(2)))


@pytest.mark.parametrize("pairs", [15, pytest.param(1000, marks=pytest.mark.faults)])
def test_two_at_once_enter_one_record_or_make_one_change(pairs: int, fresh_app: Flask) -> None:
    with fresh_app.app_context():
        make = Factory(db.session())
        key = make.customer().id
        person = logged_in(fresh_app, make.staff(Role.SUPERVISOR), db.session())
        db.session.remove()
    statuses = set()
    with web_server(fresh_app.extensions["settings"]) as web:
        for number in range(pairs):
            fields = {"name": f"双击{number}", "kind": "owner", "form_key": secrets.token_urlsafe(12)}
            first, second = send_twice(web, person, "/customer/new/", fields)
            assert first.location == second.location, (first.status, second.status)
            change = {"version": str(number + 1), "address": f"改{number}"}
            one, other = send_twice(web, person, f"/customer/edit/?id={key}", change)
            assert one.location == other.location, (one.status, other.status)
            statuses |= {first.status, second.status, one.status, other.status}
    assert statuses == {302}
    with fresh_app.app_context(), acting_as(system_actor("test")):
        counts = db.session.execute(select(Customer.name, func.count(Customer.id)).group_by(Customer.name))
        made = {name: count for name, count in counts if name.startswith("双击")}
        version = db.session.scalar(select(Customer.version).where(Customer.id == key))
        db.session.remove()
    assert made == {f"双击{number}": 1 for number in range(pairs)}
    assert version == pairs + 1
