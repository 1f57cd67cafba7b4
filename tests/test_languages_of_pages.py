"""Every page that anybody can open speaks one language, the reader's."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from conftest import Login
from factories import Factory
from models import Record
from models.organisation import Locale, Role

# Numbers, addresses and names that are the same in every language; "test" is who made the records here.
SAME = re.compile(
    r"Ctrl\+Enter|Huisheng|GB18030|\bMB\b|NHTSA|\.xlsx|"
    r"SMTP_URL|IMAP_URL|MAIL_ALLOW|CSV|UTF-8|Excel|\.eml|\d{4}-W\d\d|[\w.-]+@[\w.-]+|English|Staff \d+|ID"
    # Records of DNS, and the words that stand in them.
    r"|\b(?:SPF|DKIM(?:_\w+)?|DMARC|MX|TXT|DNS|MAIL_FROM|RSA|QQ|Gmail)\b"
    r"|“include:”|quarantine|reject|none(?= )"
    # What the services of chat groups call it.
    r"|Webhook|\bSEC\b"
    r"|(?:worker|clock)(?= 进程)"  # as the Procfile names them
    r"|(?:KH|TS|PZ|SH|SP|FH|XH|DH|FA|BZ|RW|GZ)-\d{4}-\d+|\btest\b"
)
WORD = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile(r"[\u4e00-\u9fff]+")
# Elements that hold nothing, and so have no end.
EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ATTRIBUTES = ("title", "placeholder", "aria-label", "alt", "data-confirm", "value")


# Pages of one record, which the tests below open with one; without it each is the same page of an error.
OF_A_RECORD = ("details_view", "edit_view", "delete_view", "change_view", "restore_view", "attachment_view")


def pages(app: Flask) -> list[str]:
    """Return the address of every page that needs nothing to be filled in, and that of no page."""
    found = sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and rule.endpoint != "static"
        and not rule.endpoint.endswith(OF_A_RECORD)
    )
    return [*found, "/no-such-page", "/customer/details/"]


def texts(client: FlaskClient, address: str) -> str:
    return words_of(client.get(address))


def words_of(answer: TestResponse) -> str:
    """Return all that a page says, to the eye or to a screen reader; nothing for what is no page."""
    assert answer.status_code < 500
    if answer.mimetype != "text/html" or answer.location:
        return ""
    words = Words()
    words.feed(answer.text)
    words.close()
    return SAME.sub(" ", " ".join(words.said))


class Words(HTMLParser):
    """Collects the texts of a page and of attributes; a tree of it took half of the time here."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        # The elements that are open within one that says nothing, that one first.
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._silent or is_silent(tag, given):
            if tag not in EMPTY:
                self._silent.append(tag)
            return
        if tag == "input" and given.get("type") == "hidden":
            return
        skipped = tag in {"option", "button"} or given.get("type") in {"radio", "checkbox"}
        wanted = [name for name in ATTRIBUTES if not (skipped and name == "value")]
        self.said += [given[name] or "" for name in wanted if name in given]

    def handle_endtag(self, tag: str) -> None:
        # What the page left open ends with what it stands in.
        while tag in self._silent:
            if self._silent.pop() == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


def is_silent(tag: str, attributes: dict[str, str | None]) -> bool:
    """Tell whether an element says nothing that is in a language.

    A key is called what stands on it, a time zone what every computer calls it, and a code is no word.
    """
    return tag in {"script", "style", "template", "kbd", "code"} or attributes.get("name") == "timezone"


def test_texts_and_attributes_are_read_and_what_is_in_no_language_is_not() -> None:
    words = Words()
    words.feed(
        '<p title="a">b<br><code>c<p>d</code>e<select name="timezone"><option>f</select><script>g</script>'
        '<input type="hidden" value="h"><input value="i"><button value="j">k</button>&amp;l'
    )
    words.close()
    assert words.said == ["a", "b", "e", "i", "k", "&l"]


def foreign_in(said: str, locale: Locale) -> list[str]:
    """Return the words that are not in the reader's language; the name of the other one may stand there."""
    foreign = WORD if locale is Locale.CHINESE else HAN
    return sorted(set(foreign.findall(said.replace("中文", ""))))


@pytest.mark.parametrize("locale", list(Locale))
def test_no_page_mixes_languages(app: Flask, login: Login, locale: Locale) -> None:
    client = login(Role.ADMINISTRATOR, locale=locale)
    found = {address: foreign_in(texts(client, address), locale) for address in pages(app)}
    assert {address: words for address, words in found.items() if words} == {}


@pytest.mark.parametrize("locale", list(Locale))
def test_no_page_about_a_record_mixes_languages(login: Login, make: Factory, locale: Locale) -> None:
    client = login(Role.ADMINISTRATOR, locale=locale)
    for record in one_of_each(make):
        for page in ("details", "edit", "delete"):
            address = f"/{record.__tablename__.replace('_', '-')}/{page}/?id={record.id}"
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert foreign_in(words_of(answer), locale) == [], address


@pytest.mark.parametrize("locale", list(Locale))
def test_no_message_about_an_empty_form_mixes_languages(login: Login, make: Factory, locale: Locale) -> None:
    client = login(Role.ADMINISTRATOR, locale=locale)
    for record in one_of_each(make):
        address = f"/{record.__tablename__.replace('_', '-')}/new/"
        answer = client.post(address, data={})
        assert answer.status_code != 302, address
        assert foreign_in(words_of(answer), locale) == [], address


def one_of_each(make: Factory) -> list[Record]:
    """Return a record of each type whose own texts are in no language."""
    part, subject = make.part(name="1"), make.subject(name="1", code="1")
    department = make.department(code="1", name="1", name_en="1")
    customer, dealer = make.customer(name="1"), make.dealer(name="1", code="1")
    model = make.product_model(code="1", name="1")
    return [
        customer,
        dealer,
        model,
        make.vehicle(frame_number="1", product_model_id=model.id),
        make.service_receipt(customer_id=customer.id, fault="1"),
        make.call_record(customer_id=customer.id, promise="1"),
        make.letter(regarding="1", customer_id=customer.id),
        make.warranty_claim(fault="1", dealer_id=dealer.id, part_id=part.id),
        make.parts_shipment(dealer_id=dealer.id, part_id=part.id),
        make.holiday(name="1"),
        make.supplier(name="1"),
        part,
        make.parts_quality_record(part_id=part.id, fault="1"),
        subject,
        make.complaint(subject_id=subject.id, customer_name="1", description="1"),
        make.compensation_rule(subject_id=subject.id),
        department,
        make.region(name="1"),
        make.position(name="1"),
        make.staff(name="1"),
        make.digest_recipient(department, name="1"),
    ]


@pytest.mark.parametrize("locale", list(Locale))
def test_no_page_before_login_mixes_languages(app: Flask, client: FlaskClient, locale: Locale) -> None:
    client.post("/login/language", data={"locale": locale.value})
    for address in ("/login", "/reset", "/reset/wrong", "/no-such-page"):
        assert foreign_in(texts(client, address), locale) == [], address
