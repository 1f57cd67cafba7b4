"""The history on a record's page: sentences field by field, of the record and what belongs to it, paged."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import TABLES, edit, page_of
from sqlalchemy.orm import Session
from test_access import make_one

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Record, SupplierAlias, acting_as, system_actor
from models.actor import Actor
from models.complaint import Severity, Step
from models.organisation import Locale, Role
from views.record_history import PAGE_SIZE


def sentences(page: BeautifulSoup) -> list[str]:
    """Return the sentences of a history's page, without the links beside them."""
    for link in page.select(".past a"):
        link.decompose()
    return [" ".join(each.get_text().split()) for each in page.select(".past li li")]


def heads(page: BeautifulSoup) -> list[str]:
    return [" ".join(each.get_text(" ").split()) for each in page.select(".past > li > p")]


def history_of(client: PanelClient, record: Record, **args: object) -> BeautifulSoup:
    return page_of(client, record.__tablename__, record.id, show="history", **args)


@pytest.mark.parametrize("table", TABLES)
def test_every_record_has_a_history(table: str, make: Factory, login: Login) -> None:
    page = page_of(login(Role.ADMINISTRATOR), table, make_one(make, table), show="history")
    assert page.select_one('.tabs [aria-current="page"]').get_text() == "History"
    assert heads(page)[0].startswith("The panel itself Created ·")
    assert sentences(page)


def test_a_field_is_changed_set_or_emptied_in_the_words_of_the_form(make: Factory, login: Login) -> None:
    customer = make.customer(phone="13800000000", address="徐州")
    client = login(Role.SUPERVISOR, name="王芳")
    edit(client, "customer", customer.id, phone="13900000000", address="", contact_person="李雷")
    page = history_of(client, customer)
    assert heads(page)[0].startswith("王芳 Changed · just now")
    assert sentences(page)[:3] == [
        "Contact person: set to 李雷",
        "Phone: changed from 13800000000 to 13900000000",
        "Address: emptied, was 徐州",
    ]


def test_a_reader_of_chinese_reads_chinese(make: Factory, login: Login) -> None:
    customer = make.customer(phone="13800000000", address="徐州")
    client = login(Role.SUPERVISOR, locale=Locale.CHINESE)
    edit(client, "customer", customer.id, phone="13900000000", address="", contact_person="李雷")
    assert sentences(history_of(client, customer))[:3] == [
        "联系人：填为 李雷",
        "电话：由 13800000000 改为 13900000000",
        "地址：清空，原为 徐州",
    ]


def test_values_are_told_by_their_labels(make: Factory, login: Login, db_session: Session) -> None:
    complaint, customer = make.complaint(), make.customer(name="李四")
    complaint.severity, complaint.customer_id, complaint.step = Severity.SEVERE, customer.id, Step.ANALYSED
    complaint.is_safety_relevant, complaint.carried_out_at = True, datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    receipt = make.service_receipt(cost=Decimal("1200.50"))
    db_session.commit()
    client = login(Role.SUPERVISOR)
    said = sentences(history_of(client, complaint))
    for sentence in (
        "Customer: set to 李四",
        "Severity: changed from Normal to Severe",
        "Step: changed from Registered to Analysed",
        "Safety relevant: changed from No to Yes",
        "Carried out at: set to 2026-03-02 09:30",
    ):
        assert sentence in said
    assert "Cost: set to 1,200.50" in sentences(history_of(client, receipt))


def test_what_a_substitute_did_names_both_and_an_import_is_named(
    make: Factory, login: Login, db_session: Session
) -> None:
    dealer, present, absent = make.dealer(), make.staff(name="在岗"), make.staff(name="请假")
    with acting_as(Actor(present.id, "request", region_ids=None, on_behalf_of_id=absent.id)):
        dealer.city = "徐州"
        db_session.commit()
    with acting_as(system_actor("import", present.id)):
        dealer.city = "临沂"
        db_session.commit()
    imported, substitute, _created = heads(history_of(login(Role.AUDITOR), dealer))
    assert imported.startswith("在岗 Changed (by an import) ·")
    assert substitute.startswith("在岗 for 请假 Changed ·")


