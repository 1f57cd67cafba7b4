"""Of what is due each role reads only what its rights open, and does what they let it do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from due_records import ZONE, day, one_of_each
from flask import Flask
from sqlalchemy import ColumnClause
from sqlalchemy.sql import visitors

from factories import Factory
from models import acting_as, db
from models.actor import Actor
from models.due import DueKind, Wanted, Window, count_due, due_items
from models.due_kinds import RULES, kinds_done
from models.organisation import Role

# A warehouse keeper reads neither customers nor calls.
OF_WAREHOUSE = {DueKind.WARRANTY_CLAIM, DueKind.DEPARTMENT_TASK}
OF_QUALITY = {DueKind.MEASURE, DueKind.MEASURE_CHECK}
# Decisions and checks, and notices to send again, stand where that can be done.
FOR_DOERS = {DueKind.DECISION, DueKind.MEASURE_CHECK}
READ_BY = {role: set(DueKind) - FOR_DOERS for role in Role} | {
    # A quality engineer reads no letters.
    Role.QUALITY_ENGINEER: set(DueKind) - {DueKind.DECISION, DueKind.LETTER},
    Role.WAREHOUSE_KEEPER: OF_WAREHOUSE | {DueKind.MEASURE},
    Role.AUDITOR: set(DueKind) - FOR_DOERS - {DueKind.NOTICE, DueKind.ANSWER},
    Role.SUPERVISOR: set(DueKind),
    Role.ADMINISTRATOR: set(DueKind),
}
CALLERS_DO = set(DueKind) - {DueKind.WARRANTY_CLAIM, DueKind.DECISION} - OF_QUALITY
STEPS = {
    DueKind.FIRST_ANSWER,
    DueKind.SOLVED,
    DueKind.TELL_CUSTOMER,
    DueKind.CARRIED_OUT,
    DueKind.CONFIRMED,
    DueKind.NOTICE,
    DueKind.ANSWER,
}
DONE_BY = {
    Role.CLERK: CALLERS_DO,
    Role.FOLLOW_UP_AGENT: CALLERS_DO,
    Role.TOURING_ENGINEER: CALLERS_DO - {DueKind.LETTER},
    Role.QUALITY_ENGINEER: STEPS | OF_WAREHOUSE | OF_QUALITY,
    Role.WAREHOUSE_KEEPER: {DueKind.DEPARTMENT_TASK},
    Role.SUPERVISOR: set(DueKind),
    Role.AUDITOR: set(),
    Role.ADMINISTRATOR: set(DueKind),
}


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


def test_each_role_reads_only_lines_all_of_whose_records_it_may_list(in_app: Flask, make: Factory) -> None:
    one_of_each(make)
    until = day(0) + timedelta(days=60)
    for role in Role:
        with acting_as(Actor(0, "request", frozenset({role.value}), None)):
            assert {item.kind for item in due_items(until, zone=ZONE)} == READ_BY[role], role
            wanted = Wanted(kinds=[DueKind.SECOND_FOLLOW_UP])
            counted = db.session.scalar(count_due(Window(until), wanted, zone=ZONE, most=9))
            assert counted == (DueKind.SECOND_FOLLOW_UP in READ_BY[role]), role


@pytest.mark.parametrize("role", Role)
def test_each_role_does_what_its_rights_take(role: Role) -> None:
    assert set(kinds_done(Actor(0, "request", frozenset({role.value}), None))) == DONE_BY[role]


def tables_in(expression: Any) -> set[str]:
    columns = (each for each in visitors.iterate(expression) if isinstance(each, ColumnClause))
    return {
        getattr(column.table, "element", column.table).name for column in columns if column.table is not None
    }


@pytest.mark.parametrize("kind", DueKind)
def test_a_kind_names_every_table_of_whose_values_its_lines_tell(in_app: Flask, kind: DueKind) -> None:
    source = RULES[kind].make(Window(day(60)), ZONE)
    told = (source.who, source.phone, source.about, source.attempts, source.tried_at)
    tables = {table for column in told if column is not None for table in tables_in(column)}
    tables |= {key.removesuffix("_id") for key in source.keys if key != "responsible_id"}
    assert tables <= {model.__tablename__ for model in RULES[kind].shows}
    assert source.model in RULES[kind].shows
