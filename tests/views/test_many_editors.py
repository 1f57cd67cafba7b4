"""Many people at few records at once, against the deployed server: nothing lost, nothing overwritten."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import func, select

from factories import Factory
from models import AuditEntry, Customer, acting_as, db, system_actor
from models.audit import AuditAction
from models.organisation import Role
from web_server import Answer, Person, Web, logged_in, version_in, web_server


@dataclass
class Result:
    """What editors saw: how their edits ended, what a loser's page lacked, and how long requests took."""

    ends: Counter[int] = field(default_factory=Counter)
    lost_drafts: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, other: Result) -> None:
        self.ends += other.ends
        self.lost_drafts += other.lost_drafts
        self.seconds += other.seconds


def edit_at_random(web: Web, person: Person, number: int, edits: int, keys: list[int]) -> Result:
    """Open a record's form, change it and send it, again and again; a pause lets others come between."""
    chance, result = random.Random(number), Result()
    for turn in range(edits):
        address = f"/customer/edit/?id={chance.choice(keys)}"
        form = web.send("GET", address, person.cookie)
        draft = f"editor {number} turn {turn} end"
        fields = {"version": version_in(form.text), "address": draft, "csrf_token": person.csrf}
        answer: Answer = web.send("POST", address, person.cookie, fields)
        result.ends[answer.status] += 1
        result.seconds += [form.seconds, answer.seconds]
        if answer.status == 409 and f'value="{draft}"' not in answer.text:
            result.lost_drafts.append(draft)
    return result


@pytest.mark.parametrize(
    ("editors", "edits", "records"),
    [(10, 10, 3), pytest.param(200, 50, 20, marks=pytest.mark.faults)],
)
def test_each_success_is_one_version_and_one_audit_row_and_all_others_are_conflicts(
    editors: int, edits: int, records: int, fresh_app: Flask
) -> None:
    with fresh_app.app_context():
        make = Factory(db.session())
        keys = [make.customer().id for _ in range(records)]
        people = [logged_in(fresh_app, make.staff(Role.SUPERVISOR), db.session()) for _ in range(editors)]
        db.session.remove()
    whole = Result()
    with web_server(fresh_app.extensions["settings"]) as web, ThreadPoolExecutor(editors) as pool:
        for part in pool.map(
            lambda number: edit_at_random(web, people[number], number, edits, keys), range(editors)
        ):
            whole.add(part)

    with fresh_app.app_context(), acting_as(system_actor("test")):
        versions = db.session.scalar(select(func.sum(Customer.version - 1)).where(Customer.id.in_(keys)))
        audited = db.session.scalar(
            select(func.count(AuditEntry.id)).where(
                AuditEntry.table_name == "customer",
                AuditEntry.row_id.in_(keys),
                AuditEntry.action == AuditAction.UPDATE,
            )
        )
        db.session.remove()
    saved = whole.ends[302]
    told = statistics.quantiles(whole.seconds, n=20)
    print(  # noqa: T201 - the figures of the long dose
        f"{editors} x {edits} on {records}: {dict(whole.ends)}, versions {versions}, audit rows {audited},"
        f" median {statistics.median(whole.seconds) * 1000:.0f} ms, p95 {told[18] * 1000:.0f} ms"
    )
    assert whole.ends.total() == editors * edits
    assert set(whole.ends) == {302, 409}
    assert versions == audited == saved
    assert whole.lost_drafts == []
