from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import Centre, Delivery, Invitation, Part, Staff, Supplier
from models.organisation import Role

HEADER = "部门\t姓名\tEmail\t手机号\t角色"


@pytest.fixture
def boss(login: Login, make: Factory) -> PanelClient:
    """Log an administrator in, with a department and a position to name."""
    make.department("service", name="客服部")
    make.position(name="专员")
    return login(Role.ADMINISTRATOR, password="x")


def act(client: PanelClient, action: str, kind: str = "staff", **fields: str | list[str]) -> TestResponse:
    data = {"kind": kind, "action": action, **fields}
    return client.post("/setup/list", data=data, follow_redirects=True)


def people(session: Session) -> dict[str, Staff]:
    session.expire_all()
    return {row.email: row for row in session.scalars(select(Staff).where(Staff.email.like("%@x.cn")))}


def test_a_pasted_table_becomes_people_who_are_invited(boss: PanelClient, db_session: Session) -> None:
    text = f"{HEADER}\r\n客服部\t李娜\tLiNa@X.cn\t138 0000 0000\t售后内勤、回访专员\r\n"
    text += "\t王强\twang@x.cn\t\tSupervisor\n"
    page = act(boss, "paste", text=text).text
    assert "李娜" in page
    assert people(db_session) == {}
    page = act(boss, "take").text
    assert "2 people were invited." in page
    assert "links to hand over" in page
    found = people(db_session)
    assert found["lina@x.cn"].role_names == ["clerk", "follow_up_agent"]
    assert found["wang@x.cn"].role_names == ["supervisor"]
    assert db_session.scalar(select(func.count(Invitation.staff_id))) == 2
    mail = db_session.scalars(select(Delivery).where(Delivery.recipient == "lina@x.cn")).one()
    assert mail.subject == "回声登录邀请"
    assert "invitation_state-invited" in boss.get("/staff/").text


def test_without_titles_the_columns_stand_in_the_order_that_the_page_says(
    boss: PanelClient, db_session: Session
) -> None:
    act(boss, "paste", text="李娜\tli@x.cn\t13800000000\t客服部\t专员\t回访专员\t华北")
    act(boss, "take")
    li = people(db_session)["li@x.cn"]
    assert (li.name, li.phone, li.role_names) == ("李娜", "13800000000", ["follow_up_agent"])
    assert None not in (li.department_id, li.position_id, li.region_id)


def test_each_wrong_cell_is_marked_and_corrected_in_its_place(boss: PanelClient, db_session: Session) -> None:
    text = "李娜\tli@x.cn\t\t客户部\t专员\t内勤\n王强\tli@x.cn\n\t\t1\n赵敏\tzhao@x.cn"
    page = act(boss, "paste", text=text).text
    assert "There is no “客户部”" in page
    assert "holds “内勤”, which this import does not know" in page
    assert "Line 1 has the same." in page
    # The list offers what there is.
    assert '<option value="客服部">' in page
    assert 'name="0-name"' not in page
    page = act(
        boss,
        "check",
        **{"0-department": "客服部", "0-roles": ["After-sales clerk"], "1-email": "wang@x.cn"},
        drop="2",
    ).text
    assert "To be corrected" not in page
    act(boss, "take")
    found = people(db_session)
    assert set(found) == {"li@x.cn", "wang@x.cn", "zhao@x.cn"}
    assert found["li@x.cn"].role_names == ["clerk"]
    assert db_session.get_one(Centre, 1).drafts == {}


def test_what_is_ready_goes_in_and_the_rest_waits_until_another_day(
    boss: PanelClient, login: Login, db_session: Session
) -> None:
    act(boss, "paste", text="李娜\tli@x.cn\n王强\tno address")
    page = act(boss, "take").text
    assert set(people(db_session)) == {"li@x.cn"}
    assert "no e-mail address" in page
    # Another administrator, in another browser, finds it there.
    other = login(Role.ADMINISTRATOR)
    assert "no address" in other.get("/setup/?step=staff").text
    act(other, "discard")
    assert "no address" not in boss.get("/setup/?step=staff").text


