"""The page of the digest settings: what it sets, what it shows before, and whom it sends a test to."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import Centre, Delivery, Department, Digest, Subject
from models.digest import DeliveryKind
from models.organisation import Role, Weekday


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department("quality-test", name="品质部", name_en="Quality")


@pytest.fixture
def boss(login: Login) -> PanelClient:
    return login(Role.ADMINISTRATOR)


def sent(department: Department, **values: Any) -> dict[str, Any]:
    """Return the form as the page sends it for a department."""
    usual = {"version": str(department.version), "digest_weekday": Weekday.FRIDAY.value, "digest_hour": "9"}
    return {"department": str(department.id), **usual, **values}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_nobody_but_an_administrator_opens_or_sets_it(
    role: Role, login: Login, department: Department
) -> None:
    client = login(role)
    assert client.get("/digest-settings/").status_code == 403
    for page in ("save", "preview", "test"):
        assert client.post(f"/digest-settings/{page}", data=sent(department)).status_code == 403


def test_what_is_chosen_is_set_on_department_subjects_and_targets(
    boss: PanelClient, make: Factory, department: Department, db_session: Session
) -> None:
    other = make.department("other-test")
    above = make.subject(departments=[department, other])
    below = make.subject(parent_id=above.id)
    chosen = sent(
        department, gets_digest="1", attaches_workbook="1", figure=["satisfaction"], subjects="1",
        subject=[str(below.id)], **{"target-satisfaction": "９５,5 %"},
    )  # fmt: skip
    assert boss.post("/digest-settings/save", data=chosen).status_code == 302
    db_session.expire_all()
    assert (department.attaches_workbook, department.skips_empty_digest) == (True, False)
    assert (department.digest_weekday, department.digest_hour) == (Weekday.FRIDAY, 9)
    assert department.digest_figures == ["satisfaction"]
    assert db_session.get_one(Centre, 1).figure_targets["satisfaction"] == 95.5
    names = {row.id: {each.code for each in row.departments} for row in db_session.scalars(select(Subject))}
    assert names[above.id] == {"other-test"}
    assert names[below.id] == {"other-test", "quality-test"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"digest_hour": "24"}, "Choose a day and an hour"),
        ({"digest_weekday": "x"}, "Choose a day and an hour"),
        ({"target-satisfaction": "120"}, "Give a percentage"),
        ({"target-satisfaction": "many"}, "Give a percentage"),
    ],
)
def test_what_can_not_be_is_said_at_its_place_and_nothing_is_saved(
    boss: PanelClient, department: Department, db_session: Session, values: dict[str, str], said: str
) -> None:
    answer = boss.post("/digest-settings/save", data=sent(department, attaches_workbook="1", **values))
    assert answer.status_code == 422
    assert said in answer.text
    db_session.expire_all()
    assert not department.attaches_workbook


def test_a_page_that_is_out_of_date_changes_nothing(
    boss: PanelClient, department: Department, db_session: Session
) -> None:
    answer = boss.post("/digest-settings/save", data=sent(department, version="0", attaches_workbook="1"))
    assert answer.status_code == 302
    db_session.expire_all()
    assert not department.attaches_workbook


def test_the_preview_shows_what_is_ticked_and_keeps_nothing(
    boss: PanelClient, department: Department, db_session: Session
) -> None:
    heading = "What customers said on the phone"
    assert heading not in boss.get(f"/digest-settings/preview?department={department.id}").text
    ticked = sent(department, gets_calls="1", gets_parts_quality="1")
    answer = boss.post("/digest-settings/preview", data=ticked)
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    db_session.expire_all()
    assert not department.gets_calls
    assert not db_session.scalar(select(func.count(Digest.id)))


def test_a_test_mail_goes_to_who_asks_alone_and_the_settings_stay_unsaved(
    boss: PanelClient, make: Factory, department: Department, db_session: Session
) -> None:
    make.digest_recipient(department, email="reader@example.com")
    assert boss.post("/digest-settings/test", data=sent(department, gets_calls="1")).status_code == 200
    (delivery,) = db_session.scalars(select(Delivery)).all()
    assert delivery.recipient != "reader@example.com"
    assert delivery.kind is DeliveryKind.TEST
    db_session.expire_all()
    assert not department.gets_calls


@pytest.mark.parametrize("path", ["", "preview"])
def test_a_department_that_there_is_not_is_not_found(boss: PanelClient, path: str) -> None:
    assert boss.get(f"/digest-settings/{path}?department=999999999").status_code == 404
