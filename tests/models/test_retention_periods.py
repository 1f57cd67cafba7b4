"""Retention periods: what is past one goes for good, what hangs on kept papers stays, and all is recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from factories import Factory
from models import (
    AccessEntry,
    AuditEntry,
    Base,
    CallRecord,
    Complaint,
    Customer,
    Delivery,
    ImportRun,
    Letter,
    LoginSession,
    Note,
    ServiceReceipt,
    Supplier,
    db,
    record_types,
)
from models.access import AccessKind
from models.complaint import Step
from models.digest import DeliveryState
from models.retention import (
    CHOICES,
    PERIODS,
    RetentionKind,
    choices_for,
    expired_count,
    periods,
    purge,
    set_periods,
)

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
RECENTLY = datetime.now(UTC) - timedelta(days=20)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Return a factory in the application's own session: these tests read and write in turn."""
    assert in_app
    return Factory(db.session())


def ids(model: type[Base]) -> list[int]:
    return list(
        db.session.scalars(select(model.id).order_by(model.id), execution_options={"with_deleted": True})
    )


def test_every_kind_says_why_and_can_be_kept_for_ever() -> None:
    assert set(PERIODS) == set(RetentionKind)
    for kind, period in PERIODS.items():
        assert str(period.why)
        assert period.months in choices_for(kind)
        assert choices_for(kind)[-1] is None
        assert min(each for each in choices_for(kind) if each) >= period.least
    assert None in CHOICES


def test_a_period_that_is_set_counts_and_the_law_counts_more(in_app: Flask, make: Factory) -> None:
    make.call_record(called_at=RECENTLY - timedelta(days=500))
    assert expired_count(RetentionKind.CALLS) == 0
    set_periods(periods() | {RetentionKind.CALLS: 12})
    db.session.commit()
    assert periods()[RetentionKind.CALLS] == 12
    assert expired_count(RetentionKind.CALLS) == 1
    set_periods(periods() | {RetentionKind.CALLS: None})
    db.session.commit()
    make.call_record(called_at=LONG_AGO)
    assert (expired_count(RetentionKind.CALLS), purge(RetentionKind.CALLS, 10)) == (0, 0)
    # Whatever stands in the table, what the law wants kept is kept.
    db.session.execute(text("""UPDATE centre SET retention = '{"access_entry": 0}'"""))
    db.session.execute(
        text("INSERT INTO access_entry (kind, at) VALUES ('login', now() - interval '5 months')")
    )
    db.session.commit()
    assert expired_count(RetentionKind.ACCESSES) == 0


def test_what_hangs_on_a_kept_complaint_is_kept_with_it(in_app: Flask, make: Factory) -> None:
    kept = make.complaint(step=Step.CONFIRMED, registered_at=RECENTLY)
    still_open = make.complaint(registered_at=LONG_AGO)
    gone = make.complaint(step=Step.CONFIRMED, registered_at=LONG_AGO)
    calls = [
        make.call_record(called_at=LONG_AGO, complaint_id=each.id).id for each in (kept, still_open, gone)
    ]
    make.call_record(called_at=LONG_AGO, promise="回电", promised_until=date(2001, 2, 1))
    letters = [make.letter(sent_on=LONG_AGO.date(), complaint_id=each.id).id for each in (kept, gone)]
    # A paper that nobody may lose holds the complaint that it is about.
    held = make.complaint(step=Step.CONFIRMED, registered_at=LONG_AGO)
    make.parts_quality_record(complaint_id=held.id)
    for kind in RetentionKind:
        purge(kind, 100)
    db.session.commit()
    assert set(ids(Complaint)) == {kept.id, still_open.id, held.id}
    assert calls[2] not in ids(CallRecord)
    assert {calls[0], calls[1]} < set(ids(CallRecord))
    assert ids(Letter) == [letters[0]]