def test_who_is_there_already_is_neither_doubled_nor_invited(
    boss: PanelClient, make: Factory, db_session: Session
) -> None:
    make.staff(Role.CLERK, email="li@x.cn", password="x", name="李娜")
    act(boss, "paste", text="李娜\tLI@x.cn\t13900000000")
    page = act(boss, "take").text
    assert "filled in: 1" in page
    assert people(db_session)["li@x.cn"].phone == "13900000000"
    assert db_session.scalar(select(func.count(Invitation.staff_id))) == 0


def test_an_address_of_somebody_else_is_marked_even_after_that_one_went_in(
    boss: PanelClient, db_session: Session
) -> None:
    act(boss, "paste", text="李娜\tli@x.cn\n赵敏\tli@x.cn\t13600136000\t客户部")
    page = act(boss, "take").text
    assert "This address is 李娜&#39;s already." in page
    page = act(boss, "take", **{"1-department": "客服部", "0-department": "客服部"}).text
    assert people(db_session)["li@x.cn"].phone is None
    act(boss, "take", **{"0-email": "zhao@x.cn"})
    assert people(db_session)["zhao@x.cn"].name == "赵敏"


def test_formulas_and_html_are_text(boss: PanelClient, db_session: Session) -> None:
    page = act(
        boss, "paste", text='=HYPERLINK("x")\ta@x.cn\n<script>alert(1)</script>\tb@x.cn\nNUL\x00\tc@x.cn'
    ).text
    assert "<script>alert" not in page
    act(boss, "take")
    assert {row.name for row in people(db_session).values()} == {
        '=HYPERLINK("x")',
        "<script>alert(1)</script>",
        "NUL",
    }
    with boss.get("/staff/export/csv/") as export:
        assert "'=HYPERLINK" in export.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Paste at least one line."),
        ("  \n\t\n", "Paste at least one line."),
        (HEADER, "Paste at least one line."),
        ("a\tb\n" * 1001, "That are 1001 lines"),
        ('"' + "x" * 200_000 + "\ty", "can&#39;t be read as a table"),
    ],
)
def test_what_is_no_list_is_said(text: str, sentence: str, boss: PanelClient) -> None:
    assert sentence in act(boss, "paste", text=text).text


def test_a_thousand_lines_are_shown_in_part_and_taken_in_whole(
    boss: PanelClient, db_session: Session
) -> None:
    text = "\n".join(f"员工{number}\tp{number}@x.cn\t\t客服部" for number in range(1000))
    page = act(boss, "paste", text=text).text
    assert "… and 900 more" in page
    act(boss, "take")
    assert len(people(db_session)) == 1000


def test_take_without_a_list_changes_nothing(boss: PanelClient) -> None:
    assert "No line is ready yet" in act(boss, "take").text
    assert act(boss, "check").status_code == 200


def test_people_who_were_not_asked_are_invited_together(
    boss: PanelClient, make: Factory, db_session: Session
) -> None:
    make.staff(Role.CLERK, email="a@x.cn")
    assert "(1)" in boss.get("/setup/?step=staff").text
    boss.post("/setup/invite")
    assert db_session.scalar(select(func.count(Invitation.staff_id))) == 1
    assert "not asked yet" not in boss.get("/setup/?step=staff").text


def test_parts_are_pasted_with_their_supplier(boss: PanelClient, db_session: Session) -> None:
    page = act(
        boss,
        "paste",
        "parts",
        text="编码\t名称\t重要零件\t供应商\nDJ-1\t电机\t是\t恒力\nKZ-1\t控制器\t也许\t",
    ).text
    assert "holds “也许”" in page
    act(boss, "take", "parts", **{"1-is_key_part": "否"})
    found = {row.code: row for row in db_session.scalars(select(Part))}
    assert (found["DJ-1"].is_key_part, found["KZ-1"].is_key_part) == (True, False)
    assert db_session.get_one(Supplier, found["DJ-1"].supplier_id).name == "恒力"
