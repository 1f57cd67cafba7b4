"""What the database itself refuses, whichever program writes: tried with plain SQL, beside every rule."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Enum, String, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from factories import Factory
from models import Base

TABLES = Base.metadata.tables
# Read by the application, written by a trigger only.
# The logs are not the application's to change.
WRITTEN = [table for name, table in TABLES.items() if name not in {"audit_entry", "access_entry"}]

# Of each CHECK constraint but those of the enumerations: its table, and the changes that it must refuse.
CHECKS: dict[str, tuple[str, ...]] = {
    "ck_region_own_parent": ("region", "parent_id = id"),
    "ck_region_name_not_blank": ("region", "name = ' '"),
    "ck_absence_own_substitute": ("absence", "substitute_id = staff_id"),
    "ck_absence_absence_ends_on": ("absence", "ends_on = starts_on - 1"),
    "ck_own_right_creator": ("own_right", "creator = 'l'", "creator = 'a'"),
    "ck_own_right_responsible": ("own_right", "responsible = 'd'", "responsible = 'a'"),
    "ck_centre_customers_per_person": ("centre", "customers_per_person = 0"),
    "ck_department_digest_hour": ("department", "digest_hour = 24", "digest_hour = -1"),
    "ck_department_name_not_blank": ("department", "name = ''"),
    "ck_position_own_parent": ("position", "parent_id = id"),
    "ck_position_name_not_blank": ("position", "name = E'\\t'"),
    "ck_staff_email_lower": ("staff", "email = 'Wang@example.com'"),
    "ck_staff_roles_known": ("staff", "roles = ARRAY['clerk', 'god']"),
    "ck_staff_name_not_blank": ("staff", "name = '　'"),
    "ck_subject_own_parent": ("subject", "parent_id = id"),
    "ck_subject_name_not_blank": ("subject", "name = E'\\n'"),
    "ck_complaint_customer_name_not_blank": ("complaint", "customer_name = ' '"),
    "ck_complaint_satisfaction": ("complaint", "satisfaction = 0", "satisfaction = 6"),
    "ck_proposal_own_proposal": (
        "proposal",
        "state = 'approved', decided_at = now(), created_by_id = 1, decided_by_id = 1",
    ),
    "ck_proposal_undecided": ("proposal", "state = 'approved'", "decided_at = now()"),
    "ck_proposal_refusal_reason": (
        "proposal",
        "state = 'refused', decided_at = now()",
        "state = 'refused', decided_at = now(), decision_reason = ' '",
    ),
    "ck_proposal_remedies_chosen": ("proposal", "remedies = '{}'"),
    "ck_proposal_remedies_known": ("proposal", "remedies = ARRAY['repair', 'a holiday']"),
    "ck_proposal_value": ("proposal", "value = -0.01"),
    "ck_proposal_details_not_blank": ("proposal", "details = ' '"),
    "ck_compensation_rule_remedies_known": ("compensation_rule", "remedies = ARRAY['a holiday']"),
    "ck_compensation_rule_value_most": ("compensation_rule", "value_most = -0.01"),
    "ck_department_task_department": ("department_task", "department_id = NULL"),
    "ck_department_task_when_done": ("department_task", "state = 'cancelled'", "done_at = now()"),
    "ck_department_task_task_report": (
        "department_task",
        "state = 'done', done_at = now()",
        "state = 'done', done_at = now(), report = ' '",
    ),
    "ck_department_task_what_not_blank": ("department_task", "what = ' '"),
    "ck_notice_answered": ("notice", "state = 'answered'", "answered_at = now()"),
    "ck_notice_expires_at": ("notice", "expires_at = told_at"),
    "ck_notice_name_not_blank": ("notice", "name = ' '"),
    "ck_customer_name_not_blank": ("customer", "name = ''"),
    "ck_dealer_vehicles_per_year": ("dealer", "vehicles_per_year = -1"),
    "ck_dealer_contract_term": ("dealer", "contract_from = '2024-02-02', contract_until = '2024-02-01'"),
    "ck_dealer_code_not_blank": ("dealer", "code = ' '"),
    "ck_dealer_name_not_blank": ("dealer", "name = ' '"),
    "ck_digest_recipient_department": ("digest_recipient", "department_id = NULL"),
    "ck_digest_recipient_email_lower": ("digest_recipient", "email = 'A@example.com'"),
    "ck_digest_recipient_name_not_blank": ("digest_recipient", "name = ' '"),
    "ck_digest_iso_week": ("digest", "iso_week = 54", "iso_week = 0"),
    "ck_delivery_digest_of_kind": ("delivery", "kind = 'account'"),
    "ck_supplier_name_not_blank": ("supplier", "name = ' '"),
    "ck_part_code_not_blank": ("part", "code = ' '"),
    "ck_part_name_not_blank": ("part", "name = ' '"),
    "ck_parts_quality_record_quantity": ("parts_quality_record", "quantity = 0"),
    "ck_parts_quality_record_mileage_km": ("parts_quality_record", "mileage_km = -1"),
    "ck_parts_quality_record_months_in_use": ("parts_quality_record", "months_in_use = -1"),
    "ck_parts_quality_record_fault_not_blank": ("parts_quality_record", "fault = ' '"),
    "ck_vehicle_mileage_km": ("vehicle", "mileage_km = -1"),
    "ck_vehicle_maintenance_interval_months": (
        "vehicle",
        "maintenance_interval_months = 0",
        "maintenance_interval_months = 121",
    ),
    "ck_vehicle_frame_number_not_blank": ("vehicle", "frame_number = ' '"),
    "ck_product_model_warranty_months": ("product_model", "warranty_months = -1", "warranty_months = 241"),
    "ck_product_model_maintenance_interval_months": (
        "product_model",
        "maintenance_interval_months = 0",
        "maintenance_interval_months = 121",
    ),
    "ck_product_model_code_not_blank": ("product_model", "code = ' '"),
    "ck_product_model_name_not_blank": ("product_model", "name = ' '"),
    "ck_supplier_alias_name_not_blank": ("supplier_alias", "name = ' '"),
    "ck_service_receipt_handed_over_on": (
        "service_receipt",
        "came_in_on = '2026-03-02', handed_over_on = '2026-03-01'",
    ),
    "ck_service_receipt_arrived_at": (
        "service_receipt",
        "asked_at = '2026-03-02', arrived_at = '2026-03-01'",
    ),
    "ck_service_receipt_done_at": ("service_receipt", "arrived_at = '2026-03-02', done_at = '2026-03-01'"),
    "ck_service_receipt_cost": ("service_receipt", "cost = -0.01"),
    "ck_service_receipt_mileage_km": ("service_receipt", "mileage_km = -1"),
    "ck_service_receipt_earlier_receipt_id": (
        "service_receipt",
        "is_return_repair = true, earlier_receipt_id = id",
    ),
    # Before it looks the earlier receipt up.
    "ck_service_receipt_is_return_repair": (
        "service_receipt",
        "is_return_repair = false, earlier_receipt_id = -1",
    ),
    "ck_warranty_claim_needs_dealer": ("warranty_claim", "dealer_id = NULL"),
    "ck_warranty_claim_needs_supplier": ("warranty_claim", "kind = 'on_supplier'"),
    "ck_warranty_claim_decided_on": ("warranty_claim", "outcome = 'passed'", "decided_on = claimed_on"),
    "ck_warranty_claim_decided_later": (
        "warranty_claim",
        "outcome = 'passed', claimed_on = '2026-03-02', decided_on = '2026-03-01'",
    ),
    "ck_warranty_claim_decision_reason": (
        "warranty_claim",
        "outcome = 'rejected', decided_on = claimed_on",
        "outcome = 'rejected', decided_on = claimed_on, decision_reason = ' '",
    ),
    "ck_warranty_claim_quantity": ("warranty_claim", "quantity = 0"),
    "ck_warranty_claim_amount": ("warranty_claim", "amount = -0.01"),
    "ck_warranty_claim_amount_passed": ("warranty_claim", "amount_passed = -0.01"),
    "ck_warranty_claim_fault_not_blank": ("warranty_claim", "fault = ' '"),
    "ck_parts_shipment_quantity": ("parts_shipment", "quantity = 0"),
    "ck_parts_shipment_wrong_because": (
        "parts_shipment",
        "is_right = false",
        "is_right = false, wrong_because = ' '",
    ),
    "ck_centre_one_row": ("centre", "id = 2"),
    "ck_centre_name_not_blank": ("centre", "name = ' '"),
    "ck_centre_name_en_not_blank": ("centre", "name_en = ' '"),
    "ck_call_record_minutes": ("call_record", "minutes = -1"),
    "ck_call_record_satisfaction": ("call_record", "satisfaction = 0", "satisfaction = 6"),
    "ck_call_record_topics_known": ("call_record", "topics = ARRAY['use', 'gossip']"),
    "ck_call_record_promise_kept_on": ("call_record", "promise_kept_on = '2026-03-02'"),
    "ck_call_record_promised_until": ("call_record", "promised_until = '2026-03-02'"),
    "ck_letter_replied_on": ("letter", "sent_on = '2026-03-02', replied_on = '2026-03-01'"),
    "ck_letter_replied_unsent": ("letter", "sent_on = NULL, replied_on = '2026-03-01'"),
    "ck_customer_email_lower": ("customer", "email = 'Wang@example.com'"),
    "ck_complaint_repeats_id": ("complaint", "repeats_id = id"),
    "ck_letter_regarding_not_blank": ("letter", "regarding = ' '"),
    "ck_deadline_rule_time_given": ("deadline_rule", "time_given = -1", "time_given = 1001"),
    "ck_deadline_rule_pause_days_most": ("deadline_rule", "pause_days_most = -1", "pause_days_most = 366"),
    "ck_daily_close_figures": ("daily_close", "closed_at = now()", "figures = '{}'"),
    "ck_deadline_paused_seconds": ("deadline", "paused_seconds = -1"),
    "ck_deadline_paused": ("deadline", "paused_at = now()", "resumes_at = now()"),
    "ck_deadline_settled": ("deadline", "settled_at = now(), paused_at = now(), resumes_at = now()"),
    "ck_holiday_name_not_blank": ("holiday", "name = ' '"),
    "ck_note_body_not_blank": ("note", "body = ' '"),
    "ck_attachment_size": ("attachment", "size = 0"),
    "ck_attachment_file_name_not_blank": ("attachment", "file_name = ' '"),
}
# Values at the very edge of what the same constraints let through.
ALLOWED = [
    ("own_right", "creator = 'redt', responsible = ''"),
    ("centre", "customers_per_person = 1"),
    ("absence", "ends_on = starts_on"),
    ("department", "digest_hour = 0"),
    ("department", "digest_hour = 23"),
    ("staff", "roles = '{}'"),
    ("staff", "roles = ARRAY['clerk', 'auditor']"),
    ("dealer", "vehicles_per_year = 0"),
    ("dealer", "contract_from = '2024-02-01', contract_until = '2024-02-01'"),
    ("dealer", "contract_from = '2024-02-02', contract_until = NULL"),
    ("digest", "iso_week = 53"),
    ("digest", "iso_week = 1"),
    ("parts_quality_record", "quantity = 1, mileage_km = 0, months_in_use = 0"),
    ("vehicle", "mileage_km = 0"),
    ("vehicle", "maintenance_interval_months = 1"),
    ("vehicle", "maintenance_interval_months = 120"),
    ("product_model", "warranty_months = 0, maintenance_interval_months = 1"),
    ("product_model", "warranty_months = 240, maintenance_interval_months = 120"),
    ("service_receipt", "handed_over_on = came_in_on, cost = 0, mileage_km = 0"),
    ("service_receipt", "asked_at = '2026-03-02', arrived_at = '2026-03-02', done_at = '2026-03-02'"),
    ("service_receipt", "is_return_repair = true, earlier_receipt_id = NULL"),
    (
        "service_receipt",
        "is_return_repair = true, earlier_receipt_id = (SELECT min(id) FROM service_receipt)",
    ),
    (
        "warranty_claim",
        "kind = 'on_supplier', dealer_id = NULL, supplier_id = (SELECT max(id) FROM supplier)",
    ),
    ("warranty_claim", "outcome = 'passed', decided_on = claimed_on, decision_reason = NULL"),
    ("warranty_claim", "outcome = 'rejected', decided_on = claimed_on, decision_reason = '1'"),
    ("warranty_claim", "quantity = 1, amount = 0, amount_passed = 0"),
    ("parts_shipment", "quantity = 1, is_right = false, wrong_because = '1'"),
    ("letter", "replied_on = sent_on"),
    ("call_record", "minutes = 0, satisfaction = 1, topics = ARRAY['use', 'visit']"),
    ("call_record", "satisfaction = 5, promise = '1', promised_until = now(), promise_kept_on = now()"),
    ("note", "body = NULL"),
    ("attachment", "size = 1"),
    ("subject", "parent_id = NULL"),
]
ENUMERATIONS = [
    (table.name, column.name, f"ck_{table.name}_{column.type.name}")
    for table in WRITTEN
    for column in table.c
    if isinstance(column.type, Enum)
]
# Of each rule that two rows may not be alike: its table, and what else differs in the second row.
UNIQUE: dict[str, tuple[str, dict[str, Any]]] = {
    "uq_region_name": ("region", {}),
    "uq_own_right_table_name": ("own_right", {}),
    "uq_department_code": ("department", {"name": "another"}),
    "uq_department_name": ("department", {"code": "another"}),
    "uq_position_name": ("position", {}),
    "uq_staff_email": ("staff", {"fs_uniquifier": "another"}),
    "uq_staff_fs_uniquifier": ("staff", {"email": "another@example.com"}),
    "uq_subject_code": ("subject", {}),
    "uq_complaint_number": ("complaint", {}),
    "uq_customer_number": ("customer", {}),
    "uq_dealer_code": ("dealer", {}),
    "uq_digest_recipient_department_id_email": ("digest_recipient", {}),
    "uq_digest_department_id_iso_year_iso_week": ("digest", {}),
    "uq_delivery_digest_id_recipient_copy_number": ("delivery", {"message_id": "<another@example.com>"}),
    "uq_delivery_message_id": ("delivery", {"copy_number": 2}),
    "uq_import_origin_source_table_name_external_key": ("import_origin", {}),
    "uq_supplier_name": ("supplier", {}),
    "uq_part_code": ("part", {}),
    "uq_parts_quality_record_number": ("parts_quality_record", {}),
    "uq_vehicle_frame_number": ("vehicle", {}),
    "uq_product_model_code": ("product_model", {}),
    "uq_supplier_alias_name": ("supplier_alias", {}),
    "uq_service_receipt_number": ("service_receipt", {}),
    "uq_warranty_claim_number": ("warranty_claim", {}),
    "uq_parts_shipment_number": ("parts_shipment", {}),
    "uq_call_record_number": ("call_record", {}),
    "uq_letter_number": ("letter", {}),
    "uq_letter_acknowledgement": ("letter", {"number": "XH-2026-999999"}),
    "uq_holiday_falls_on": ("holiday", {}),
    "uq_deadline_rule_kind_valid_from": ("deadline_rule", {}),
    "uq_deadline_complaint_id_kind": ("deadline", {}),
    "uq_daily_close_staff_id_day": ("daily_close", {}),
    "uq_told_once_told_of_row_id_day": ("told_once", {}),
    "uq_compensation_rule_subject_id_fault_degree": ("compensation_rule", {}),
    "uq_proposal_number": ("proposal", {"state": "withdrawn"}),
    "uq_proposal_open": ("proposal", {"number": "FA-1"}),
    "uq_step_taken_number": ("step_taken", {}),
    "uq_department_task_number": ("department_task", {}),
    "uq_notice_number": ("notice", {"email": "another@example.com"}),
    "uq_notice_point": ("notice", {"number": "GZ-1"}),
}
AMONG_KEPT = sorted(
    str(index.name)
    for table in WRITTEN
    for index in table.indexes
    if index.unique and str(index.dialect_options["postgresql"]["where"]) == "deleted_at IS NULL"
)


@pytest.fixture
def rows(make: Factory, db_session: Session) -> Session:
    """Return a session in whose database every table has a row."""
    make.one_of_each()
    return db_session


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
