"""Which passwords are taken, and what is said of the others."""

from __future__ import annotations

import pytest
from flask import Flask

from factories import Factory
from models import Staff, db
from models.centre import find_centre
from models.passwords import COMMON, NAMED, TOO_SHORT, normal_password, password_problem


@pytest.fixture
def person(in_app: Flask) -> Staff:
    return Factory(db.session()).staff(name="张三丰", email="zhang.sanfeng@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "a sentence that nobody guesses",
        "correct horse battery",
        "春眠不觉晓处处闻啼鸟声",
        "kx7-Fw2.qQz9",
        "10 green bottles",
    ],
)
def test_what_nobody_guesses_is_taken(person: Staff, password: str) -> None:
    assert password_problem(password, person) is None


@pytest.mark.parametrize("password", ["", "short", "nine long", "１２３４５６７８９"])
def test_nine_characters_are_too_few(person: Staff, password: str) -> None:
    assert password_problem(password, person) is TOO_SHORT


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "PassWord123",
        "PASSWORD123!",
        "ｐａｓｓｗｏｒｄ１２３",
        "Admin@123456",
        "1234567890",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "woaizhongguo",
        "woaini1314520",
        "13800138000",
    ],
)
def test_a_password_of_the_lists_is_refused_in_any_spelling(person: Staff, password: str) -> None:
    assert password_problem(password, person) is COMMON


@pytest.mark.parametrize(
    "password",
    [
        "zhang.sanfeng@example.com",
        "ZhangSanfeng2026",
        "sanfeng-zhang",
        "张三丰的密码密码密码",
        "张三丰张三丰张三丰张三丰",
        "Huisheng@2026",
        "ｈｕｉｓｈｅｎｇ２０２６",
        "huishenghuisheng",
        "回声回声回声2026",
        "东方售后中心2026年",
    ],
)
def test_hardly_more_than_a_known_name_is_refused(person: Staff, password: str) -> None:
    find_centre().name = "东方售后中心"
    db.session.flush()
    assert password_problem(password, person) in (NAMED, COMMON)


def test_a_name_with_enough_beside_it_is_taken(person: Staff) -> None:
    assert password_problem("zhang rides a blue tricycle", person) is None


def test_full_width_signs_are_kept_as_plain_ones() -> None:
    assert normal_password("ａｂｃ１２３") == "abc123"
