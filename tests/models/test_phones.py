from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from factories import Factory
from models import Complaint, Customer, Dealer, Staff, Supplier
from models.phones import NUMBERS_MOST, HasPhone, digits_of, phone_numbers_in, whole_number


@pytest.mark.parametrize(
    ("entered", "numbers"),
    [
        ("13900000731", ["13900000731"]),
        ("１３９０００００７３１", ["13900000731"]),
        ("139 0000 0731", ["13900000731"]),
        ("139-0000-0731", ["13900000731"]),
        ("+86 139 0000 0731", ["13900000731"]),
        ("0086 13900000731", ["13900000731"]),
        ("86-13900000731", ["13900000731"]),
        ("0516-83123456", ["051683123456"]),
        ("（0516）8312 3456", ["051683123456"]),
        ("0516－83123456转801", ["051683123456"]),
        ("83123456", ["83123456"]),
        ("400-800-1234", ["4008001234"]),
        ("+49 30 123456", ["+4930123456"]),
        ("13900000731 13800000001", ["13900000731", "13800000001"]),
        ("13900000731/0516-83123456", ["13900000731", "051683123456"]),
        ("13900000731、13800000001；13700000002", ["13900000731", "13800000001", "13700000002"]),
        ("王 13900000731，李13800000001", ["13900000731", "13800000001"]),
        ("13900000731, 139 0000 0731", ["13900000731"]),
        ("138****5678", ["138****5678"]),
        ("138＊＊＊＊5678", ["138****5678"]),
        ("没有电话", []),
        ("", []),
        (None, []),
        ("\x00\x01", []),
    ],
)
def test_numbers_are_found_as_people_write_them(entered: str | None, numbers: list[str]) -> None:
    assert phone_numbers_in(entered) == numbers


def test_a_cell_of_nonsense_makes_few_numbers_and_short_ones() -> None:
    for text in ("1" * 5000, "13900000731 " * 500, "*" * 5000, "12345," * 1000):
        found = phone_numbers_in(text)
        assert len(found) <= NUMBERS_MOST
        assert all(len(number) <= 40 for number in found)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("0731", "0731"),
        ("０７３１", "0731"),
        ("139-0000", "1390000"),
        ("+86 139", "139"),
        ("+8613900000731", "13900000731"),
        ("8613900000731", "13900000731"),
        ("008613900000731", "13900000731"),
        ("(0516)8312", "05168312"),
        ("张三", None),
        ("13a", None),
        ("-", None),
    ],
)
def test_what_is_typed_into_a_search_is_read_as_digits(typed: str, digits: str | None) -> None:
    assert digits_of(typed) == digits


def test_the_numbers_follow_the_phone_and_the_phone_stays_as_entered(
    make: Factory, db_session: Session
) -> None:
    customer = make.customer(phone="１３９ 0000 0731、0516-83123456")
    assert customer.phone == "１３９ 0000 0731、0516-83123456"
    customer.phone = "13800000001"
    db_session.commit()
    assert db_session.scalars(select(Customer.phone_numbers)).one() == ["13800000001"]
    customer.phone = None
    db_session.commit()
    assert db_session.scalars(select(Customer.phone_numbers)).one() == []


def test_a_caller_is_recognised_by_the_whole_number(make: Factory, db_session: Session) -> None:
    caller = make.customer(phone="王 +86 139-0000-0731")
    make.customer(phone="13900000732")
    found = select(Customer.id).where(Customer.phone_numbers.contains(["13900000731"]))
    assert db_session.scalars(found).all() == [caller.id]


@pytest.mark.parametrize("model", [Complaint, Customer, Dealer, Staff, Supplier])
def test_every_record_with_a_phone_keeps_its_numbers(model: type) -> None:
    assert issubclass(model, HasPhone)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("139 0000 0731", "13900000731"),
        ("+86 139 0000 0731", "13900000731"),
        ("0516 8312 3456", "051683123456"),
        ("0731", None),
        ("20240301 123", None),
        ("139 0000 0731 张三", None),
    ],
)
def test_a_number_that_is_typed_whole_is_known(typed: str, number: str | None) -> None:
    assert whole_number(typed) == number
