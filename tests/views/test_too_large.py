"""What is larger than the panel takes: the page says which it is, and keeps what was written."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import form_of, path
from sqlalchemy import func, select
from test_agreement import approved
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import Customer, Note
from models.complaint import Step
from models.organisation import Role
from views import too_large

TYPED = '客户要求周末上门\n  <b>"两点"</b>'


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, app: Any) -> None:
    """Take little, so that a test need not send much."""
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 40_000)
    monkeypatch.setattr(too_large, "REQUEST_MOST", 40_000)
    monkeypatch.setattr(too_large, "FILE_MOST", 30_000)
    monkeypatch.setattr(too_large, "MEGABYTE", 1000)


def send_files(client: PanelClient, key: int, *files: tuple[str, int], **more: Any) -> TestResponse:
    data = {"body": TYPED, "files": [(BytesIO(b"a" * size), name) for name, size in files], **more}
    csrf = more.get("csrf_token", client.csrf_token())
    return client.post(path("customer", "notes", id=key), data=data | {"csrf_token": csrf}, csrf=False)


def back_to_the_form(client: PanelClient, refused: TestResponse) -> TestResponse:
    form = BeautifulSoup(refused.text, "html5lib").select_one("form.kept-draft")
    assert form is not None
    assert [button.get("name") for button in form.select("button")] == ["_draft"]
    fields: MultiDict[str, str] = MultiDict({"_draft": "1"})
    for each in form.select("textarea, input"):
        fields.add(str(each["name"]), each.get_text() if each.name == "textarea" else str(each["value"]))
    return client.post(str(form["action"]), data=fields, csrf=False)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("现场.mov", 45_000), ("小.txt", 10)], "“现场.mov” has 45.0 MB; a file may have 30 MB."),
        ([("一.mov", 25_000), ("二.mov", 25_000)], "The files have 50.0 MB together; at once"),
    ],
)
def test_a_note_keeps_its_words_where_its_files_are_too_large(
    files: list[tuple[str, int]], sentence: str, make: Factory, login: Login
) -> None:
    client, key = login(Role.CLERK), make.customer().id
    refused = send_files(client, key, *files)
    assert refused.status_code == 413
    assert sentence in refused.text
    form = back_to_the_form(client, refused)
    assert form.status_code == 200
    written = BeautifulSoup(form.text, "html5lib").select_one("#note-body")
    assert written is not None
    assert written.get_text() == TYPED
    assert make.session.scalar(select(func.count(Note.id))) == 0


def test_a_step_keeps_its_words_where_the_signed_agreement_is_too_large(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), approved(make)
    sent = {"move": "agree", "version": str(row.version), "reply": TYPED, "csrf_token": client.csrf_token()}
    file = (BytesIO(b"a" * 45_000), "协议.pdf")
    address = path("complaint", "step", id=row.id)
    refused = client.post(address, data=sent | {"agreement": file}, csrf=False)
    assert refused.status_code == 413
    assert "“协议.pdf” has 45.0 MB; a file may have 30 MB." in refused.text
    form = back_to_the_form(client, refused)
    assert form.status_code == 200
    written = BeautifulSoup(form.text, "html5lib").select_one("#f-reply")
    assert written is not None
    assert written.get_text() == TYPED
    make.session.refresh(row)
    assert row.step is Step.PROPOSED


def test_a_form_with_too_long_a_text_keeps_all_the_others(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.customer(name="原名", sale_promises="旧")
    address = path("customer", "edit", id=row.id)
    values = form_of(client.get(address)) | {"name": "新名", "sale_promises": "长" * 5000}
    refused = client.post(address, data=values | {"csrf_token": client.csrf_token()}, csrf=False)
    assert refused.status_code == 413
    assert "“Promises made at the sale” holds more text than" in refused.text
    form = back_to_the_form(client, refused)
    assert (form_of(form)["name"], form_of(form)["sale_promises"]) == ("新名", "旧")
    make.session.expire_all()
    assert make.session.get_one(Customer, row.id).name == "原名"


def test_what_another_site_sends_is_on_no_page(make: Factory, login: Login) -> None:
    client, key = login(Role.CLERK), make.customer().id
    refused = send_files(client, key, ("a.mov", 45_000), csrf_token="forged")
    assert refused.status_code == 413
    assert "客户要求周末上门" not in refused.text
    assert "kept-draft" not in refused.text


def test_who_is_not_logged_in_has_nothing_read(make: Factory, client: PanelClient) -> None:
    refused = send_files(client, make.customer().id, ("a.mov", 45_000))
    assert refused.status_code == 413
    assert "a.mov" not in refused.text


def test_a_file_to_import_is_named_too(login: Login) -> None:
    client = login(Role.SUPERVISOR)
    data = {"file": (BytesIO(b"a" * 45_000), "名单.csv"), "csrf_token": client.csrf_token()}
    refused = client.post("/import/upload", data=data, csrf=False)
    assert refused.status_code == 413
    assert "“名单.csv” has 45.0 MB" in refused.text
