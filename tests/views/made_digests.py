"""What tests of the pages of digests and mails share: a digest with its mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from factories import Factory
from jobs.outbox import Addressee, put_digest
from models import Delivery, Department, Digest, acting_as, db, system_actor
from models.base import now
from models.digest import DeliveryState
from models.digest_content import digest_content
from models.iso_week import IsoWeek
from models.organisation import Locale

WEEK = IsoWeek(2024, 10)
PAYLOAD = "</iframe><script>alert(1)</script>"


@dataclass(frozen=True)
class Made:
    """The keys of a digest and of its mails."""

    digest: int
    department: int
    deliveries: list[int]


def put(app: Flask, make: Factory, department: Department, emails: list[str]) -> Made:
    """Store a digest with a mail for each address, as the job does."""
    subject = make.subject(departments=[department])
    make.complaint(
        subject_id=subject.id,
        registered_at=datetime(2024, 3, 6, tzinfo=UTC),
        description=f"行驶中电机异响严重{PAYLOAD}",
    )
    key = department.id
    with app.app_context(), acting_as(system_actor("test")):
        kept = db.session.get(Department, key)
        assert kept is not None
        digest = Digest(
            department_id=key, iso_year=WEEK.year, iso_week=WEEK.week,
            starts_on=WEEK.monday, ends_on=WEEK.sunday,
            cut_at=now(), payload=digest_content(kept, WEEK, app.extensions["settings"].timezone, now()),
        )  # fmt: skip
        db.session.add(digest)
        db.session.flush()
        deliveries = [
            put_digest(digest, Addressee(f"收件人{email[0]}", email, Locale.CHINESE)) for email in emails
        ]
        db.session.commit()
        return Made(digest.id, key, [delivery.id for delivery in deliveries])


def set_state(session: Session, key: int, state: DeliveryState) -> None:
    session.execute(update(Delivery).where(Delivery.id == key).values(state=state))
    session.commit()


def stored(session: Session, key: int) -> Delivery:
    found = session.get(Delivery, key, populate_existing=True)
    assert found is not None
    return found


def count(session: Session) -> int:
    return session.scalar(select(func.count(Delivery.id))) or 0
