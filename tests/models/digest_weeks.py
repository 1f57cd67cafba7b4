"""What tests of a digest's figures share: a week, complaints in it and before, and what is told of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from factories import Factory
from models import Complaint, Department, Subject
from models.complaint import Step
from models.deadline_rule import DeadlineKind
from models.digest_content import digest_content
from models.iso_week import IsoWeek

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = IsoWeek(2024, 10)
CUT = datetime(2024, 3, 11, 0, 30, tzinfo=UTC)
STARTS, ENDS = WEEK.bounds(SHANGHAI)


def content(department: Department, week: IsoWeek = WEEK, zone: ZoneInfo = SHANGHAI) -> dict[str, Any]:
    # As it is read back: what JSON can't hold fails here.
    found: dict[str, Any] = json.loads(json.dumps(digest_content(department, week, zone, CUT)))
    return found


def complaints(
    make: Factory, subject: Subject, number: int, weeks_back: int = 0, **attributes: Any
) -> list[Complaint]:
    at = STARTS - timedelta(weeks=weeks_back) + timedelta(days=1)
    return [
        make.complaint(
            subject_id=subject.id, **({"registered_at": at + timedelta(minutes=minute)} | attributes)
        )
        for minute in range(number)
    ]


def first_answer_due(
    make: Factory,
    subject: Subject,
    registered_at: datetime,
    verified_at: datetime | None = None,
    **attributes: Any,
) -> Complaint:
    """Make a complaint that owes, or owed until it was verified, its first answer within a day."""
    step = attributes.setdefault("step", Step.VERIFIED if verified_at else Step.REGISTERED)
    settled_at = verified_at or (None if step is Step.REGISTERED else registered_at)
    return make.owing(
        DeadlineKind.FIRST_ANSWER,
        registered_at + timedelta(days=1),
        settled_at,
        subject_id=subject.id,
        registered_at=registered_at,
        verified_at=verified_at,
        **attributes,
    )
