"""The archive of a complaint as PDF: searchable in both languages, masked as the page, with its papers."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import EncodedStreamObject, NameObject
from screens import path
from sqlalchemy import select
from test_archive import MOBILE, NAMED, closed
from test_notes import PDF, png, send

from conftest import Login, PanelClient
from factories import Factory
from models import AccessEntry, Complaint
from models.access import AccessKind
from models.complaint import Step
from models.organisation import Locale, Role


def paper(said: str, *, encrypted: bool = False, content: bytes = b"") -> bytes:
    """Return a PDF of one page whose title is `said`."""
    writer, written = PdfWriter(), io.BytesIO()
    page: Any = writer.add_blank_page(300, 400)
    writer.add_metadata({"/Title": said})
    if content:
        stream = EncodedStreamObject()
        # pypdf has no other way to take it packed, and to keep it so.
        stream._data = zlib.compress(content)
        stream[NameObject("/Filter")] = NameObject("/FlateDecode")
        page[NameObject("/Contents")] = writer._add_object(stream)
    if encrypted:
        writer.encrypt("secret", algorithm="RC4-128")
    writer.write(written)
    return written.getvalue()


def pdf_of(client: PanelClient, row: Complaint) -> PdfReader:
    with client.get(path("complaint", "archive/pdf", id=row.id)) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        return PdfReader(io.BytesIO(answer.data))


def text_of(pdf: PdfReader) -> str:
    """Return all that can be found in a PDF by searching it."""
    return "\n".join(page.extract_text() for page in pdf.pages)


def titles_of(outline: Any) -> list[str]:
    return [each.title for each in outline if not isinstance(each, list)]


def test_in_chinese_it_can_be_searched_and_leafed_through_and_holds_the_papers(
    make: Factory, login: Login
) -> None:
    row = closed(make, Step.CARRIED_OUT)
    client = login(Role.SUPERVISOR, locale=Locale.CHINESE)
    papers = [(png((900, 600)), "现场照片.png"), (paper("一"), "补充协议.pdf"), (b"a,b\n", "清单.csv")]
    assert send(client, "complaint", row.id, "", papers).status_code == 302
    pdf = pdf_of(client, row)
    text = text_of(pdf)
    said = ("投诉档案", row.number, "尚未结案", NAMED, "左前减震漏油", "油封质量差", "周主管", "补充协议.pdf")
    assert [each for each in said if each not in text] == []
    titles = titles_of(pdf.outline)
    assert [
        title for title in ("分析", "时限", "附件材料") if not any(title in each for each in titles)
    ] == []
    # The photo is drawn, the other paper's page has a sheet of its own.
    assert sum(len(page.images) for page in pdf.pages) == 1
    assert "1 / 1" in pdf.pages[-1].extract_text()
    assert f"{len(pdf.pages)} / {len(pdf.pages)}" in pdf.pages[-1].extract_text()


def test_in_english_it_is_masked_as_for_its_reader_and_written_down(make: Factory, login: Login) -> None:
    row = closed(make)
    make.demo_record(row)
    text = text_of(pdf_of(login(Role.QUALITY_ENGINEER), row))
    for said in (
        "Complaint file",
        "Closed on 2026-03-02",
        "1. Registered",
        "Signed agreement",
        "左前减震漏油",
    ):
        assert said in text, said
    assert MOBILE not in text
    assert "139****5678" in text
    found = select(AccessEntry).where(AccessEntry.kind == AccessKind.EXPORTED)
    entry = make.session.scalars(found).one()
    assert (entry.table_name, entry.row_id, entry.detail) == ("complaint", row.id, {"papers": 2})
    assert "with 2 papers" in login(Role.AUDITOR).get(path("audit-log")).text


def test_papers_that_can_not_be_read_are_named_and_break_nothing(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, client = make.complaint(), login(Role.CLERK)
    broken = [
        (PDF, "半截.pdf"),
        (paper("x")[:300], "截断.pdf"),
        (paper("x", encrypted=True), "加密.pdf"),
        (paper("<script>", content=b"0 0 m\n"), "好的.pdf"),
    ]
    assert send(client, "complaint", row.id, "", broken).status_code == 302
    pdf = pdf_of(client, row)
    text = text_of(pdf)
    assert text.count("Can't be read as PDF") == 3
    assert "好的.pdf 1 / 1" in pdf.pages[-1].extract_text()

    # One that unpacks to more memory than there is takes the child with it, and nothing else.
    monkeypatch.setattr("jobs.archive_pdf.MEMORY", 300 << 20)
    bomb = [(paper("x", content=b" " * (150 << 20)), "炸弹.pdf")]
    assert send(client, "complaint", row.id, "", bomb).status_code == 302
    text = text_of(pdf_of(client, row))
    assert "炸弹.pdf" in text
    assert text.count("Can't be read as PDF") == 5


def test_where_it_can_not_be_made_the_page_says_what_to_do(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, client = make.complaint(), login(Role.CLERK)
    monkeypatch.setattr("jobs.archive_pdf.MEMORY", 1 << 20)
    answer = client.get(path("complaint", "archive/pdf", id=row.id), follow_redirects=True)
    assert "Print this page instead" in answer.text
    assert make.session.scalars(select(AccessEntry.kind).where(AccessEntry.row_id == row.id)).all() == []


def test_who_does_not_see_the_complaint_gets_no_pdf(make: Factory, login: Login) -> None:
    row = make.complaint(region=make.region())
    client = login(Role.CLERK, region=make.region())
    assert client.get(path("complaint", "archive/pdf", id=row.id)).status_code == 404
