"""Exports: whole, scoped, in the reader's words, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from urllib.parse import unquote

import pytest
from flask import Flask

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models.complaint import Severity
from models.organisation import Locale, Role


def download(client: PanelClient, address: str) -> tuple[list[list[str]], dict[str, str]]:
    with client.get(address) as response:
        assert response.status_code == 200
        body = response.data
        assert int(response.headers["Content-Length"]) == len(body)
        assert body.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig")))), dict(response.headers)


def test_every_row_comes_with_the_labels_of_what_it_refers_to(make: Factory, login: Login) -> None:
    dealer = make.dealer(name="临沂宏达车行")
    for number in range(1, 31):
        make.customer(name=f"客户 {number:02}", dealer_id=dealer.id)
    rows, _headers = download(login(Role.SUPERVISOR), "/customer/export/csv/?sort=name")
    assert rows[0][:4] == ["Number", "Name", "Kind", "Level"]
    assert [row[1] for row in rows[1:]] == [f"客户 {number:02}" for number in range(1, 31)]
    assert {row[rows[0].index("Dealer")] for row in rows[1:]} == {"临沂宏达车行"}


def test_search_filters_and_order_of_the_list_hold(make: Factory, login: Login) -> None:
    make.complaint(severity=Severity.SEVERE, customer_name="甲")
    make.complaint(severity=Severity.SEVERE, customer_name="乙")
    make.complaint(customer_name="丙")
    rows, _headers = download(
        login(Role.SUPERVISOR), "/complaint/export/csv/?flt_severity=severe&sort=customer_name&desc=1&page=7"
    )
    assert {row[2] for row in rows[1:]} == {"甲", "乙"}


def test_the_file_has_a_chinese_name(make: Factory, login: Login) -> None:
    _rows, headers = download(login(Role.SUPERVISOR, locale=Locale.CHINESE), "/complaint/export/csv/")
    name = unquote(headers["Content-Disposition"].partition("filename*=UTF-8''")[2])
    assert name.startswith("投诉-20")
    assert name.endswith(".csv")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"


def test_formulas_in_records_are_neutralised_and_numbers_are_not(make: Factory, login: Login) -> None:
    make.customer(name="=HYPERLINK(1)", phone="+8613900000000", wished_service="-1")
    vehicle = make.vehicle(mileage_km=12500)
    client = login(Role.SUPERVISOR)
    rows, _headers = download(client, "/customer/export/csv/")
    line = dict(zip(rows[0], rows[1], strict=True))
    assert (line["Name"], line["Phone"], line["Service wished for"]) == (
        "'=HYPERLINK(1)",
        "'+8613900000000",
        "'-1",
    )
    rows, _headers = download(client, "/vehicle/export/csv/")
    assert dict(zip(rows[0], rows[1], strict=True))["Mileage (km)"] == "12500"
    assert ">12,500<" in client.get(f"/vehicle/details/?id={vehicle.id}").text


def test_queries_do_not_grow_with_rows(make: Factory, login: Login, app: Flask) -> None:
    client = login(Role.SUPERVISOR)
    make.customer()
    with count_queries(app) as few:
        download(client, "/customer/export/csv/")
    for _ in range(20):
        make.customer()
    with count_queries(app) as many:
        download(client, "/customer/export/csv/")
    assert len(many) == len(few)


def test_a_long_file_is_fetched_in_pieces(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(25):
        make.customer()
    monkeypatch.setattr("views.export_rows.CHUNK", 10)
    rows, _headers = download(login(Role.SUPERVISOR), "/customer/export/csv/")
    assert len(rows) == 26
    assert len({row[0] for row in rows}) == 26


def test_a_long_list_is_not_made_by_opening_an_address(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make.customer()
    monkeypatch.setattr("views.export.AT_ONCE_MOST", 3)
    client = login(Role.SUPERVISOR)
    response = client.get("/customer/export/csv/?search=客户")
    assert response.headers["Location"].startswith("/customer/?search=")
    assert "made in the background" in client.get("/customer/").text


@pytest.mark.parametrize("kind", ["json", "xls", "..", "csv%00"])
def test_other_kinds_of_files_are_not_found(kind: str, login: Login) -> None:
    assert login(Role.SUPERVISOR).get(f"/customer/export/{kind}/").status_code in (404, 308)
