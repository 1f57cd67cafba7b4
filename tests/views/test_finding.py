"""Finding records by what somebody types: the same as reading all of them would, from an index."""

from __future__ import annotations

import random
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects import postgresql

from conftest import Login, count_queries
from factories import Factory
from models import Complaint, db, record_types
from models.organisation import Role
from models.phones import digits_of, whole_number
from models.searching import indexed_names
from views import finding
from views.fields import clean_line
from views.finding import contains, estimate_by_chance, first_matches, rows_found, search_for

SIGNS = "电机异响差速器漏油aBcZ019９Ａ-_%\\'\"{},.·（）🛺éßΣЖж 　"


def found_by_reading(typed: str) -> list[int]:
    """Return the complaints in which each word stands, found as plainly as can be."""
    names = [name for name in Complaint.searched if name in Complaint.__table__.c]
    conditions = []
    line = clean_line(typed)
    number = whole_number(line) if " " in line else None
    for word in [number] if number else line.split():
        ways: list[Any] = [getattr(Complaint, name).icontains(word, autoescape=True) for name in names]
        if (digits := digits_of(word)) is not None:
            ways.append(func.array_to_string(Complaint.phone_numbers, " ").contains(digits))
        conditions.append(or_(*ways))
    return list(db.session.scalars(select(Complaint.id).where(and_(*conditions)).order_by(Complaint.id)))


def found(typed: str) -> list[int]:
    search = search_for(Complaint, typed)
    assert search is not None
    return list(db.session.scalars(select(Complaint.id).where(search.condition()).order_by(Complaint.id)))


def plan_of(asked: Select[Any]) -> str:
    written = asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    explained = db.session.connection().exec_driver_sql(f"EXPLAIN {written}".replace("%", "%%"))
    return "\n".join(explained.scalars())


