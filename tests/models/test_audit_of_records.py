"""The audit of every record type: what each change of a row leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from factories import Factory
from models import AuditEntry, Record, acting_as, record_types
from models.actor import Actor
from models.audit import AuditAction

TYPES = record_types()
SECRET = {"staff": {"password", "fs_uniquifier"}, "chat_group": {"webhook", "signing_secret"}}
# These change at each change, or follow another column, and say nothing.
LEFT_OUT = {"version", "updated_at", "name_sort", "phone_numbers"}


def name_of(model: type[Record]) -> str:
    return model.__tablename__


def entries(session: Session, table: str, key: int) -> list[AuditEntry]:
    found = select(AuditEntry).where(AuditEntry.table_name == table, AuditEntry.row_id == key)
    return list(session.scalars(found.order_by(AuditEntry.id)))


def row_of(session: Session, table: str, key: int) -> dict[str, Any]:
    """Return what stands in the row's columns, as JSON tells it."""
    row = session.scalar(text(f"SELECT to_jsonb({table}) FROM {table} WHERE id = :key"), {"key": key})
    assert isinstance(row, dict)
    return {
        name: "***" if name in SECRET.get(table, ()) else value
        for name, value in row.items()
        if value is not None and name not in LEFT_OUT
    }


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_a_new_row_is_recorded_with_all_that_it_holds(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    key = make.record(model).id
    (entry,) = entries(db_session, name_of(model), key)
    assert entry.action is AuditAction.INSERT
    assert {name: new for name, (_old, new) in entry.changes.items()} == row_of(
        db_session, name_of(model), key
    )
    shown = {old for name, (old, _new) in entry.changes.items() if name not in SECRET.get(name_of(model), ())}
    assert shown == {None}


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_a_removed_row_is_recorded_with_all_that_it_held(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    table, key = name_of(model), make.record(model).id
    held = row_of(db_session, table, key)
    db_session.execute(text(f"DELETE FROM {table} WHERE id = :key"), {"key": key})
    entry = entries(db_session, table, key)[-1]
    assert entry.action is AuditAction.DELETE
    assert {name: old for name, (old, _new) in entry.changes.items()} == held


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_a_change_is_recorded_with_the_changed_column_alone(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    table, region = name_of(model), make.region()
    key = make.record(model).id
    change = (
        f"UPDATE {table} SET region_id = :region, version = version + 1, updated_at = now() WHERE id = :key"
    )
    db_session.execute(text(change), {"region": region.id, "key": key})
    entry = entries(db_session, table, key)[-1]
    assert (entry.action, entry.changes) == (AuditAction.UPDATE, {"region_id": [None, region.id]})


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_a_change_through_the_model_names_who_made_it(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    person, record = make.staff(), make.record(model)
    with acting_as(Actor(person.id, "request", region_ids=None)):
        record.responsible_id = person.id
        db_session.commit()
    entry = entries(db_session, name_of(model), record.id)[-1]
    assert (entry.actor_id, entry.source) == (person.id, "request")
    assert entry.changes == {"responsible_id": [None, person.id]}


@pytest.mark.parametrize("column", sorted(SECRET["staff"]))
def test_no_entry_ever_holds_a_secret(make: Factory, db_session: Session, column: str) -> None:
    staff = make.staff(**{column: "the-first-secret"})
    setattr(staff, column, "the-second-secret")
    db_session.commit()
    db_session.delete(staff)
    db_session.commit()
    found = entries(db_session, "staff", staff.id)
    assert [entry.changes[column] for entry in found] == [["***", "***"]] * 3
    assert "secret" not in str([entry.changes for entry in found])


def test_what_somebody_changes_at_the_database_s_own_prompt_is_recorded_as_such(
    make: Factory, db_session: Session
) -> None:
    dealer = make.dealer()
    for name in ("huisheng.actor_id", "huisheng.source"):
        db_session.execute(text("SELECT set_config(:name, '', true)"), {"name": name})
    db_session.execute(text("UPDATE dealer SET city = '徐州'"))
    entry = entries(db_session, "dealer", dealer.id)[-1]
    assert (entry.actor_id, entry.source) == (None, "database")


def test_a_department_taken_from_a_subject_is_recorded(make: Factory, db_session: Session) -> None:
    department = make.department()
    subject = make.subject(departments=[department])
    subject.departments = []
    db_session.commit()
    entry = entries(db_session, "subject_department", subject.id)[-1]
    assert (entry.action, entry.changes["department_id"]) == (AuditAction.DELETE, [department.id, None])


def test_entries_stand_in_the_order_of_the_changes(make: Factory, db_session: Session) -> None:
    dealer = make.dealer()
    for city in ("徐州", "临沂", "阜阳"):
        dealer.city = city
        db_session.commit()
    found = entries(db_session, "dealer", dealer.id)[1:]
    assert [entry.changes["city"] for entry in found] == [[None, "徐州"], ["徐州", "临沂"], ["临沂", "阜阳"]]
    assert [entry.at for entry in found] == sorted(entry.at for entry in found)
