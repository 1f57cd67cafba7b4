from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from screens import ENTERED, path
from sqlalchemy import select
from test_access import make_one
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Attachment, AttachmentContent, AuditEntry, Customer, Note
from models.attached_file import FILE_MOST
from models.base import now
from models.organisation import Role
from models.permissions import letters

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


def png(size: tuple[int, int] = (60, 40)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, "PNG")
    return written.getvalue()


def write(client: PanelClient, table: str, key: int, body: str = "", **files: bytes) -> TestResponse:
    """Send the form of the notes box; names of files are given with underscores for dots."""
    return send(
        client, table, key, body, [(content, name.replace("_", ".")) for name, content in files.items()]
    )


def send(
    client: PanelClient, table: str, key: int, body: str, files: list[tuple[bytes, str]]
) -> TestResponse:
    parts = [FileStorage(io.BytesIO(content), name) for content, name in files]
    # In memory: the client's own way leaves the temporary file of a large body open.
    boundary, data = encode_multipart(MultiDict([("body", body), *(("files", part) for part in parts)]))
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post(path(table, "notes", id=key), data=data, content_type=content_type)


def only(make: Factory, model: Any) -> Any:
    make.session.expire_all()
    return make.session.scalars(select(model)).one()


def fetch(client: FlaskClient, table: str, key: int, file: int, **args: str) -> TestResponse:
    query = "".join(f"&{name}={value}" for name, value in args.items())
    return client.get(f"{path(table, 'attachment', id=key)}&file={file}{query}")


@pytest.mark.parametrize("table", ENTERED)
def test_every_record_takes_notes_and_files_and_shows_them(table: str, make: Factory, login: Login) -> None:
    key = make_one(make, table)
    client = login(Role.ADMINISTRATOR, name="写备注的人")
    response = send(
        client, table, key, "电话里说下周再来\n带发票", [(png(), "现场照片.png"), (PDF, "合同.pdf")]
    )
    assert response.status_code == 302
    assert response.headers["Location"].endswith("#notes")
    page = client.get(path(table, "details", id=key)).text
    for text in ("电话里说下周再来\n带发票", "写备注的人", "现场照片.png", "合同.pdf"):
        assert text in page
    note = only(make, Note)
    assert (note.table_name, note.row_id, note.created_by_id) == (
        table,
        key,
        client.staff and client.staff.id,
    )
    picture, contract = make.session.scalars(select(Attachment).order_by(Attachment.id))
    assert page.count("<img ") == 1
    with fetch(client, table, key, contract.id) as download:
        assert download.data == PDF
    with fetch(client, table, key, picture.id, **{"as": "thumbnail"}) as thumbnail:
        assert thumbnail.mimetype == "image/webp"


@pytest.mark.parametrize("table", ENTERED)
@pytest.mark.parametrize("role", [Role.CLERK, Role.WAREHOUSE_KEEPER, Role.AUDITOR])
def test_who_may_edit_writes_and_who_may_read_reads(
    role: Role, table: str, make: Factory, login: Login
) -> None:
    key = make_one(make, table)
    write(login(Role.ADMINISTRATOR), table, key, "x", a_pdf=PDF)
    file = only(make, Attachment)
    client, own = login(role), letters(role, table)
    assert write(client, table, key, "y").status_code == (302 if "e" in own else 403)
    with fetch(client, table, key, file.id) as response:
        assert response.status_code == (200 if "r" in own else 403)
    if "r" in own:
        page = client.get(path(table, "details", id=key)).text
        assert ('name="files"' in page) == ("e" in own)


