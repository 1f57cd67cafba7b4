"""The screen of imports: who may, what each step shows, and what a click does."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer
from werkzeug.test import TestResponse

from conftest import Login, PanelClient, count_queries
from factories import Factory
from jobs.import_steps import check_import, perform_import
from jobs.queues import panel_queue
from models import Complaint, Customer, Deadline, ImportRun, acting_as, db, system_actor
from models.essentials import seed_essentials
from models.importing import ImportState
from models.organisation import Locale, Role
from views import importing

pytestmark = pytest.mark.usefixtures("queue")

ROWS = "编号,名称,电话\n1,张三,13900000011\n2,<script>alert(1)</script>,13900000012\n,,13900000013\n".encode()


def upload(
    client: FlaskClient, content: bytes = ROWS, name: str = "名单.csv", mapping: str = ""
) -> TestResponse:
    data: dict[str, Any] = {"file": (io.BytesIO(content), name), "mapping": mapping}
    return client.post("/import/upload", data=data, content_type="multipart/form-data")


def key_of(response: TestResponse) -> int:
    assert response.status_code == 302, response.text
    return int(response.headers["Location"].rpartition("=")[2])


def work(app: Flask, key: int) -> None:
    """Do what a worker would do next."""
    with app.app_context():
        run = stored(key)
        step = perform_import if run.state is ImportState.RUNNING else check_import
        step(key)


def stored(key: int) -> ImportRun:
    with acting_as(system_actor("test")):
        return db.session.get_one(
            ImportRun, key, options=[undefer(ImportRun.content)], populate_existing=True
        )


def waiting(app: Flask) -> list[str]:
    with app.app_context():
        return panel_queue().job_ids


def state_of(app: Flask, key: int) -> ImportState:
    with app.app_context():
        return stored(key).state


def customers(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Customer)) or 0


def checked(app: Flask, client: PanelClient, **options: Any) -> int:
    key = key_of(upload(client, **options))
    work(app, key)
    return key


def test_a_file_is_checked_then_imported_and_its_rejected_rows_come_back(
    app: Flask, login: Login, db_session: Session
) -> None:
    client = login(Role.SUPERVISOR)
    key = key_of(upload(client))
    assert waiting(app) == [f"jobs_import_steps_check_import-{key}"]
    assert "Being checked in the background" in client.get(f"/import/details/?id={key}").text
    assert client.get(f"/import/status?id={key}").json == {"state": "checking", "share": None}
    work(app, key)
    page = client.get(f"/import/details/?id={key}").text
    assert "What the import would do" in page
    assert "“名称” is empty." in page
    assert customers(db_session) == 0
    client.post("/import/start", data={"id": key})
    assert state_of(app, key) is ImportState.RUNNING
    assert f"jobs_import_steps_perform_import-{key}" in waiting(app)
    work(app, key)
    page = client.get(f"/import/details/?id={key}").text
    assert "What the import did" in page
    assert customers(db_session) == 2
    response = client.get(f"/import/rejected?id={key}")
    assert response.data.decode() == "编号,名称,电话,reason\n,,13900000013,“名称” is empty.\n"
    assert response.headers["Content-Disposition"].startswith("attachment; ")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    listed = client.get("/import/").text
    assert "名单.csv" in listed
    assert '<td class="number" data-label="New rows">2</td>' in listed


def test_a_row_with_a_phone_that_can_be_none_is_kept_and_has_a_note(
    app: Flask, login: Login, db_session: Session
) -> None:
    client = login(Role.SUPERVISOR)
    rows = "编号,名称,电话\n1,张三,13900000011\n2,李四,1390000001\n3,王五,abc\n".encode()
    key = checked(app, client, content=rows)
    notes = client.get(f"/import/details/?id={key}").text.partition("Rows to look at")[2]
    assert "Phone: “1390000001” can&#39;t be dialled. Kept as it stands." in notes
    assert "Phone: “abc” can&#39;t be dialled." in notes
    assert "13900000011" not in notes
    client.post("/import/start", data={"id": key})
    work(app, key)
    phones = db_session.scalars(select(Customer.phone).order_by(Customer.id)).all()
    assert phones == ["13900000011", "1390000001", "abc"]


def test_the_own_lists_stand_before_the_files_of_others(login: Login) -> None:
    page = login(Role.ADMINISTRATOR).get("/import/").text
    found = re.findall(r'<optgroup label="([^"]+)|<option value="([^"]+)', page)
    names = ["customers", "vehicles", "dealers", "parts", "suppliers", "staff"]
    assert [label or name for label, name in found][:8] == [
        "Own lists, by our templates",
        *names,
        "Other sources",
    ]


def test_what_a_file_holds_is_shown_as_text(app: Flask, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    content = "编号,名称,<b>x</b>\n,,<script>alert(1)</script>\n".encode()
    key = checked(app, client, content=content, name="<img src=x>.csv", mapping="customers")
    page = client.get(f"/import/details/?id={key}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert "<img src=x" not in page


def test_old_complaints_are_offered_as_history_and_come_in_so(
    app: Flask, login: Login, db_session: Session
) -> None:
    with app.app_context(), acting_as(system_actor("test")):
        seed_essentials()
        db.session.commit()
    client = login(Role.SUPERVISOR)
    rows = "id,brand,car_model,type,desc,problem,datetime,status\n1,a,b,c,d,,2021-01-30,信息审核\n".encode()
    key = checked(app, client, content=rows)
    page = client.get(f"/import/details/?id={key}").text
    assert "1 open complaint is new" in page
    assert 'name="is_history" value="1" aria-describedby="history-help" checked' in page
    assert 'name="history_until" value="2021-01-30"' in page
    for day, said in (
        ("2099-01-01", "The day lies in the future."),
        ("", "Say up to which day."),
        ("x", "Give a date such as"),
    ):
        answer = client.post("/import/start", data={"id": key, "is_history": "1", "history_until": day})
        assert answer.status_code == 422
        assert said in answer.text.partition('id="history-error"')[2]
    assert state_of(app, key) is ImportState.CHECKED
    client.post("/import/start", data={"id": key, "is_history": "1", "history_until": "2021-01-30"})
    work(app, key)
    assert "came in as history" in client.get(f"/import/details/?id={key}").text
    assert db_session.scalar(select(func.count()).select_from(Complaint)) == 1
    assert db_session.scalar(select(func.count()).select_from(Deadline)) == 0


def test_a_file_can_be_checked_again_by_another_mapping_and_let_go(app: Flask, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    key = checked(app, client, mapping="cn-2024")
    page = client.get(f"/import/details/?id={key}").text
    assert state_of(app, key) is ImportState.REFUSED
    assert "The file does not fit the mapping" in page
    client.post("/import/check", data={"id": key, "mapping": ""})
    assert state_of(app, key) is ImportState.CHECKING
    work(app, key)
    assert state_of(app, key) is ImportState.CHECKED
    client.post("/import/discard", data={"id": key})
    with app.app_context():
        assert (stored(key).state, stored(key).content) == (ImportState.DISCARDED, None)
    assert "nothing of it was imported" in client.get(f"/import/details/?id={key}").text


def test_two_clicks_import_once(app: Flask, login: Login, db_session: Session) -> None:
    client = login(Role.SUPERVISOR)
    key = checked(app, client)
    client.post("/import/start", data={"id": key})
    response = client.post("/import/start", data={"id": key}, follow_redirects=True)
    assert "Somebody has decided about this file already." in response.text
    work(app, key)
    client.post("/import/start", data={"id": key})
    assert state_of(app, key) is ImportState.DONE
    assert customers(db_session) == 2


def test_nothing_goes_on_before_the_check_is_done(app: Flask, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    key = key_of(upload(client))
    client.post("/import/start", data={"id": key})
    assert state_of(app, key) is ImportState.CHECKING


@pytest.mark.parametrize(("content", "name"), [(b"", "empty.csv"), (b"a,b", "")])
def test_no_file_or_an_empty_one_is_answered_with_a_sentence(content: bytes, name: str, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    assert upload(client, content, name).headers["Location"] == "/import/"
    assert "Choose a file that holds something." in client.get("/import/").text


def test_a_file_that_is_too_large_is_answered_with_a_sentence(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MEGABYTE", 1000)
    monkeypatch.setattr(importing, "MOST_BYTES", 3000)
    client = login(Role.SUPERVISOR)
    upload(client, b"x" * 3001)
    assert "The file is larger than 3 MB." in client.get("/import/").text


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\li\\名单.csv", "名单.csv"),
        ("a\r\nSet-Cookie: x.csv", "a__Set-Cookie_ x.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("..", "file"),
    ],
)
def test_a_name_is_never_a_path_or_a_header(name: str, kept: str) -> None:
    assert importing.safe_name(name) == kept


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SUPERVISOR, Role.ADMINISTRATOR)])
def test_other_roles_import_nothing(role: Role, app: Flask, login: Login, db_session: Session) -> None:
    key = checked(app, login(Role.SUPERVISOR))
    client = login(role)
    assert upload(client).status_code == 403
    for page in ("start", "discard", "check"):
        assert client.post(f"/import/{page}", data={"id": key}).status_code == 403
    assert client.get(f"/import/rejected?id={key}").status_code == 403
    assert client.get("/import/template?mapping=customers&locale=en").status_code == 403
    reads = 200 if role is Role.AUDITOR else 403
    assert client.get("/import/").status_code == reads
    response = client.get(f"/import/details/?id={key}")
    assert response.status_code == reads
    assert "13900000013" not in response.text
    assert state_of(app, key) is ImportState.CHECKED
    assert customers(db_session) == 0


def test_nobody_is_sent_to_the_login(client: FlaskClient) -> None:
    assert upload(client).headers["Location"].startswith("/login")
    assert client.get("/import/").headers["Location"].startswith("/login")


def test_without_a_token_nothing_is_uploaded(login: Login) -> None:
    client = login(Role.SUPERVISOR)
    response = client.post("/import/upload", data={"file": (io.BytesIO(ROWS), "a.csv")}, csrf=False)
    assert response.status_code == 400


def test_staff_are_imported_by_administrators_only(app: Flask, login: Login) -> None:
    rows = "姓名,邮箱\n李倩,li@example.com\n,,\n".encode()
    supervisor, administrator = login(Role.SUPERVISOR), login(Role.ADMINISTRATOR)
    assert upload(supervisor, rows, mapping="staff").status_code == 403
    recognised = checked(app, supervisor, content=rows)
    assert state_of(app, recognised) is ImportState.REFUSED
    key = checked(app, administrator, content=rows)
    assert state_of(app, key) is ImportState.CHECKED
    assert supervisor.post("/import/start", data={"id": key}).status_code == 403
    assert "staff" not in supervisor.get("/import/").text.partition("<main")[2]
    assert "/import/template?mapping=staff" in administrator.get("/import/").text


@pytest.mark.parametrize("locale", list(Locale))
def test_a_template_comes_in_either_language(locale: Locale, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    with client.get(f"/import/template?mapping=customers&locale={locale.value}") as response:
        assert response.status_code == 200
        assert response.mimetype == importing.XLSX
        assert response.data.startswith(b"PK")


@pytest.mark.parametrize(
    "query", ["mapping=cn-2024&locale=en", "mapping=../x&locale=en", "mapping=customers&locale=xx", ""]
)
def test_what_is_no_template_is_not_found(query: str, login: Login) -> None:
    assert login(Role.SUPERVISOR).get(f"/import/template?{query}").status_code == 404


@pytest.mark.parametrize("key", ["", "0", "x", "999999", "9" * 30])
def test_an_import_that_is_not_there_is_not_found(key: str, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    assert client.get(f"/import/details/?id={key}").status_code == 404
    assert client.get(f"/import/status?id={key}").status_code == 404
    assert client.post("/import/start", data={"id": key}).status_code == 404


def test_an_upload_survives_a_queue_that_is_away(
    app: Flask, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        panel_queue()
    monkeypatch.setitem(app.extensions, "redis", Redis(port=1))
    client = login(Role.SUPERVISOR)
    key = key_of(upload(client))
    assert state_of(app, key) is ImportState.CHECKING
    assert client.get(f"/import/details/?id={key}").status_code == 200


def test_the_list_takes_as_many_queries_for_one_run_as_for_many(
    app: Flask, login: Login, make: Factory
) -> None:
    client = login(Role.SUPERVISOR)
    counts = []
    for runs in (1, 5):
        for _ in range(runs):
            staff = make.staff(Role.SUPERVISOR)
            make.session.add(
                ImportRun(mapping="customers", file_name="a.csv", file_sha256="0", staff_id=staff.id)
            )
        make.session.commit()
        client.get("/import/")
        with count_queries(app) as statements:
            assert client.get("/import/").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
