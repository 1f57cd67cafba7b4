"""The clock forgets tries to log in that count no longer."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from jobs.logins import forget_attempts
from jobs.schedule import tick
from models import LoginAttempt, db
from models.base import now
from models.login import ATTEMPT_COUNTS


def count() -> int:
    return db.session.scalar(select(func.count(LoginAttempt.id))) or 0


def test_tries_that_count_no_longer_go_and_the_others_stay(in_app: Flask) -> None:
    second = timedelta(seconds=1)
    for age in (ATTEMPT_COUNTS + second, ATTEMPT_COUNTS - second):
        db.session.add(LoginAttempt(key_hash="0", at=now() - age))
    db.session.commit()
    forget_attempts(now())
    assert count() == 1


def test_the_clock_does_it_by_itself(in_app: Flask, queue: object) -> None:
    db.session.add(LoginAttempt(key_hash="0", at=now() - timedelta(days=1)))
    db.session.commit()
    tick()
    assert count() == 0
