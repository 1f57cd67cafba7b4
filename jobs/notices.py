"""Telling departments in writing: of a complaint once it is registered, of a task once somebody has it.

Whoever calls commits, and wakes a worker afterwards: jobs.outbox.send_soon.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import current_app
from sqlalchemy import select, update

from config import Settings
from jobs.notice_mail import notice_mail
from jobs.outbox import Addressee, add_notice_mail
from models import (
    Complaint,
    Delivery,
    DepartmentTask,
    Notice,
    acting_as,
    current_actor,
    db,
    system_actor,
)
from models.base import now
from models.complaint_tasks import tasks_of
from models.department_task import TaskState
from models.digest import DeliveryState
from models.mail_link import answer_url
from models.notice import ANSWER_WITHIN
from models.notice_recipients import (
    Told,
    address_now,
    people_above,
    people_of_complaint,
    people_of_task,
)


def tell_of_complaint(complaint: Complaint) -> list[Delivery]:
    """Put a notice for everybody who is told of the complaint into the outbox, and flush."""
    return _tell(complaint, [(None, told) for told in people_of_complaint(complaint)])


def tell_of_raised(complaint: Complaint) -> list[Delivery]:
    """Tell those above of a complaint that was found to be severe or unsafe later, each once, and flush.

    Departments of its subject were told when it was registered; who was added to them since is not.
    """
    return _tell(complaint, [(None, told) for told in people_above(complaint)])


def send_again(notice_id: int) -> list[Delivery]:
    """Send a notice anew whose mail came to nothing, to the address of now, and flush; none where it did not.

    The link of the mail before is void: a link names the instant of its mail.
    """
    # Of two who press at once the second finds that it is on its way.
    locked = select(Notice).where(Notice.id == notice_id).with_for_update()
    notice = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    db.session.refresh(notice, ["mail_state"])
    if not notice.can_be_sent_again():
        return []
    told, at = address_now(notice), now()
    if notice.mail_state is DeliveryState.UNKNOWN:
        _settle(notice.delivery_id)
    notice.email, notice.locale = told.email, told.locale
    notice.told_at, notice.expires_at = at, at + ANSWER_WITHIN
    db.session.flush()
    # Whatever of it who sends it may see.
    with acting_as(system_actor("notice")):
        complaint = db.session.get_one(Complaint, notice.complaint_id)
        task_id = notice.department_task_id
        task = db.session.get(DepartmentTask, task_id) if task_id is not None else None
    delivery = add_notice_mail(
        notice_mail(notice, complaint, task, link_of(notice)),
        Addressee(notice.name, notice.email, notice.locale),
    )
    # Asked for by a person: it goes also where mail came back before.
    delivery.created_by_id = _who_acts()
    db.session.flush()
    notice.delivery_id = delivery.id
    db.session.flush()
    return [delivery]


def _settle(delivery_id: int | None) -> None:
    # Who sends it again has decided about the mail of which nobody knew whether it arrived.
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.settled_by_id.is_(None))
        .values(settled_by_id=_who_acts())
    )


def _who_acts() -> int | None:
    actor = current_actor()
    return actor.staff_id if actor else None


def tell_of_task(task: DepartmentTask) -> list[Delivery]:
    """Put a notice for everybody who has the task, or another open one of its complaint, into the outbox.

    Flushes. Its department has a task in whatever region the complaint lies, and may not see that.
    """
    with acting_as(system_actor("notice")):
        complaint = db.session.get_one(Complaint, task.complaint_id)
    return tell_of_tasks(complaint)


def tell_of_tasks(complaint: Complaint) -> list[Delivery]:
    """Put a notice for everybody who has one of the complaint's open tasks into the outbox, and flush.

    Who was told of a task is not told of it again.
    """
    tasks = [task for task in tasks_of(complaint) if task.state is TaskState.OPEN]
    return _tell(complaint, [(task, told) for task in tasks for told in people_of_task(task)])


def link_of(notice: Notice) -> str:
    """Return the address under which the notice is answered."""
    settings: Settings = current_app.extensions["settings"]
    return answer_url(settings, notice.id, notice.told_at)


def _notice(complaint: Complaint, task: DepartmentTask | None, told: Told, at: datetime) -> Notice:
    return Notice(
        complaint_id=complaint.id,
        department_task_id=task.id if task is not None else None,
        department_id=told.department_id,
        region_id=complaint.region_id,
        responsible_id=complaint.responsible_id,
        name=told.name,
        email=told.email,
        locale=told.locale,
        told_at=at,
        expires_at=at + ANSWER_WITHIN,
    )


def _tell(complaint: Complaint, points: Iterable[tuple[DepartmentTask | None, Told]]) -> list[Delivery]:
    known = select(Notice.department_task_id, Notice.email).where(Notice.complaint_id == complaint.id)
    at = now()
    # Also those that who tells may not see.
    with acting_as(system_actor("notice")):
        before = {(row.department_task_id, row.email) for row in db.session.execute(known)}
    fresh = [
        (_notice(complaint, task, told, at), task)
        for task, told in points
        if (task.id if task else None, told.email) not in before
    ]
    db.session.add_all(notice for notice, _task in fresh)
    # The link names the notice by its key.
    db.session.flush()
    deliveries = [
        add_notice_mail(
            notice_mail(notice, complaint, task, link_of(notice)),
            Addressee(notice.name, notice.email, notice.locale),
        )
        for notice, task in fresh
    ]
    db.session.flush()
    for (notice, _task), delivery in zip(fresh, deliveries, strict=True):
        notice.delivery_id = delivery.id
    db.session.flush()
    return deliveries