def test_departments_of_a_subject_are_told_with_it(make: Factory, login: Login) -> None:
    subject, quality = make.subject(), make.department(name="品质部", name_en="Quality")
    client = login(Role.SUPERVISOR)
    edit(client, "subject", subject.id, name="新名", departments=[str(quality.id)])
    page = history_of(client, subject)
    # Saved together, and so one change.
    assert len(heads(page)) == 2
    assert "Departments that are told: added Quality" in sentences(page)
    edit(client, "subject", subject.id, departments=[""])
    assert sentences(history_of(client, subject))[0] == "Departments that are told: took out Quality"


def test_other_spellings_of_a_supplier_are_told_with_it(
    make: Factory, login: Login, db_session: Session
) -> None:
    supplier = make.supplier()
    supplier.aliases = [SupplierAlias(name="江苏电机")]
    db_session.commit()
    supplier.aliases = []
    db_session.commit()
    said = sentences(history_of(login(Role.SUPERVISOR), supplier))
    assert said[0] == "Other spellings: took out 江苏电机"
    assert "Other spellings: added 江苏电机" in said


def test_notes_and_files_are_told_also_those_that_were_removed(make: Factory, login: Login) -> None:
    customer = make.customer()
    file = make.attachment(make.note(customer, body="已回电"), file_name="协议.pdf")
    client = login(Role.SUPERVISOR)
    client.post(f"/customer/notes/remove/?id={customer.id}", data={"file": file.id})
    said = sentences(history_of(client, customer))
    assert said[:3] == ["Removed a file: 协议.pdf", "Added a file: 协议.pdf", "Wrote a note: 已回电"]
    only = sentences(history_of(client, customer, field="notes"))
    assert only == said[:3]


def test_a_long_history_is_read_page_by_page_and_field_by_field(
    make: Factory, login: Login, db_session: Session
) -> None:
    dealer = make.dealer(name="车行")
    for number in range(PAGE_SIZE + 20):
        dealer.city = f"城 {number}"
        db_session.commit()
    dealer.name = "新车行"
    db_session.commit()
    client = login(Role.SUPERVISOR)
    first = history_of(client, dealer)
    link = first.select_one('.course-foot a[rel="next"]')
    assert link is not None
    rest = BeautifulSoup(client.get(html.unescape(str(link["href"]))).text, "html.parser")
    said = [each for page in (first, rest) for each in sentences(page) if each.startswith("City")]
    assert len(said) == len(set(said)) == PAGE_SIZE + 20
    assert rest.select_one('.course-foot a[rel="next"]') is None
    assert sentences(history_of(client, dealer, field="name")) == [
        "Name: changed from 车行 to 新车行",
        "Name: set to 车行",
    ]


@pytest.mark.parametrize(
    "args", [{"before": "x"}, {"before": "-1"}, {"field": "password"}, {"field": "%00"}, {"before": "9" * 30}]
)
def test_an_address_that_makes_no_sense_shows_the_newest(
    args: dict[str, str], make: Factory, login: Login
) -> None:
    page = history_of(login(Role.SUPERVISOR), make.dealer(), **args)
    assert len(heads(page)) == 1


def test_a_page_of_history_asks_as_few_queries_for_fifty_changes_as_for_one(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    complaint, client = make.complaint(), login(Role.SUPERVISOR)
    make.attachment(make.note(complaint))
    asked = []
    for times in (1, 40):
        for number in range(times):
            complaint.customer_id = make.customer().id
            complaint.description = f"{times} {number}"
            db_session.commit()
        history_of(client, complaint)
        with count_queries(app) as statements:
            history_of(client, complaint)
        asked.append(len(statements))
    assert asked[0] == asked[1]