def test_a_file_goes_out_to_be_saved_and_nothing_in_it_runs(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    send(client, "customer", customer.id, "", [(PDF, "../../客户 合同（签字）.pdf")])
    with fetch(client, "customer", customer.id, only(make, Attachment).id) as response:
        disposition = response.headers["Content-Disposition"]
        assert disposition.startswith("attachment")
        assert f"filename*=UTF-8''{quote('客户 合同（签字）.pdf')}" in disposition
        assert "/" not in disposition.replace("UTF-8''", "")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = response.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert response.mimetype == "application/pdf"


def test_a_picture_is_shown_from_bytes_that_the_panel_made(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    sent = png((3000, 2000)) + b"<script>alert(1)</script>"
    write(client, "customer", customer.id, "", a_png=sent)
    file = only(make, Attachment)
    for size, most in (("thumbnail", 280), ("preview", 1600)):
        with fetch(client, "customer", customer.id, file.id, **{"as": size}) as response:
            assert b"script" not in response.data
            assert not response.headers.get("Content-Disposition", "").startswith("attachment")
            assert "sandbox" in response.headers["Content-Security-Policy"]
            assert max(Image.open(io.BytesIO(response.data)).size) <= most
    with fetch(client, "customer", customer.id, file.id) as response:
        assert response.data == sent
        assert response.headers["Content-Disposition"].startswith("attachment")


def test_what_is_no_picture_has_no_preview(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    write(client, "customer", customer.id, "", a_pdf=PDF)
    file = only(make, Attachment)
    assert fetch(client, "customer", customer.id, file.id, **{"as": "preview"}).status_code == 404


def test_ids_of_other_records_open_no_file_and_remove_none(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    mine, theirs = make.customer(region=own), make.customer(region=other)
    dealer = make.dealer(region=own)
    write(login(Role.SUPERVISOR), "customer", theirs.id, "外区", a_pdf=PDF)
    file, note = only(make, Attachment), only(make, Note)
    client = login(Role.CLERK, region=own)
    # Their record, their file under mine, their file under a record of another type with any id.
    for table, key in (("customer", theirs.id), ("customer", mine.id), ("dealer", dealer.id)):
        assert fetch(client, table, key, file.id).status_code == 404
        assert fetch(client, table, key, file.id, **{"as": "thumbnail"}).status_code == 404
        for data in ({"file": file.id}, {"note": note.id}):
            assert client.post(path(table, "notes/remove", id=key), data=data).status_code == 404
    assert write(client, "customer", theirs.id, "x").status_code == 404
    make.session.expire_all()
    assert only(make, Note).deleted_at is None
    for raw in ("", "abc", "-1", "0", "9" * 30, "1 OR 1=1"):
        assert client.get(f"/customer/attachment/?id={mine.id}&file={raw}").status_code == 404
        assert client.post(f"/customer/notes/remove/?id={mine.id}", data={"note": raw}).status_code == 404


def test_a_file_of_a_record_that_moved_out_of_reach_or_was_deleted_is_gone(
    make: Factory, login: Login
) -> None:
    own = make.region()
    customer = make.customer(region=own)
    client = login(Role.CLERK, region=own)
    write(login(Role.SUPERVISOR), "customer", customer.id, "", a_pdf=PDF)
    file = only(make, Attachment)
    with fetch(client, "customer", customer.id, file.id) as response:
        assert response.status_code == 200
    make.session.get_one(Customer, customer.id).region_id = make.region().id
    make.session.commit()
    assert fetch(client, "customer", customer.id, file.id).status_code == 404
    make.session.get_one(Customer, customer.id).deleted_at = now()
    make.session.commit()
    assert fetch(login(Role.SUPERVISOR), "customer", customer.id, file.id).status_code == 404


def test_who_wrote_a_note_or_a_supervisor_removes_it_and_nobody_else(make: Factory, login: Login) -> None:
    customer = make.customer()
    writer, colleague = login(Role.CLERK), login(Role.FOLLOW_UP_AGENT)
    address = path("customer", "notes/remove", id=customer.id)
    for remover, status in ((colleague, 403), (login(Role.AUDITOR), 403), (writer, 302)):
        write(writer, "customer", customer.id, "写错了", a_pdf=PDF)
        note = make.session.scalars(select(Note).order_by(Note.id.desc())).first()
        assert note is not None
        assert remover.post(address, data={"note": note.id}).status_code == status
        make.session.expire_all()
        assert (note.deleted_at is None) == (status == 403)
    remaining = make.session.scalars(select(Note).where(Note.deleted_at.is_(None))).first()
    assert remaining is not None
    assert "Remove…" not in colleague.get(path("customer", "details", id=customer.id)).text
    assert login(Role.SUPERVISOR).post(address, data={"note": remaining.id}).status_code == 302


def test_a_removed_note_takes_its_files_along_but_stays_in_the_database(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    write(client, "customer", customer.id, "保密内容", a_pdf=PDF)
    note, file = only(make, Note), only(make, Attachment)
    client.post(path("customer", "notes/remove", id=customer.id), data={"note": note.id})
    assert "保密内容" not in client.get(path("customer", "details", id=customer.id)).text
    assert fetch(client, "customer", customer.id, file.id).status_code == 404
    assert only(make, AttachmentContent).content == PDF


def test_one_file_of_several_is_removed_alone(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    write(client, "customer", customer.id, "", a_pdf=PDF, b_png=png())
    first, second = make.session.scalars(select(Attachment).order_by(Attachment.id)).all()
    address = path("customer", "notes/remove", id=customer.id)
    assert client.post(address, data={"file": first.id}).status_code == 302
    page = client.get(path("customer", "details", id=customer.id)).text
    assert "a.pdf" not in page
    assert "b.png" in page
    # The last file of a note without words takes the note along.
    client.post(address, data={"file": second.id})
    assert only(make, Note).deleted_at is not None


def test_notes_and_files_are_audited_without_their_bytes(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    write(client, "customer", customer.id, "请回电", a_pdf=PDF)
    note, file = only(make, Note), only(make, Attachment)
    client.post(path("customer", "notes/remove", id=customer.id), data={"note": note.id})
    entries = list(make.session.scalars(select(AuditEntry).where(AuditEntry.table_name == "note")))
    assert [entry.action.value for entry in entries] == ["insert", "update"]
    assert entries[0].changes["body"] == [None, "请回电"]
    assert client.staff is not None
    assert {entry.actor_id for entry in entries} == {client.staff.id}
    attached = make.session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "attachment", AuditEntry.row_id == file.id)
    ).one()
    assert attached.changes["file_name"] == [None, "a.pdf"]
    assert "content" not in attached.changes


def test_a_refused_file_saves_nothing_and_keeps_what_was_written(make: Factory, login: Login) -> None:
    customer = make.customer()
    response = write(
        login(Role.CLERK), "customer", customer.id, "写了很久的话", a_pdf=PDF, page_html=b"<html><script>1"
    )
    assert response.status_code == 422
    assert "“page.html” is of a type that is not taken" in response.text
    assert ">写了很久的话</textarea>" in response.text
    assert make.session.scalars(select(Note)).all() == []
    assert make.session.scalars(select(Attachment)).all() == []


def test_the_limits_are_said(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    large = write(client, "customer", customer.id, "", a_txt=b"a" * (FILE_MOST + 1))
    assert (large.status_code, "“a.txt” is larger than 20 MB." in large.text) == (422, True)
    many = send(client, "customer", customer.id, "", [(PDF, f"{n}.pdf") for n in range(11)])
    assert "At most 10 files at once." in many.text
    assert "Write something, or choose a file." in write(client, "customer", customer.id, "  \n ").text
    assert "At most 20000 characters" in write(client, "customer", customer.id, "字" * 20_001).text
    whole = write(client, "customer", customer.id, "", a_txt=b"a" * (33 * 1024 * 1024))
    assert whole.status_code == 413
    assert make.session.scalars(select(Note)).all() == []


def test_what_people_write_into_notes_never_becomes_markup(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    payload = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    send(client, "customer", customer.id, payload, [(png(), "'\"><img src=x onerror=1>.png")])
    page = client.get(path("customer", "details", id=customer.id)).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_no_token_no_note(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    for page in ("notes", "notes/remove"):
        response = client.post(path("customer", page, id=customer.id), data={"body": "x"}, csrf=False)
        assert response.status_code == 400
    forms = re.findall(
        r'<form[^>]*method="post".*?</form>',
        client.get(path("customer", "details", id=customer.id)).text,
        re.DOTALL,
    )
    assert forms
    assert all('name="csrf_token" value="' in form for form in forms)


def test_more_notes_need_no_more_queries(app: Flask, make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.CLERK)
    address = path("customer", "details", id=customer.id)
    write(client, "customer", customer.id, "1", a_pdf=PDF)
    with count_queries(app) as few:
        client.get(address)
    for _ in range(5):
        write(client, "customer", customer.id, "2", a_pdf=PDF, b_png=png())
    with count_queries(app) as many:
        client.get(address)
    assert len(many) == len(few)
    assert not any("attachment_content" in statement for statement in many)
