"""Absences on screen: who may be named, and what a substitute finds while a colleague is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import create, edit, page_of, path, present_day
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from test_waiting import waiting

from conftest import Login
from factories import Factory
from models import Absence, AuditEntry, Complaint, Department, Staff
from models.base import now
from models.deadline_rule import DeadlineKind
from models.organisation import Role

DAYS = {"starts_on": "2026-03-02", "ends_on": "2026-03-06"}


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department()


def person(make: Factory, department: Department | None, **attributes: Any) -> Staff:
    return make.staff(Role.CLERK, department_id=department.id if department else None, **attributes)


def sentence_at(page: str, field: str) -> str:
    return page.partition(f'id="{field}-error">')[2].partition("</p>")[0].strip()


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_a_supervisor_appoints_a_substitute_of_the_same_department(
    role: Role, make: Factory, login: Login, department: Department
) -> None:
    absent, substitute = person(make, department), person(make, department)
    fields = DAYS | {"staff_id": absent.id, "substitute_id": substitute.id, "reason": "training"}
    assert create(login(role), "absence", **fields).status_code == 302
    row = make.session.scalars(select(Absence)).one()
    assert (row.staff_id, row.substitute_id) == (absent.id, substitute.id)


def test_nobody_appoints_the_own_substitute_without_being_a_supervisor(
    make: Factory, login: Login, department: Department
) -> None:
    client = login(Role.CLERK, department_id=department.id)
    assert client.get(path("absence")).status_code == 200
    assert client.get(path("absence", "new")).status_code == 403
    assert client.post(path("absence", "new"), data=DAYS).status_code == 403


def test_who_may_not_stand_in_is_refused_with_a_sentence_at_the_field(
    make: Factory, login: Login, department: Department
) -> None:
    absent, away_too = person(make, department), person(make, department, name="王五")
    make.absence(staff_id=away_too.id, substitute_id=person(make, department).id)
    client = login(Role.SUPERVISOR)
    for substitute, sentence in (
        (absent, "Nobody stands in for himself or herself."),
        (person(make, make.department()), "Choose somebody of the same department."),
        (person(make, None), "Choose somebody of the same department."),
        (person(make, department, active=False), "This person may not log in."),
        (away_too, "王五 is away as well, from 2026-03-02 to 2026-03-06."),
    ):
        fields = DAYS | {"staff_id": absent.id, "substitute_id": substitute.id}
        answer = create(client, "absence", **fields)
        assert (answer.status_code, sentence_at(answer.text, "substitute_id")) == (422, sentence)
    homeless, other = person(make, None), person(make, None)
    answer = create(client, "absence", **DAYS, staff_id=homeless.id, substitute_id=other.id)
    assert "has no department yet" in sentence_at(answer.text, "staff_id")


def test_a_substitute_of_another_department_is_refused_whatever_the_way(
    make: Factory, login: Login, department: Department
) -> None:
    row = make.absence(deleted_at=now())
    stranger = person(make, department)
    for attributes in ({"substitute_id": stranger.id}, {"staff_id": stranger.id}):
        with pytest.raises(IntegrityError, match="different departments"):
            make.absence(**{"staff_id": row.staff_id, "substitute_id": row.substitute_id} | attributes)
        make.session.rollback()
    # Brought back when the substitute has moved: also then.
    make.session.get_one(Staff, row.substitute_id).department_id = department.id
    make.session.commit()
    client = login(Role.SUPERVISOR)
    answer = client.post(
        "/recycle-bin/restore", data={"type": "absence", "id": row.id}, follow_redirects=True
    )
    assert "Choose somebody of the same department." in answer.text
    make.session.refresh(row)
    assert row.deleted_at is not None


def test_days_that_make_no_sense_are_refused_at_their_field(
    make: Factory, login: Login, department: Department
) -> None:
    client, row = login(Role.SUPERVISOR), make.absence()
    answer = edit(client, "absence", row.id, ends_on="2026-03-01")
    assert sentence_at(answer.text, "ends_on") == "This lies before the first day."
    colleague = make.session.get_one(Staff, row.substitute_id)
    third = make.staff(department_id=colleague.department_id)
    for first, last in (("2026-03-06", "2026-03-09"), ("2026-03-03", "2026-03-04")):
        answer = create(
            client, "absence", staff_id=row.staff_id, substitute_id=third.id, starts_on=first, ends_on=last
        )
        assert answer.status_code == 422
        assert sentence_at(answer.text, "starts_on") == "This person is away on some of these days already."
    answer = create(
        client,
        "absence",
        staff_id=row.staff_id,
        substitute_id=third.id,
        starts_on="2026-03-07",
        ends_on="2026-03-07",
    )
    assert answer.status_code == 302


def test_a_deleted_absence_leaves_its_days_free(make: Factory, login: Login) -> None:
    row = make.absence(deleted_at=now())
    again = make.absence(staff_id=row.staff_id, substitute_id=row.substitute_id)
    assert again.id != row.id


@pytest.fixture
def away(make: Factory, department: Department) -> Absence:
    absent, substitute = person(make, department, name="张三"), person(make, department, name="李四")
    day = present_day()
    return make.absence(staff_id=absent.id, substitute_id=substitute.id, starts_on=day, ends_on=day)


def client_of(make: Factory, login: Login, staff_id: int) -> Any:
    client = login(Role.CLERK)
    client.log_in(make.session.get_one(Staff, staff_id), make.session)
    return client


def test_the_substitutes_queue_holds_the_absent_persons_work_and_says_whose_it_is(
    make: Factory, login: Login, away: Absence
) -> None:
    region = make.region()
    given = {"customer_name": "代办客户", "responsible_id": away.staff_id, "region": region}
    make.owing(DeadlineKind.FIRST_ANSWER, now(), **given)
    client = client_of(make, login, away.substitute_id)
    page = BeautifulSoup(client.get("/due/?person=own").text, "html.parser")
    line = page.find(string="代办客户").find_parent("li")
    assert "for 张三" in line.text
    assert f"You stand in for 张三 up to and including {present_day()}" in page.text
    home = BeautifulSoup(client.get("/").text, "html.parser")
    assert "You stand in for 张三" in home.text
    own = home.find(string="My open complaints").find_parent("li")
    assert own.find("strong").text == "1"
    assert "代办客户" in client.get(path("complaint", flt_task="own")).text


def test_the_badge_of_what_is_due_counts_the_absent_persons_calls(
    make: Factory, login: Login, away: Absence
) -> None:
    yesterday = present_day() - timedelta(days=1)
    make.call_record(responsible_id=away.staff_id, promise="回电", promised_until=yesterday)
    substitute = client_of(make, login, away.substitute_id)
    assert waiting(substitute, "/due/") == "1: 1 thing is due or late"


def test_what_a_substitute_saves_is_put_down_to_both(make: Factory, login: Login, away: Absence) -> None:
    row = make.complaint(responsible_id=away.staff_id, region=make.region())
    own = make.complaint(responsible_id=away.substitute_id)
    client = client_of(make, login, away.substitute_id)
    assert edit(client, "complaint", row.id, demand="换新").status_code == 302
    assert edit(client, "complaint", own.id, demand="换新").status_code == 302

    def last(key: int) -> tuple[int | None, int | None]:
        found = select(AuditEntry).where(AuditEntry.table_name == "complaint", AuditEntry.row_id == key)
        entry = make.session.scalars(found.order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        return entry.actor_id, entry.on_behalf_of_id

    assert last(row.id) == (away.substitute_id, away.staff_id)
    assert last(own.id) == (away.substitute_id, None)
    assert "李四 for 张三" in page_of(client, "complaint", row.id).text


def test_a_statement_over_many_rows_tells_of_each_for_whom_it_was_changed(
    make: Factory, login: Login, away: Absence
) -> None:
    client = client_of(make, login, away.substitute_id)
    call = make.call_record(responsible_id=away.staff_id, promise="回电", promised_until=present_day())
    assert client.post("/due/promise-kept/", data={"id": call.id}).status_code == 302
    found = select(AuditEntry.on_behalf_of_id).where(
        AuditEntry.table_name == "call_record", AuditEntry.row_id == call.id
    )
    assert make.session.scalars(found.order_by(AuditEntry.id.desc())).first() == away.staff_id


def test_the_end_of_an_absence_counts_in_the_next_request_of_an_open_login(
    make: Factory, login: Login, away: Absence
) -> None:
    row = make.complaint(responsible_id=away.staff_id, region=make.region())
    client = client_of(make, login, away.substitute_id)
    assert client.get(path("complaint", "details", id=row.id)).status_code == 200
    away.starts_on = away.ends_on = present_day() - timedelta(days=1)
    make.session.commit()
    assert client.get(path("complaint", "details", id=row.id)).status_code == 404
    assert "You stand in" not in client.get("/due/").text


def test_a_substitute_does_not_get_the_absent_persons_roles(
    make: Factory, login: Login, away: Absence
) -> None:
    make.session.get_one(Staff, away.staff_id).role_names = [Role.SUPERVISOR.value]
    make.session.commit()
    row = make.complaint(responsible_id=away.staff_id)
    client = client_of(make, login, away.substitute_id)
    assert client.get("/delivery/").status_code == 403
    assert client.post("/complaint/delete/", data={"id": row.id}).status_code == 403
    assert make.session.get(Complaint, row.id).deleted_at is None
