"""The workbook that comes along with a digest's mail."""

from __future__ import annotations

import io
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from factories import Factory
from jobs.digest import freeze
from jobs.outbox import Addressee, put_digest
from models import Department, Digest, db
from models import digest_rows as rows_of_digest
from models.base import now
from models.iso_week import IsoWeek
from models.organisation import Locale

WEEK = IsoWeek(2024, 10)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


@pytest.fixture
def department(in_app: Flask, make: Factory) -> Department:
    """Return a department with two complaints in the week, one before it."""
    department = make.department("quality-test", name="品质/部", name_en="Quality", attaches_workbook=True)
    subject = make.subject(name="电机", name_en="Motor", departments=[department])
    starts_at = WEEK.bounds(in_app.extensions["settings"].timezone)[0]
    told = (
        (1, "=HYPERLINK(1)", "HS\x0b150"),
        (2, "车主王小明的电话13812345678，电机异响", "HS-200"),
        (-1, "上周的事", None),
    )
    for days, description, product in told:
        make.complaint(
            subject_id=subject.id, registered_at=starts_at + timedelta(days=days), description=description,
            product=product, customer_name="王小明",
        )  # fmt: skip
    return department


def mail_of(app: Flask, department: Department) -> tuple[Digest, EmailMessage]:
    payload, rows = freeze(department, WEEK, app.extensions["settings"].timezone, now())
    digest = Digest(
        department_id=department.id, iso_year=WEEK.year, iso_week=WEEK.week, starts_on=WEEK.monday,
        ends_on=WEEK.sunday, cut_at=now(), payload=payload, rows=rows,
    )  # fmt: skip
    db.session.add(digest)
    db.session.commit()
    delivery = put_digest(digest, Addressee("张经理", "reader@example.com", Locale.ENGLISH))
    parsed = message_from_bytes(delivery.message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return digest, parsed


def cells(content: bytes) -> list[tuple[Any, ...]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def test_a_workbook_stands_beside_text_and_page_and_holds_the_weeks_complaints_masked(
    in_app: Flask, department: Department
) -> None:
    digest, mail = mail_of(in_app, department)
    assert mail.get_content_type() == "multipart/mixed"
    written, attached = mail.iter_parts()
    assert written.get_content_type() == "multipart/alternative"
    assert attached.get_filename() == f"Quality-{WEEK}.xlsx"
    head, *rows = cells(attached.get_content())
    assert (head[0], head[2], head[-1]) == ("Number", "Subject", "Description")
    assert [row[2] for row in rows] == ["Motor", "Motor"]
    assert [row[7] for row in rows] == ["HS 150", "HS-200"]
    assert rows[0][-1] == "=HYPERLINK(1)"
    assert rows[1][-1] == "车主***的电话***，电机异响"
    sheet = load_workbook(io.BytesIO(attached.get_content())).worksheets[0]
    assert sheet.cell(2, len(head)).data_type == "s"
    assert digest.payload["workbook"] == "attached"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "come along as a workbook" in text.get_content()


def test_where_there_are_too_many_the_mail_brings_a_link_to_just_these(
    in_app: Flask, department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_of_digest, "MOST_ROWS", 1)
    digest, mail = mail_of(in_app, department)
    assert mail.get_content_type() == "multipart/alternative"
    assert (digest.payload["workbook"], digest.rows) == ("too_long", None)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    address = "/complaint/?flt_registered_at_from=2024-03-04&flt_registered_at_to=2024-03-10"
    assert address in text.get_content()
    assert address.replace("&", "&amp;") in html.get_content()


def test_who_wants_none_gets_none(in_app: Flask, department: Department) -> None:
    department.attaches_workbook = False
    db.session.commit()
    digest, mail = mail_of(in_app, department)
    assert mail.get_content_type() == "multipart/alternative"
    assert (digest.payload["workbook"], digest.rows) == (None, None)
