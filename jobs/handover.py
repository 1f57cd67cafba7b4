"""Telling people of work that comes to them: given by a colleague, or a decision that waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from jobs.mail_message import Mail
from jobs.outbox import add_reminder_mail
from jobs.told_mail import Line, Part, told_mail
from models import Complaint, Delivery, Staff, current_actor, db
from models.approval import Deciders
from models.complaint_procedure import open_proposal
from models.sql import labels_for


def tell_of_given(to: Staff, rows: Sequence[Any]) -> list[Delivery]:
    """Put one mail about all that was given to a person into the outbox, and flush; none to who gave it.

    Whoever calls commits, and wakes a worker afterwards: jobs.outbox.send_soon.
    """
    actor = current_actor()
    giver_id = None if actor is None else actor.staff_id
    if giver_id == to.id or not rows:
        return []
    giver = labels_for(Staff, [giver_id])[giver_id].text if giver_id else ""
    with force_locale(to.locale.value):
        subject = ngettext(
            "%(name)s has given you %(num)d piece of work",
            "%(name)s has given you %(num)d pieces of work",
            len(rows),
            name=giver,
        )
        lines = [_line(row) for row in sorted(rows, key=lambda row: (row.__tablename__, row.id))]
        mail = told_mail(
            to, subject, [Part(_("Yours from now on"), lines)], path="due/", link=_("All that you have to do")
        )
    delivery = add_reminder_mail(mail, to)
    db.session.flush()
    return [delivery]


def tell_of_decision(complaint: Complaint) -> list[Delivery]:
    """Put a mail into the outbox for each whose position decides about the proposal that waits, and flush.

    Who approves by role finds it among the decisions, and is reminded before it is due.
    """
    proposal = open_proposal(complaint)
    deciders = Deciders([complaint])
    if proposal is None or not deciders.is_by_position(complaint, proposal):
        return []
    who = deciders.who(complaint, proposal)
    people = db.session.scalars(select(Staff).where(Staff.id.in_(who)).order_by(Staff.id)).all()
    deliveries = [add_reminder_mail(_decision_mail(person, complaint), person) for person in people]
    db.session.flush()
    return deliveries


def _decision_mail(person: Staff, complaint: Complaint) -> Mail:
    with force_locale(person.locale.value):
        return told_mail(
            person,
            str(_("Complaint %(number)s waits for your decision", number=complaint.number)),
            [Part(_("Proposal to decide"), [_line(complaint)])],
            path="decision/",
            link=_("Decide"),
            intro=_("A proposal goes beyond what others may approve, or nobody else may decide about it."),
        )


def _line(row: Any) -> Line:
    is_urgent = isinstance(row, Complaint) and (row.is_safety_relevant or row.severity == "severe")
    path = f"{row.__tablename__.replace('_', '-')}/details/?id={row.id}"
    return Line(row.number, path, is_urgent=is_urgent)
