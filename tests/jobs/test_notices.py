"""Whom a complaint and its tasks are told to in writing, and what the mails say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import func, select

from conftest import Login
from factories import Factory
from jobs.notices import link_of, send_again, tell_of_complaint, tell_of_tasks
from models import Complaint, Delivery, DepartmentTask, DigestRecipient, Notice, Region, db
from models.base import now
from models.complaint import Severity
from models.department_task import TaskState
from models.digest import DeliveryKind, DeliveryState
from models.mail_obstacle import Obstacle
from models.notice import ANSWER_WITHIN, NoticeState
from models.organisation import Locale, Role


def text_of(delivery: Delivery, kind: str = "plain") -> str:
    message = message_from_bytes(delivery.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def told() -> list[str]:
    return list(db.session.scalars(select(Notice.email).order_by(Notice.id)))


@pytest.fixture
def complaint_id(make: Factory, in_app: Flask) -> int:
    """Make a complaint about a subject below one that names two departments."""
    quality = make.department(code="quality", name="品质部")
    production = make.department(name="生产部")
    make.digest_recipient(quality, email="quality@example.com", locale=Locale.ENGLISH)
    make.digest_recipient(production, email="production@example.com", name="王主任")
    make.digest_recipient(production, email="gone@example.com", is_active=False)
    make.digest_recipient(make.department(gets_all_subjects=True), email="top@example.com")
    above = make.subject(departments=[production])
    subject = make.subject(name="电机", name_en="Motor", parent_id=above.id)
    made = make.complaint(
        subject_id=subject.id,
        customer_name="张三丰",
        phone="13812345678",
        description="我是张三丰，电机异响，请回电13812345678，车牌苏C12345",
        region_id=make.region().id,
    )
    return made.id


def test_the_departments_of_the_nearest_subject_above_are_told_once(complaint_id: int) -> None:
    complaint = db.session.get_one(Complaint, complaint_id)
    tell_of_complaint(complaint)
    assert told() == ["production@example.com"]
    assert tell_of_complaint(complaint) == []
    notice = db.session.scalars(select(Notice)).one()
    assert (notice.state, notice.region_id) == (NoticeState.OPEN, complaint.region_id)
    assert notice.expires_at - notice.told_at == ANSWER_WITHIN


def test_a_mail_holds_the_link_and_nothing_that_names_the_customer(complaint_id: int) -> None:
    complaint = db.session.get_one(Complaint, complaint_id)
    (delivery,) = tell_of_complaint(complaint)
    notice = db.session.scalars(select(Notice)).one()
    assert (delivery.kind, notice.delivery_id) == (DeliveryKind.NOTICE, delivery.id)
    assert delivery.subject == f"投诉 {complaint.number}：电机"
    for kind in ("plain", "html"):
        said = text_of(delivery, kind)
        assert link_of(notice) in said
        assert "电机异响" in said
        assert not any(secret in said for secret in ("张三丰", "13812345678", "苏C12345"))


def test_what_is_severe_or_unsafe_also_goes_to_the_top_quality_and_the_region_s_supervisors(
    complaint_id: int, make: Factory
) -> None:
    here = make.session.get_one(Complaint, complaint_id).region_id
    make.staff(Role.SUPERVISOR, email="there@example.com", region=make.session.get(Region, here))
    make.staff(Role.SUPERVISOR, email="elsewhere@example.com", region=make.region())
    make.staff(Role.SUPERVISOR, email="left@example.com", active=False)
    make.staff(Role.CLERK, email="clerk@example.com")
    complaint = db.session.get_one(Complaint, complaint_id)
    complaint.is_safety_relevant, complaint.severity = True, Severity.SEVERE
    deliveries = tell_of_complaint(complaint)
    assert told() == ["production@example.com", "quality@example.com", "top@example.com", "there@example.com"]
    assert deliveries[0].subject.startswith("[安全] [严重] ")
    assert deliveries[1].subject.startswith("[Safety] [Severe] Complaint ")


def test_of_a_region_without_a_supervisor_every_supervisor_hears(complaint_id: int, make: Factory) -> None:
    make.staff(Role.SUPERVISOR, email="elsewhere@example.com", region=make.region())
    complaint = db.session.get_one(Complaint, complaint_id)
    complaint.severity = Severity.SEVERE
    tell_of_complaint(complaint)
    assert told()[-1] == "elsewhere@example.com"


def test_a_task_is_told_to_its_department_with_what_and_when(complaint_id: int, make: Factory) -> None:
    department = make.department()
    make.digest_recipient(department, email="warehouse@example.com", locale=Locale.ENGLISH)
    task = make.department_task(
        complaint_id=complaint_id, department_id=department.id, what="给张三丰寄控制器 <b>2</b> 个"
    )
    make.department_task(complaint_id=complaint_id, department_id=department.id, state=TaskState.CANCELLED)
    number = task.number
    complaint = db.session.get_one(Complaint, complaint_id)
    (delivery,) = tell_of_tasks(complaint)
    assert delivery.subject == f"Task {number}, due March 9, 2026: Motor"
    assert "给***寄控制器 <b>2</b> 个" in text_of(delivery)
    assert "给***寄控制器 &lt;b&gt;2&lt;/b&gt; 个" in text_of(delivery, "html")
    assert tell_of_tasks(complaint) == []


def registered(login: Login, make: Factory, subject_id: int) -> str:
    client = login(Role.CLERK)
    form = {"customer_name": "李四", "subject_id": str(subject_id), "severity": "normal", "channel": "phone"}
    form |= {"registered_at": "2026-03-02 10:00"}
    answer = client.post("/complaint/new/", data=form, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_registering_a_complaint_writes_its_notices_with_it(login: Login, make: Factory) -> None:
    department = make.department()
    make.digest_recipient(department, email="told@example.com")
    page = registered(login, make, make.subject(departments=[department]).id)
    waiting = select(func.count(Delivery.id)).where(
        Delivery.kind == DeliveryKind.NOTICE, Delivery.recipient == "told@example.com"
    )
    assert make.session.scalar(waiting) == 1
    assert "Nobody was told of this complaint" not in page


def test_a_complaint_of_which_nobody_could_be_told_says_so(login: Login, make: Factory) -> None:
    assert "Nobody was told of this complaint" in registered(login, make, make.subject().id)


def test_a_task_added_by_hand_is_told_too(login: Login, make: Factory) -> None:
    department = make.department()
    make.digest_recipient(department)
    complaint = make.complaint()
    form = {
        "complaint_id": str(complaint.id),
        "department_id": str(department.id),
        "what": "寄出补偿配件",
        "due_on": "2026-03-09",
    }
    assert login(Role.CLERK).post("/department-task/new/", data=form).status_code == 302
    tasks: Sequence[DepartmentTask] = make.session.scalars(select(DepartmentTask)).all()
    notice = make.session.scalars(select(Notice)).one()
    assert notice.department_task_id == tasks[-1].id


def test_what_turns_out_severe_or_unsafe_later_is_told_to_those_above_once(
    make: Factory, login: Login
) -> None:
    top = make.digest_recipient(make.department(gets_all_subjects=True))
    department = make.department()
    complaint = make.complaint(subject_id=make.subject(departments=[department]).id)
    client = login(Role.SUPERVISOR)
    assert client.staff is not None

    def edit(**values: str) -> list[str]:
        address = f"/complaint/edit/?id={complaint.id}&only=severity"
        make.session.refresh(complaint)
        data = {"version": str(complaint.version), **values}
        assert client.post(address, data=data).status_code == 302
        return sorted(make.session.scalars(select(Notice.email)))

    assert edit(severity="minor") == []
    # Who was added to the subject's departments since is not told afterwards.
    make.digest_recipient(department)
    assert edit(severity="severe") == sorted([top.email, client.staff.email])
    assert edit(severity="normal") == sorted([top.email, client.staff.email])
    assert edit(severity="severe") == sorted([top.email, client.staff.email])


def failed_notice(make: Factory, recipient: DigestRecipient) -> Notice:
    mail = make.delivery(kind=DeliveryKind.NOTICE, state=DeliveryState.FAILED, answer="550 no such user")
    return make.notice(
        delivery_id=mail.id,
        department_id=recipient.department_id,
        name=recipient.name,
        email=recipient.email,
        told_at=now() - timedelta(days=1),
    )


def test_a_notice_that_reached_nobody_is_a_thing_to_do_and_goes_out_again_with_a_new_link(
    make: Factory, login: Login, app: Flask
) -> None:
    recipient = make.digest_recipient(make.department(), email="old@example.com", name="李主任")
    notice, client = failed_notice(make, recipient), login(Role.CLERK)
    with app.app_context():
        before = link_of(notice)
    assert client.get(before).status_code == 200
    page = client.get("/due/?kind=notice").text
    assert f"/notice/details/?id={notice.id}" in page
    assert "Send again" in page
    recipient.email = "new@example.com"
    make.session.commit()
    assert "Send again to new@example.com" in client.get(f"/notice/details/?id={notice.id}").text
    for _click in range(2):
        assert client.post(f"/notice/again/?id={notice.id}").status_code == 302
    make.session.expire_all()
    delivery = make.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert delivery is not None
    assert (notice.email, notice.delivery_id, delivery.recipient) == (
        "new@example.com",
        delivery.id,
        "new@example.com",
    )
    # Sent by hand: it goes also where mail came back before.
    assert client.staff is not None
    assert delivery.created_by_id == client.staff.id
    assert len(make.session.scalars(select(Delivery.id)).all()) == 2
    assert client.get(before).status_code == 404
    with app.app_context():
        assert client.get(link_of(notice)).status_code == 200
    assert f"/notice/details/?id={notice.id}" not in client.get("/due/?kind=notice").text


def test_a_notice_that_was_held_back_says_why_in_the_panels_words(make: Factory, login: Login) -> None:
    notice = failed_notice(make, make.digest_recipient(make.department()))
    mail = make.session.get_one(Delivery, notice.delivery_id)
    mail.answer = Obstacle.MAIL_CAME_BACK.value
    make.session.commit()
    page = login(Role.CLERK).get(f"/notice/details/?id={notice.id}").text
    assert "Mail to this address came back; it is marked as bad" in page
    assert "The mail server said" not in page
    assert "obstacle:" not in page


def test_an_uncertain_notice_is_sent_again_by_hand_alone_and_is_settled_by_that(
    make: Factory, login: Login
) -> None:
    notice = failed_notice(make, make.digest_recipient(make.department()))
    mail = make.session.get_one(Delivery, notice.delivery_id)
    mail.state = DeliveryState.UNKNOWN
    make.session.commit()
    client = login(Role.SUPERVISOR)
    assert "Nobody knows whether this notice arrived" in client.get(f"/notice/details/?id={notice.id}").text
    client.post(f"/notice/again/?id={notice.id}")
    make.session.expire_all()
    assert client.staff is not None
    assert (mail.settled_by_id, notice.delivery_id != mail.id) == (client.staff.id, True)


def test_a_notice_is_sent_again_only_by_who_may_and_only_where_it_failed(make: Factory, login: Login) -> None:
    recipient = make.digest_recipient(make.department())
    failed, sent = failed_notice(make, recipient), make.notice()
    for role in (Role.WAREHOUSE_KEEPER, Role.AUDITOR):
        assert login(role).post(f"/notice/again/?id={failed.id}").status_code == 403
    client = login(Role.CLERK)
    assert client.post(f"/notice/again/?id={sent.id}").status_code == 302
    assert "Send again to" not in client.get(f"/notice/details/?id={sent.id}").text
    assert client.post("/notice/again/?id=x").status_code == 404
    assert len(make.session.scalars(select(Delivery.id)).all()) == 1


def test_two_notices_of_one_point_never_get_the_same_address(make: Factory, in_app: Flask) -> None:
    recipient = make.digest_recipient(make.department(), email="old@example.com")
    notice = failed_notice(make, recipient)
    make.notice(complaint_id=notice.complaint_id, email="new@example.com")
    recipient.email = "new@example.com"
    make.session.commit()
    (delivery,) = send_again(notice.id)
    assert delivery.recipient == "old@example.com"
