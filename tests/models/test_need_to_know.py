"""Who reads phones, plates and frame numbers whole: the table, and what is made of it."""

from __future__ import annotations

import re

import pytest

from models import Base, Complaint, Customer, Dealer, Supplier, Vehicle, acting_as, system_actor
from models.actor import Actor
from models.labels import NEVER_SHOWN
from models.need_to_know import masked_names, masked_texts, readable, readable_label, readable_text
from models.organisation import Role
from models.permissions import SENSITIVE, SHOWN_TO_ALL, Sensitive, masked_columns

LOOKS_SENSITIVE = re.compile(r"phone|mobile|(^|_)tel(_|$)|fax|plate|frame|(^|_)vin(_|$)|(^|_)email(_|$)")
WHOLE = [
    Role.CLERK,
    Role.FOLLOW_UP_AGENT,
    Role.TOURING_ENGINEER,
    Role.SUPERVISOR,
    Role.ADMINISTRATOR,
]
PHONES, PLATE, FRAME = (
    {"customer", "complaint", "call_record", "dealer", "staff"},
    "plate_number",
    "frame_number",
)


def person(*roles: Role) -> Actor:
    return Actor(1, "request", frozenset(role.value for role in roles), None)


def test_every_column_that_looks_like_one_stands_in_the_table() -> None:
    found = {
        (mapper.local_table.name, attribute.key)
        for mapper in Base.registry.mappers
        for attribute in mapper.column_attrs
        if LOOKS_SENSITIVE.search(attribute.key) and attribute.key not in NEVER_SHOWN
    }
    known = {(table, name) for table, names in SENSITIVE.items() for name in names}
    assert found == known | SHOWN_TO_ALL
    assert len(known) > len(SENSITIVE)


@pytest.mark.parametrize("role", WHOLE)
def test_who_calls_customers_reads_everything(role: Role) -> None:
    assert not masked_columns(frozenset({role.value}))


@pytest.mark.parametrize(
    ("role", "phones", "vehicle"),
    [
        (Role.QUALITY_ENGINEER, PHONES, {PLATE}),
        (Role.WAREHOUSE_KEEPER, PHONES - {"dealer"}, {PLATE}),
        (Role.AUDITOR, PHONES, {PLATE, FRAME}),
    ],
)
def test_the_other_roles_read_what_their_work_needs(role: Role, phones: set[str], vehicle: set[str]) -> None:
    masked = masked_columns(frozenset({role.value}))
    assert {table for table, names in masked.items() if "phone" in names} == phones
    assert set(masked["vehicle"]) == vehicle


def test_every_role_is_settled() -> None:
    assert {*WHOLE, Role.QUALITY_ENGINEER, Role.WAREHOUSE_KEEPER, Role.AUDITOR} == set(Role)


def test_one_of_several_roles_is_enough() -> None:
    with acting_as(person(Role.AUDITOR, Role.CLERK)):
        assert readable(Customer, "phone", "13812345678") == "13812345678"
    with acting_as(person(Role.AUDITOR, Role.WAREHOUSE_KEEPER)):
        assert masked_names(Vehicle) == {PLATE: Sensitive.PLATE}


def test_what_a_role_needs_is_no_free_text_either() -> None:
    with acting_as(person(Role.WAREHOUSE_KEEPER)):
        assert readable(Dealer, "phone", "13812345678") == "13812345678"
    with acting_as(person(Role.AUDITOR)):
        assert readable(Supplier, "phone", "13812345678") == "13812345678"


def test_the_roleless_and_nobody_read_nothing_whole() -> None:
    assert set(masked_columns(frozenset())) == set(SENSITIVE)
    with acting_as(person()):
        assert readable(Dealer, "phone", "13812345678") == "138****5678"


def test_the_panel_itself_reads_everything() -> None:
    with acting_as(system_actor("job:digest")):
        assert readable(Customer, "phone", "13812345678") == "13812345678"
        assert readable_text("打13812345678") == "打13812345678"


@pytest.mark.parametrize(
    ("role", "label", "read"),
    [
        (Role.CLERK, "苏C12345 · LHS00000000000042", "苏C12345 · LHS00000000000042"),
        (Role.QUALITY_ENGINEER, "苏C12345 · LHS00000000000042", "苏C···45 · LHS00000000000042"),
        (Role.QUALITY_ENGINEER, "LHS00000000000042", "LHS00000000000042"),
        (Role.AUDITOR, "苏C12345 · LHS00000000000042", "苏C···45 · ····0042"),
        (Role.AUDITOR, "苏C · 12345 · LHS00000000000042", "苏C···45 · ····0042"),
        (Role.AUDITOR, "LHS00000000000042", "····0042"),
        (Role.AUDITOR, "", ""),
    ],
)
def test_a_vehicles_label_is_masked_part_by_part(role: Role, label: str, read: str) -> None:
    with acting_as(person(role)):
        assert readable_label(Vehicle, label) == read


def test_a_label_that_people_write_hides_a_number_in_it() -> None:
    with acting_as(person(Role.AUDITOR)):
        assert readable_label(Customer, "张三 13812345678") == "张三 ***"
        assert readable_label(Complaint, "TS-2026-000123") == "TS-2026-000123"


def test_codes_and_batches_are_no_free_text() -> None:
    with acting_as(person(Role.AUDITOR)):
        assert readable(Vehicle, "production_batch", "15202403011") == "15202403011"
        assert readable(Complaint, "description", "15202403011") == "***"


def test_of_a_row_only_what_is_not_read_whole_is_masked() -> None:
    row = Complaint(phone="13812345678", description="打13812345678", fault="异响")
    names = ["phone", "description", "fault", "step", "subject_id"]
    with acting_as(person(Role.QUALITY_ENGINEER)):
        assert masked_texts(row, names) == {"phone": "138****5678", "description": "打***"}
    with acting_as(person(Role.CLERK)):
        assert masked_texts(row, names) == {}
