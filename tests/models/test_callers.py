"""Finding who calls: by what of a number or a name, and by which indexes."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from factories import Factory
from models import db
from models.callers import CALLERS_MOST, customers_called, find_callers, vehicles_ending_in


def found(typed: str) -> list[tuple[str | None, str | None]]:
    """Return customer and plate of each caller found."""
    return [
        (each.customer.name if each.customer else None, each.vehicle.plate_number if each.vehicle else None)
        for each in find_callers(typed)
    ]


def plan_of(asked: Select[Any] | None) -> str:
    assert asked is not None
    written = asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    return "\n".join(
        db.session.connection().exec_driver_sql(f"EXPLAIN {written}".replace("%", "%%")).scalars()
    )


def test_a_caller_is_found_by_the_end_of_a_number_or_a_part_of_a_name(make: Factory, in_app: Flask) -> None:
    assert in_app
    wang = make.customer(name="王伟", phone="139 0000 0731 / 0516-83123456")
    make.customer(name="宏达物流", contact_person="赵敏", phone="13800000001")
    make.vehicle(customer_id=wang.id, plate_number="苏C·A1234", frame_number="LHS00000000004711")
    make.vehicle(customer_id=wang.id, plate_number="苏C5678B", frame_number="LHS00000000004712")
    make.vehicle(plate_number=None, frame_number="LHS00000000009999")
    first, second = ("王伟", "苏C·A1234"), ("王伟", "苏C5678B")
    # Of a customer with several vehicles each is a caller of its own, the newest first.
    for typed in ("0731", "０７３１", "+86 139-0000-0731", "3456", "王伟"):
        assert found(typed) == [second, first], typed
    for typed in ("苏ca1234", "A-1234", "4711"):
        assert found(typed) == [first], typed
    assert found("9999") == [(None, None)]
    for typed in ("赵敏", "达物", "宏达物流"):
        assert found(typed) == [("宏达物流", None)], typed
    # Too little, from the middle, or from two names; and what obeys nothing.
    for typed in ("731", "900000", "王", "流赵", "%%", "___", "", "\x00" * 90):
        assert found(typed.replace("\x00", "")) == [], typed


def test_of_many_with_one_ending_a_few_are_named(make: Factory, in_app: Flask) -> None:
    assert in_app
    for number in range(CALLERS_MOST + 2):
        make.customer(name=f"客户{number}", phone=f"1380{number:03}0731")
    assert len(found("0731")) == CALLERS_MOST


def test_a_caller_is_looked_for_in_indexes(in_app: Flask) -> None:
    assert in_app
    connection = db.session.connection()
    # In the empty tables of tests any order is as good: the question is whether these can serve.
    for scan in ("enable_seqscan", "enable_indexscan"):
        connection.exec_driver_sql(f"SET LOCAL {scan} = off")
    assert "ix_customer_phone_endings" in plan_of(customers_called("0731"))
    assert "ix_customer_search" in plan_of(customers_called("王伟"))
    sounds = plan_of(customers_called("zs"))
    assert "ix_customer_name_initials" in sounds
    assert "ix_customer_name_syllables" in sounds
    plan = plan_of(vehicles_ending_in("0731"))
    assert "ix_vehicle_plate_number_reversed" in plan
    assert "ix_vehicle_frame_number_reversed" in plan
