"""What the database refuses, as who fills in the form reads it: a sentence, at the field it is about."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from screens import create, edit, error_at
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from conftest import Login
from factories import Factory
from models import Part, SupplierAlias, db
from models.organisation import Role
from views.constraint_refusals import constraint_refusal, refusal_of

ONCE = [
    ("dealer", {"code": "D1", "name": "甲"}, "code", "Code"),
    ("part", {"code": "P1", "name": "甲"}, "code", "Code"),
    ("region", {"name": "甲"}, "name", "Name"),
    ("position", {"name": "甲"}, "name", "Name"),
    ("department", {"code": "quality-2", "name": "甲"}, "code", "Code"),
    ("subject", {"code": "motor-2", "name": "甲"}, "code", "Code"),
]


@pytest.mark.parametrize(("table", "values", "field", "label"), ONCE)
def test_what_may_be_there_once_is_refused_at_its_field(
    table: str, values: dict[str, str], field: str, label: str, make: Factory, login: Login
) -> None:
    client = login(Role.ADMINISTRATOR)
    assert create(client, table, **values).status_code == 302
    response = create(client, table, **values)
    assert response.status_code == 422
    assert error_at(response.text, field) == f"There is already a record with the same: {label}."


def test_an_address_gets_one_digest_of_a_department_once(make: Factory, login: Login) -> None:
    department = make.department()
    make.digest_recipient(department, email="li@example.com")
    key = str(department.id)
    response = create(
        login(Role.SUPERVISOR), "digest_recipient", name="李", email="Li@example.com", department_id=key
    )
    assert error_at(response.text, "email") == (
        "There is already a record with the same: Department and E-mail."
    )


@pytest.mark.parametrize(
    ("table", "field", "typed", "sentence"),
    [
        ("dealer", "vehicles_per_year", "-1", "Give a number that is not negative."),
        ("vehicle", "mileage_km", "-1", "Give a number that is not negative."),
        ("parts_quality_record", "months_in_use", "-1", "Give a number that is not negative."),
        ("parts_quality_record", "quantity", "0", "Give at least 1."),
        ("parts_quality_record", "quantity", "2147483648", "This number is too large."),
        ("department", "digest_hour", "24", "Give an hour from 0 to 23."),
        ("department", "digest_hour", "8.5", "Give a whole number."),
        ("department", "digest_weekday", "8", "Choose from the list."),
        ("supplier", "email", "nobody", "This is no e-mail address."),
        ("customer", "name", " \u3000", "Fill this in."),
        ("customer", "source", "x" * 81, "At most 80 characters; these are 81."),
        ("complaint", "subject_id", "", "Fill this in."),
        (
            "complaint",
            "registered_at",
            "noon",
            "Give a date and time such as 2024-03-05 14:30, 3-5 14:30, today 9:00 or now.",
        ),
        ("vehicle", "sold_on", "2023-02-29", "Give a date such as 2024-03-05, 3-5, today or +7."),
    ],
)
def test_a_value_out_of_bounds_is_refused_at_its_field_and_stays_typed(
    table: str, field: str, typed: str, sentence: str, make: Factory, login: Login
) -> None:
    row: Any = getattr(make, table)()
    before = getattr(row, field)
    response = edit(login(Role.ADMINISTRATOR), table, row.id, **{field: typed})
    assert response.status_code == 422
    assert error_at(response.text, field) == sentence
    assert "Not saved yet. Please look at the fields marked below." in response.text
    make.session.expire_all()
    assert getattr(make.session.get(type(row), row.id), field) == before


def refused(statement: Any, values: dict[str, Any] | None = None) -> DBAPIError:
    """Return the error with which the real database answers a statement."""
    with pytest.raises(DBAPIError) as caught, db.session.begin_nested():
        db.session.execute(statement, values or {})
    return caught.value


@pytest.mark.parametrize(
    ("sql", "field", "sentence"),
    [
        ("INSERT INTO part (name) VALUES ('x')", "code", "Fill this in."),
        (f"UPDATE part SET code = '{'x' * 61}'", None, "One of the texts is too long."),
        ("UPDATE department SET digest_hour = 99999999999", None, "One of the numbers is too large."),
        ("UPDATE part SET code = 1 / 0", None, "The record could not be saved as it is."),
    ],
)
def test_what_has_no_constraint_of_its_own_has_a_sentence_without_sql(
    sql: str, field: str | None, sentence: str, in_app: Flask
) -> None:
    make = Factory(db.session())
    make.part()
    make.department()
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        refusal = refusal_of(refused(text(sql)))
    assert (refusal.field, refusal.sentence) == (field, sentence)


def test_a_record_that_went_meanwhile_is_said_to_be_gone(in_app: Flask) -> None:
    error = refused(insert(Part).values(code="x", name="x", supplier_id=999_999))
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        refusal = refusal_of(error)
    assert (refusal.field, refusal.sentence) == ("supplier_id", "This record is not there any more.")


def test_a_constraint_that_nobody_knows_has_a_sentence_all_the_same(in_app: Flask) -> None:
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        refusal = constraint_refusal("ck_nobody_knows")
    assert (refusal.field, refusal.sentence) == (None, "The record could not be saved as it is.")


def test_a_list_in_a_form_is_refused_at_its_own_field_not_at_the_name(in_app: Flask) -> None:
    make = Factory(db.session())
    make.supplier_alias(name="老名")
    supplier = make.supplier()
    taken = refused(insert(SupplierAlias).values(name="老名", supplier_id=supplier.id))
    blank = refused(insert(SupplierAlias).values(name=" ", supplier_id=supplier.id))
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        assert {refusal_of(error).field for error in (taken, blank)} == {"aliases"}


def test_what_a_staff_member_lacks_is_said_at_the_field_of_that_column(in_app: Flask) -> None:
    Factory(db.session()).staff()
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        assert refusal_of(refused(text("UPDATE staff SET roles = NULL"))).field == "role_names"
