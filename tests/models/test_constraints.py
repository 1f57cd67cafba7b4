"""What the database itself refuses, whichever program writes: tried with plain SQL, beside every rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from rules_of_tables import ALLOWED, CHECKS, UNIQUE
from sqlalchemy import Enum, String, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config import Settings
from conftest import own_app
from embedded_services import Postgres
from factories import Factory
from models import Base, acting_as, db, system_actor

TABLES = Base.metadata.tables
# Read by the application, written by a trigger only.
# The logs are not the application's to change.
WRITTEN = [table for name, table in TABLES.items() if name not in {"audit_entry", "access_entry"}]

ENUMERATIONS = [
    (table.name, column.name, f"ck_{table.name}_{column.type.name}")
    for table in WRITTEN
    for column in table.c
    if isinstance(column.type, Enum)
]
AMONG_KEPT = sorted(
    str(index.name)
    for table in WRITTEN
    for index in table.indexes
    if index.unique and str(index.dialect_options["postgresql"]["where"]) == "deleted_at IS NULL"
)


@pytest.fixture(scope="module")
def filled(app: Flask, settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Return an application in whose database, one for all tests here, every table has a row."""
    with own_app(settings, engines) as panel:
        with panel.app_context(), acting_as(system_actor("test")):
            Factory(db.session()).one_of_each()
            db.session.commit()
            db.session.remove()
        yield panel


@pytest.fixture
def rows(filled: Flask) -> Iterator[Session]:
    """Return a session that sees them, and of which nothing stays."""
    with filled.app_context():
        yield db.session()
        db.session.remove()


def refused(session: Session, statement: str, **values: Any) -> DBAPIError | None:
    """Return the error with which the database refuses a statement, None where it does not; nothing stays."""
    savepoint = session.begin_nested()
    try:
        session.execute(text(statement), values)
    except DBAPIError as error:
        return error
    finally:
        savepoint.rollback()
    return None


def broken_rule(error: DBAPIError | None) -> str | None:
    found: str | None = error.orig.diag.constraint_name if error else None
    return found


def copy_last(table: str, values: dict[str, Any]) -> str:
    """Return the statement that enters the last row once more, with other `values` in some columns."""
    columns = [column.name for column in TABLES[table].c if not column.identity]
    chosen = ", ".join(f":{name}" if name in values else f'"{name}"' for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({named}) SELECT {chosen} FROM {table} ORDER BY id DESC LIMIT 1"


def test_every_rule_of_the_database_is_tried_here(db_session: Session) -> None:
    found = text(
        "SELECT conname FROM pg_constraint"
        " WHERE contype IN ('c', 'u') AND connamespace = 'public'::regnamespace"
        " UNION SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indisunique AND NOT indisprimary AND relnamespace = 'public'::regnamespace"
    )
    logs = {"ck_audit_entry_auditaction", "ck_access_entry_accesskind"}
    tried = {*CHECKS, *UNIQUE, *(name for _, _, name in ENUMERATIONS), *logs}
    assert set(db_session.scalars(found)) == tried


@pytest.mark.parametrize(
    ("name", "table", "change"),
    [(name, table, change) for name, (table, *changes) in CHECKS.items() for change in changes],
)
def test_a_row_that_breaks_a_check_is_refused(rows: Session, name: str, table: str, change: str) -> None:
    assert broken_rule(refused(rows, f"UPDATE {table} SET {change}")) == name


@pytest.mark.parametrize(("table", "change"), ALLOWED)
def test_a_row_at_the_edge_of_a_check_is_taken(rows: Session, table: str, change: str) -> None:
    one = f"UPDATE {table} SET {change} WHERE id = (SELECT max(id) FROM {table})"
    assert refused(rows, one) is None


def test_a_value_outside_an_enumeration_is_refused(rows: Session) -> None:
    for table, column, name in ENUMERATIONS:
        assert broken_rule(refused(rows, f"UPDATE {table} SET {column} = 'nonsense'")) == name


@pytest.mark.parametrize("name", UNIQUE)
def test_a_second_row_of_the_same_is_refused(rows: Session, name: str) -> None:
    table, differing = UNIQUE[name]
    assert broken_rule(refused(rows, copy_last(table, differing), **differing)) == name


@pytest.mark.parametrize("name", AMONG_KEPT)
def test_what_a_deleted_row_held_can_be_used_again(rows: Session, name: str) -> None:
    table, differing = UNIQUE[name]
    rows.execute(text(f"UPDATE {table} SET deleted_at = now() WHERE id = (SELECT max(id) FROM {table})"))
    # The new one is a kept one; so was the one that it replaces.
    values = differing | {"deleted_at": None}
    assert refused(rows, copy_last(table, values), **values) is None


@pytest.mark.parametrize("name", AMONG_KEPT)
def test_a_deleted_row_does_not_come_back_beside_its_successor(rows: Session, name: str) -> None:
    table, differing = UNIQUE[name]
    rows.execute(text(f"UPDATE {table} SET deleted_at = now() WHERE id = (SELECT max(id) FROM {table})"))
    values = differing | {"deleted_at": None}
    rows.execute(text(copy_last(table, values)), values)
    again = f"UPDATE {table} SET deleted_at = NULL WHERE deleted_at IS NOT NULL"
    assert broken_rule(refused(rows, again)) == name


def test_numbers_and_login_keys_are_unique_among_the_deleted_too(rows: Session) -> None:
    always = {
        constraint.name
        for table in WRITTEN
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and "deleted_at" in table.c
    }
    assert always == {
        "uq_call_record_number",
        "uq_complaint_number",
        "uq_customer_number",
        "uq_letter_number",
        "uq_parts_quality_record_number",
        "uq_parts_shipment_number",
        "uq_proposal_number",
        "uq_step_taken_number",
        "uq_department_task_number",
        "uq_notice_number",
        "uq_measure_number",
        "uq_service_receipt_number",
        "uq_warranty_claim_number",
        "uq_staff_fs_uniquifier",
    }
    assert always.isdisjoint(AMONG_KEPT)
    for name in always:
        table, differing = UNIQUE[name]
        rows.execute(text(f"UPDATE {table} SET deleted_at = now()"))
        values = differing | {"deleted_at": None}
        assert broken_rule(refused(rows, copy_last(table, values), **values)) == name


def test_a_value_that_must_be_there_is_refused_when_missing(rows: Session) -> None:
    for table in WRITTEN:
        for column in table.c:
            if not column.nullable and column.name != "id":
                error = refused(rows, f'UPDATE {table.name} SET "{column.name}" = NULL')
                assert error is not None, column
                assert error.orig.sqlstate == "23502", column


def test_a_text_beyond_its_length_is_refused_and_not_cut(rows: Session) -> None:
    limited = [
        (table.name, column.name, column.type.length)
        for table in WRITTEN
        for column in table.c
        if type(column.type) is String and column.type.length
    ]
    assert len(limited) > 50
    for table, column, length in limited:
        error = refused(rows, f"UPDATE {table} SET {column} = :value", value="a" * (length + 1))
        assert error is not None, (table, column)
        assert error.orig.sqlstate == "22001", (table, column)
