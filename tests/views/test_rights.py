"""The page of rights: the table in words, own rights and their adjustment, and why one person may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import page_of, present_day
from sqlalchemy import select

from conftest import Login, PanelClient
from factories import Factory
from models.base import now
from models.organisation import Role
from models.own_rights import OwnRight
from models.permissions import OWN_RIGHTS, PERMISSIONS, letters
from views.rights_words import WORDS


def read(client: PanelClient, url: str) -> BeautifulSoup:
    answer = client.get(url)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def cells(page: BeautifulSoup) -> dict[str, list[str]]:
    rows = page.select("table.rights:not(.own) tbody tr")
    return {row.th.text: [" ".join(td.text.split()) for td in row.find_all("td")] for row in rows}


@pytest.mark.parametrize("role", Role)
def test_supervisors_and_auditors_read_the_page_and_administrators_alone_adjust(
    role: Role, login: Login
) -> None:
    client = login(role)
    may_read = role in (Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR)
    for url in ("/rights/", "/rights/person/"):
        assert client.get(url).status_code == (200 if may_read else 403)
    status = 302 if role is Role.ADMINISTRATOR else 403
    assert client.post("/rights/own/", data={"seen": "x"}).status_code == status


def test_the_table_says_in_words_what_each_role_may(login: Login) -> None:
    found = cells(read(login(Role.SUPERVISOR), "/rights/"))
    roles = list(Role)
    for table, label in (("customer", "Customers"), ("complaint", "Complaints"), ("absence", "Absences")):
        for place, role in enumerate(roles):
            expected = " ".join(str(WORDS[letter].word) for letter in letters(role, table))
            assert found[label][place] == (expected or "—"), (table, role)
    assert len(found) >= len(PERMISSIONS)


def test_the_table_is_narrowed_to_the_roles_asked_for(login: Login) -> None:
    page = read(login(Role.AUDITOR), "/rights/?role=clerk&role=nonsense")
    assert [th.text for th in page.select("table.rights:not(.own) thead th")] == [
        "Record or page",
        "After-sales clerk",
    ]


def adjusted(client: PanelClient, **changes: list[str]) -> Any:
    page = read(client, "/rights/")
    fields: dict[str, Any] = {"seen": page.find("input", attrs={"name": "seen"})["value"]}
    for box in page.select("table.own input[checked]"):
        fields.setdefault(box["name"], []).append(box["value"])
    return client.post("/rights/own/", data=fields | changes)


def test_an_administrator_adjusts_own_rights_and_who_comes_late_is_told(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    late = read(client, "/rights/").find("input", attrs={"name": "seen"})["value"]
    wanted = {"customer-creator": ["r", "e", "a"], "customer-responsible": ["r", "d"]}
    assert adjusted(client, **wanted).status_code == 302
    row = make.session.scalars(select(OwnRight)).one()
    # Neither approval nor, for the responsible person, deletion is to be had.
    assert (row.table_name, row.creator, row.responsible) == ("customer", "re", "r")
    assert "the centre" in read(client, "/rights/").select_one("table.own").text
    answer = client.post("/rights/own/", data={"seen": late}, follow_redirects=True)
    assert "Somebody else has just changed this" in answer.text
    assert len(make.session.scalars(select(OwnRight)).all()) == 1
    rule = OWN_RIGHTS["customer"]
    back = {"customer-creator": list(rule.creator), "customer-responsible": list(rule.responsible)}
    adjusted(client, **back)
    assert make.session.scalars(select(OwnRight)).all() == []


def test_the_page_of_a_person_says_what_and_through_what(make: Factory, login: Login) -> None:
    north = make.region(name="华北")
    below, absent = make.staff(Role.CLERK, name="李四"), make.staff(Role.CLERK, name="王五")
    top = make.position()
    below.position_id = make.position(parent_id=top.id).id
    person = make.staff(Role.CLERK, Role.FOLLOW_UP_AGENT, region=north, position_id=top.id, name="张三")
    day = present_day()
    make.absence(staff_id=absent.id, substitute_id=person.id, starts_on=day, ends_on=day)
    page = read(login(Role.SUPERVISOR), f"/rights/person/?staff={person.id}")
    text = " ".join(page.text.split())
    assert "Records of: 华北." in text
    assert "lower in the tree of positions: 李四." in text
    assert f"Records of 王五, who is away until {day}." in text
    assert "through: After-sales clerk, Follow-up agent" in cells(page)["Customers"][0]
    assert "through: After-sales clerk" in cells(page)["Dealers"][0]
    assert cells(page)["Customers"][1:] == ["read, change, delete (within a day)", "read, change"]
    # No role of the person enters parts; somebody may make the person responsible for one all the same.
    assert cells(page)["Parts"][1:] == ["—", "read, change"]
    page = read(login(Role.SUPERVISOR), f"/rights/person/?staff={make.staff(Role.AUDITOR).id}")
    assert cells(page)["Customers"][1:] == ["—", "—"]


def test_the_page_says_how_long_the_own_record_can_be_taken_back(make: Factory, login: Login) -> None:
    person = make.staff(Role.CLERK)
    row = make.customer(name="王师傅", created_by_id=person.id)
    page = read(login(Role.SUPERVISOR), f"/rights/person/?staff={person.id}&table=customer&record=王师傅")
    assert "delete through: own record, within a day" in " ".join(page.find(id="one").parent.text.split())
    row.created_at = now() - timedelta(days=2)
    make.session.commit()
    page = read(login(Role.SUPERVISOR), f"/rights/person/?staff={person.id}&table=customer&record=王师傅")
    assert "delete" not in page.find(id="one").parent.text


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("region", "It lies in: 华北."),
        ("none", "It lies in no region yet."),
        ("created_by_id", "The person has entered it."),
        ("responsible_id", "The person answers for it."),
        ("elsewhere", "does not see it"),
    ],
)
def test_the_page_says_of_one_record_whether_and_why(
    link: str, reason: str, make: Factory, login: Login
) -> None:
    north, south = make.region(name="华北"), make.region()
    person = make.staff(Role.WAREHOUSE_KEEPER, Role.CLERK, region=north)
    person.role_names = [Role.CLERK.value]
    make.session.commit()
    region = {"region": north, "none": None}.get(link, south)
    links = {link: person.id} if link.endswith("_id") else {}
    row = make.complaint(region=region, **links)
    page = read(
        login(Role.SUPERVISOR), f"/rights/person/?staff={person.id}&table=complaint&record={row.number}"
    )
    one = page.find(id="one").parent.text
    assert reason in one
    assert ("change" in one) is (link != "elsewhere")


def test_what_is_not_there_is_said_and_is_no_error(make: Factory, login: Login) -> None:
    client, person = login(Role.ADMINISTRATOR), make.staff()
    for query in ("table=complaint&record=nothing", "table=nonsense&record=1", "record=%00", "table=staff"):
        assert client.get(f"/rights/person/?staff={person.id}&{query}").status_code == 200
    for nonsense in ("0", "abc", "9" * 30):
        assert client.get(f"/rights/person/?staff={nonsense}").status_code == 404
    assert (
        "There is no such record"
        in client.get(f"/rights/person/?staff={person.id}&table=complaint&record=nothing").text
    )


def test_a_staff_record_leads_there_for_who_may_read_it(make: Factory, login: Login) -> None:
    person = make.staff(Role.CLERK)
    address = f"/rights/person/?staff={person.id}"
    assert page_of(login(Role.SUPERVISOR), "staff", person.id).find("a", href=address)
    assert not page_of(login(Role.CLERK), "staff", person.id).find("a", href=address)
