"""The archive of a complaint: all there is about it on one page, in the order of its procedure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import path
from test_notes import PDF

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Complaint, Deadline
from models.complaint import Cause, Step, VerifiedBy
from models.department_task import TaskState
from models.organisation import Role
from models.proposal import DecidedAs, ProposalState
from models.step_taken import Move

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
NAMED = "王建国"
MOBILE = "13912345678"


def closed(make: Factory, step: Step = Step.CONFIRMED) -> Complaint:
    """Make a complaint that went all the way, with something of each kind on it."""
    boss, clerk = make.staff(Role.SUPERVISOR, name="周主管"), make.staff(Role.CLERK, name="陈内勤")
    vehicle = make.vehicle(plate_number="苏C·K8812", frame_number="LHS00000000000421")
    row = make.complaint(
        step=step,
        customer_name=NAMED,
        phone=MOBILE,
        vehicle_id=vehicle.id,
        description=f"左前减震漏油，请回电 {MOBILE}",
        verified_by=VerifiedBy.VISIT,
        fault="减震漏油",
        cause=Cause.POOR_QUALITY,
        analysis="油封质量差",
        satisfaction=5,
        confirmation="客户满意",
        confirmed_at=AT if step is Step.CONFIRMED else None,
        responsible_id=clerk.id,
    )
    for move, to in ((Move.REGISTER, Step.REGISTERED), (Move.VERIFY, Step.VERIFIED)):
        make.step_taken(complaint_id=row.id, move=move, to_step=to, taken_at=AT, created_by_id=clerk.id)
    proposal = make.proposal(
        complaint_id=row.id,
        state=ProposalState.AGREED,
        details="更换左前减震，赠机油一桶",
        created_by_id=clerk.id,
        decided_at=AT,
        decided_by_id=boss.id,
        decided_as=DecidedAs.APPROVER,
        told_at=AT,
        reply="同意",
    )
    task = make.department_task(
        complaint_id=row.id, what="寄出减震", state=TaskState.DONE, report="已寄出，单号 SF1", done_at=AT
    )
    make.notice(complaint_id=row.id, name="李主任", answer="已通知供应商")
    make.call_record(complaint_id=row.id, points="客户说周末在家", phone=MOBILE)
    make.letter(complaint_id=row.id, regarding="处理答复函")
    make.letter(complaint_id=row.id, regarding="受理告知函", sent_on=None)
    make.deadline(row, settled_at=AT, due_at=AT)
    note = make.note(row, body=f"协议随附，电话 {MOBILE}")
    make.attachment(
        note, PDF, file_name="处理协议.pdf", media_type="application/pdf", agreement_of_id=proposal.id
    )
    make.attachment(make.note(task, body=None), file_name="运单.txt")
    return row


def archive(client: PanelClient, row: Complaint) -> BeautifulSoup:
    answer = client.get(path("complaint", "archive", id=row.id))
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def chapter(page: BeautifulSoup, title: str) -> str:
    """Return what stands under a heading, on one line."""
    found = page.select("section.chapter")
    return next(" ".join(each.get_text(" ").split()) for each in found if title in each.h2.get_text())  # type: ignore[union-attr]  # has one


def test_everything_about_a_closed_complaint_stands_on_one_page(make: Factory, login: Login) -> None:
    row = closed(make)
    client = login(Role.SUPERVISOR)
    link = client.get(path("complaint", "details", id=row.id)).text
    assert f'href="/complaint/archive/?id={row.id}"' in link
    page = archive(client, row)
    assert page.h1 is not None
    assert row.number in page.h1.get_text()
    assert "Closed on 2026-03-02 09:30 and read-only since." in page.get_text()
    for title, texts in {
        "1. Registered": ("陈内勤", "2026-03-02 09:30", "左前减震漏油"),
        "2. Verified": ("Visit", "减震漏油"),
        "3. Analysed": ("Poor quality", "油封质量差"),
        "4. Proposed": ("更换左前减震，赠机油一桶", "周主管", "Approver", "Agreed with the customer"),
        "5. Agreed": ("Signed agreement", "Paper 1", "同意"),
        "6. Carried out": ("寄出减震", "已寄出，单号 SF1", "Papers 2"),
        "7. Confirmed": ("5", "客户满意"),
        "Vehicle": ("苏C·K8812", "LHS00000000000421"),
        "Course": ("Verified with the customer", "陈内勤"),
        "Deadlines": ("First answer", "Yes"),
        "Written notices": ("李主任", "已通知供应商"),
        "Calls": ("客户说周末在家", MOBILE),
        "Letters": ("2026-03-02", "处理答复函", "Not sent yet", "受理告知函"),
        "Notes": ("协议随附",),
        "Papers": ("处理协议.pdf", "Signed agreement", "运单.txt", "Task"),
    }.items():
        said = chapter(page, title)
        assert [text for text in texts if text not in said] == [], title


def test_what_is_not_closed_is_the_course_so_far(make: Factory, login: Login) -> None:
    row = closed(make, Step.CARRIED_OUT)
    page = archive(login(Role.CLERK), row)
    assert "Not closed: this is the course so far" in page.get_text()
    assert "Not reached yet." in chapter(page, "7. Confirmed")
    assert "客户满意" not in page.get_text()


def test_who_reads_masked_reads_the_archive_masked(make: Factory, login: Login) -> None:
    row = closed(make)
    page = archive(login(Role.QUALITY_ENGINEER), row).get_text()
    assert MOBILE not in page
    assert "139****5678" in page
    assert "苏C·K8812" not in page
    # By it a fault is traced to its batch.
    assert "LHS00000000000421" in page


def test_what_is_not_open_to_the_reader_is_named_and_left_out(make: Factory, login: Login) -> None:
    page = archive(login(Role.WAREHOUSE_KEEPER), closed(make)).get_text()
    assert "Not open to you, and so not in here: Calls, Letters." in page
    assert "客户说周末在家" not in page
    assert "处理答复函" not in page


def test_an_agreement_that_never_came_is_said_to_be_missing(make: Factory, login: Login) -> None:
    row = make.complaint(step=Step.CONFIRMED, confirmed_at=AT)
    why = "客户电话同意，未寄回"
    make.proposal(complaint_id=row.id, state=ProposalState.AGREED, decided_at=AT, no_agreement_because=why)
    said = chapter(archive(login(Role.CLERK), row), "5. Agreed")
    assert f"Still missing · {why}" in said


@pytest.mark.parametrize("key", ["0", "x", "999999", "1,2", ""])
def test_what_is_no_complaint_has_no_archive(key: str, login: Login) -> None:
    assert login(Role.CLERK).get(f"/complaint/archive/?id={key}").status_code == 404


def test_another_region_s_archive_is_not_there(make: Factory, login: Login) -> None:
    row = make.complaint(region=make.region())
    client = login(Role.CLERK, region=make.region())
    assert client.get(path("complaint", "archive", id=row.id)).status_code == 404


def test_more_records_take_no_more_queries(app: Flask, make: Factory, login: Login) -> None:
    client, row = login(Role.SUPERVISOR), closed(make)
    rule = make.session.get_one(Deadline, make.deadline(row, settled_at=AT).id).rule_id
    archive(client, row)
    with count_queries(app) as few:
        archive(client, row)
    for number in range(5):
        task = make.department_task(complaint_id=row.id, created_by_id=make.staff().id)
        make.attachment(make.note(task), file_name=f"{number}.txt")
        make.call_record(complaint_id=row.id)
        make.letter(complaint_id=row.id)
        make.notice(complaint_id=row.id)
        make.deadline(row, settled_at=AT, rule_id=rule)
        make.proposal(complaint_id=row.id, state=ProposalState.AGREED, decided_at=AT, told_at=AT)
    # What its address needs is read here, not counted; and new departments are read once.
    make.session.refresh(row)
    archive(client, row)
    with count_queries(app) as many:
        archive(client, row)
    assert len(many) == len(few)
    assert len(few) <= 26
