"""The file of each type of record: headings, labels in the reader's language, values as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from flask import Flask
from flask_babel import force_locale
from screens import TABLES, path
from test_access import make_one
from test_export import download

from conftest import Login
from factories import Factory
from models.complaint import Cause, Severity, Step
from models.dealer import Grade
from models.organisation import Locale, Role
from models.part import Disposition, FoundBy
from views.clock import today


def line_of(login: Login, table: str, locale: Locale = Locale.ENGLISH) -> dict[str, str]:
    """Return the only record of a table's file by its headings."""
    rows, _headers = download(login(Role.ADMINISTRATOR, locale=locale), path(table, "export/csv"))
    assert len(rows) == 2
    return dict(zip(rows[0], rows[1], strict=True))


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("table", TABLES)
def test_the_headings_are_those_of_the_record_s_page_each_once(
    table: str, locale: Locale, app: Flask, make: Factory, login: Login
) -> None:
    key = make_one(make, table)
    view = next(v for m, v in app.extensions["record_views"].items() if m.__tablename__ == table)
    client = login(Role.ADMINISTRATOR, locale=locale)
    rows, headers = download(client, path(table, "export/csv"))
    assert len(set(rows[0])) == len(rows[0]) == len(set(view.column_list + view.shown_names()))
    page = client.get(path(table, "details", id=key)).text
    for heading, value in zip(rows[0], rows[1], strict=True):
        # A section of which nothing is filled in stands on no page.
        assert f"<dt>{heading}</dt>" in page or value in ("", "No", "否"), heading
    assert page.count("<dt>") > 3
    with app.app_context():
        day = today().isoformat()
    name = unquote(headers["Content-Disposition"].rpartition("=")[2]).strip('"').removeprefix("UTF-8''")
    with app.test_request_context(), force_locale(locale.value):
        assert name == f"{view.plural}-{day}.csv"


def test_a_complaint_is_written_in_the_words_of_the_panel(make: Factory, login: Login) -> None:
    subject = make.subject(name="电机", name_en="Motor")
    make.complaint(
        subject_id=subject.id,
        step=Step.CARRIED_OUT,
        severity=Severity.SEVERE,
        cause=Cause.WRONG_USE,
        registered_at=datetime(2024, 12, 31, 16, 30, tzinfo=UTC),
        production_on=date(2024, 3, 5),
        is_safety_relevant=True,
        is_demand_reasonable=False,
        description="第一行\n“第二行”, 完",
        phone="0539-1234567",
    )
    line = line_of(login, "complaint")
    assert {
        name: line[name] for name in ("Subject", "Step", "Severity", "Cause", "Registered at", "Phone")
    } == {
        "Subject": "Motor",
        "Step": "Carried out",
        "Severity": "Severe",
        "Cause": "Wrong use",
        "Registered at": "2025-01-01 00:30",
        "Phone": "0539-1234567",
    }
    assert "第一行\n“第二行”, 完" in line.values()
    assert "2024-03-05" in line.values()
    assert {"Yes", "No"} <= set(line.values())


def test_the_same_complaint_reads_chinese_for_who_reads_chinese(make: Factory, login: Login) -> None:
    subject = make.subject(name="电机", name_en="Motor")
    make.complaint(subject_id=subject.id, severity=Severity.SEVERE)
    values = line_of(login, "complaint", Locale.CHINESE).values()
    assert "电机" in values
    assert "Motor" not in values
    assert str(Severity.SEVERE.label) not in values


def test_a_fault_of_a_part_names_part_supplier_and_outcome(make: Factory, login: Login) -> None:
    supplier = make.supplier(name="宁波电机厂")
    part = make.part(code="M-1", name="电机", name_en="Motor")
    make.parts_quality_record(
        part_id=part.id,
        supplier_id=supplier.id,
        quantity=1200,
        found_by=FoundBy.DEALER,
        disposition=Disposition.RETURN_TO_SUPPLIER,
        production_batch="=2+3",
    )
    values = list(line_of(login, "parts_quality_record").values())
    for value in ("Motor M-1", "宁波电机厂", "1200", "Dealer", "Return to supplier", "'=2+3", "2026-03-02"):
        assert value in values


def test_an_empty_value_is_an_empty_cell(make: Factory, login: Login) -> None:
    make.dealer(code="D1", name="宏达", grade=None, contract_until=None)
    line = line_of(login, "dealer")
    assert (line["Grade"], line["Contract until"], line["Own workshop"]) == ("", "", "No")
    assert "None" not in line.values()


def test_a_relation_out_of_the_reader_s_region_is_named_as_in_the_list(make: Factory, login: Login) -> None:
    own = make.region()
    dealer = make.dealer(name="外区经销商", region=make.region())
    make.customer(dealer_id=dealer.id, region=own)
    rows, _headers = download(login(Role.CLERK, region=own), "/customer/export/csv/")
    assert rows[1][rows[0].index("Dealer")] == "外区经销商"


def test_a_clerk_s_file_holds_the_own_region_and_the_pool_only(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    for region, name in ((own, "本区"), (other, "外区"), (None, "公共")):
        make.customer(region_id=region.id if region else None, name=name, level=Grade.A)
    rows, _headers = download(login(Role.CLERK, region=own), "/customer/export/csv/?sort=name")
    assert sorted(row[1] for row in rows[1:]) == ["公共", "本区"]


@pytest.mark.parametrize("table", TABLES)
def test_a_file_without_rows_still_has_its_headings(table: str, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    rows, _headers = download(client, path(table, "export/csv", search="nobody-has-this-word"))
    assert len(rows) == 1
    assert len(rows[0]) > 1
