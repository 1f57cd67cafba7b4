"""What the database holds together: references, what goes with their rows, and how fast they are followed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from test_constraints import WRITTEN, broken_rule, refused

from factories import Factory

# Of references that a CHECK constraint would refuse first: what else must change for them to be looked up.
BESIDE_REFERENCE = {
    "fk_service_receipt_earlier_receipt_id": ", is_return_repair = true",
    "fk_measure_digest_id": ", point_key = 'subject:1'",
    "fk_delivery_summary_id": ", kind = 'summary', digest_id = NULL",
}


def test_a_reference_to_nothing_is_refused(make: Factory, db_session: Session) -> None:
    make.one_of_each()
    for table in WRITTEN:
        for key in table.foreign_keys:
            name = str(key.constraint.name if key.constraint else None)
            beside = BESIDE_REFERENCE.get(name, "")
            error = refused(db_session, f"UPDATE {table.name} SET {key.parent.name} = -1{beside}")
            assert broken_rule(error) == name


def test_what_another_row_refers_to_is_not_removed(make: Factory, db_session: Session) -> None:
    complaint = make.complaint(
        customer_id=make.customer(dealer_id=make.dealer().id).id,
        vehicle_id=make.vehicle().id,
        region=make.region(),
        department_id=make.department().id,
        responsible_id=make.staff().id,
        part_id=make.part(supplier_id=make.supplier().id).id,
    )
    make.letter(complaint_id=complaint.id)
    make.warranty_claim(service_receipt_id=make.service_receipt().id)
    make.attachment()
    places = ("region", "department", "dealer", "supplier")
    things = ("vehicle", "product_model", "part", "subject")
    for table in (*places, *things, "customer", "complaint", "service_receipt", "note"):
        assert isinstance(refused(db_session, f"DELETE FROM {table}"), IntegrityError), table


def test_the_bytes_of_a_file_go_with_it(make: Factory, db_session: Session) -> None:
    kept, removed = make.attachment().id, make.attachment().id
    db_session.execute(text("DELETE FROM attachment WHERE id = :id"), {"id": removed})
    assert list(db_session.scalars(text("SELECT attachment_id FROM attachment_content"))) == [kept]


def test_every_reference_has_an_index_that_begins_with_it() -> None:
    # Without one, each removal or filter by a parent reads the whole table.
    lacking = [
        str(key.parent) for table in WRITTEN for key in table.foreign_keys if not _has_index(table, key)
    ]
    small = {"delivery", "digest", "failed_job", "import_origin", "import_run", "login_session"}
    assert [name for name in lacking if name.partition(".")[0] not in small] == []


def _has_index(table: Table, key: Any) -> bool:
    first = [next(iter(index.columns)).name for index in table.indexes if isinstance(index, Index)]
    return key.parent.name in [*first, next(iter(table.primary_key.columns)).name]


def test_account_mails_to_one_address_may_be_many(make: Factory, db_session: Session) -> None:
    # They belong to no digest, so the rule of one mail each does not bind them.
    first, second = make.delivery(), make.delivery()
    assert (first.recipient, first.copy_number) == (second.recipient, second.copy_number)
