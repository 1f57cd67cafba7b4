"""A customer's file: what it must hold, and when it first did."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from factories import Factory
from models import Customer, db
from models.base import now
from models.customer import COMPANY_FIELDS, FILE_FIELDS, CustomerKind, is_complete, lacking_in
from models.tasks import count_tasks

LONG_AGO = now() - timedelta(days=9)
FULL = {
    "phone": "13900000000",
    "address": "徐州市解放路 1 号",
    "source": "展会",
    "first_contact_on": LONG_AGO.date(),
    "wished_service": "上门保养",
}


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


@pytest.mark.parametrize("name", FILE_FIELDS)
def test_a_file_is_complete_from_the_moment_in_which_it_holds_the_last_of_it(
    make: Factory, name: str
) -> None:
    full = FULL | {"region_id": make.region().id}
    row = make.customer(**full | {name: None})
    assert lacking_in(row) == [name]
    assert row.completed_at is None
    setattr(row, name, full[name])
    db.session.flush()
    assert row.completed_at is not None
    first = row.completed_at
    # What is lost and found later changes nothing of that.
    for value in (None, full[name]):
        setattr(row, name, value)
        db.session.flush()
    assert row.completed_at == first


def test_a_company_names_whom_one_talks_to(make: Factory) -> None:
    full = FULL | {"region_id": make.region().id, "kind": CustomerKind.COMPANY}
    row = make.customer(**full)
    assert lacking_in(row) == ["contact_person"]
    row.contact_person = "王经理"
    db.session.flush()
    assert row.completed_at is not None


def test_the_database_and_the_program_agree_on_what_is_complete(make: Factory) -> None:
    region = make.region()
    for kind in CustomerKind:
        for name in (None, *COMPANY_FIELDS):
            given = FULL | {"region_id": region.id, "contact_person": "王", "kind": kind}
            make.customer(**given | ({name: None} if name else {}))
    found = set(db.session.scalars(select(Customer.id).where(is_complete())))
    rows = db.session.scalars(select(Customer)).all()
    assert {row.id for row in rows if not lacking_in(row)} == found
    assert 0 < len(found) < len(rows)


def test_what_people_entered_and_left_incomplete_is_counted_once_it_is_late(make: Factory) -> None:
    staff = make.staff()
    own = {"created_by_id": staff.id, "created_at": LONG_AGO}
    make.customer(**own)
    make.customer(**own, first_contact_on=LONG_AGO.date())
    # Entered late itself.
    make.customer(created_by_id=staff.id, first_contact_on=LONG_AGO.date())
    assert count_tasks(["incomplete"]) == {"incomplete": 3}
    # In time, complete, or imported.
    make.customer(created_by_id=staff.id, first_contact_on=now().date())
    make.customer(**own | FULL, region_id=make.region().id)
    make.customer(created_at=LONG_AGO, first_contact_on=date(2024, 1, 1))
    make.customer(created_by_id=staff.id, created_at=datetime.now(UTC))
    assert count_tasks(["incomplete"]) == {"incomplete": 3}
