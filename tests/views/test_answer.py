"""The page on which departments answer by the link of their mail."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from jobs.notices import link_of
from models import Attachment, AuditEntry, DepartmentTask, Note, Notice
from models.base import now
from models.department_task import TaskState
from models.mail_link import invitation_url
from models.notice import NoticeState
from models.organisation import Locale, Role
from views.throttle import MAILS_MOST

Link = Callable[[Notice], str]
SAID = {"answered_by": "李主任", "answer": "已更换轴承，批次停用。"}


@pytest.fixture
def link(app: Flask, db_session: Session) -> Link:
    def path(notice: Notice) -> str:
        with app.app_context():
            return link_of(notice).removeprefix("http://localhost")

    return path


def form_key(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def of_task(make: Factory) -> tuple[Notice, DepartmentTask]:
    task = make.department_task()
    return make.notice(complaint_id=task.complaint_id, department_task_id=task.id), task


def test_who_got_the_mail_answers_without_a_login(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    complaint = make.complaint(
        customer_name="张三丰", phone="13812345678", description="张三丰13812345678电机异响"
    )
    notice = make.notice(complaint_id=complaint.id)
    path = link(notice)
    page = client.get(path)
    assert page.status_code == 200
    assert '<html lang="zh-Hans-CN"' in page.text
    assert complaint.number in page.text
    # A telephone is no place to type one's name on.
    assert f'name="answered_by" value="{notice.name}"' in page.text
    assert not any(secret in page.text for secret in ("张三丰", "13812345678"))
    due = (now() + timedelta(days=5)).date()
    sent = SAID | {"measure_owner": "陈工", "measure_due_on": due.isoformat()}
    assert client.post(path, data=sent).status_code == 303
    db_session.refresh(notice)
    assert (notice.state, notice.answered_by) == (NoticeState.ANSWERED, "李主任")
    assert (notice.measure_owner, notice.measure_due_on) == ("陈工", due)
    assert str(notice.answer).endswith("李主任] 已更换轴承，批次停用。")
    page = client.get(path)
    assert "已更换轴承" in page.text
    assert 'name="answered_by" value="李主任"' in page.text


def test_an_answer_stands_in_the_audit_trail_as_the_link_s(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice = make.notice()
    client.post(link(notice), data=SAID)
    newest = (
        select(AuditEntry).where(AuditEntry.table_name == "notice").order_by(AuditEntry.id.desc()).limit(1)
    )
    entry = db_session.scalars(newest).one()
    assert (entry.source, entry.actor_id, entry.row_id) == ("answer:notice", None, notice.id)
    assert set(entry.changes) >= {"answer", "answered_by", "answered_at", "state"}


def test_a_later_answer_stands_beside_the_earlier_one(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice = make.notice()
    client.post(link(notice), data=SAID)
    client.post(link(notice), data={"answered_by": "陈工", "answer": "复检合格。"})
    db_session.refresh(notice)
    first, second = str(notice.answer).split("\n\n")
    assert "李主任] 已更换轴承" in first
    assert "陈工] 复检合格。" in second
    assert notice.answered_by == "陈工"


def test_a_second_click_makes_no_second_answer(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice, other = make.notice(), make.notice()
    sent = SAID | {"form_key": form_key(client, link(notice))}
    assert [client.post(link(notice), data=sent).status_code for _ in range(2)] == [303, 303]
    db_session.refresh(notice)
    assert str(notice.answer).count("已更换轴承") == 1
    # The same key under another link is another answer.
    client.post(link(other), data=sent)
    db_session.refresh(other)
    assert other.state is NoticeState.ANSWERED


def test_opening_the_link_changes_nothing_and_a_post_needs_the_token_of_its_form(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice = make.notice()
    before = db_session.scalar(select(func.max(AuditEntry.id)))
    assert client.get(link(notice), query_string=SAID).status_code == 200
    assert client.post(link(notice), data=SAID, csrf=False).status_code == 400
    assert db_session.scalar(select(func.max(AuditEntry.id))) == before


def test_a_link_opens_its_own_notice_alone(
    app: Flask, client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    mine, theirs = make.notice(), make.notice()
    payload, signature = link(mine).rsplit(".", 1)
    other_payload = link(theirs).rsplit(".", 1)[0]
    of_another_purpose = invitation_url(app.extensions["settings"], mine.id, mine.told_at).rsplit("/", 1)[1]
    tampered = [
        f"{other_payload}.{signature}",
        f"{payload}.{signature[:-2]}xx",
        f"{payload}.",
        f"/answer/{of_another_purpose}",
        "/answer/nonsense",
        "/answer/%00",
        "/answer/....",
    ]
    for path in tampered:
        for answer in (client.get(path), client.post(path, data=SAID)):
            assert answer.status_code == 404, path
    english = client.get(tampered[0], headers={"Accept-Language": "en"})
    assert "This link does not work" in english.text
    assert set(db_session.scalars(select(Notice.state))) == {NoticeState.OPEN}


def test_a_newer_mail_makes_the_earlier_link_worthless(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice = make.notice()
    path = link(notice)
    notice.told_at = now()
    db_session.commit()
    assert client.get(path).status_code == 404
    assert client.get(link(notice)).status_code == 200


def test_a_link_past_its_time_says_so_in_the_recipient_s_language(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice = make.notice(told_at=now() - timedelta(days=31), expires_at=now() - timedelta(minutes=1))
    answer = client.get(link(notice))
    assert (answer.status_code, "已过期" in answer.text) == (410, True)
    assert client.post(link(notice), data=SAID).status_code == 410
    db_session.refresh(notice)
    assert notice.answer is None


@pytest.mark.parametrize("what", ["complaint", "task"])
def test_what_was_taken_back_is_asked_for_no_longer(
    client: PanelClient, make: Factory, link: Link, db_session: Session, what: str
) -> None:
    notice, task = of_task(make)
    gone = task if what == "task" else make.session.get_one(type(make.complaint()), task.complaint_id)
    gone.deleted_at = now()
    db_session.commit()
    assert client.post(link(notice), data=SAID).status_code == 410


def test_a_task_is_reported_done_with_evidence(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice, task = of_task(make)
    files = [(io.BytesIO(b"waybill 1"), "waybill.txt"), (io.BytesIO(b"waybill 2"), "second.txt")]
    sent = SAID | {"is_done": "1", "files": files}
    assert client.post(link(notice), data=sent).status_code == 303
    db_session.refresh(task)
    assert (task.state, task.done_by, task.report) == (TaskState.DONE, "李主任", SAID["answer"])
    note = db_session.scalars(select(Note).where(Note.table_name == "department_task")).one()
    assert (note.row_id, note.created_by_id) == (task.id, None)
    assert db_session.scalar(select(func.count(Attachment.id)).where(Attachment.note_id == note.id)) == 2


def test_a_report_that_is_not_done_leaves_the_task_open(
    client: PanelClient, make: Factory, link: Link, db_session: Session
) -> None:
    notice, task = of_task(make)
    client.post(link(notice), data=SAID)
    db_session.refresh(task)
    assert (task.state, task.report) == (TaskState.OPEN, None)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"answered_by": "", "answer": "x"}, "Fill this in."),
        ({"answered_by": "x", "answer": " \n"}, "Fill this in."),
        ({"answered_by": "x" * 81, "answer": "x"}, "At most 80 characters; these are 81."),
        ({"answered_by": "x", "answer": "x" * 5001}, "At most 5000 characters; these are 5001."),
        ({**SAID, "measure_due_on": "soon"}, "Give a day such as 2026-03-31."),
        ({**SAID, "measure_due_on": "2020-01-01"}, "Give a day from today on."),
        ({**SAID, "measure_due_on": "9999-12-31"}, "Give a day from today on."),
    ],
)
def test_what_will_not_do_is_said_at_its_field_and_kept(
    client: PanelClient, make: Factory, link: Link, sent: dict[str, str], said: str
) -> None:
    answer = client.post(link(make.notice(locale=Locale.ENGLISH)), data=sent)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_files_that_are_not_taken_are_named(client: PanelClient, make: Factory, link: Link) -> None:
    task = make.department_task()
    notice = make.notice(complaint_id=task.complaint_id, department_task_id=task.id, locale=Locale.ENGLISH)
    bad = client.post(link(notice), data=SAID | {"files": [(io.BytesIO(b"MZ\x90"), "run.exe")]})
    assert (bad.status_code, "run.exe" in bad.text) == (422, True)
    many = [(io.BytesIO(b"a"), f"{number}.txt") for number in range(6)]
    assert "At most 5 files at once." in client.post(link(notice), data=SAID | {"files": many}).text


def test_markup_in_an_answer_is_shown_as_text(
    client: PanelClient, login: Login, make: Factory, link: Link
) -> None:
    notice = make.notice()
    payload = "'\"></textarea><script>ran()</script>"
    client.post(link(notice), data={"answered_by": "<b>x", "answer": payload})
    reader = login(Role.CLERK)
    pages = [
        client.get(link(notice)),
        reader.get(f"/notice/details/?id={notice.id}"),
        reader.get(f"/complaint/details/?id={notice.complaint_id}"),
        reader.get("/notice/"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>ran()" not in page.text
        assert "&lt;script&gt;ran()" in page.text


def test_the_register_tells_answered_notices_from_open_ones(
    client: PanelClient, login: Login, make: Factory, link: Link
) -> None:
    answered, waiting = make.notice(), make.notice()
    client.post(link(answered), data=SAID)
    page = login(Role.CLERK).get("/notice/?flt_state=answered").text
    assert answered.number in page
    assert waiting.number not in page


def test_tries_from_one_place_are_bounded(client: PanelClient, make: Factory, link: Link) -> None:
    path = link(make.notice())
    answers = [client.post(path, data={}).status_code for _ in range(MAILS_MOST + 1)]
    assert answers == [422] * MAILS_MOST + [429]


def test_an_answer_stands_in_the_handler_s_work_until_it_is_read(
    client: PanelClient, make: Factory, link: Link, login: Login, db_session: Session
) -> None:
    handler = login(Role.CLERK)
    assert handler.staff is not None
    notice = make.notice(responsible_id=handler.staff.id, region_id=handler.staff.region_id)
    client.post(link(notice), data=SAID)
    work = handler.get("/due/?person=own").text
    assert SAID["answer"] in work
    page = handler.get(f"/notice/details/?id={notice.id}").text
    shown = re.search(r'name="answered_at" value="([^"]+)"', page)
    assert shown is not None
    # A second answer comes while the first is on the screen: it is not taken for read with it.
    client.post(link(notice), data=SAID | {"answer": "补充：已通知供应商。"})
    path = f"/notice/read/?id={notice.id}"
    late = handler.post(path, data={"answered_at": shown[1]}, follow_redirects=True)
    assert "A further answer has come meanwhile." in late.text
    db_session.expire_all()
    assert notice.has_new_answer
    assert notice.answered_at is not None
    assert handler.post(path, data={"answered_at": notice.answered_at.isoformat()}).status_code == 302
    assert SAID["answer"] not in handler.get("/due/?person=own").text


@pytest.mark.parametrize("answered_at", ["", "x", "2026-03-01T00:00:00"])
def test_what_is_no_moment_of_an_answer_notes_nothing(
    answered_at: str, make: Factory, login: Login, db_session: Session
) -> None:
    said = {"state": NoticeState.ANSWERED, "answered_at": now(), "answered_by": "x", "answer": "y"}
    notice = make.notice(has_new_answer=True, **said)
    answer = login(Role.SUPERVISOR).post(f"/notice/read/?id={notice.id}", data={"answered_at": answered_at})
    assert answer.status_code in {302, 400}
    db_session.expire_all()
    assert notice.has_new_answer