def test_what_is_removed_leaves_no_value_behind_but_that_it_was_removed(in_app: Flask, make: Factory) -> None:
    receipt = make.service_receipt(came_in_on=LONG_AGO.date(), fault="电机烧毁")
    note = make.note(receipt, body="协议已签")
    make.attachment(note, file_name="协议.txt")
    key = receipt.id
    assert purge(RetentionKind.RECEIPTS, 10) == 1
    db.session.commit()
    assert ids(ServiceReceipt) == ids(Note) == []
    log = db.session.scalars(select(AuditEntry).where(AuditEntry.table_name != "customer")).all()
    assert {(entry.table_name, entry.action.value) for entry in log} == {
        ("service_receipt", "delete"),
        ("note", "delete"),
        ("attachment", "delete"),
    }
    assert [entry.changes for entry in log] == [{}] * 3
    entry = db.session.scalars(select(AccessEntry).where(AccessEntry.kind == AccessKind.PURGED)).one()
    assert entry.detail == {"kind": "service_receipt", "count": 1}
    assert {entry.table_name: entry.row_id for entry in log}["service_receipt"] == key


def test_the_bin_is_emptied_of_what_nothing_hangs_on(in_app: Flask, make: Factory) -> None:
    old = make.customer(deleted_at=LONG_AGO).id
    recent = make.customer(deleted_at=RECENTLY).id
    held = make.customer(deleted_at=LONG_AGO).id
    make.vehicle(customer_id=held)
    supplier_id = make.supplier(deleted_at=LONG_AGO).id
    make.supplier_alias(supplier_id=supplier_id)
    assert expired_count(RetentionKind.BIN) == 1
    assert purge(RetentionKind.BIN, 100) == 1
    db.session.commit()
    assert old not in ids(Customer)
    assert {recent, held} <= set(ids(Customer))
    assert supplier_id in ids(Supplier)


def test_every_record_type_can_leave_the_bin(in_app: Flask, make: Factory) -> None:
    for model in record_types():
        make.record(model, deleted_at=LONG_AGO)
    # What hangs on another goes in one night, that other in the next.
    nights = 0
    while purge(RetentionKind.BIN, 1000):
        nights += 1
    left = {
        model.__tablename__
        for model in record_types()
        for row in db.session.scalars(select(model), execution_options={"with_deleted": True})
        if row.deleted_at == LONG_AGO
    }
    assert left == set()
    assert nights <= 4


OTHERS: dict[RetentionKind, Callable[[Factory, datetime], object]] = {
    RetentionKind.MAILS: lambda make, at: make.delivery(state=DeliveryState.SENT, created_at=at),
    RetentionKind.IMPORT_FILES: lambda make, at: make._add(
        ImportRun(mapping="own", file_name="a", file_sha256="0" * 64, rejected=b"x", started_at=at)
    ),
    RetentionKind.LOGINS: lambda make, at: make._add(
        LoginSession(token_hash=f"{at.year:064}", staff_id=make.staff().id, created_at=at)
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_mails_files_and_logins_go_after_their_period(
    kind: RetentionKind, in_app: Flask, make: Factory
) -> None:
    for at in (LONG_AGO, RECENTLY):
        OTHERS[kind](make, at)
    assert purge(kind, 10) == 1
    assert purge(kind, 10) == 0
    db.session.commit()
    model = {"delivery": Delivery, "import_run": ImportRun, "login_session": LoginSession}[kind.value]
    left = db.session.scalars(select(model)).all()
    # The run itself stays: what was imported is told from it.
    assert len(left) == (2 if model is ImportRun else 1)


def test_a_mail_that_is_not_settled_stays(in_app: Flask, make: Factory) -> None:
    for state in (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN):
        make.delivery(state=state, created_at=LONG_AGO)
    assert purge(RetentionKind.MAILS, 10) == 0


def test_of_the_access_log_erasures_and_removals_stay(in_app: Flask) -> None:
    for kind in ("login", "person_erased", "purged"):
        db.session.execute(text(f"INSERT INTO access_entry (kind, at) VALUES ('{kind}', '2001-01-01')"))
    db.session.commit()
    assert purge(RetentionKind.ACCESSES, 10) == 1
    kinds = {entry.kind.value for entry in db.session.scalars(select(AccessEntry))}
    assert kinds == {"person_erased", "purged"}


def test_a_kind_that_there_is_not_is_refused(in_app: Flask) -> None:
    with pytest.raises(DBAPIError, match="no retention period"):
        db.session.execute(text("SELECT purge_expired('customer', 1000, false)"))
