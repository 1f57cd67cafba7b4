"""The screens of the weekly digests: by week and department, what was sent, and to make and send by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from redis.exceptions import RedisError
from rq.job import JobStatus
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from jobs.digest import active_groups, active_recipients, make_digest
from jobs.group_outbox import GroupGoneError, put_digest_to_group
from jobs.outbox import Addressee, put_copy, put_digest, send_soon
from jobs.queues import enqueue, status
from models import ChatGroup, Delivery, Department, Digest, DigestRecipient, Staff, current_actor, db
from models.base import now, reads_english
from models.centre import site_zone
from models.digest import DeliveryKind
from models.iso_week import IsoWeek
from models.mail_obstacle import answer_text
from models.sql import labels_for
from views.came_back import shown_mails
from views.delivery import group_is_gone
from views.menu import Area
from views.page import Page
from views.stored_mail import asked_copy, asked_key, find_delivery, frame, stored_mail

# How many weeks with digests are offered beside the chosen one.
RECENT_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A department in a week; `digest` is None where there is none, `work` says what becomes of it then."""

    department: Department
    digest: Digest | None
    work: JobStatus | None


class DigestView(Page):
    """Show digests, make those of past weeks, and send them again."""

    permission = "digest"
    actions: ClassVar[Mapping[str, str]] = {
        "index": "read",
        "details": "read",
        "message": "read",
        "make": "act",
        "send": "act",
    }
    area, icon, title = Area.DIGEST, "digest", _("Weekly digests")

    def __init__(self) -> None:
        super().__init__(name="digest", endpoint="digest", url="/digest")

    @expose("/")
    def index(self) -> Response:
        """List the departments with their digests of one week; comes back by itself while some are made."""
        week = asked_week() or IsoWeek.last_closed(now(), site_zone())
        lines = lines_of(week)
        is_working = any(line.work in (JobStatus.QUEUED, JobStatus.STARTED) for line in lines)
        page = self.render(
            "digests.html",
            week=week,
            lines=lines,
            weeks=recent_weeks(),
            is_closed=week.has_ended(now(), site_zone()),
            newest=IsoWeek.last_closed(now(), site_zone()),
            is_working=is_working,
            can_make=self.is_allowed("act"),
            department_name=department_name,
        )
        response = Response(page)
        if is_working:
            response.headers["Refresh"] = "3"
        return response

    @expose("/details/")
    def details(self) -> str:
        """Show one digest: what was sent, and how far each mail has come."""
        digest = find_digest(asked_key())
        shown = shown_delivery(digest)
        known = {delivery.recipient for delivery in digest.deliveries}
        missing = [one for one in active_recipients(digest.department_id) if one.email not in known]
        missing_groups = [one for one in active_groups(digest.department_id) if one.robot not in known]
        return self.render(
            "digest.html",
            digest=digest,
            week=IsoWeek(digest.iso_year, digest.iso_week),
            shown=shown,
            mail=stored_mail(shown) if shown else None,
            missing=missing,
            missing_groups=missing_groups,
            next_copies={one.recipient: one.copy_number + 1 for one in digest.deliveries},
            people=labels_for(Staff, asked_by(digest)),
            answer_text=answer_text,
            can_send=self.is_allowed("act"),
            department_name=department_name,
            came_back=shown_mails(digest.deliveries),
        )

    @expose("/message")
    def message(self) -> Response:
        """Answer with the HTML of one mail, for the frame."""
        return frame(digest_mail_asked_for())

    @expose("/make", methods=("POST",))
    def make(self) -> ResponseReturnValue:
        """Have digests made for a past week: for one department, or for all that have none yet."""
        week = asked_week()
        if week is None:
            abort(404)
        back = redirect(url_for(".index", week=str(week)))
        if not week.has_ended(now(), site_zone()):
            flash(
                _("Week %(week)s has not ended yet. A digest is made of closed weeks only.", week=str(week)),
                "error",
            )
            return back
        chosen = asked_key("department_id") if request.form.get("department_id") else None
        wanted = [
            line.department.id
            for line in lines_of(week)
            if line.digest is None and chosen in (None, line.department.id)
        ]
        actor = current_actor()
        try:
            for department_id in wanted:
                asked_by_id = actor.staff_id if actor else None
                enqueue(make_digest, department_id, week.year, week.week, asked_by=asked_by_id)
        except RedisError:
            flash(_("The background work can't be reached just now. Please try again in a minute."), "error")
        return back

    @expose("/send", methods=("POST",))
    def send(self) -> ResponseReturnValue:
        """Send a digest again to somebody who had it, or to a recipient who has not."""
        actor = current_actor()
        staff_id = actor.staff_id if actor else None
        if "delivery_id" in request.form:
            earlier = find_delivery(asked_key("delivery_id"))
            if earlier.digest is None:
                abort(404)
            digest = earlier.digest
            put: Any = lambda: put_copy(earlier, staff_id, asked_copy())  # noqa: E731 - one call, made below
        elif "group_id" in request.form:
            digest = find_digest(asked_key("digest_id"))
            group = find_group(asked_key("group_id"), digest.department_id)
            put = lambda: put_digest_to_group(digest, group, 1, staff_id)  # noqa: E731 - one call, made below
        else:
            digest = find_digest(asked_key("digest_id"))
            recipient = find_recipient(asked_key("recipient_id"), digest)
            put = lambda: put_digest(digest, recipient, 1, staff_id)  # noqa: E731 - one call, made below
        back = redirect(url_for(".details", id=digest.id))
        try:
            delivery = put()
            db.session.commit()
        except GroupGoneError:
            db.session.rollback()
            flash(group_is_gone(), "warning")
            return back
        except IntegrityError:
            # Two people, or two clicks, asked for the same copy.
            db.session.rollback()
            flash(_("It was just sent to this recipient; see below."), "warning")
            return back
        send_soon([delivery])
        flash(_("A new copy for %(name)s is on its way.", name=delivery.recipient_name), "success")
        return back


