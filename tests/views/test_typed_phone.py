"""A phone as it is typed: refused without any digit, doubted at the field, and kept as it was entered."""

from __future__ import annotations

from conftest import Login
from factories import Factory
from models import Customer
from models.organisation import Role


def test_a_phone_without_a_digit_is_refused_at_its_field(login: Login, make: Factory) -> None:
    client = login(Role.SUPERVISOR)
    row = make.customer()
    answer = client.post(f"/customer/edit/?id={row.id}", data={"version": row.version, "phone": "abc"})
    assert answer.status_code == 422
    assert "A phone number has digits." in answer.text.partition('id="phone-error"')[2][:200]


def test_a_doubtful_phone_is_kept_as_entered_and_doubted_at_its_field(login: Login, make: Factory) -> None:
    client = login(Role.SUPERVISOR)
    row = make.customer()
    entered = "1390000073 / 0516-83123456转8012"
    answer = client.post(f"/customer/edit/?id={row.id}", data={"version": row.version, "phone": entered})
    assert answer.status_code == 302
    make.session.expire_all()
    assert make.session.get_one(Customer, row.id).phone == entered
    form = client.get(f"/customer/edit/?id={row.id}").text
    assert "Is “1390000073” right?" in form.partition('class="doubt"')[2][:200]


def test_what_is_typed_is_answered_with_a_doubt_or_nothing(login: Login) -> None:
    client = login(Role.CLERK)
    for typed, begins in (
        ("1390000073", "Is “1390000073” right?"),
        ("13900000731", ""),
        ("+49 30 123456", ""),
    ):
        answer = client.get("/typed-phone/", query_string={"text": typed}).json or {}
        assert answer["doubt"][:22] == begins
