"""The copy of all that is kept about a person: whole, in the person's language, and safe to open."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from screens import path
from sqlalchemy import select

from conftest import Login, PanelClient
from factories import Factory
from models import AccessEntry, Customer
from models.access import AccessKind
from models.organisation import Locale, Role

NAME, EARLIER = "诸葛清澜", "13855319977"


def person(make: Factory) -> Customer:
    customer = make.customer(name=NAME, phone=EARLIER, address="=HYPERLINK(1)", region=make.region())
    customer.phone = "13977640821"
    vehicle = make.vehicle(customer_id=customer.id, frame_number="LHSZQ3KD5N7X20461")
    complaint = make.complaint(customer_id=customer.id, description="<script>alert(1)</script>电机异响")
    make.complaint(phone="13977640821", description="网站投诉")
    receipt = make.service_receipt(customer_id=customer.id, work_done="更换控制器")
    make.call_record(customer_id=customer.id, points="很满意", deleted_at=datetime.now(UTC))
    make.letter(customer_id=customer.id, regarding="保养通知书")
    make.warranty_claim(vehicle_id=vehicle.id, fault="电机烧毁")
    make.attachment(make.note(complaint, body="协议已签"), b"agreement", file_name="协议.txt")
    make.note(receipt, body="已寄出")
    make.session.commit()
    return customer


def download(client: PanelClient, table: str, key: int, locale: str = "zh_Hans_CN") -> zipfile.ZipFile:
    with client.post(path(table, "person/copy", id=key), data={"locale": locale}) as response:
        assert response.status_code == 200
        assert response.mimetype == "application/zip"
        assert response.content_length == len(response.data)
        return zipfile.ZipFile(io.BytesIO(response.data))


def test_everything_about_a_customer_is_in_one_file(make: Factory, login: Login) -> None:
    customer = person(make)
    archive = download(login(Role.SUPERVISOR), "customer", customer.id)
    (file,) = [name for name in archive.namelist() if name.startswith("文件/")]
    assert file.endswith(" 协议.txt")
    assert archive.read(file) == b"agreement"
    page = archive.read("个人信息.html").decode()
    for words in (
        NAME, "13977640821", EARLIER, "LHSZQ3KD5N7X20461", "电机异响", "网站投诉", "更换控制器", "很满意",
        "保养通知书", "电机烧毁", "协议已签", "已寄出",
    ):  # fmt: skip
        assert words in page, words
    assert "<script>" not in page
    assert '<html lang="zh-Hans-CN">' in page
    assert "This is all" not in page


def test_the_workbook_holds_the_same_and_no_formula(make: Factory, login: Login) -> None:
    customer = person(make)
    archive = download(login(Role.SUPERVISOR), "customer", customer.id, "en")
    book = load_workbook(io.BytesIO(archive.read("Personal data.xlsx")))
    assert {"Customers", "Vehicles", "Complaints", "Calls", "Letters", "Earlier values", "Notes"} <= set(
        book.sheetnames
    )
    cells = [cell for sheet in book for line in sheet for cell in line]
    assert "'=HYPERLINK(1)" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    values = [[cell.value for cell in line] for line in book["Earlier values"]]
    assert [f"Customer {NAME}", "Phone", EARLIER] in [[line[0], *line[2:]] for line in values]
    # One of the calls was deleted, and is still kept.
    assert book["Calls"].cell(2, book["Calls"].max_column).value


def test_the_file_keeps_the_chinese_name_and_the_copy_is_recorded(make: Factory, login: Login) -> None:
    customer = person(make)
    client = login(Role.SUPERVISOR)
    with client.post(path("customer", "person/copy", id=customer.id)) as response:
        assert f"{NAME}-个人信息-" in unquote(response.headers["Content-Disposition"])
    found = select(AccessEntry).where(AccessEntry.kind == AccessKind.PERSON_EXPORTED)
    entry = make.session.scalars(found).one()
    assert (entry.actor_id, entry.table_name, entry.row_id) == (client.staff.id, "customer", customer.id)
    assert entry.detail["counts"]["complaint"] == 2
    assert NAME not in str(entry.detail)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_take_a_copy(role: Role, make: Factory, login: Login) -> None:
    customer, colleague = make.customer(), make.staff()
    client = login(role)
    may = {Role.SUPERVISOR, Role.ADMINISTRATOR}
    for table, key, allowed in (
        ("customer", customer.id, role in may),
        ("staff", colleague.id, role is Role.ADMINISTRATOR),
    ):
        with client.post(path(table, "person/copy", id=key)) as response:
            assert response.status_code == (200 if allowed else 403)


def test_everybody_gets_the_own_data_and_nobody_elses(make: Factory, login: Login) -> None:
    client = login(Role.CLERK, locale=Locale.CHINESE, name="宇文远舟", email="yuwen@example.com")
    make.delivery(recipient="yuwen@example.com", subject="设置密码")
    make.delivery(recipient="other@example.com", subject="别人的邮件")
    with client.post("/preferences/own-data/", data={"id": 1}) as response:
        assert response.status_code == 200
        page = zipfile.ZipFile(io.BytesIO(response.data)).read("个人信息.html").decode()
    assert "宇文远舟" in page
    assert "设置密码" in page
    assert "别人的邮件" not in page
    assert client.staff.fs_uniquifier not in page
    assert client.get("/preferences/own-data/").status_code == 405
