"""The audit log: everything that was done in one list, narrowed, paged, and as a file."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import edit, path
from sqlalchemy import inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import AccessEntry, AuditEntry, Complaint, OwnRight, ToldOnce, acting_as, db, system_actor
from models.access import AccessKind
from models.actor import Actor
from models.audit import ChangeKind
from models.audit_log import NOBODY, LogQuery, statement_of
from models.base import now
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.told_once import ToldOf
from views.audit_log import PAGE_SIZE
from views.log_details import table_label
from views.log_lines import all_lines
from views.lookups import view_named
from views.plain_rows import PLAIN

DEADLINE_QUERIES = 20


def lines(client: PanelClient, **args: object) -> list[str]:
    """Return the lines of a page, each as one text."""
    answer = client.get(f"/audit-log/?{urlencode(args)}")
    assert answer.status_code == 200
    rows = BeautifulSoup(answer.text, "html.parser").select(".log tbody tr")
    return [" ".join(row.get_text(" ").split()) for row in rows]


def test_changes_and_accesses_stand_in_one_order(make: Factory, login: Login) -> None:
    customer = make.customer(name="张三丰", phone="13800000000")
    auditor = login(Role.AUDITOR)
    clerk, supervisor = login(Role.WAREHOUSE_KEEPER, name="库管"), login(Role.SUPERVISOR, name="王芳")
    clerk.get(path("customer", "details", id=customer.id))
    edit(supervisor, "customer", customer.id, phone="13900000000")
    supervisor.get("/customer/export/csv/").close()
    exported, changed, refused = lines(auditor)[:3]
    assert "王芳 Exported Customer 1 record CSV, UTF-8 the whole list 127.0.0.1" in exported
    assert "王芳 Changed Customer 张三丰 Phone : changed from 138****0000 to 139****0000" in changed
    assert "库管 Access refused Customer 张三丰 Customers 127.0.0.1" in refused


def test_only_auditors_and_administrators_read_it(make: Factory, login: Login) -> None:
    for role in Role:
        status = 200 if role in (Role.AUDITOR, Role.ADMINISTRATOR) else 403
        client = login(role)
        assert client.get("/audit-log/").status_code == status
        with client.get("/audit-log/export/csv/") as answer:
            assert answer.status_code == status
        assert ('href="/audit-log/"' in client.get("/").text) is (status == 200)


def test_it_is_narrowed_to_a_person_a_kind_a_type_and_a_record(
    make: Factory, login: Login, db_session: Session
) -> None:
    dealer, part, person = make.dealer(code="D-77"), make.part(), make.staff(name="李雷")
    with acting_as(Actor(person.id, "request", region_ids=None)):
        dealer.city = "徐州"
        db_session.commit()
    part.deleted_at = now()
    db_session.commit()
    client = login(Role.AUDITOR)
    (only,) = lines(client, person=person.id)
    assert "李雷 Changed Dealer" in only
    assert all("李雷 Changed" not in each for each in lines(client, person=NOBODY))
    (gone,) = lines(client, kind="removed")
    assert "Removed Part" in gone
    assert all("Created" in each for each in lines(client, kind="created"))
    assert len(lines(client, table="dealer")) == 2
    assert len(lines(client, record="D-77")) == 2
    assert len(lines(client, record=f"#{dealer.id}", table="dealer")) == 2
    assert lines(client, record="no such number") == []
    part.deleted_at = None
    db_session.commit()
    assert "Brought back Part" in lines(client, kind="returned")[0]


def test_it_is_narrowed_to_days_and_to_a_text(make: Factory, login: Login, db_session: Session) -> None:
    make.complaint(description="电机异响，上坡无力")
    client = login(Role.AUDITOR)
    (found,) = lines(client, text="上坡")
    assert "Created Complaint" in found
    assert lines(client, text="上坡", to="2020-03-05") == []
    assert lines(client, **{"from": "today"})
    assert lines(client, **{"from": "tomorrow"}) == []
    assert lines(client, to="yesterday") == []
    assert "A text is looked for in 31 days at once" in client.get("/audit-log/?text=上坡").text


def test_a_text_is_looked_for_in_a_month_at_most() -> None:
    last = now()
    query = LogQuery(text="上坡", since=last - timedelta(days=400), until=last)
    assert query.looked_at_since == last - timedelta(days=31)
    assert LogQuery(since=last - timedelta(days=400)).looked_at_since == last - timedelta(days=400)


def test_pages_miss_nothing_and_repeat_nothing(make: Factory, login: Login, db_session: Session) -> None:
    dealer = make.dealer()
    for number in range(PAGE_SIZE):
        dealer.city = f"城{number:02}。"
        db_session.add(AccessEntry(kind=AccessKind.LOGIN, actor_id=None, detail={"mark": f"次{number:02}。"}))
        db_session.commit()
    client = login(Role.AUDITOR)
    address: str | None = "/audit-log/"
    seen: list[str] = []
    while address:
        page = BeautifulSoup(client.get(address).text, "html.parser")
        seen += [row.get_text() for row in page.select(".log tbody tr")]
        link = page.select_one('.pager a[rel="next"]')
        address = str(link["href"]) if link else None
    whole = "\n".join(seen)
    for number in range(PAGE_SIZE):
        assert whole.count(f"次{number:02}。") == 1
        assert whole.count(f"to 城{number:02}。") + whole.count(f"set to 城{number:02}。") >= 1
    total = sum(db_session.query(model.id).count() for model in (AuditEntry, AccessEntry))
    assert len(seen) == total


def test_a_run_of_the_retention_is_told_in_words_as_the_panel_s(login: Login, db_session: Session) -> None:
    for detail in ({"kind": "letter", "count": 3}, {"finished": {"letter": 3, "call_record": 1}}):
        db_session.add(AccessEntry(kind=AccessKind.PURGED, detail=detail))
    db_session.commit()
    client = login(Role.AUDITOR)
    whole, part = lines(client, kind="purged")
    assert whole.endswith("The nightly run removed: Calls: 1 Letters: 3")
    assert part.endswith("Letters: 3")
    assert "The panel itself" in whole
    assert "The panel itself" in part
    db_session.add(AccessEntry(kind=AccessKind.PURGED, detail={"finished": {}}))
    db_session.commit()
    assert lines(client, kind="purged")[0].endswith("The nightly run had nothing to remove.")


def test_an_erasure_is_told_with_its_reason_and_counts(login: Login, db_session: Session) -> None:
    detail = {"reason": "客户来信", "counts": {"complaint": 2, "note": 1}}
    db_session.add(AccessEntry(kind=AccessKind.PERSON_ERASED, table_name="customer", detail=detail))
    db_session.commit()
    (line,) = lines(login(Role.AUDITOR), kind="person_erased")
    for words in ("Reason: 客户来信", "Complaint: 2", "Note: 1"):
        assert words in line


def test_a_deleted_record_leads_to_the_recycle_bin(make: Factory, login: Login) -> None:
    customer = make.customer(deleted_at=now())
    page = login(Role.AUDITOR).get("/audit-log/?table=customer").text
    assert f"/recycle-bin/record?type=customer&amp;id={customer.id}" in page


def test_lines_of_other_tables_are_told_under_their_record(
    make: Factory, login: Login, db_session: Session
) -> None:
    subject, department = make.subject(name="电机", name_en="Motor"), make.department(name_en="Quality")
    subject.departments.append(db_session.merge(department))
    db_session.commit()
    said = lines(login(Role.AUDITOR), person=NOBODY)
    assert any("Subject Motor Departments that are told : added Quality" in each for each in said)


def test_rows_without_a_screen_are_told_in_words_with_whose_they_are(
    make: Factory, login: Login, db_session: Session
) -> None:
    task, person = make.department_task(), make.staff(name="王芳")
    complaint = make.session.get_one(Complaint, task.complaint_id)
    deadline = make.deadline(complaint_id=complaint.id, kind=DeadlineKind.SOLVED)
    deadline.reminded_late_at = now()
    told = ToldOnce(told_of=ToldOf.TASK_LATE, row_id=task.id, day=now().date())
    rights = OwnRight(table_name="customer", creator="re", responsible="")
    db_session.add_all([told, rights, make.second_factor(person)])
    db_session.commit()
    auditor = login(Role.AUDITOR)
    said = "\n".join(lines(auditor, person=NOBODY))
    solved = DeadlineKind.SOLVED.label
    for words in (
        f"Changed Complaint {complaint.number} {solved} · reminded that it is late : set to",
        f"Created Task {task.number} Reminder : set to Task late",
        "Created Rights in own records #",
        "Kind of record : set to Customer Who entered it may : set to read, change",
        "Created Staff member 王芳 set up : set to",
    ):
        assert words in said, words
    with count_queries(auditor.application) as statements:
        lines(auditor, person=NOBODY, table="deadline")
    assert len(statements) <= DEADLINE_QUERIES


def test_each_table_whose_changes_are_recorded_is_told_in_words(in_app: Flask) -> None:
    told_by_another = {"note", "attachment"}
    # Nothing of it is recorded but that it was there: an address is somebody's.
    without_words = {"bad_address"}
    tables = recorded_tables() - told_by_another - without_words
    assert {
        each for each in tables if not (view_named(each) or each in all_lines() or each in PLAIN)
    } == set()
    for name, plain in PLAIN.items():
        assert {*plain.told, plain.ahead, plain.owner} - {None} <= set(inspect(plain.model).columns.keys()), (
            name
        )


def test_a_note_and_its_file_lead_to_the_record_on_which_they_stand(make: Factory, login: Login) -> None:
    customer = make.customer(name="张三丰")
    make.attachment(make.note(customer, body="已回电"), file_name="协议.pdf")
    said = lines(login(Role.AUDITOR), person=NOBODY)
    assert any("Customer 张三丰 Wrote a note: 已回电" in each for each in said)
    assert any("Customer 张三丰 Added a file: 协议.pdf" in each for each in said)


def test_a_secret_is_in_no_line(make: Factory, login: Login, db_session: Session) -> None:
    staff = make.staff(password="hash-of-old")
    staff.password = "hash-of-new"
    db_session.commit()
    page = login(Role.AUDITOR).get("/audit-log/").text
    assert "hash-of" not in page
    assert staff.fs_uniquifier not in page


def test_the_file_holds_what_is_asked_for_is_safe_and_written_down(
    make: Factory, login: Login, db_session: Session
) -> None:
    dealer = make.dealer(name="=1+1")
    client = login(Role.AUDITOR)
    with client.get(f"/audit-log/export/csv/?table=dealer&record=%23{dealer.id}") as answer:
        body = answer.get_data().decode("utf-8-sig")
    head, row = list(csv.reader(io.StringIO(body)))
    assert head == ["Time", "Who", "What happened", "Kind", "Record concerned", "Details", "Address"]
    assert row[2:5] == ["Created", "Dealer", "'=1+1"]
    assert "Name: set to =1+1" in row[5]
    entry = db_session.scalars(select(AccessEntry).where(AccessEntry.kind == AccessKind.EXPORTED)).one()
    assert (entry.table_name, entry.detail) == ("audit_log", {"rows": 1, "narrowed": True})
    assert "Exported Audit log 1 record a part of the list" in lines(client)[0]


@pytest.mark.parametrize(
    "query",
    ["?person=x", "?kind=x", "?table=x", "?from=x", "?before=x", "?before=1~x", "?record=%00",
     "?text=%25%5C_", "?person=99999999999999999999", "?record=%23x"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_no_error(query: str, make: Factory, login: Login) -> None:
    assert login(Role.AUDITOR).get(f"/audit-log/{query}").status_code == 200


def test_a_page_asks_as_few_queries_for_fifty_lines_as_for_one(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    dealer, client, asked = make.dealer(), login(Role.AUDITOR), []
    for times in (1, 40):
        for number in range(times):
            dealer.city = f"{times} {number}"
            db_session.commit()
        client.get("/audit-log/?table=dealer")
        with count_queries(app) as statements:
            client.get("/audit-log/?table=dealer")
        asked.append(len(statements))
    assert asked[0] == asked[1]


# Which of two indexes a planner takes for a handful of rows is chance; that none is sorted is not.
SERVED: dict[tuple[str, ...], LogQuery] = {
    ("actor_id", "id"): LogQuery(person=5),
    ("table_name", "id"): LogQuery(table="dealer"),
    ("table_name", "row_id", "id"): LogQuery(records=(("dealer", 5),)),
}
OF_CHANGES = {
    ("action", "id"): LogQuery(kind=ChangeKind.CREATED),
    ("id",): LogQuery(kind=ChangeKind.REMOVED),
}


def indexed(model: Any) -> set[tuple[str, ...]]:
    """Return the columns of each index of a log."""
    return {tuple(index.columns.keys()) for index in model.__table__.indexes}


@pytest.mark.parametrize("model", [AuditEntry, AccessEntry], ids=lambda model: model.__tablename__)
@pytest.mark.parametrize("columns", SERVED)
def test_every_filter_has_an_index_that_serves_it(
    columns: tuple[str, ...], model: Any, in_app: Flask
) -> None:
    assert "Index Scan" in plan_of(statement_of(model, SERVED[columns]))
    assert columns in indexed(model)


@pytest.mark.parametrize("model", [AuditEntry, AccessEntry], ids=lambda model: model.__tablename__)
def test_all_of_it_comes_by_its_key(model: Any, in_app: Flask) -> None:
    assert f"pk_{model.__tablename__}" in plan_of(statement_of(model, LogQuery()))


@pytest.mark.parametrize("columns", OF_CHANGES)
def test_kinds_of_changes_have_an_index_that_serves_them(columns: tuple[str, ...], in_app: Flask) -> None:
    assert "Index Scan" in plan_of(statement_of(AuditEntry, OF_CHANGES[columns]))
    assert columns in indexed(AuditEntry)


def test_kinds_of_accesses_have_an_index_that_serves_them(in_app: Flask) -> None:
    plan = plan_of(statement_of(AccessEntry, LogQuery(kind=AccessKind.REFUSED)))
    assert "ix_access_entry_kind" in plan


@pytest.mark.parametrize("model", [AuditEntry, AccessEntry], ids=lambda model: model.__tablename__)
def test_a_day_is_found_by_its_first_and_last_entry(model: type, in_app: Flask) -> None:
    plan = plan_of(select(model.id).where(model.at >= now()).order_by(model.at, model.id))
    assert f"ix_{model.__tablename__}_at" in plan
    with acting_as(system_actor("test")):
        asked = str(statement_of(model, LogQuery(since=now(), until=now())))
    assert len(re.findall(r"\.id [<>]= ", asked)) == 2


def plan_of(statement: object) -> str:
    """Return how the database would read the first page of a statement, without reading a table whole."""
    connection = db.session.connection()
    # Tables of tests are too small for an index to pay: the question is whether it can serve.
    for setting in ("seqscan", "bitmapscan", "sort"):
        connection.execute(text(f"SET LOCAL enable_{setting} = off"))
    limited = statement.limit(51)  # type: ignore[attr-defined]  # of a SELECT
    asked = limited.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {asked}".replace("%", "%%")).scalars())
    assert not re.search(r"(?<!Incremental )Sort  \(", plan), plan
    return plan


def recorded_tables() -> set[str]:
    triggers = text(
        "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE tgfoid = 'audit_row'::regproc"
    )
    return set(db.session.scalars(triggers))


def test_each_table_whose_changes_are_recorded_has_a_name_that_people_use(in_app: Flask) -> None:
    tables = recorded_tables()
    assert {"complaint", "second_factor", "deadline"} <= tables
    with in_app.test_request_context():
        assert {table for table in tables if table_label(table) == table} == set()
