"""What a record's page says of its past."""

from __future__ import annotations

import re

import pytest
from screens import edit, path
from sqlalchemy.orm import Session

from conftest import Login
from factories import Factory
from models import acting_as, system_actor
from models.actor import Actor
from models.complaint import Severity
from models.dealer import Grade
from models.organisation import Locale, Role


def history(page: str) -> str:
    """Return the text of the page's history, without tags."""
    part = page[page.index('id="history"') :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import", "数据导入"),
        ("command:digest", "服务器命令"),
        ("essentials", "初始化"),
        ("job:delivery", "系统自动处理"),
        ("clock", "系统自动处理"),
        ("something new", "系统自动处理"),
    ],
)
def test_what_no_person_did_is_said_in_words(source: str, words: str, make: Factory, login: Login) -> None:
    with acting_as(system_actor(source)):
        dealer = make.dealer()
    page = login(Role.SUPERVISOR, locale=Locale.CHINESE).get(path("dealer", "details", id=dealer.id)).text
    assert words in history(page)
    assert source not in history(page)


def test_a_change_names_its_author_the_field_and_both_values(make: Factory, login: Login) -> None:
    dealer = make.dealer(grade=Grade.A, phone="13800000000")
    client = login(Role.SUPERVISOR, name="周敏")
    assert edit(client, "dealer", dealer.id, grade="B", phone="13900000000").status_code == 302
    said = history(client.get(path("dealer", "details", id=dealer.id)).text)
    for words in ("周敏", "Grade", "Phone", "13800000000", "13900000000"):
        assert words in said
    assert "updated_at" not in said
    assert "version" not in said


def test_values_of_lists_and_relations_are_shown_by_their_labels(
    make: Factory, login: Login, db_session: Session
) -> None:
    complaint = make.complaint()
    customer = make.customer(name="李四")
    complaint.severity, complaint.customer_id = Severity.SEVERE, customer.id
    db_session.commit()
    said = history(login(Role.SUPERVISOR).get(path("complaint", "details", id=complaint.id)).text)
    assert "Severe" in said
    assert "李四" in said


def test_a_secret_is_in_no_history(make: Factory, login: Login, db_session: Session) -> None:
    staff = make.staff(password="hash-of-old")
    staff.password = "hash-of-new"
    db_session.commit()
    page = login(Role.ADMINISTRATOR).get(path("staff", "details", id=staff.id)).text
    assert "hash-of" not in page
    assert staff.fs_uniquifier not in page


def test_work_done_for_somebody_absent_is_recorded_under_who_did_it(
    make: Factory, login: Login, db_session: Session
) -> None:
    dealer, present, absent = make.dealer(), make.staff(name="在岗"), make.staff(name="请假")
    with acting_as(Actor(present.id, "request", region_ids=None, on_behalf_of_id=absent.id)):
        dealer.city = "徐州"
        db_session.commit()
    assert "在岗" in history(login(Role.AUDITOR).get(path("dealer", "details", id=dealer.id)).text)


def test_nothing_is_said_of_a_record_beyond_reach(make: Factory, login: Login) -> None:
    dealer = make.dealer(region=make.region(), name="别处的车行")
    client = login(Role.CLERK, region=make.region())
    assert client.get(path("dealer", "details", id=dealer.id)).status_code == 404
