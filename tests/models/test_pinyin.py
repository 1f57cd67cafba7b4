from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from factories import Factory
from models import Base, Customer, record_types
from models.pinyin import CHARACTERS_MOST, SortedByName, initials_of, letters_of, pinyin_key


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("安徽", "北京"),
        ("重庆", "四川"),  # chong, not zhong
        ("长沙", "成都"),  # chang, not zhang
        ("汪明", "王明"),  # wang1 before wang2
        ("张五", "章二"),  # one surname stays together, whatever follows
        ("张二", "章一"),  # the first character decides
        ("詹国", "张安"),  # a shorter syllable first
        ("3车间", "12车间"),
        ("A公司", "b公司"),
        ("ＡＢ公司", "AC公司"),
        ("单小明", "孙明"),  # shan as a surname
        ("曾丽", "张丽"),  # zeng
        ("任华", "王华"),
    ],
)
def test_names_sort_as_a_chinese_reader_looks_them_up(first: str, second: str) -> None:
    assert pinyin_key(first) < pinyin_key(second)


def test_an_everyday_word_that_begins_like_a_surname_is_read_as_such() -> None:
    assert pinyin_key("单位食堂").startswith("dan")
    assert pinyin_key("单明").startswith("shan")


@pytest.mark.parametrize("name", ["", None, "   ", "😀", "王😀", "𠮷野家", "\u202e", "x" * 500, "张" * 500])
def test_any_name_has_a_key_that_an_index_holds(name: str | None) -> None:
    key = pinyin_key(name)
    assert len(key.encode()) < 2704 / 2
    assert len(key) <= CHARACTERS_MOST * 14


def test_equal_names_have_equal_keys_however_they_are_typed() -> None:
    assert pinyin_key("ＨＳ三轮 ") == pinyin_key("hs三轮")


def test_the_key_follows_the_name(make: Factory, db_session: Session) -> None:
    customer = make.customer(name="张三")
    assert customer.name_sort == pinyin_key("张三")
    customer.name = "李四"
    db_session.commit()
    assert db_session.scalars(select(Customer.name_sort)).one() == pinyin_key("李四")


def test_the_database_compares_the_key_byte_by_byte(make: Factory, db_session: Session) -> None:
    names = ["章四", "A公司", "张三", "12号店", "安徽店", "3号店", "张五"]
    for name in names:
        make.customer(name=name)
    found = db_session.scalars(select(Customer.name).order_by(Customer.name_sort, Customer.id)).all()
    assert (
        found
        == sorted(names, key=pinyin_key)
        == ["3号店", "12号店", "A公司", "安徽店", "张三", "张五", "章四"]
    )


def test_every_record_with_a_name_that_people_read_in_lists_sorts_by_it() -> None:
    # Recipients and groups stand below their department, days of the calendar and notices in their order.
    others = {"chat_group", "digest_recipient", "holiday", "notice"}
    named = {model for model in record_types() if "name" in model.__table__.c}
    assert {model.__tablename__ for model in named if not issubclass(model, SortedByName)} == others
    assert all(issubclass(model, Base) for model in named)


@pytest.mark.parametrize(
    "name", ["张三", "单小勇", "吕布", "HS电机12", "电机 60V", "John 王", "abc", "", "重庆路5号店"]
)
def test_the_database_hears_a_name_as_the_panel_does(name: str, db_session: Session) -> None:
    key = pinyin_key(name)
    heard = db_session.execute(select(func.name_initials(key), func.name_syllables(key))).one()
    assert tuple(heard) == initials_of(key)


@pytest.mark.parametrize(
    ("typed", "letters"),
    [
        ("zs", "zs"),
        ("Zhang San", "zhangsan"),
        ("lü", "lv"),
        ("z", None),
        ("张三", None),
        ("z3", None),
        ("", None),
    ],
)
def test_what_may_be_pinyin_is_letters_alone(typed: str, letters: str | None) -> None:
    assert letters_of(typed) == letters
