from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from conftest import superuser
from embedded_services import Postgres
from factories import Factory
from models import AuditEntry, Complaint, Dealer, acting_as, db, record_types, system_actor
from models.actor import Actor
from models.audit import AuditAction


def entries(session: Session, record: object) -> list[AuditEntry]:
    found = select(AuditEntry).where(
        AuditEntry.table_name == record.__tablename__,
        AuditEntry.row_id == record.id,
    )
    return list(session.scalars(found.order_by(AuditEntry.id)))


def test_each_change_is_recorded_field_by_field(make: Factory, db_session: Session) -> None:
    dealer = make.dealer(name="旧名")
    dealer.name = "新名"
    db_session.commit()
    db_session.delete(dealer)
    db_session.commit()
    created, changed, removed = entries(db_session, dealer)
    assert created.action is AuditAction.INSERT
    assert created.changes["name"] == [None, "旧名"]
    assert changed.action is AuditAction.UPDATE
    assert changed.changes == {"name": ["旧名", "新名"]}
    assert removed.action is AuditAction.DELETE
    assert removed.changes["name"] == ["新名", None]


def test_an_update_that_changes_nothing_leaves_no_entry(make: Factory, db_session: Session) -> None:
    dealer = make.dealer()
    db_session.execute(text("UPDATE dealer SET name = name, version = version + 1"))
    assert len(entries(db_session, dealer)) == 1


def test_the_actor_of_each_change_is_recorded(make: Factory, db_session: Session) -> None:
    dealer = make.dealer()
    person, absent = make.staff(), make.staff()
    actor = Actor(person.id, "request", region_ids=None, on_behalf_of_id=absent.id)
    # The transaction is already open for somebody else.
    db_session.execute(select(Dealer))
    with acting_as(actor):
        dealer.phone = "13900000000"
        db_session.commit()
    entry = entries(db_session, dealer)[-1]
    assert (entry.actor_id, entry.on_behalf_of_id, entry.source) == (person.id, absent.id, "request")
    assert entries(db_session, dealer)[0].source == "test"


def test_the_actor_survives_a_rolled_back_savepoint(make: Factory, db_session: Session) -> None:
    dealer = make.dealer()
    with acting_as(system_actor("job:outer")):
        dealer.phone = "1"
        db_session.flush()
        with acting_as(system_actor("job:inner")):
            inner = db_session.begin_nested()
            dealer.city = "徐州"
            db_session.flush()
            inner.rollback()
        dealer.phone = "2"
        db_session.commit()
    assert [entry.source for entry in entries(db_session, dealer)] == ["test", "job:outer", "job:outer"]


def test_bulk_updates_are_recorded_row_by_row_with_their_actor(make: Factory, db_session: Session) -> None:
    dealers = [make.dealer() for _ in range(3)]
    with acting_as(system_actor("command:move")):
        db_session.query(Dealer).update({"city": "临沂"})
    for dealer in dealers:
        entry = entries(db_session, dealer)[-1]
        assert (entry.source, entry.changes) == ("command:move", {"city": [None, "临沂"]})


def test_secrets_are_recorded_as_changed_but_not_shown(make: Factory, db_session: Session) -> None:
    staff = make.staff(password="old-hash")
    staff.password = "new-hash"
    db_session.commit()
    assert entries(db_session, staff)[-1].changes == {"password": ["***", "***"]}
    assert "hash" not in str(entries(db_session, staff)[0].changes["password"])


def test_departments_of_a_subject_are_audited_under_the_subject(make: Factory, db_session: Session) -> None:
    subject, department = make.subject(), make.department()
    subject.departments.append(department)
    db_session.commit()
    found = select(AuditEntry).where(
        AuditEntry.table_name == "subject_department", AuditEntry.row_id == subject.id
    )
    assert db_session.scalars(found).one().changes["department_id"] == [None, department.id]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET source = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry OVERRIDING SYSTEM VALUE SELECT * FROM audit_entry",
        "ALTER TABLE dealer DISABLE TRIGGER audit",
        "DROP TRIGGER audit ON dealer",
        "DROP TABLE audit_entry",
        "CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = 'x'",
        "UPDATE access_entry SET actor_id = NULL",
        "DELETE FROM access_entry",
        "TRUNCATE access_entry",
    ],
)
def test_the_application_cannot_tamper_with_the_audit_log(
    make: Factory, db_session: Session, tampering: str
) -> None:
    make.dealer()
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"), db_session.begin_nested():
        db_session.execute(text(tampering))


def test_a_temporary_table_does_not_take_the_place_of_the_audit_log(
    fresh_app: Flask, engines: Postgres
) -> None:
    # As with a database of a PaaS, where every role may make temporary tables.
    with superuser(engines) as connection, fresh_app.app_context():
        connection.exec_driver_sql(f"GRANT TEMPORARY ON DATABASE {db.engine.url.database} TO PUBLIC")
        db.session.execute(text("CREATE TEMPORARY TABLE audit_entry (LIKE audit_entry INCLUDING IDENTITY)"))
        db.session.execute(text("GRANT ALL ON pg_temp.audit_entry TO PUBLIC"))
        dealer = Factory(db.session).dealer()
        recorded = text(
            "SELECT count(*) FROM public.audit_entry WHERE table_name = 'dealer' AND row_id = :id"
        )
        assert db.session.scalar(recorded, {"id": dealer.id}) == 1


def test_the_application_role_is_an_ordinary_one(db_session: Session) -> None:
    row = db_session.execute(
        text(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls,"
            " (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = current_user"
        )
    ).one()
    assert tuple(row) == (False, False, False, False, 0)


def test_every_business_table_has_the_audit_trigger(db_session: Session) -> None:
    audited = db_session.scalars(
        text(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgname = 'audit' AND tgenabled <> 'D'"
        )
    )
    assert {model.__tablename__ for model in record_types()} <= set(audited)


def test_numbers_are_drawn_by_the_database_and_never_repeat(make: Factory, db_session: Session) -> None:
    first, second = make.complaint(), make.complaint()
    year = first.registered_at.astimezone().year
    assert first.number.startswith(f"TS-{year}-0")
    assert int(second.number[-6:]) == int(first.number[-6:]) + 1
    # A number that was drawn in a transaction that came to nothing is not drawn again.
    savepoint = db_session.begin_nested()
    lost = Complaint(customer_name="x", subject_id=first.subject_id)
    db_session.add(lost)
    db_session.flush()
    lost_number = lost.number
    savepoint.rollback()
    assert make.complaint().number > lost_number
