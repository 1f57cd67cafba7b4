"""That what is to do is found by indexes which hold only that."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

SERVED = {
    "ix_call_record_called_at_first_reached": "SELECT id FROM call_record WHERE purpose = 'first_follow_up'"
    " AND result = 'reached' AND called_at > now() - interval '90 days'",
    "ix_complaint_registered_at_unassigned": "SELECT id FROM complaint WHERE responsible_id IS NULL"
    " AND step <> 'confirmed' ORDER BY registered_at LIMIT 5",
    "ix_complaint_registered_at_unsafe": "SELECT id FROM complaint WHERE is_safety_relevant"
    " AND step <> 'confirmed' ORDER BY registered_at LIMIT 5",
    "ix_complaint_region_id_open": "SELECT id FROM complaint WHERE region_id = 1 AND step <> 'confirmed'",
    "ix_complaint_responsible_id_open": "SELECT responsible_id, count(*) FROM complaint"
    " WHERE step <> 'confirmed' GROUP BY responsible_id",
    "ix_customer_incomplete": "SELECT id FROM customer WHERE created_by_id IS NOT NULL AND NOT ("
    "phone IS NOT NULL AND address IS NOT NULL AND region_id IS NOT NULL AND source IS NOT NULL"
    " AND first_contact_on IS NOT NULL AND wished_service IS NOT NULL"
    " AND (kind != 'company'::varchar OR contact_person IS NOT NULL)) ORDER BY first_contact_on, id LIMIT 5",
    "ix_delivery_unsettled": "SELECT id FROM delivery WHERE state = 'unknown' AND settled_by_id IS NULL",
    "ix_import_run_checked": "SELECT id FROM import_run WHERE state = 'checked'",
    "ix_parts_quality_record_found_on_undecided": "SELECT id FROM parts_quality_record"
    " WHERE disposition IS NULL ORDER BY found_on LIMIT 5",
    "ix_service_receipt_asked_at_waiting": "SELECT id FROM service_receipt"
    " WHERE asked_at IS NOT NULL AND arrived_at IS NULL ORDER BY asked_at LIMIT 5",
    "ix_service_receipt_came_in_on_open": "SELECT id FROM service_receipt WHERE handed_over_on IS NULL"
    " ORDER BY came_in_on LIMIT 5",
    "ix_vehicle_warranty_until": "SELECT id FROM vehicle WHERE warranty_until > current_date",
    "ix_warranty_claim_claimed_on_open": "SELECT id FROM warranty_claim WHERE outcome = 'open'"
    " ORDER BY claimed_on LIMIT 5",
}


@pytest.mark.parametrize("index", SERVED)
def test_what_is_to_do_is_found_without_reading_what_is_done(db_session: Session, index: str) -> None:
    connection = db_session.connection()
    # Tables of tests are too small for an index to pay: the question is whether it can serve.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    connection.execute(text("SET LOCAL enable_sort = off"))
    plan = "\n".join(row[0] for row in connection.execute(text(f"EXPLAIN {SERVED[index]}")))
    assert index in plan


def test_the_changes_of_a_day_are_found_without_reading_the_log(db_session: Session) -> None:
    connection = db_session.connection()
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    statement = "EXPLAIN SELECT count(*) FROM audit_entry WHERE at >= now() - interval '8 days'"
    assert "ix_audit_entry_at" in "\n".join(row[0] for row in connection.execute(text(statement)))


def test_the_complaints_of_a_dealer_are_counted_without_reading_them(db_session: Session) -> None:
    connection = db_session.connection()
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    connection.execute(text("SET LOCAL enable_indexscan = off"))
    statement = (
        "EXPLAIN SELECT count(id) FROM complaint WHERE dealer_id = 1 AND deleted_at IS NULL"
        " AND registered_at >= now() - interval '1 year' AND step <> 'agreed'"
    )
    plan = "\n".join(row[0] for row in connection.execute(text(statement)))
    assert "Index Only Scan using ix_complaint_dealer_id_registered_at" in plan
