"""Exports of long lists on screen: begun once, watched, cancelled, and downloaded by nobody else."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from openpyxl import load_workbook
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import views.export
from conftest import Login, PanelClient
from factories import Factory
from jobs.exports import make_export
from jobs.queues import status
from models import AccessEntry, Customer, ExportChunk, ExportRun, Region
from models.access import AccessKind
from models.base import now
from models.exporting import ExportFormat, ExportState, scope_of
from models.organisation import Locale, Role
from models.sight import actor_for
from models.sql import insert_rows

LIST = "/customer/export/csv/?search=客户"


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views.export, "AT_ONCE_MOST", 2)


@pytest.fixture
def client(make: Factory, login: Login, queue: Redis) -> PanelClient:
    """Return somebody who sees three customers, one more than are exported at once."""
    for number in range(3):
        make.customer(name=f"客户{number}")
    return login(Role.SUPERVISOR)


def begin(client: PanelClient, address: str = LIST, **data: str) -> int:
    answer = client.post(address, data={"form_key": "k", "columns": "list"} | data)
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where.startswith("/exports/details/?id="), where
    return int(where.rpartition("=")[2])


def made(make: Factory, client: PanelClient, content: bytes = b"\xef\xbb\xbfa\r\n", **values: object) -> int:
    """Return an export of a person as a worker leaves it."""
    staff = client.staff
    assert staff is not None
    with client.application.app_context():
        scope = scope_of(actor_for(staff))
    given = {
        "staff_id": staff.id,
        "table_name": "customer",
        "format": ExportFormat.CSV,
        "is_whole": False,
        "state": ExportState.DONE,
        "rows_expected": 3,
        "rows_written": 3,
        "size": len(content),
        "scope": scope,
        "asked_at": now(),
        "finished_at": now(),
        "expires_at": now() + timedelta(days=7),
    }
    run = ExportRun(**(given | values))
    make.session.add(run)
    make.session.flush()
    for at in range(0, len(content), 2):
        make.session.add(ExportChunk(run_id=run.id, position=at // 2, content=content[at : at + 2]))
    make.session.commit()
    return run.id


def state_of(session: Session, key: int) -> ExportState:
    session.expire_all()
    return session.get_one(ExportRun, key).state


def test_the_list_offers_each_kind_of_file_and_says_how_many_rows(client: PanelClient) -> None:
    page = client.get("/customer/?search=客户").text
    for kind in ExportFormat:
        assert f"/customer/export/{kind.value}/?search=" in page
    assert "3 records" in page
    assert "written in the background" in page


def test_more_rows_than_at_once_become_a_job_that_is_queued_once(
    client: PanelClient, db_session: Session, app: Flask
) -> None:
    key = begin(client)
    # The second of two clicks; and another kind of file of the same page is another export.
    assert begin(client) == key
    other = begin(client, "/customer/export/xlsx/?search=客户")
    assert other != key
    assert db_session.scalar(select(func.count()).select_from(ExportRun)) == 2
    run = db_session.get_one(ExportRun, key)
    assert client.staff is not None
    assert (run.staff_id, run.format, run.state) == (client.staff.id, ExportFormat.CSV, ExportState.RUNNING)
    assert (run.rows_expected, run.is_whole, run.args) == (3, False, [["search", "客户"]])
    with app.app_context():
        assert status(make_export, key) is not None
    page = client.get(f"/exports/details/?id={key}").text
    assert "About 3 rows" in page
    assert client.get(f"/exports/status?id={key}").get_json() == {"state": "running", "share": None}


def test_the_bound_is_5000_rows(
    client: PanelClient, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    rows = [{"name": f"客户{number}", "name_sort": "k", "phone_numbers": []} for number in range(4_998)]
    first = db_session.scalars(select(Customer).limit(1)).one()
    kept = {name: getattr(first, name) for name in ("kind", "version", "created_at", "updated_at")}
    plain = {"kind": kept["kind"].value, "version": 1, "created_at": now(), "updated_at": now()}
    with client.application.app_context():
        insert_rows(Customer, [row | plain for row in rows[:4_997]])
        views.export.db.session.commit()
    with client.post("/customer/export/csv/", data={"columns": "list"}) as answer:
        assert (answer.status_code, answer.data.count(b"\r\n")) == (200, 5_001)
    with client.application.app_context():
        insert_rows(Customer, [rows[-1] | plain])
        views.export.db.session.commit()
    assert begin(client, "/customer/export/csv/") > 0


def test_a_person_has_three_made_at_a_time(client: PanelClient) -> None:
    for number in range(views.export.RUNNING_MOST):
        begin(client, form_key=str(number))
    answer = client.post(LIST, data={"form_key": "x"})
    assert answer.headers["Location"] == "/exports/"
    assert "Wait for one, or cancel it" in client.get("/exports/").text


def test_what_is_ready_is_told_downloaded_and_written_down(
    make: Factory, login: Login, db_session: Session
) -> None:
    chinese = login(Role.SUPERVISOR, locale=Locale.CHINESE)
    args = [["search", "张三"], ["flt_level", "A"], ["sort", "name"]]
    key = made(make, chinese, b"\xef\xbb\xbf1,2\r\n", args=args)
    assert chinese.get("/waiting/").get_json()["export_run"][0] == "1"
    page = chinese.get(f"/exports/details/?id={key}").text
    assert "“张三”" in page
    with chinese.get(f"/exports/download?id={key}") as answer:
        assert answer.data == b"\xef\xbb\xbf1,2\r\n"
        assert answer.headers["Content-Length"] == "8"
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        name = unquote(answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2])
    assert name.startswith("客户-20")
    assert "export_run" not in chinese.get("/waiting/").get_json()
    entry = db_session.scalars(select(AccessEntry).where(AccessEntry.kind == AccessKind.EXPORTED)).one()
    assert entry.detail == {"rows": 3, "format": "csv", "narrowed": True, "filters": ["查询", "客户等级: A"]}
    log = login(Role.ADMINISTRATOR).get("/audit-log/?kind=exported").text
    assert "CSV, UTF-8" in log
    assert "张三" not in log


def test_another_s_export_is_not_there(make: Factory, login: Login, db_session: Session) -> None:
    key = made(make, login(Role.SUPERVISOR))
    running = made(make, login(Role.SUPERVISOR), state=ExportState.RUNNING)
    for stranger in (login(Role.SUPERVISOR), login(Role.ADMINISTRATOR)):
        for page in ("details/", "status", "download"):
            assert stranger.get(f"/exports/{page}?id={key}").status_code == 404
        assert stranger.post("/exports/cancel", data={"id": running}).status_code == 404
        assert stranger.post("/exports/again", data={"id": key}).status_code == 404
        assert "File ready" not in stranger.get("/exports/").text
    assert state_of(db_session, running) is ExportState.RUNNING
    # Who may export nothing is not shown the way there.
    assert 'href="/exports/"' in login(Role.CLERK).get("/").text
    assert 'href="/exports/"' not in login().get("/").text


def test_who_sees_less_than_then_does_not_get_the_file(
    make: Factory, login: Login, db_session: Session
) -> None:
    def refused(client: PanelClient, key: int) -> bool:
        with client.get(f"/exports/download?id={key}") as answer:
            return answer.status_code == 302

    def moved(**change: object) -> tuple[PanelClient, int]:
        client = login(Role.CLERK, Role.FOLLOW_UP_AGENT, region=region)
        assert client.staff is not None
        key = made(make, client)
        for name, value in change.items():
            setattr(client.staff, name, value)
        db_session.commit()
        return client, key

    region: Region = make.region()
    assert not refused(*moved())
    assert not refused(*moved(role_names=["clerk", "follow_up_agent", "supervisor"]))
    assert refused(*moved(region_id=make.region().id))
    assert refused(*moved(role_names=["clerk"]))
    assert refused(*moved(role_names=["warehouse_keeper"]))
    client, key = moved(role_names=["clerk"])
    page = client.get(f"/exports/details/?id={key}").text
    assert "has changed since this file was made" in page
    assert "Make it again" in page


def test_exports_of_one_list_are_told_apart_by_what_was_asked(make: Factory, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    made(make, client)
    made(make, client, args=[["search", "客户"], ["flt_level", "A"]])
    cells = BeautifulSoup(client.get("/exports/").text, "html.parser").select("td.title")
    assert [cell.get_text(" ", strip=True) for cell in cells] == ["Customers “客户” · Level: A", "Customers"]


@pytest.mark.parametrize(("rows", "is_told"), [(7000, True), (0, False)])
def test_how_many_rows_are_expected_is_told_where_somebody_knows(
    rows: int, is_told: bool, make: Factory, login: Login
) -> None:
    client = login(Role.SUPERVISOR)
    key = made(make, client, state=ExportState.RUNNING, rows_expected=rows, rows_written=None)
    for address in ("/exports/", f"/exports/details/?id={key}"):
        page = client.get(address).text.partition("<main")[2]
        assert (f"bout {rows:,}" in page) is is_told


def test_an_expired_file_is_refused_with_a_sentence(make: Factory, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    late = made(make, client, expires_at=now() - timedelta(seconds=1))
    gone = made(make, client, state=ExportState.EXPIRED)
    for key in (late, gone):
        answer = client.get(f"/exports/download?id={key}")
        assert answer.headers["Location"] == f"/exports/details/?id={key}"
        page = client.get(f"/exports/details/?id={key}").text.partition("<main")[2]
        assert "this one is gone" in page
    # What was searched for is forgotten: the list is where to begin anew.
    assert 'href="/customer/"' in page


def test_an_export_is_cancelled_and_made_again(client: PanelClient, db_session: Session) -> None:
    key = begin(client)
    client.post("/exports/cancel", data={"id": key})
    assert state_of(db_session, key) is ExportState.CANCELLED
    # The second click finds it so.
    client.post("/exports/cancel", data={"id": key})
    assert "had come to its end before" in client.get("/exports/").text
    places = {
        client.post("/exports/again", data={"id": key, "form_key": "again"}).headers["Location"]
        for _click in range(2)
    }
    assert len(places) == 1
    new = int(places.pop().rpartition("=")[2])
    assert new != key
    assert db_session.get_one(ExportRun, new).args == [["search", "客户"]]


def test_columns_are_those_of_the_list_or_all_in_both_kinds_of_file(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    subject = make.subject(name="电机", departments=[make.department(name_en="Quality")])
    complaint = make.complaint(subject_id=subject.id, phone="0539-1234567", description="=1+1")
    client = login(Role.SUPERVISOR)
    view = client.application.extensions["record_views"][type(complaint)]
    found = {}
    for columns in ("list", "all"):
        with client.post("/complaint/export/csv/", data={"columns": columns}) as answer:
            rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
        with client.post("/complaint/export/xlsx/", data={"columns": columns}) as answer:
            sheet = load_workbook(io.BytesIO(answer.data)).active
            assert sheet is not None
        cells = [list(row) for row in sheet.iter_rows(max_row=2)]
        assert [cell.value for cell in cells[0]] == rows[0]
        found[columns] = dict(zip(rows[0], cells[1], strict=True))
        for text, cell in zip(rows[1], cells[1], strict=True):
            shown = "" if cell.value is None else str(cell.value)
            assert text.removeprefix("'") == (shown[: len(text)] if cell.data_type == "d" else shown)
    assert len(found["list"]) == len(view.column_list)
    assert len(found["all"]) > len(found["list"])
    assert found["all"]["Phone"].data_type == "s"
    assert found["list"]["Registered at"].data_type == "d"
    with client.post("/subject/export/csv-gb18030/", data={"columns": "all"}) as answer:
        assert answer.headers["Content-Type"] == "text/csv; charset=gb18030"
        assert "Quality" in answer.data.decode("gb18030")
