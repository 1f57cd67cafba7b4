"""Inviting people: a mail in their language, with a link under which a first password is set."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import select

from config import Settings
from jobs.account_mail import invitation_mail
from jobs.outbox import add_account_mail, send_soon
from models import Delivery, ImportOrigin, Invitation, Staff, db
from models.base import now
from models.mail_link import invitation_url


def invite(staff: Staff) -> Delivery:
    """Put the mail that asks a person to set a password into the outbox, and flush.

    Whoever calls commits, and wakes a worker afterwards; the links of earlier mails are worth nothing then.
    """
    (delivery,) = _put([staff])
    return delivery


def _put(people: Sequence[Staff]) -> list[Delivery]:
    """Put the mails to all these people into the outbox at once."""
    ids = [person.id for person in people]
    known = {
        row.staff_id: row
        for row in db.session.scalars(select(Invitation).where(Invitation.staff_id.in_(ids)))
    }
    invitations = [known.get(key) or Invitation(staff_id=key) for key in ids]
    for invitation in invitations:
        invitation.sent_at, invitation.accepted_at = now(), None
    deliveries = [
        add_account_mail(invitation_mail(person, link_of(invitation)), person)
        for person, invitation in zip(people, invitations, strict=True)
    ]
    db.session.flush()
    for invitation, delivery in zip(invitations, deliveries, strict=True):
        invitation.delivery_id = delivery.id
    db.session.add_all(invitations)
    db.session.flush()
    return deliveries


def link_of(invitation: Invitation) -> str:
    """Return the address under which the invited person sets a password."""
    settings: Settings = current_app.extensions["settings"]
    return invitation_url(settings, invitation.staff_id, invitation.sent_at)


def people_to_invite(*which: object) -> Sequence[Staff]:
    """Return who may log in, has no password and was never invited, and meets the conditions."""
    statement = (
        select(Staff)
        .outerjoin(Invitation, Invitation.staff_id == Staff.id)
        .where(Staff.active, Staff.password.is_(None), Invitation.staff_id.is_(None))
        .order_by(Staff.id)
    )
    return db.session.scalars(statement.where(*which)).all()  # type: ignore[arg-type]  # SQL conditions


def invite_all(people: Sequence[Staff]) -> list[Delivery]:
    """Invite these people, commit, and have the mails sent."""
    deliveries = _put(people)
    db.session.commit()
    send_soon(deliveries)
    return deliveries


def invite_imported(run_id: int) -> list[Delivery]:
    """Invite the people whom an import brought in; commits."""
    imported = select(ImportOrigin.row_id).where(
        ImportOrigin.run_id == run_id, ImportOrigin.table_name == Staff.__tablename__
    )
    return invite_all(people_to_invite(Staff.id.in_(imported)))
