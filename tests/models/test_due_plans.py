"""That each kind of what is due, and the team's page, find their rows by an index made for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from due_records import ZONE, day
from flask import Flask
from sqlalchemy import event, text

from config import Settings
from conftest import own_app
from embedded_services import Postgres
from factories import Factory
from models import db
from models.due import DueKind, due_by_person, due_items
from models.reminding import Stage
from models.reminding_dated import _DATED, _untold
from models.team import loads_of, open_work_of
from released import connect_as_owner

# By which index the rows that ask for something are found, and no other ones.
SERVED = {
    DueKind.FIRST_ANSWER: "ix_deadline_kind_due_at_open",
    DueKind.SOLVED: "ix_deadline_kind_due_at_open",
    DueKind.DECISION: "ix_deadline_kind_due_at_open",
    DueKind.TELL_CUSTOMER: "ix_deadline_kind_due_at_open",
    DueKind.CARRIED_OUT: "ix_deadline_kind_due_at_open",
    DueKind.CONFIRMED: "ix_deadline_kind_due_at_open",
    DueKind.DEPARTMENT_TASK: "ix_department_task_open",
    DueKind.NOTICE: "ix_delivery_notice_failed",
    DueKind.ANSWER: "ix_notice_new_answer",
    DueKind.PROMISE: "ix_call_record_promise",
    DueKind.FIRST_FOLLOW_UP: "ix_service_receipt_",
    DueKind.SECOND_FOLLOW_UP: "ix_call_record_called_at_first_reached|ix_call_record_purpose_called_at",
    DueKind.MAINTENANCE: "ix_vehicle_next_maintenance_on",
    DueKind.WARRANTY_END: "ix_vehicle_warranty_until",
    DueKind.WARRANTY_CLAIM: "ix_warranty_claim_",
    DueKind.LETTER: "ix_letter_",
    DueKind.MEASURE: "ix_measure_open",
    DueKind.MEASURE_CHECK: "ix_measure_to_verify",
}
GROWING = (
    "complaint",
    "deadline",
    "call_record",
    "service_receipt",
    "vehicle",
    "customer",
    "notice",
    "letter",
    "delivery",
    "measure",
)
# What has ended, as most has: of how many rows more, and what tells one from the other.
MORE = 3000
_DAY, _INSTANT = "current_date - n / 3", "now() - n * interval '8 hours'"
ENDED: dict[str, dict[str, str]] = {
    "notice": {"email": "n || '@example.com'", "told_at": _INSTANT, "expires_at": "now() + interval '1 day'"},
    "call_record": {"called_at": _INSTANT, "purpose": "'other'"},
    "service_receipt": {"came_in_on": _DAY, "handed_over_on": _DAY, "created_at": _INSTANT},
    "letter": {"sent_on": _DAY, "created_at": _INSTANT},
    "measure": {"due_on": _DAY, "state": "'dropped'", "dropped_because": "'x'"},
    "department_task": {"due_on": _DAY, "state": "'done'", "done_at": "now()", "report": "'x'"},
    "warranty_claim": {"claimed_on": _DAY, "outcome": "'passed'", "decided_on": _DAY},
}
FILLED = (
    DueKind.DEPARTMENT_TASK,
    DueKind.NOTICE,
    DueKind.ANSWER,
    DueKind.PROMISE,
    DueKind.FIRST_FOLLOW_UP,
    DueKind.SECOND_FOLLOW_UP,
    DueKind.WARRANTY_CLAIM,
    DueKind.LETTER,
    DueKind.MEASURE,
    DueKind.MEASURE_CHECK,
)


def fill(panel: Flask) -> None:
    """Fill the tables with what has ended, past the triggers, so that indexes differ in what they cost."""
    with panel.app_context():
        make = Factory(db.session)
        keys = {table: getattr(make, table)().id for table in ENDED}
        db.session.commit()
        db.session.remove()
    with connect_as_owner(panel) as owner:
        for table, values in ENDED.items():
            given = [column.name for column in db.metadata.tables[table].columns if column.computed is None]
            changed = {"id": "1000000 + n", "number": "'X' || n", **values}
            pairs = ", ".join(f"'{name}', {value}" for name, value in changed.items())
            columns, taken = ", ".join(given), ", ".join(f"(row).{name}" for name in given)
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            owner.execute(
                f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {taken}"
                f" FROM (SELECT jsonb_populate_record(one, jsonb_build_object({pairs})) AS row"
                f" FROM {table} AS one, generate_series(1, {MORE}) AS n WHERE one.id = {keys[table]}) AS many"
            )
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        owner.commit()
        owner.autocommit = True
        owner.execute("ANALYZE")


@pytest.fixture(scope="module")
def untouched(app: Flask, settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Return an application on a database of its own: plans follow from what other tests left in a table."""
    with own_app(settings, engines) as panel:
        fill(panel)
        yield panel


@pytest.fixture
def planned(untouched: Flask) -> Iterator[Flask]:
    with untouched.app_context():
        yield untouched
        db.session.remove()


@contextmanager
def plans(app: Flask) -> Iterator[list[str]]:
    """Collect the plans of the statements that run here, as of tables too large to read."""
    ran: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            ran.append((statement, parameters))

    found: list[str] = []
    connection = db.session.connection()
    event.listen(connection.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection.engine, "before_cursor_execute", note)
    # Tables of tests are too small for an index to pay: the question is whether it can serve.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_sort = off"))
    for statement, parameters in ran:
        lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        found.append("\n".join(row[0] for row in lines))


@pytest.mark.parametrize("kind", DueKind)
def test_a_kind_of_what_is_due_is_found_by_its_own_index(planned: Flask, kind: DueKind) -> None:
    with plans(planned) as found:
        due_items(day(0), zone=ZONE, kinds=[kind])
    assert any(re.search(SERVED[kind], plan) for plan in found), found
    assert not any(f"Seq Scan on {table}" in plan for plan in found for table in GROWING)


# The centre is one row; of small tables it is asked whether anybody has changed them.
SMALL_READ = re.compile(r'Seq Scan on "?(centre|demo_record|department|position|region|subject)\b')


@pytest.mark.parametrize(
    "ask",
    [
        lambda staff: loads_of([staff]),
        lambda staff: open_work_of(staff, 100),
        lambda _staff: [db.session.execute(_untold(each, Stage.LATE, day(0))) for each in _DATED],
    ],
    ids=["loads", "open_work", "untold"],
)
def test_the_work_of_people_is_found_without_reading_whole_tables(
    planned: Flask, ask: Callable[[int], Any]
) -> None:
    staff_id = Factory(db.session).staff().id
    with plans(planned) as found:
        ask(staff_id)
    assert found
    for plan in found:
        assert "Seq Scan" not in SMALL_READ.sub("", plan)


def test_what_is_counted_for_a_team_uses_what_each_kind_uses(planned: Flask) -> None:
    statement = due_by_person([1], day(0), day(0) + timedelta(days=7))
    assert statement is not None
    with plans(planned) as found:
        db.session.execute(statement)
    (plan,) = found
    # In tables that are filled it is found as on the pages, though nothing is put in an order here.
    assert {kind for kind in FILLED if not re.search(SERVED[kind], plan)} == set()
    assert "uq_deadline_complaint_id_kind" in plan
    assert "Seq Scan" not in plan