def asked_week() -> IsoWeek | None:
    """Return the week that a request names, None where it names none or nothing that is a week."""
    try:
        return IsoWeek.parse(request.values.get("week", ""))
    except (ValueError, OverflowError):
        return None


def department_name(department: Department) -> str:
    """Return a department's name in the reader's language."""
    return (department.name_en if reads_english() else None) or department.name


def lines_of(week: IsoWeek) -> list[Line]:
    """Return every department that gets a digest or got one of this week."""
    digests = {
        digest.department_id: digest
        for digest in db.session.scalars(
            select(Digest)
            .where(Digest.iso_year == week.year, Digest.iso_week == week.week)
            .options(selectinload(Digest.deliveries))
        )
    }
    departments = db.session.scalars(
        select(Department)
        .where(Department.gets_digest | Department.id.in_(digests))
        .order_by(Department.name, Department.id)
    ).all()
    without = [department.id for department in departments if department.id not in digests]
    work = work_on(week, without)
    return [
        Line(department, digests.get(department.id), work.get(department.id)) for department in departments
    ]


def work_on(week: IsoWeek, department_ids: list[int]) -> dict[int, JobStatus | None]:
    """Return how far the making of digests has come; empty where the queue can't be reached."""
    try:
        return {key: status(make_digest, key, week.year, week.week) for key in department_ids}
    except RedisError:
        return {}


def recent_weeks() -> list[IsoWeek]:
    """Return the latest weeks that have digests."""
    rows = db.session.execute(
        select(Digest.iso_year, Digest.iso_week)
        .group_by(Digest.iso_year, Digest.iso_week)
        .order_by(Digest.iso_year.desc(), Digest.iso_week.desc())
        .limit(RECENT_WEEKS)
    )
    return [IsoWeek(year, week) for year, week in rows]


def find_digest(key: int) -> Digest:
    """Return a digest with department and deliveries, else 404."""
    digest = db.session.scalars(
        select(Digest)
        .where(Digest.id == key)
        .options(selectinload(Digest.deliveries), selectinload(Digest.department))
    ).one_or_none()
    if digest is None:
        abort(404)
    return digest


def shown_delivery(digest: Digest) -> Delivery | None:
    """Return the mail to be shown, with its message: the one asked for, else the first; None without any."""
    wanted = asked_key("delivery") if request.args.get("delivery") else None
    if wanted is None:
        wanted = digest.deliveries[0].id if digest.deliveries else None
    elif wanted not in {delivery.id for delivery in digest.deliveries}:
        abort(404)
    return find_delivery(wanted, with_message=True) if wanted is not None else None


def digest_mail_asked_for() -> Delivery:
    """Return the delivery of a digest that the request names, with its message, else 404."""
    delivery = find_delivery(asked_key(), with_message=True)
    if delivery.kind is not DeliveryKind.DIGEST:
        abort(404)
    return delivery


def find_recipient(key: int, digest: Digest) -> Addressee:
    """Return a recipient of the digest's department, else 404."""
    recipient = db.session.scalars(
        select(DigestRecipient).where(
            DigestRecipient.id == key, DigestRecipient.department_id == digest.department_id
        )
    ).one_or_none()
    if recipient is None:
        abort(404)
    return Addressee(recipient.name, recipient.email, recipient.locale)


def find_group(key: int, department_id: int) -> ChatGroup:
    """Return a chat group of a department, else 404."""
    wanted = select(ChatGroup).where(ChatGroup.id == key, ChatGroup.department_id == department_id)
    return db.session.scalars(wanted).one_or_none() or abort(404)


def asked_by(digest: Digest) -> set[int]:
    """Return who made the digest, sent copies of it, or settled them."""
    people = {digest.made_by_id}
    for delivery in digest.deliveries:
        people |= {delivery.created_by_id, delivery.settled_by_id}
    return {person for person in people if person is not None}
