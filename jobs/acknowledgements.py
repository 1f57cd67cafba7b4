"""Telling a customer in writing that a complaint was taken up: by mail, else by a letter ready to be sent.

Whoever calls commits, and wakes a worker afterwards: jobs.outbox.send_soon.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import force_locale, format_date, format_datetime
from flask_babel import gettext as _
from sqlalchemy import select

from jobs.mail_message import Mail
from jobs.mail_texts import mail_from
from jobs.outbox import Addressee, add_acknowledgement_mail, sender_name
from models import Complaint, Customer, Delivery, Letter, Staff, Subject, acting_as, db, system_actor
from models.base import now
from models.centre import centre_facts, site_zone
from models.deadline import open_deadlines
from models.deadline_rule import DeadlineKind
from models.letter import LetterKind
from models.organisation import Locale

# Customers are written to in Chinese: nothing says of anybody that another language is wanted.
LANGUAGE = Locale.CHINESE
# Who enters a slip of weeks ago has the customer's answer already, or owes more than a word of thanks.
WITHIN = timedelta(days=7)
REGARDING_MOST = 160


def acknowledge(complaint: Complaint) -> list[Delivery]:
    """Write to the customer that the complaint was taken up, once, where an address is known; flushes.

    By mail where the customer's file has an e-mail address: the mails are returned. Otherwise, where a postal
    address is known, a letter is drafted. Nothing where the centre has switched it off, or for an old slip.
    """
    if not centre_facts().is_acknowledged or complaint.registered_at < now() - WITHIN:
        return []
    # Written by the panel, whatever who registers may see; but as his or her work.
    with acting_as(system_actor("acknowledgement")):
        known = select(Letter.id).where(
            Letter.complaint_id == complaint.id, Letter.kind == LetterKind.ACKNOWLEDGEMENT
        )
        if db.session.scalar(known) is not None:
            return []
        customer = db.session.get(Customer, complaint.customer_id) if complaint.customer_id else None
    email = customer.email if customer else None
    address = complaint.address or (customer.address if customer else None)
    if not email and not address:
        return []
    with force_locale(LANGUAGE.value):
        return _write(complaint, email, address)


def _write(complaint: Complaint, email: str | None, address: str | None) -> list[Delivery]:
    # A letter comes when the first answer should be there already.
    mail = _mail(complaint, _first_answer_due_at(complaint) if email else None)
    letter = Letter(
        kind=LetterKind.ACKNOWLEDGEMENT,
        complaint_id=complaint.id,
        customer_id=complaint.customer_id,
        address=None if email else address,
        regarding=mail.subject[:REGARDING_MOST],
        content=mail.text,
    )
    letter.responsible_id, letter.region_id = complaint.responsible_id, complaint.region_id
    letter.department_id = complaint.department_id
    db.session.add(letter)
    if not email:
        db.session.flush()
        return []
    delivery = add_acknowledgement_mail(mail, Addressee(complaint.customer_name, email, LANGUAGE))
    db.session.flush()
    letter.delivery_id, letter.sent_on = delivery.id, now().astimezone(site_zone()).date()
    db.session.flush()
    return [delivery]


def _mail(complaint: Complaint, due_at: datetime | None) -> Mail:
    subject = db.session.get(Subject, complaint.subject_id)
    return mail_from(
        "acknowledgement",
        LANGUAGE,
        _("Your complaint, number %(number)s", number=complaint.number),
        complaint=complaint,
        subject_name=subject.name if subject else "",
        heard_on=format_date(complaint.registered_at.astimezone(site_zone()).date(), "long"),
        until=format_datetime(due_at.astimezone(site_zone()), "yyyy年M月d日 HH:mm", rebase=False)
        if due_at
        else None,
        whom=_whom_to_call(complaint),
        written_on=format_date(now().astimezone(site_zone()).date(), "long"),
    )


def _first_answer_due_at(complaint: Complaint) -> datetime | None:
    """Return when the first answer is due; None where it is not owed, or should have come already."""
    owed = (each for each in open_deadlines(complaint) if each.kind is DeadlineKind.FIRST_ANSWER)
    return next((each.due_at for each in owed if each.due_at > now()), None)


def _whom_to_call(complaint: Complaint) -> str:
    """Return name and phone of who answers for the complaint; the centre's number is the one to call."""
    with acting_as(system_actor("acknowledgement")):
        person = db.session.get(Staff, complaint.responsible_id) if complaint.responsible_id else None
    phone = centre_facts().hotline or (person.phone if person else None)
    return " ".join(part for part in (person.name if person else sender_name(LANGUAGE), phone) if part)
