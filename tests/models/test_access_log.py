"""The access log: what it takes down of who did what."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from models import AccessEntry, acting_as, db
from models.access import AccessKind, record_access
from models.actor import Actor
from models.base import now


def last_entry() -> AccessEntry:
    return db.session.scalars(select(AccessEntry).order_by(AccessEntry.id.desc())).one()


def test_an_entry_names_who_did_it_for_whom_and_what_it_was_about(in_app: Flask) -> None:
    with acting_as(Actor(7, "request", on_behalf_of_id=8)):
        record_access(AccessKind.REVEALED, table="customer", row_id=3, remote_address="::1", column="phone")
    entry = last_entry()
    assert (entry.kind, entry.actor_id, entry.on_behalf_of_id) == (AccessKind.REVEALED, 7, 8)
    assert (entry.table_name, entry.row_id, entry.detail) == ("customer", 3, {"column": "phone"})
    assert str(entry.remote_address) == "::1"
    assert abs(entry.at - now()) < timedelta(minutes=1)


def test_a_person_who_does_not_act_yet_is_named_by_the_caller(in_app: Flask) -> None:
    record_access(AccessKind.LOGIN, actor_id=5)
    assert last_entry().actor_id == 5


def test_what_nobody_did_names_nobody(in_app: Flask) -> None:
    record_access(AccessKind.LOGIN_FAILED)
    assert last_entry().actor_id is None