def test_the_same_is_found_as_by_reading_all(
    make: Factory, in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_app
    chance = random.Random(11)
    texts = ["".join(chance.choices(SIGNS, k=chance.randint(1, 60))) for _ in range(30)]
    for at, text in enumerate(texts):
        make.complaint(
            description=f"x{text}", fault=texts[-at][:30], phone=f"138{chance.randrange(10**8):08}"
        )
    numbers = list(db.session.scalars(select(Complaint.phone)))
    typed = [
        "%",
        "_",
        "\\",
        "'",
        "🛺",
        "ｘ",
        "零",
        "电" * 100,
        numbers[0],
        numbers[0][3:7],
        "+86 " + numbers[0],
    ]
    for text in texts:
        start = chance.randrange(len(text))
        typed.append(text[start : start + chance.choice([1, 2, 2, 3, 4, 9])])
    typed += [f"{one} {other}" for one, other in zip(typed, typed[7:], strict=False)]
    # As if they were too many to read all of them first.
    monkeypatch.setattr(finding, "WINDOW", 4)
    first = list(db.session.scalars(select(Complaint.id).order_by(Complaint.id.desc()).limit(4)))
    asked = 0
    for each in typed:
        search = search_for(Complaint, each)
        if search is None:
            continue
        expected = found_by_reading(each)
        assert found(each) == expected, each
        newest = select(Complaint).order_by(Complaint.id.desc())
        assert [row.id for row in rows_found(newest, search, 5)] == expected[::-1][:5], each
        near = [key for key in first if key in expected]
        matches = first_matches(newest, search, 1, 1000)
        # Where none of the first ones matches, the index tells of all.
        assert (list(matches.keys), matches.is_all) == (near or expected[::-1], not near), each
        asked += bool(expected)
    assert asked > 30


@pytest.mark.parametrize(
    "typed",
    ["差速", "速器漏", "张三", "０７３１", "9000", "139-0000-0731", "lhs000", "苏C12", "漏油 张三", "TS-"],
)
def test_one_box_understands_what_is_typed(typed: str, make: Factory, in_app: Flask) -> None:
    assert in_app
    make.complaint(customer_name="李四", description="电机异响", phone="15000000000")
    wanted = make.complaint(
        customer_name="张三",
        phone="139 0000 0731",
        description="差速器漏油，车牌苏C12345，车架号 LHS0001",
        number="TS-2026-000123",
    ).id
    assert wanted in found(typed)
    assert found("ts-2026-000123") == [wanted]


@pytest.mark.parametrize("typed", ["zss", "zhang sanshi", "B-2406"])
def test_a_complaint_is_found_by_the_sound_of_its_customer_and_by_its_batch(
    typed: str, make: Factory, in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_app
    customer = make.customer(name="张三十")
    wanted = make.complaint(customer_id=customer.id, customer_name="张三十", production_batch="B-2406").id
    make.complaint(customer_name="李四", description="电机异响")
    assert found(typed) == [wanted]
    # Tried row by row as well.
    monkeypatch.setattr(finding, "WINDOW", 1)
    search = search_for(Complaint, typed)
    assert search is not None
    newest = select(Complaint).order_by(Complaint.id.desc())
    assert [row.id for row in rows_found(newest, search, 5)] == [wanted]


@pytest.mark.parametrize("typed", ["差速", "差速器", "000123", "0731", "zs"])
def test_words_are_found_by_the_index_of_pieces(typed: str, in_app: Flask) -> None:
    assert in_app
    connection = db.session.connection()
    # Tables of tests are too small for an index to pay: the question is whether it can serve.
    for scan in ("enable_seqscan", "enable_indexscan"):
        connection.exec_driver_sql(f"SET LOCAL {scan} = off")
    searched = 0
    for model in record_types():
        names = indexed_names(model.__table__, model.searched)
        texts = [name for name in model.searched if name in names]
        search = search_for(model, typed, texts)
        if search is not None:
            plan = plan_of(select(model.id).where(search.condition()))
            assert f"ix_{model.__tablename__}_search" in plan, plan
            searched += 1
    assert searched > 20


def test_a_filter_by_part_of_a_text_that_is_searched_uses_the_same_index(in_app: Flask) -> None:
    assert in_app
    for scan in ("enable_seqscan", "enable_indexscan"):
        db.session.connection().exec_driver_sql(f"SET LOCAL {scan} = off")
    for model in record_types():
        if "production_batch" in model.searched:
            plan = plan_of(select(model.id).where(contains(model, "production_batch", "B2024")))
            assert f"ix_{model.__tablename__}_search" in plan, plan


def test_what_is_referred_to_is_found_by_indexes_too(make: Factory, in_app: Flask) -> None:
    assert in_app
    model = next(each for each in record_types() if each.__tablename__ == "call_record")
    wanted = make.call_record(customer_id=make.customer(name="欧阳修").id).id
    make.call_record(customer_id=make.customer(name="李四").id)
    for scan in ("enable_seqscan", "enable_indexscan"):
        db.session.connection().exec_driver_sql(f"SET LOCAL {scan} = off")
    search = search_for(model, "欧阳")
    assert search is not None
    asked = select(model.id).where(search.condition())
    assert list(db.session.scalars(asked)) == [wanted]
    plan = plan_of(asked)
    assert "ix_call_record_customer_id" in plan
    assert "ix_call_record_search" in plan


def test_of_very_many_referred_to_each_row_asks_by_itself(
    make: Factory, in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_app
    monkeypatch.setattr(finding, "RELATED_MOST", 1)
    model = next(each for each in record_types() if each.__tablename__ == "call_record")
    customers = [make.customer(name=name).id for name in ("欧阳修", "欧阳锋", "李四")]
    calls = [make.call_record(customer_id=customer).id for customer in customers]
    search = search_for(model, "欧阳")
    assert search is not None
    newest = select(model).order_by(model.id.desc())
    assert [row.id for row in rows_found(newest, search, 9)] == [calls[1], calls[0]]


@pytest.mark.parametrize(("typed", "is_all"), [("锹", False), ("铁锹", True), ("锹 铁锹", True)])
def test_of_one_sign_only_the_newest_of_very_many_are_searched_and_that_is_said(
    typed: str, is_all: bool, make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make.complaint(description="铁锹断了").number
    new = make.complaint(description="又是铁锹").number
    make.complaint(description="电机异响")
    for name, value in (("WINDOW", 1), ("REACH", 2)):
        monkeypatch.setattr(finding, name, value)
    monkeypatch.setattr(finding, "estimated_rows", lambda _statement: 100)
    client = login(Role.SUPERVISOR)
    page = client.get("/complaint/", query_string={"search": typed}).text.partition("<main")[2]
    assert new in page
    assert (old in page) is is_all
    assert (f"Only the newest 2 records were searched for “{typed}”." in page) is not is_all
    assert "Try fewer words" not in client.get("/complaint/?search=锄").text
    # A file holds all of them, and is made where it may take longer.
    form = {"columns": "list", "csrf_token": "", "form_key": ""}
    answer = client.post(f"/complaint/export/csv/?search={typed}", data=form)
    assert (answer.status_code == 200) is is_all
    assert is_all or answer.location.startswith("/exports/")
    answer.close()


def test_where_each_row_asks_another_record_fewer_of_the_newest_are_searched(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [
        make.department_task(complaint_id=make.complaint(description=f"铁锹 {at}").id).number
        for at in range(3)
    ]
    for name, value in (("RELATED_MOST", 1), ("WINDOW", 1), ("REACH_OF_RELATED", 2)):
        monkeypatch.setattr(finding, name, value)
    monkeypatch.setattr(finding, "estimated_rows", lambda _statement: 3)
    client = login(Role.SUPERVISOR)
    page = client.get("/department-task/", query_string={"search": "铁锹"}).text.partition("<main")[2]
    assert [task in page for task in tasks] == [False, True, True]
    assert "Only the newest 2 records were searched for “铁锹”." in page
    # In the box as well.
    monkeypatch.setattr("views.hits.WINDOW", -2)
    page = client.get("/search/", query_string={"q": "铁锹"}).text.partition("<main")[2]
    assert [task in page for task in tasks] == [False, True, True]


def test_how_many_match_is_estimated_from_all_where_the_newest_say_little(
    make: Factory, in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_app
    for text in ("铁锹", "铁锹", "电机", "车把"):
        make.complaint(description=text)
    monkeypatch.setattr(finding, "estimated_rows", lambda _statement: 1000)
    search = search_for(Complaint, "铁锹")
    assert search is not None
    assert estimate_by_chance(select(Complaint), search) == 500
    monkeypatch.setattr(finding, "WINDOW", 2)
    newest = finding.try_first(select(Complaint).order_by(Complaint.id.desc()), search)
    assert newest.estimate(select(Complaint)) == 0


def test_a_part_of_what_is_masked_finds_nothing(make: Factory, login: Login) -> None:
    make.customer(name="张三", phone="13900000731")
    client = login(Role.AUDITOR)
    for typed, is_found in (("0731", False), ("1390", False), ("13900000731", True), ("139 0000 0731", True)):
        page = client.get("/customer/", query_string={"search": typed}).text.partition("<main")[2]
        assert ("张三" in page) is is_found, typed


@pytest.mark.parametrize("typed", ["139 0000 0731", "+86 139-0000-0731", "1 3 9 0 0 0 0 0 7 3 1"])
def test_a_number_with_blanks_is_one_word(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="张三", phone="13900000731")
    make.customer(name="李四", phone="13907310000")
    client = login(Role.SUPERVISOR)
    for address, name in (("/customer/", "search"), ("/search/", "q")):
        page = client.get(address, query_string={name: typed}).text.partition("<main")[2]
        assert "张三" in page
        assert "李四" not in page


def test_the_likeliest_of_very_many_are_in_the_box(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("views.hits.WINDOW", -2)
    monkeypatch.setattr("views.hits.CHOSEN_FROM", 3)
    # Its dictionary is not for a process that only reads.
    monkeypatch.setattr("views.hits.pinyin_key", None)
    for name in ("王伟", "王伟强", "小王伟", "老王伟", "大王伟"):
        make.customer(name=name)
    page = login(Role.SUPERVISOR).get("/search/?q=王伟").text.partition("<main")[2]
    assert page.index("王伟<") < page.index("王伟强<") < page.index("大王伟<")


def test_a_list_shows_where_the_words_stand(make: Factory, login: Login) -> None:
    make.complaint(description="前面的话很长，" * 9 + "<b>差速器</b>漏油")
    make.complaint(description="差速器有响声")
    client = login(Role.SUPERVISOR)
    page = BeautifulSoup(client.get("/complaint/?search=差速器").text, "html.parser")
    body = page.select_one("tbody[data-mark]")
    assert body is not None
    assert body["data-mark"] == "差速器"
    near, far = body.select(".clip")
    assert near.get_text() == "差速器有响声"
    # All of it is there, for paper; the screen begins shortly before the word.
    assert far.get_text() == far["title"]
    assert far.select("span")[1].get_text() == "的话很长，<b>差速器</b>漏油"
    assert not BeautifulSoup(client.get("/complaint/").text, "html.parser").select("[data-mark]")


def test_a_page_and_the_number_of_what_is_found_take_one_look(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [make.complaint(description="铁锹断了").number for _ in range(3)]
    make.complaint(description="电机异响")
    client = login(Role.SUPERVISOR)
    # All rows are tried at once, or so few that the index has to be asked.
    for window in (3000, 2):
        monkeypatch.setattr(finding, "WINDOW", window)
        with count_queries(client.application) as queries:
            page = client.get("/complaint/", query_string={"search": "铁锹"}).text
        assert [number in page for number in numbers] == [True] * 3
        assert '<span class="count">3</span>' in page
        asked = [query for query in queries if "search_pieces" in query or "array_agg" in query]
        assert len(asked) == (1 if window == 3000 else 2)
