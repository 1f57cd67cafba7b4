"""Showing a masked value: by a click that is recorded, on that page only, then open in its form."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import edit, form_of, page_of, path, rows_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import AccessEntry, Complaint
from models.access import AccessKind
from models.complaint import Step
from models.organisation import Role
from views import reveal

PHONE, MASKED = "13700010001", "137****0001"
AS_A_SCRIPT = {"Accept": "application/json"}


def ask(client: PanelClient, row: Any, column: str = "phone", **kwargs: Any) -> Any:
    address = path(row.__tablename__, "reveal", id=row.id)
    return client.post(address, data={"column": column} | kwargs.pop("data", {}), **kwargs)


def entries(session: Session) -> list[tuple[AccessKind, str | None, int | None, Any]]:
    found = session.scalars(select(AccessEntry).order_by(AccessEntry.id))
    return [(each.kind, each.table_name, each.row_id, each.detail.get("column")) for each in found]


def test_a_click_shows_the_value_on_that_page_only_and_is_recorded(
    make: Factory, login: Login, db_session: Session
) -> None:
    row, client = make.customer(phone=PHONE), login(Role.QUALITY_ENGINEER)
    page = page_of(client, "customer", row.id)
    assert PHONE not in str(page)
    assert page.select_one("[data-reveal]")["aria-label"] == "Show Phone"
    answer = ask(client, row)
    assert answer.status_code == 200
    assert PHONE in answer.text
    assert PHONE not in str(page_of(client, "customer", row.id))
    assert entries(db_session) == [(AccessKind.REVEALED, "customer", row.id, "phone")]
    assert f"tel:{PHONE}" in answer.text


def test_a_script_is_answered_with_the_value_alone(make: Factory, login: Login) -> None:
    answer = ask(login(Role.AUDITOR), make.customer(phone=PHONE), headers=AS_A_SCRIPT)
    assert answer.json["text"] == PHONE
    assert answer.json["numbers"] == [{"text": PHONE, "dialled": PHONE}]


def test_what_is_not_masked_or_no_column_is_not_revealed(
    make: Factory, login: Login, db_session: Session
) -> None:
    row = make.customer(phone=PHONE)
    assert ask(login(Role.CLERK), row).status_code == 404
    for column in ("name", "nothing", "", "phone_numbers", "__class__"):
        assert ask(login(Role.AUDITOR), row, column).status_code == 404
    assert entries(db_session) == []


def test_who_may_not_read_the_record_reveals_nothing(make: Factory, login: Login) -> None:
    row = make.letter(content=f"打{PHONE}")
    assert ask(login(Role.QUALITY_ENGINEER), row, "content").status_code == 403
    assert ask(login(Role.AUDITOR), row, "content", csrf=False).status_code == 400
    gone = login(Role.AUDITOR).post(path("customer", "reveal", id=999), data={"column": "phone"})
    assert gone.status_code == 404


def test_too_many_within_an_hour_are_refused_with_a_sentence(
    make: Factory, login: Login, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reveal, "REVEALS_MOST", 2)
    row, client = make.customer(phone=PHONE), login(Role.AUDITOR)
    assert [ask(client, row).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(client, row, headers=AS_A_SCRIPT)
    assert refused.status_code == 429
    assert "within an hour" in refused.json["message"]
    assert entries(db_session)[-1] == (AccessKind.THROTTLED, "customer", row.id, "phone")
    assert ask(login(Role.QUALITY_ENGINEER), row).status_code == 200


@pytest.mark.parametrize("sent", [MASKED, "13900000000", ""])
def test_what_is_sent_into_a_masked_field_changes_nothing(
    sent: str, make: Factory, login: Login, db_session: Session
) -> None:
    row = make.complaint(phone=PHONE, description=f"打{PHONE}", step=Step.VERIFIED)
    client = login(Role.QUALITY_ENGINEER)
    form = client.get(path("complaint", "edit", id=row.id))
    assert "phone" not in form_of(form)
    assert BeautifulSoup(form.text, "html.parser").select_one("#f-phone")["value"] == MASKED
    answer = edit(client, "complaint", row.id, phone=sent, description=sent, fault="异响")
    assert answer.status_code == 302
    db_session.expire_all()
    saved = db_session.get(Complaint, row.id)
    assert saved is not None
    assert (saved.phone, saved.description, saved.fault) == (PHONE, f"打{PHONE}", "异响")


def test_a_revealed_field_is_open_and_keeps_the_draft(
    make: Factory, login: Login, db_session: Session
) -> None:
    row = make.complaint(phone=PHONE, step=Step.VERIFIED)
    client = login(Role.QUALITY_ENGINEER)
    draft = form_of(client.get(path("complaint", "edit", id=row.id))).to_dict() | {"fault": "异响"}
    opened = ask(client, row, data=draft)
    values = form_of(opened)
    assert (values["phone"], values["fault"]) == (PHONE, "异响")
    values["phone"] = "13900000000"
    assert client.post(path("complaint", "edit", id=row.id), data=values).status_code == 302
    db_session.expire_all()
    saved = db_session.get(Complaint, row.id)
    assert saved is not None
    assert saved.phone == "13900000000"


def test_a_token_opens_nothing_for_another_person_or_record(
    make: Factory, login: Login, db_session: Session
) -> None:
    mine, other = make.complaint(phone=PHONE), make.complaint(phone="13700010002")
    client = login(Role.QUALITY_ENGINEER)
    token = ask(client, mine, headers=AS_A_SCRIPT).json["token"]
    changes = {"phone": "13900000000", "_revealed": token}
    edit(client, "complaint", other.id, **changes)
    edit(login(Role.QUALITY_ENGINEER), "complaint", mine.id, **changes)
    db_session.expire_all()
    assert [db_session.get_one(Complaint, row.id).phone for row in (mine, other)] == [PHONE, "13700010002"]


@pytest.mark.parametrize("typed", ["1370001", "00010001", PHONE[:-1]])
def test_a_part_of_a_masked_number_finds_nothing(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="孙悟空", phone=PHONE)
    client = login(Role.QUALITY_ENGINEER)
    for address in (f"/customer/?search={typed}", f"/search/?q={typed}"):
        assert "孙悟空" not in client.get(address).text
    assert client.get(f"/search/hits/?q={typed}").json["groups"] == []
    assert client.get(f"/vehicle/ajax/lookup/?name=customer_id&query={typed}").json == []


@pytest.mark.parametrize("typed", [PHONE, "137 0001 0001", "+8613700010001"])
def test_the_whole_number_finds_its_record(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="孙悟空", phone=PHONE)
    client = login(Role.QUALITY_ENGINEER)
    assert "孙悟空" in client.get("/customer/", query_string={"search": typed}).text


def test_a_list_is_not_sorted_by_what_is_masked(make: Factory, login: Login) -> None:
    for phone in ("13700010002", "13700010001", "13700010003"):
        make.customer(phone=phone)
    client = login(Role.AUDITOR)
    page = client.get("/customer/")
    assert "sort=name" in page.text
    assert "sort=phone" not in page.text
    assert rows_of(client.get("/customer/?sort=phone")) == rows_of(page)


def test_a_part_of_a_masked_number_finds_nothing_in_the_audit_log(make: Factory, login: Login) -> None:
    number = make.customer(phone=PHONE).number
    for role, text, is_found in (
        (Role.ADMINISTRATOR, PHONE[:-1], True),
        (Role.AUDITOR, PHONE[:-1], False),
        (Role.AUDITOR, f'"{PHONE[:-1]}', False),
        (Role.AUDITOR, PHONE, True),
    ):
        page = BeautifulSoup(login(role).get("/audit-log/", query_string={"text": text}).text, "html.parser")
        hits = [each for each in page.select("main") if "?id=" in str(each) and "/customer/" in str(each)]
        assert bool(hits) == is_found, (role, text, number)
