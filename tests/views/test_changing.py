"""One column of several records changed at once: shown first, all or none, nobody overwritten, one undo."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import ENTERED, TABLES, edit, form_of, path
from sqlalchemy import Boolean, Date, Enum, Numeric, func, select
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import AuditEntry, Centre, Complaint, Customer, ServiceReceipt, Staff, acting_as, record_types
from models.actor import Actor
from models.audit import AuditAction
from models.complaint import Severity
from models.dealer import Grade
from models.organisation import Role
from models.permissions import letters
from views.base import RecordView
from views.forms import column_of, target_of

MODELS = {model.__tablename__: model for model in record_types()}


def address(table: str, rows: list[Any], column: str) -> str:
    ids = "".join(f"&id={row.id}" for row in rows)
    return f"{path(table, 'change')}?column={column}{ids}"


def change(client: PanelClient, table: str, rows: list[Any], column: str, value: Any, **more: Any) -> Any:
    """Open the page about these records, fill the new value in, and send it."""
    at = address(table, rows, column)
    return send(client, at, form_of(client.get(at)), **{column: value}, **more)


def send(client: PanelClient, at: str, values: MultiDict[str, str], **changes: Any) -> TestResponse:
    for name, value in changes.items():
        values.setlist(name, value if isinstance(value, list) else [str(value)])
    return client.post(at, data=values)


def levels(make: Factory, rows: list[Customer]) -> list[Grade | None]:
    make.session.expire_all()
    return [row.level for row in rows]


def test_each_role_is_offered_in_each_list_what_its_form_lets_it_set(app: Flask, make: Factory) -> None:
    views = app.extensions["record_views"]
    rows = {table: make.record(MODELS[table]) for table in TABLES}
    offered = set()
    for role in Role:
        actor = Actor(1, "request", frozenset({role.value}), None)
        for table, row in rows.items():
            view = views[MODELS[table]]
            with app.test_request_context(), acting_as(actor):
                names, settable = view.changeable_names(row), view.settable_names(row)
            assert bool(names) == ("e" in letters(role, table) and bool(view.changed_together)), (role, table)
            assert set(names) <= set(settable) & set(view.changed_together), (role, table)
            offered |= {(table, name) for name in names}
    assert offered == {(table, name) for table in ENTERED for name in views[MODELS[table]].changed_together}
    assert {table for table, name in offered if name == "responsible_id"} > {"customer", "part", "letter"}


@pytest.mark.parametrize("table", ENTERED)
def test_every_column_that_is_offered_is_changed_in_two_records(
    table: str, app: Flask, make: Factory, login: Login
) -> None:
    view, client = app.extensions["record_views"][MODELS[table]], login(Role.ADMINISTRATOR)
    wrong = {"is_right": False, "wrong_because": "型号不符"} if table == "parts_shipment" else {}
    rows = [make.record(MODELS[table], **wrong) for _ in range(2)]
    ids = [str(row.id) for row in rows]
    for name in view.changed_together:
        versions = [row.version for row in rows]
        value = value_for(view, rows[0], name, make)
        sent = {"id": ids, "seen": [f"{row.id}:{row.version}" for row in rows], "column": name, name: value}
        assert client.post(path(table, "change"), data=sent).status_code == 302, name
        make.session.expire_all()
        assert [row.version for row in rows] == [version + 1 for version in versions], name
    answer = client.get(f"{path(table, 'change')}?id={ids[0]}&id={ids[1]}")
    assert answer.status_code == (200 if view.changed_together else 403)
    page = BeautifulSoup(client.get(path(table)).text, "html.parser")
    ways = {button["data-needs-selection"] for button in page.select("[data-needs-selection]")}
    assert ("change" in ways, "give" in ways) == (
        bool(view.editable_columns),
        "responsible_id" in view.changed_together,
    )


def value_for(view: RecordView, row: Any, name: str, make: Factory) -> str:
    """Return something that may stand in a column, other than what stands there."""
    target, column = target_of(view.model, name), column_of(view.model, name)
    if target is not None:
        return str((make.staff() if target is Staff else make.record(target)).id)
    if isinstance(column.type, Enum):
        return next(kind.value for kind in reversed(column.type.enum_class) if kind != getattr(row, name))
    if isinstance(column.type, Boolean):
        return "" if getattr(row, name) else "1"
    by_kind = {Date: "2026-12-24", Numeric: "5"}
    return next((value for kind, value in by_kind.items() if isinstance(column.type, kind)), "改1")


def test_the_page_names_the_records_and_what_stands_there_and_all_change_together(
    make: Factory, login: Login
) -> None:
    rows = [make.customer(name="甲", level=Grade.C), make.customer(name="乙", level=Grade.B), make.customer()]
    client = login(Role.CLERK)
    page = BeautifulSoup(client.get(address("customer", rows[:2], "level")).text, "html.parser")
    shown = [[cell.get_text(strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]
    assert shown == [["甲", "C"], ["乙", "B"]]
    assert client.get(path("customer")).text.count('data-ways="change give"') == 3
    answer = change(client, "customer", rows[:2], "level", "A")
    assert (answer.status_code, answer.location) == (302, "/customer/")
    assert levels(make, rows) == [Grade.A, Grade.A, None]
    assert "2 records were changed." in client.get("/customer/").text
    entries = make.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.UPDATE)).all()
    assert [entry.changes["level"] for entry in entries] == [["C", "A"], ["B", "A"]]
    assert client.staff is not None
    assert {entry.actor_id for entry in entries} == {client.staff.id}


def test_records_are_given_to_a_person(make: Factory, login: Login) -> None:
    person, rows = make.staff(Role.CLERK), [make.part(), make.part()]
    assert change(login(Role.QUALITY_ENGINEER), "part", rows, "responsible_id", person.id).status_code == 302
    make.session.expire_all()
    assert {row.responsible_id for row in rows} == {person.id}


def test_one_press_takes_all_of_it_back(make: Factory, login: Login) -> None:
    rows = [make.customer(level=Grade.C), make.customer(level=Grade.B), make.customer(level=Grade.A)]
    client = login(Role.CLERK)
    change(client, "customer", rows, "level", "A")
    page = client.get("/customer/").text
    # The third one stood so already, and is not counted.
    assert "2 records were changed." in page
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/undo/", data={"token": token[1]}, follow_redirects=True)
    assert "2 records are as they were before." in answer.text
    assert levels(make, rows) == [Grade.C, Grade.B, Grade.A]


def test_if_one_was_changed_since_the_undo_changes_none(make: Factory, login: Login) -> None:
    rows = [make.customer(level=Grade.C), make.customer(level=Grade.B)]
    client = login(Role.CLERK)
    change(client, "customer", rows, "level", "A")
    token = re.search(r'name="token" value="([^"]+)"', client.get("/customer/").text)
    assert token is not None
    edit(login(Role.SUPERVISOR), "customer", rows[1].id, address="新")
    client.post("/undo/", data={"token": token[1]})
    assert levels(make, rows) == [Grade.A, Grade.A]


def collided(make: Factory, login: Login) -> tuple[PanelClient, list[Customer], str, TestResponse]:
    """Return the answer to who changes three records, of which another has changed one meanwhile."""
    rows = [make.customer(name=name, level=Grade.C) for name in "甲乙丙"]
    client, at = login(Role.CLERK), address("customer", rows, "level")
    opened = form_of(client.get(at))
    edit(login(Role.SUPERVISOR, name="王主管"), "customer", rows[1].id, level="B")
    answer = send(client, at, opened, level="A")
    return client, rows, at, answer


def test_a_record_changed_meanwhile_is_named_with_both_values_and_nothing_is_saved(
    make: Factory, login: Login
) -> None:
    _client, rows, _at, answer = collided(make, login)
    assert answer.status_code == 409
    assert levels(make, rows) == [Grade.C, Grade.B, Grade.C]
    (held,) = BeautifulSoup(answer.text, "html.parser").select("tr.held")
    assert [cell.get_text(strip=True) for cell in held.select("td")][:3] == ["乙", "C", "B"]
    assert "王主管 saved a change at" in held.get_text()
    assert form_of(answer)["level"] == "A"


@pytest.mark.parametrize(
    ("go_on", "expected"), [("rest", [Grade.A, Grade.B, Grade.A]), ("all", [Grade.A] * 3)]
)
def test_then_the_person_goes_on_with_the_others_or_with_all(
    go_on: str, expected: list[Grade], make: Factory, login: Login
) -> None:
    client, rows, at, answer = collided(make, login)
    assert send(client, at, form_of(answer), go_on=go_on).status_code == 302
    assert levels(make, rows) == expected


def test_another_change_after_that_is_shown_again(make: Factory, login: Login) -> None:
    client, rows, at, answer = collided(make, login)
    edit(login(Role.SUPERVISOR), "customer", rows[0].id, level="B")
    again = send(client, at, form_of(answer), go_on="rest")
    assert again.status_code == 409
    (held,) = BeautifulSoup(again.text, "html.parser").select("tr.held")
    assert held.select("td")[0].get_text(strip=True) == "甲"
    assert levels(make, rows) == [Grade.B, Grade.B, Grade.C]


def test_a_page_that_names_no_version_overwrites_nothing(make: Factory, login: Login) -> None:
    row = make.customer(level=Grade.C)
    sent = {"id": row.id, "column": "level", "level": "A"}
    assert login(Role.CLERK).post("/customer/change/", data=sent).status_code == 409
    assert levels(make, [row]) == [Grade.C]


def test_what_the_database_refuses_is_said_at_its_record_and_the_others_can_go_on(
    make: Factory, login: Login
) -> None:
    rows = [make.service_receipt(came_in_on="2026-03-02"), make.service_receipt(came_in_on="2026-03-09")]
    client, at = login(Role.CLERK), address("service_receipt", rows, "handed_over_on")
    answer = send(client, at, form_of(client.get(at)), handed_over_on="2026-03-05")
    assert answer.status_code == 422
    (held,) = BeautifulSoup(answer.text, "html.parser").select("tr.held")
    assert rows[1].number in held.get_text()
    assert "This lies before the day on which the vehicle came in." in held.get_text()
    assert make.session.scalar(select(func.count(ServiceReceipt.handed_over_on))) == 0
    assert send(client, at, form_of(answer), go_on="rest").status_code == 302
    make.session.expire_all()
    assert [str(row.handed_over_on) for row in rows] == ["2026-03-05", "None"]


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("handed_over_on", "someday", "Give a date such as"),
        ("responsible_id", "999999", "This record is not there any more"),
        ("kind", "", "Fill this in."),
    ],
)
def test_a_value_is_checked_as_in_the_form(
    column: str, value: str, sentence: str, make: Factory, login: Login
) -> None:
    rows = [make.service_receipt(), make.service_receipt()]
    answer = change(login(Role.CLERK), "service_receipt", rows, column, value)
    assert answer.status_code == 422
    assert sentence in answer.text
    make.session.expire_all()
    assert {row.version for row in rows} == {1}


def test_emptying_is_asked_about_once_more(make: Factory, login: Login) -> None:
    rows = [make.customer(level=Grade.C), make.customer(level=Grade.B)]
    client, at = login(Role.CLERK), address("customer", rows, "level")
    asked = send(client, at, form_of(client.get(at)), level="")
    assert asked.status_code == 422
    assert "that would empty this in 2 records" in asked.text
    assert send(client, at, form_of(asked), _insist="level").status_code == 302
    assert levels(make, rows) == [None, None]


def test_the_cap_of_customers_counts_all_that_are_given_at_once(make: Factory, login: Login) -> None:
    make.session.merge(Centre(id=1, customers_per_person=3))
    person, rows = make.staff(Role.CLERK, name="王五"), [make.customer() for _ in range(3)]
    make.customer(responsible_id=person.id, region=make.region())
    refused = change(login(Role.CLERK), "customer", rows, "responsible_id", person.id)
    assert refused.status_code == 422
    assert "With these 3 more, 王五 would look after more than 3 customers" in refused.text
    assert 'name="_insist"' not in refused.text
    client = login(Role.SUPERVISOR)
    assert change(client, "customer", rows[:2], "responsible_id", person.id).status_code == 302
    warned = change(client, "customer", rows[2:], "responsible_id", person.id)
    assert warned.status_code == 422
    at = address("customer", rows[2:], "responsible_id")
    assert send(client, at, form_of(warned), _insist="responsible_id").status_code == 302
    make.session.expire_all()
    assert {row.responsible_id for row in rows} == {person.id}


def test_two_clicks_change_once_and_get_the_same_answer(make: Factory, login: Login) -> None:
    rows = [make.customer(level=Grade.C), make.customer(level=Grade.B)]
    client, at = login(Role.CLERK), address("customer", rows, "level")
    values = form_of(client.get(at)).to_dict(flat=False) | {"level": ["A"]}
    first, second = (client.post(at, data=values) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location) == (302, "/customer/")
    page = client.get("/customer/").text
    # Of each answer the message stands there; either takes it back.
    assert page.count("2 records were changed.") == page.count('name="token"') == 2
    make.session.expire_all()
    assert {row.version for row in rows} == {2}


def test_a_record_out_of_sight_is_neither_shown_nor_changed(make: Factory, login: Login) -> None:
    here = make.region()
    mine, theirs = make.customer(region=here), make.customer(region=make.region(), name="外区")
    client = login(Role.CLERK, region=here)
    assert "外区" not in client.get(address("customer", [mine, theirs], "level")).text
    assert change(client, "customer", [mine, theirs], "level", "A").status_code == 302
    assert levels(make, [mine, theirs]) == [Grade.A, None]
    assert client.get(address("customer", [theirs], "level")).status_code == 404


def test_what_is_masked_for_the_reader_is_not_changed(make: Factory, login: Login) -> None:
    client = login(Role.QUALITY_ENGINEER)
    assert client.staff is not None
    row = make.customer(responsible_id=client.staff.id, phone="13700010001")
    assert client.get(address("customer", [row], "level")).status_code == 200
    assert client.get(address("customer", [row], "phone")).status_code == 403
    letter = make.letter(responsible_id=client.staff.id, reply="请打13700010001")
    assert client.get(address("letter", [letter], "replied_on")).status_code == 200
    assert client.get(address("letter", [letter], "reply")).status_code == 403


def test_an_error_on_the_way_keeps_what_was_filled_in(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make.complaint(), make.complaint()]
    client, at = login(Role.SUPERVISOR), address("complaint", rows, "severity")
    values = form_of(client.get(at))

    def fail(*_args: Any, **_kwargs: Any) -> None:
        monkeypatch.undo()
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr("views.saving.set_fields", fail)
    failed = send(client, at, values, severity="severe")
    assert failed.status_code == 503
    kept = BeautifulSoup(failed.text, "html5lib").select_one("form.kept-draft")
    assert kept is not None
    fields: MultiDict[str, str] = MultiDict()
    for each in kept.select("textarea, input"):
        fields.add(str(each["name"]), each.get_text() if each.name == "textarea" else str(each["value"]))
    again = client.post(str(kept["action"]), data=MultiDict([*fields.items(multi=True), ("_draft", "1")]))
    assert again.status_code == 200
    assert form_of(again)["severity"] == "severe"
    assert client.post(str(kept["action"]), data=fields).status_code == 302
    make.session.expire_all()
    assert {row.severity for row in rows if isinstance(row, Complaint)} == {Severity.SEVERE}


def test_many_records_take_no_more_reads_than_two(app: Flask, make: Factory, login: Login) -> None:
    person, client = make.staff(Role.CLERK), login(Role.SUPERVISOR)
    asked = []
    for number in (2, 30):
        rows = [make.customer() for _ in range(number)]
        at = address("customer", rows, "responsible_id")
        with count_queries(app) as shown:
            values = form_of(client.get(at))
        with count_queries(app) as saved:
            assert send(client, at, values, responsible_id=person.id).status_code == 302
        reads = [statement for statement in (*shown, *saved) if statement.startswith("SELECT")]
        asked.append(len(reads))
    assert asked[0] == asked[1]
