"""The summary meeting: who handed in, what the centre says, and that it is sent once, as it stood."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_summary import LAST, MEETING, OWN, PRESENT, within

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Delivery, Summary
from models.base import now
from models.digest import DeliveryKind
from models.organisation import Locale, Role

MONTH = {"kind": LAST.kind, "first_on": LAST.first_on}
PAGE = f"{MEETING}?period={LAST}"


def close(client: PanelClient, version: int = 0, **data: Any) -> Any:
    sent = {"period": str(LAST), "version": version, "close": "1", **data}
    return client.post(f"{MEETING}write/", data=sent)


def handed_in(make: Factory, staff_id: int, **texts: str) -> Summary:
    return make.summary(**MONTH, staff_id=staff_id, handed_in_at=now(), figures={"calls": 7}, **texts)


def test_the_page_tells_who_handed_in_and_gathers_what_is_passed_on(make: Factory, login: Login) -> None:
    one, other = make.staff(Role.CLERK, name="李倩"), make.staff(Role.CLERK, name="王芳")
    for each in (one, other):
        each.created_at = within(1)
    handed_in(make, one.id, achieved="样样完成", suggestions="红框")
    make.summary(**MONTH, staff_id=other.id, achieved="还在写")
    boss = login(Role.SUPERVISOR)
    page = boss.get(PAGE).text
    assert "1 person has not handed in: 王芳" in " ".join(page.split()).replace("</p>", "")
    assert "样样完成" in page
    assert page.count("红框") == 1
    # A draft is its writer's own.
    assert "还在写" not in page
    assert "还在写" not in login(Role.AUDITOR).get(PAGE).text


def test_the_centre_s_summary_is_closed_and_sent_once_in_each_language(
    make: Factory, login: Login, db_session: Session
) -> None:
    department = make.department(gets_all_subjects=True)
    chinese = make.digest_recipient(department, email="boss@example.com")
    english = make.digest_recipient(department, email="ceo@example.com", locale=Locale.ENGLISH)
    make.digest_recipient(department, email="other@example.com")
    handed_in(
        make, make.staff(Role.CLERK, name="李倩").id, suggestions="客户 13912345678 提议加红框", market="涨价"
    )
    make.complaint(subject_id=make.subject(name="电机").id, registered_at=within(5))
    boss = login(Role.SUPERVISOR)
    assert boss.get(PAGE).text.count("checked") == 3
    data = {"achieved": "总体平稳，车牌苏C12345已修", "recipient": [str(chinese.id), str(english.id)]}
    # Two clicks have one effect.
    assert [close(boss, **data).status_code for _n in range(2)] == [302, 302]
    mails = db_session.scalars(
        select(Delivery).where(Delivery.kind == DeliveryKind.SUMMARY).order_by(Delivery.id)
    ).all()
    assert [each.recipient for each in mails] == ["boss@example.com", "ceo@example.com"]
    assert mails[0].subject.startswith("[")
    assert "complaints" in mails[1].subject
    boss.get(PAGE)
    shown = boss.get(f"/delivery/details/?id={mails[0].id}").text
    for words in ("总体平稳", "红框", "涨价", "电机", "李倩"):
        assert words in shown
    for secret in ("13912345678", "苏C12345"):
        assert secret not in shown
    # What was sent stays as it was, whatever comes later.
    make.complaint(registered_at=within(5))
    page = boss.get(PAGE).text
    assert "boss@example.com" in page
    assert 'name="achieved"' not in page
    kept = db_session.scalars(select(Summary.figures).where(Summary.staff_id.is_(None))).one()
    assert kept is not None
    assert kept["complaints"]["now"] == 1
    assert close(boss, 2, achieved="改口").status_code == 302
    assert db_session.scalars(select(Summary.achieved).where(Summary.staff_id.is_(None))).one() != "改口"


def test_a_period_that_goes_on_is_not_closed(make: Factory, login: Login) -> None:
    boss = login(Role.SUPERVISOR)
    sent = {"period": str(PRESENT), "version": 0, "close": "1", "achieved": "早"}
    assert boss.post(f"{MEETING}write/", data=sent).status_code == 302
    assert make.session.scalars(select(Summary.handed_in_at)).one() is None


def test_a_supervisor_gives_a_summary_back(make: Factory, login: Login) -> None:
    client, boss = login(Role.CLERK), login(Role.SUPERVISOR)
    assert client.staff is not None
    handed_in(make, client.staff.id, achieved="急着交")
    data = {"period": str(LAST), "staff_id": client.staff.id}
    assert client.post(f"{MEETING}give-back/", data=data).status_code == 403
    assert [boss.post(f"{MEETING}give-back/", data=data).status_code for _n in range(2)] == [302, 302]
    assert 'name="achieved"' in client.get(f"{OWN}?period={LAST}").text
    assert boss.post(f"{MEETING}give-back/", data=data | {"staff_id": "0"}).status_code == 404


def test_who_stands_higher_reads_those_below_and_nothing_else(make: Factory, login: Login) -> None:
    top = make.position()
    below = make.staff(Role.CLERK, position_id=make.position(parent_id=top.id).id)
    handed_in(make, below.id, achieved="下属的小结")
    handed_in(make, make.staff(Role.CLERK).id, achieved="别人的小结")
    make.summary(**MONTH, achieved="中心的草稿")
    leader = login(Role.CLERK, position_id=top.id)
    page = leader.get(PAGE).text
    assert "下属的小结" in page
    assert "别人的小结" not in page
    assert "中心的草稿" not in page
    assert leader.post(f"{MEETING}write/", data={"period": str(LAST)}).status_code == 403
    assert login(Role.CLERK).get(PAGE).status_code == 403
    auditor = login(Role.AUDITOR)
    assert "别人的小结" in auditor.get(PAGE).text
    assert close(auditor).status_code == 403


def test_the_page_asks_as_much_for_many_people_as_for_one(app: Flask, make: Factory, login: Login) -> None:
    boss = login(Role.SUPERVISOR)

    def asked(people: int) -> int:
        for _n in range(people):
            make.staff(Role.CLERK).created_at = within(1)
            handed_in(make, make.staff(Role.CLERK).id, achieved="一")
        make.session.commit()
        with count_queries(app) as found:
            assert boss.get(f"{PAGE}&sort=answered").status_code == 200
        return len(found)

    few = asked(1)
    assert asked(4) <= few
