"""What each type of record demands, and how records are found by what they refer to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from screens import create, edit, path, rows_of
from sqlalchemy import select

from conftest import Login
from factories import Factory
from models import Part, ServiceReceipt, Supplier, SupplierAlias, Vehicle, WarrantyClaim
from models.organisation import Locale, Role


def refused(response: Any, field: str) -> str:
    assert response.status_code == 422, response.status_code
    return str(response.text.partition(f'id="{field}-error">')[2].partition("</p>")[0])


@pytest.mark.parametrize(
    ("table", "field", "fields", "sentence"),
    [
        ("parts_shipment", "wrong_because", {"is_right": [""]}, "Say what was wrong, and why."),
        ("parts_shipment", "quantity", {"quantity": "0"}, "Give at least 1."),
        ("service_receipt", "handed_over_on", {"handed_over_on": "2026-03-01"}, "before the day on which"),
        (
            "service_receipt",
            "arrived_at",
            {"asked_at": "2026-03-02T10:00", "arrived_at": "2026-03-02T09:00"},
            "before the engineer was asked for",
        ),
        (
            "service_receipt",
            "done_at",
            {"arrived_at": "2026-03-02T10:00", "done_at": "2026-03-02T09:00"},
            "before the engineer arrived",
        ),
        ("service_receipt", "cost", {"cost": "-1"}, "not negative"),
        ("service_receipt", "cost", {"cost": "abc"}, "Give an amount such as"),
        ("service_receipt", "cost", {"cost": "99999999999"}, "too large"),
        ("warranty_claim", "dealer_id", {"dealer_id": ""}, "Name the dealer who claims."),
        ("warranty_claim", "supplier_id", {"kind": "on_supplier"}, "Name the supplier"),
        ("warranty_claim", "decided_on", {"outcome": "passed"}, "needs the day of the decision"),
        ("warranty_claim", "decided_on", {"decided_on": "2026-03-05"}, "needs the day of the decision"),
        (
            "warranty_claim",
            "decided_on",
            {"outcome": "passed", "decided_on": "2026-03-01"},
            "before the day of the claim",
        ),
        (
            "warranty_claim",
            "decision_reason",
            {"outcome": "rejected", "decided_on": "2026-03-05"},
            "Say why the claim is rejected.",
        ),
        ("letter", "replied_on", {"replied_on": "2026-03-01"}, "before the day on which the letter"),
        ("product_model", "warranty_months", {"warranty_months": "999"}, "Give 0 to 240 months."),
        ("product_model", "maintenance_interval_months", {"maintenance_interval_months": "0"}, "1 to 120"),
        ("vehicle", "maintenance_interval_months", {"maintenance_interval_months": "0"}, "1 to 120"),
    ],
)
def test_a_rule_of_a_record_is_said_at_its_field(
    table: str, field: str, fields: dict[str, Any], sentence: str, make: Factory, login: Login
) -> None:
    key = getattr(make, table)().id
    assert sentence in refused(edit(login(Role.SUPERVISOR), table, key, **fields), field)


def test_a_receipt_is_no_return_of_itself_and_says_that_it_is_one(make: Factory, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    first, second = make.service_receipt(), make.service_receipt()
    own = edit(client, "service_receipt", first.id, earlier_receipt_id=first.id, is_return_repair=["", "1"])
    assert "come before itself" in refused(own, "earlier_receipt_id")
    untold = edit(client, "service_receipt", second.id, earlier_receipt_id=first.id)
    assert "Tick this" in refused(untold, "is_return_repair")
    told = edit(client, "service_receipt", second.id, earlier_receipt_id=first.id, is_return_repair=["", "1"])
    assert told.status_code == 302
    assert first.number in client.get(path("service_receipt", "details", id=second.id)).text


def test_the_same_day_stands_in_the_office_calendar_once(make: Factory, login: Login) -> None:
    make.holiday(falls_on=date(2026, 10, 1))
    response = create(login(Role.SUPERVISOR), "holiday", falls_on="2026-10-01", name="国庆节")
    assert "already a record with the same: Day." in refused(response, "falls_on")


@pytest.mark.parametrize("typed", ["1280.5", "¥1,280.50", "１２８０．５０元", " 1 280.50 "])
def test_an_amount_is_read_as_people_paste_it_and_shown_with_two_decimals(
    typed: str, make: Factory, login: Login
) -> None:
    receipt = make.service_receipt()
    client = login(Role.CLERK)
    assert edit(client, "service_receipt", receipt.id, cost=typed).status_code == 302
    make.session.expire_all()
    assert make.session.get_one(ServiceReceipt, receipt.id).cost == Decimal("1280.50")
    assert "1,280.50" in client.get(path("service_receipt")).text
    assert 'value="1280.50"' in client.get(path("service_receipt", "edit", id=receipt.id)).text


def test_numbers_of_records_carry_their_own_prefix(make: Factory) -> None:
    numbers = [make.service_receipt(), make.warranty_claim(), make.parts_shipment(), make.letter()]
    assert [row.number[:3] for row in numbers] == ["SH-", "SP-", "FH-", "XH-"]


def test_records_show_on_the_pages_of_what_they_belong_to(make: Factory, login: Login) -> None:
    customer, dealer, part = make.customer(), make.dealer(), make.part()
    vehicle = make.vehicle(customer_id=customer.id)
    receipt = make.service_receipt(customer_id=customer.id, vehicle_id=vehicle.id, dealer_id=dealer.id)
    make.letter(customer_id=customer.id)
    make.warranty_claim(dealer_id=dealer.id, part_id=part.id, service_receipt_id=receipt.id)
    make.parts_shipment(dealer_id=dealer.id, part_id=part.id)
    client = login(Role.SUPERVISOR)
    for table, row, linked in (
        ("customer", customer, ("vehicle", "service-receipt", "letter")),
        ("vehicle", vehicle, ("service-receipt",)),
        ("dealer", dealer, ("service-receipt", "warranty-claim", "parts-shipment")),
        ("part", part, ("warranty-claim", "parts-shipment")),
        ("service_receipt", receipt, ("warranty-claim",)),
    ):
        page = client.get(path(table, "details", id=row.id)).text
        for other in linked:
            assert f'<a href="/{other}/?flt_{table}_id={row.id}">' in page
            assert f"/{other}/new/?{table}_id={row.id}" in page
    model_page = client.get(path("product_model", "details", id=vehicle.product_model_id)).text
    assert f"/vehicle/?flt_product_model_id={vehicle.product_model_id}" in model_page


def test_what_somebody_types_into_a_vehicle_goes_before_what_follows(make: Factory, login: Login) -> None:
    model = make.product_model(warranty_months=12, maintenance_interval_months=6)
    client = login(Role.CLERK)
    create(client, "vehicle", frame_number="LHS1", product_model_id=model.id, sold_on="2026-03-01")
    vehicle = make.session.scalars(select(Vehicle)).one()
    assert (str(vehicle.warranty_until), str(vehicle.next_maintenance_on)) == ("2027-03-01", "2026-09-01")
    edit(client, "vehicle", vehicle.id, next_maintenance_on="2026-08-01")
    edit(client, "vehicle", vehicle.id, sold_on="2026-04-01")
    make.session.expire_all()
    assert (str(vehicle.warranty_until), str(vehicle.next_maintenance_on)) == ("2027-04-01", "2026-08-01")


# Suppliers and their spellings


def test_spellings_are_edited_with_the_supplier_and_keep_their_rows(make: Factory, login: Login) -> None:
    client = login(Role.QUALITY_ENGINEER)
    lines = "WX Jingkong\r\n 无锡晶控 \r\n\r\nWX Jingkong"
    create(client, "supplier", name="无锡晶控电子", aliases=lines)
    supplier = make.session.scalars(select(Supplier)).one()
    kept = {alias.name: alias.id for alias in supplier.aliases}
    assert set(kept) == {"WX Jingkong", "无锡晶控"}
    assert supplier.version == 1
    edit(client, "supplier", supplier.id, aliases="无锡晶控\nJingkong")
    make.session.expire_all()
    assert {alias.name for alias in supplier.aliases} == {"无锡晶控", "Jingkong"}
    assert next(a.id for a in supplier.aliases if a.name == "无锡晶控") == kept["无锡晶控"]
    # Another editor's form is now out of date.
    assert supplier.version == 2
    page = client.get(path("supplier", "details", id=supplier.id)).text
    assert "Jingkong" in page
    edit(client, "supplier", supplier.id, aliases="")
    make.session.expire_all()
    assert supplier.aliases == []


def test_a_spelling_means_one_supplier_only(make: Factory, login: Login) -> None:
    other = make.supplier(name="宁津恒力电机厂", aliases=[SupplierAlias(name="恒力")])
    mine = make.supplier()
    client = login(Role.QUALITY_ENGINEER)
    for name in ("恒力", "宁津恒力电机厂"):
        response = edit(client, "supplier", mine.id, aliases=name)
        assert f"“{name}” already means another supplier." in refused(response, "aliases")
    assert "already means" in refused(create(client, "supplier", name="恒力"), "name")
    # The own name and spellings are no conflict, those of a deleted supplier neither.
    assert edit(client, "supplier", other.id, phone="1").status_code == 302
    client_above = login(Role.SUPERVISOR)
    assert client_above.post("/supplier/delete/", data={"id": other.id}).status_code == 302
    assert edit(client, "supplier", mine.id, aliases="恒力").status_code == 302
    make.session.expire_all()
    assert [alias.name for alias in mine.aliases] == ["恒力"]


def test_a_spelling_that_is_too_long_or_one_of_too_many_is_refused(make: Factory, login: Login) -> None:
    supplier = make.supplier()
    client = login(Role.QUALITY_ENGINEER)
    assert "At most 160 characters" in refused(
        edit(client, "supplier", supplier.id, aliases="长" * 161), "aliases"
    )
    many = "\n".join(map(str, range(201)))
    assert "At most 200 lines" in refused(edit(client, "supplier", supplier.id, aliases=many), "aliases")


def test_a_supplier_is_found_by_any_spelling(make: Factory, login: Login) -> None:
    make.supplier(name="无锡晶控电子", aliases=[SupplierAlias(name="WX Jingkong")])
    make.supplier(name="临沂鲁桥车桥")
    client = login(Role.QUALITY_ENGINEER)
    assert rows_of(client.get("/supplier/?search=jingkong")) == ["无锡晶控电子"]
    found = client.get("/part/ajax/lookup/?name=supplier_id&query=jingkong").json
    assert [row["label"] for row in found] == ["无锡晶控电子"]
    assert "无锡晶控电子" in client.get("/search/?q=jingkong").text
    # What hangs on the supplier is found through its plain columns.
    make.session.add(
        Part(code="P9", name="控制器", supplier_id=make.session.scalars(select(Supplier.id)).first())
    )
    make.session.commit()


# Finding


@pytest.mark.parametrize(
    ("table", "attributes"),
    [("customer", {}), ("dealer", {}), ("complaint", {}), ("supplier", {}), ("staff", {})],
)
@pytest.mark.parametrize(
    "typed", ["0731", "００００７３１", "13900000731", "+8613900000731", "139-0000-0731"]
)
def test_a_phone_is_found_by_its_digits_however_it_was_entered(
    typed: str, table: str, attributes: dict[str, Any], make: Factory, login: Login
) -> None:
    wanted = getattr(make, table)(phone="办公室 ０５１６－８３１２３４５６、139 0000-0731", **attributes)
    getattr(make, table)(phone="13900000732", **attributes)
    page = login(Role.ADMINISTRATOR).get(f"/{table}/", query_string={"search": typed})
    assert len(rows_of(page)) == 1
    assert f"/{table}/details/?id={wanted.id}" in page.text


def test_digits_of_two_numbers_in_a_cell_make_no_third(make: Factory, login: Login) -> None:
    make.customer(name="王", phone="13900000731、13800000001")
    client = login(Role.CLERK)
    assert rows_of(client.get("/customer/?search=073113800")) == []


def test_records_are_found_by_what_they_refer_to(make: Factory, login: Login) -> None:
    customer = make.customer(name="张三", phone="139 0000 0731")
    model = make.product_model(code="HS-150", name="加长版")
    vehicle = make.vehicle(product_model_id=model.id, frame_number="LHSAAA1", customer_id=customer.id)
    receipt = make.service_receipt(customer_id=customer.id, vehicle_id=vehicle.id)
    make.service_receipt()
    make.vehicle()
    client = login(Role.SUPERVISOR)
    for typed in ("张三", "0731", "AAA1", "张三 aaa1"):
        found = rows_of(client.get("/service-receipt/", query_string={"search": typed}))
        assert found == [receipt.number], typed
    for typed in ("HS-150", "加长版 LHSAAA1"):
        assert len(rows_of(client.get("/vehicle/", query_string={"search": typed}))) == 1, typed


def test_a_record_beyond_reach_does_not_betray_itself_by_a_search(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    hidden = make.customer(name="外区客户", region=other)
    make.service_receipt(customer_id=hidden.id, region=own)
    client = login(Role.CLERK, region=own)
    assert rows_of(client.get("/service-receipt/?search=外区客户")) == []


# Order


@pytest.mark.parametrize("table", ["customer", "dealer", "supplier", "part", "staff"])
def test_lists_sort_names_by_pinyin(table: str, make: Factory, login: Login) -> None:
    for name in ("周全", "安心", "重庆", "张三", "章四", "张五", "B店"):
        getattr(make, table)(name=name)
    page = login(Role.ADMINISTRATOR, name="zzz").get(f"/{table}/?sort=name").text
    places = [page.index(f">{name}<") for name in ("安心", "B店", "重庆", "张三", "张五", "章四", "周全")]
    assert places == sorted(places)


def test_choices_and_look_ups_sort_by_pinyin_too(make: Factory, login: Login) -> None:
    for name in ("周全部", "安心部", "重庆部"):
        make.department(name=name)
        make.dealer(name=name)
    client = login(Role.ADMINISTRATOR, locale=Locale.CHINESE)
    page = client.get("/customer/new/").text.partition('name="department_id"')[2]
    places = [page.index(name) for name in ("安心部", "重庆部", "周全部")]
    assert places == sorted(places)
    found = client.get("/customer/ajax/lookup/?name=dealer_id&query=部").json
    assert [row["label"] for row in found] == ["安心部", "重庆部", "周全部"]


def test_a_form_sets_no_key_that_the_panel_keeps(make: Factory, login: Login) -> None:
    customer = make.customer(name="张三", phone="13900000731")
    edit(login(Role.SUPERVISOR), "customer", customer.id, name_sort="aaa", phone_numbers="1")
    make.session.expire_all()
    assert customer.name_sort.startswith("zhang")
    assert customer.phone_numbers == ["13900000731"]
    page = login(Role.SUPERVISOR).get(path("customer", "details", id=customer.id)).text
    assert "name_sort" not in page
    assert "zhang1" not in page


def test_claims_of_both_kinds_can_be_decided(make: Factory, login: Login) -> None:
    claim = make.warranty_claim(supplier_id=make.supplier().id)
    client = login(Role.QUALITY_ENGINEER)
    response = edit(
        client,
        "warranty_claim",
        claim.id,
        kind="on_supplier",
        outcome="rejected",
        decided_on="2026-03-09",
        decision_reason="超出保修期",
    )
    assert response.status_code == 302
    make.session.expire_all()
    assert make.session.get_one(WarrantyClaim, claim.id).decision_reason == "超出保修期"
