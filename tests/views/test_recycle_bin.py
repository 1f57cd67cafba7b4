"""The recycle bin: what was deleted, by whom, looked at and brought back."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import rows_of
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import AuditEntry, Record, record_types
from models.base import now
from models.organisation import Role
from views.recycle_bin import PAGE_SIZE


def delete(client: PanelClient, *records: Record) -> None:
    for record in records:
        address = f"/{record.__tablename__.replace('_', '-')}/delete/"
        assert client.post(address, data={"id": record.id}).status_code == 302


def restore(client: PanelClient, *records: Record, **data: object) -> BeautifulSoup:
    sent = {"type": records[0].__tablename__, "id": [each.id for each in records], **data}
    answer = client.post("/recycle-bin/restore", data=sent, follow_redirects=True)
    return BeautifulSoup(answer.text, "html.parser")


def test_the_list_tells_who_deleted_what_the_last_first(make: Factory, login: Login) -> None:
    first, second, kept = make.customer(name="甲"), make.customer(name="乙"), make.customer(name="丙")
    client = login(Role.SUPERVISOR, name="王芳")
    delete(client, first, second)
    page = client.get("/recycle-bin/?type=customer")
    assert rows_of(page) == ["乙", "甲"]
    assert "王芳" in page.text
    assert kept.name not in rows_of(page)
    # Without a type it opens with one of which there is something.
    assert rows_of(client.get("/recycle-bin/")) == ["乙", "甲"]


def test_deleted_records_are_searched_and_paged(make: Factory, login: Login, db_session: Session) -> None:
    for number in range(PAGE_SIZE + 5):
        make.customer(name=f"客户{number:02}", deleted_at=now())
    make.customer(name="张三丰", deleted_at=now())
    client = login(Role.SUPERVISOR)
    assert rows_of(client.get("/recycle-bin/?type=customer&q=三丰")) == ["张三丰"]
    first = client.get("/recycle-bin/?type=customer")
    link = BeautifulSoup(first.text, "html.parser").select_one('.pager a[rel="next"]')
    assert link is not None
    rest = client.get(str(link["href"]))
    names = rows_of(first) + rows_of(rest)
    assert len(names) == len(set(names)) == PAGE_SIZE + 6


def test_a_deleted_record_is_read_with_its_history_and_not_changed(make: Factory, login: Login) -> None:
    customer = make.customer(name="张三丰", address="徐州市")
    client = login(Role.SUPERVISOR)
    delete(client, customer)
    page = client.get(f"/recycle-bin/record?type=customer&id={customer.id}").text
    for words in ("张三丰", "徐州市", "This record was deleted by", "Address: set to"):
        assert words in re.sub(r"</?(strong|ins)>", "", page)
    assert "/customer/edit/" not in page
    assert client.get(f"/customer/details/?id={customer.id}").status_code == 404
    kept = make.customer()
    assert client.get(f"/recycle-bin/record?type=customer&id={kept.id}").status_code == 302


def test_one_and_several_come_back_and_it_is_written_down(
    make: Factory, login: Login, db_session: Session
) -> None:
    one, two, three = make.customer(), make.customer(), make.customer()
    client = login(Role.SUPERVISOR)
    delete(client, one, two, three)
    assert "1 record is back" in restore(client, one).get_text()
    assert "2 records are back" in restore(client, two, three).get_text()
    db_session.expire_all()
    assert [each.deleted_at for each in (one, two, three)] == [None, None, None]
    found = select(AuditEntry).where(AuditEntry.table_name == "customer", AuditEntry.row_id == two.id)
    last = db_session.scalars(found.order_by(AuditEntry.id.desc()).limit(1)).one()
    assert client.staff is not None
    assert (last.kind.value, last.actor_id) == ("returned", client.staff.id)


def test_a_code_that_was_taken_is_named_and_nothing_comes_back(
    make: Factory, login: Login, db_session: Session
) -> None:
    taken, free = make.part(code="K-1"), make.part(code="K-9")
    client = login(Role.SUPERVISOR)
    delete(client, taken, free)
    make.part(code="K-1")
    said = restore(client, taken, free).get_text()
    assert "There is already a record with the same: Code." in said
    assert "K-1" in said
    db_session.expire_all()
    assert taken.deleted_at is not None
    assert free.deleted_at is not None


def test_what_it_belongs_to_is_offered_and_comes_back_with_it(
    make: Factory, login: Login, db_session: Session
) -> None:
    customer = make.customer(name="张三丰")
    vehicle = make.vehicle(customer_id=customer.id)
    complaint = make.complaint(vehicle_id=vehicle.id)
    client = login(Role.SUPERVISOR)
    delete(client, complaint, vehicle, customer)
    page = restore(client, vehicle)
    assert "It belongs to this record, which was deleted too: Customer 张三丰." in page.get_text()
    # One after the other up the line, each offer keeps what was offered before.
    page = restore(client, complaint)
    for _round in range(2):
        form = page.select_one("main form.form-foot")
        assert form is not None
        assert "Bring back together" in form.get_text()
        parents = [each["value"] for each in form.select("[name=parent]")]
        page = restore(client, complaint, parent=parents)
    assert "is back" in page.get_text()
    db_session.expire_all()
    assert [each.deleted_at for each in (complaint, vehicle, customer)] == [None, None, None]


def test_what_may_be_opened_and_brought_back_by_whom(
    make: Factory, login: Login, db_session: Session
) -> None:
    customer = make.customer(deleted_at=now())
    data = {"type": "customer", "id": customer.id}
    for role in (Role.CLERK, Role.FOLLOW_UP_AGENT, Role.QUALITY_ENGINEER, Role.WAREHOUSE_KEEPER):
        client = login(role)
        assert client.get("/recycle-bin/").status_code == 403
        assert client.get(f"/recycle-bin/record?type=customer&id={customer.id}").status_code == 403
        assert client.post("/recycle-bin/restore", data=data).status_code == 403
    auditor = login(Role.AUDITOR)
    assert rows_of(auditor.get("/recycle-bin/?type=customer")) == [customer.name]
    assert "Bring" not in auditor.get(f"/recycle-bin/record?type=customer&id={customer.id}").text
    assert auditor.post("/recycle-bin/restore", data=data).status_code == 403
    # People are the administrator's: a supervisor may not delete them, and so not bring them back.
    staff = make.staff(deleted_at=now())
    supervisor = login(Role.SUPERVISOR)
    assert supervisor.post("/recycle-bin/restore", data={"type": "staff", "id": staff.id}).status_code == 403
    with_staff = {**data, "parent": f"staff:{staff.id}"}
    assert supervisor.post("/recycle-bin/restore", data=with_staff).status_code == 403
    assert supervisor.post("/recycle-bin/restore", data=data, csrf=False).status_code == 400
    db_session.expire_all()
    assert customer.deleted_at is not None
    assert staff.deleted_at is not None


@pytest.mark.parametrize(
    "address",
    [
        "?type=nothing",
        "?type=customer&before=x",
        "?type=customer&before=2026-01-01~5",
        "?type=customer&q=%00",
        "record?type=customer&id=x",
        "record?type=nothing&id=1",
        "record",
    ],
)
def test_an_address_that_makes_no_sense_is_no_error(address: str, make: Factory, login: Login) -> None:
    assert login(Role.SUPERVISOR).get(f"/recycle-bin/{address}").status_code in (200, 404)


def test_an_empty_bin_says_what_it_is_for(make: Factory, login: Login) -> None:
    page = login(Role.SUPERVISOR).get("/recycle-bin/").text
    assert "Nothing was deleted" in page
    assert "/guide/deleting#recycle-bin" in page


def test_the_list_asks_as_few_queries_for_fifty_as_for_one(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    client, asked = login(Role.SUPERVISOR), []
    for times in (1, 30):
        delete(client, *(make.customer() for _ in range(times)))
        client.get("/recycle-bin/?type=customer")
        with count_queries(app) as statements:
            client.get("/recycle-bin/?type=customer")
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_deleted_rows_are_found_without_reading_the_others(db_session: Session) -> None:
    connection = db_session.connection()
    # Tables of tests are too small for an index to pay: the question is whether it can serve.
    for setting in ("seqscan", "bitmapscan", "sort"):
        connection.execute(text(f"SET LOCAL enable_{setting} = off"))
    for model in record_types():
        table = model.__tablename__
        asked = (
            f"EXPLAIN SELECT * FROM {table} WHERE deleted_at IS NOT NULL AND (deleted_at, id) < (now(), 9)"
            " ORDER BY deleted_at DESC, id DESC LIMIT 51"
        )
        assert f"ix_{table}_deleted" in "\n".join(row[0] for row in connection.execute(text(asked)))
