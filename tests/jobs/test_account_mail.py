"""The mails about a person's own login: whole sentences in that person's language, and one link."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from flask import Flask
from flask_babel import force_locale

from factories import Factory
from jobs.account_mail import OutboxMailUtil, changed_mail, invitation_mail, reset_mail
from jobs.mail_message import Mail
from models import Delivery, Staff, db
from models.organisation import Locale

LINK = "http://localhost/reset/token"


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


def reader(make: Factory, locale: Locale) -> Staff:
    return make.staff(name="Li <b>Na</b>", email="li@example.com", locale=locale)


@pytest.mark.parametrize("locale", list(Locale))
def test_both_parts_of_an_invitation_say_where_by_what_name_and_until_when(
    make: Factory, locale: Locale
) -> None:
    mail = invitation_mail(reader(make, locale), LINK)
    assert mail.html is not None
    for part in (mail.text, mail.html):
        assert LINK in part
        assert "li@example.com" in part
        assert re.search(r"20\d\d年\d+月\d+日 \d\d:\d\d|\w+ \d+, 20\d\d \d\d:\d\d", part)
    assert "http://localhost\n" in mail.text
    assert "Li &lt;b&gt;Na" in mail.html
    # One link acts, and a line of its own is not broken by what stands beside it.
    assert f"\n{LINK}\n" in mail.text


@pytest.mark.parametrize("locale", list(Locale))
def test_mails_of_passwords_say_what_to_do_if_it_was_somebody_else(make: Factory, locale: Locale) -> None:
    staff = reader(make, locale)
    with force_locale(locale.value):
        reset, changed = reset_mail(staff, LINK), changed_mail(staff)
    foreign = "如非本人" if locale is Locale.CHINESE else "If it was not"
    for mail in (reset, changed):
        assert foreign in mail.text
        assert foreign in (mail.html or "")
        assert has_no_gap(mail)
    assert "\nhttp://localhost/reset\n" in changed.text


def has_no_gap(mail: Mail) -> bool:
    return "\n\n\n" not in mail.text and "None" not in mail.text + (mail.html or "")


@pytest.mark.parametrize("page", list(Locale))
def test_what_flask_security_asks_for_is_written_for_its_recipient(
    in_app: Flask, make: Factory, page: Locale
) -> None:
    staff = reader(make, Locale.CHINESE)
    with force_locale(page.value):
        OutboxMailUtil(in_app).send_mail(
            "security/email/reset_instructions",
            "in the language of the page",
            staff.email,
            "ignored@example.com",
            None,
            None,
            user=staff,
            reset_link=LINK,
        )
    (delivery,) = db.session.query(Delivery).filter_by(recipient=staff.email)
    assert (delivery.recipient_name, delivery.locale) == (staff.name, Locale.CHINESE)
    assert delivery.subject == "重设回声登录密码"
    message = message_from_bytes(delivery.message, policy=policy.default)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert LINK in part.get_content()
        assert "有效期至" in part.get_content()
