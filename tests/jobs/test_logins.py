"""The clock forgets logins that ended long ago, and tries that count no longer."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from factories import Factory
from jobs.logins import LOGINS_KEPT, purge_logins
from jobs.schedule import tick
from models import LoginAttempt, LoginSession, db
from models.base import now
from models.login import ATTEMPT_COUNTS


def count(model: type[LoginSession | LoginAttempt]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_what_is_too_old_goes_and_the_rest_stays(in_app: Flask) -> None:
    staff_id = Factory(db.session()).staff().id
    second = timedelta(seconds=1)
    for number, age in enumerate((LOGINS_KEPT + second, LOGINS_KEPT - second, timedelta())):
        seen = now() - age
        db.session.add(
            LoginSession(token_hash=str(number), staff_id=staff_id, last_seen_at=seen, ended_at=seen)
        )
    for age in (ATTEMPT_COUNTS + second, ATTEMPT_COUNTS - second):
        db.session.add(LoginAttempt(key_hash="0", at=now() - age))
    db.session.commit()
    purge_logins(now())
    assert (count(LoginSession), count(LoginAttempt)) == (2, 1)


def test_no_login_is_forgotten_while_it_may_be_used(in_app: Flask) -> None:
    # The longest that LOGIN_MAX_DAYS allows.
    assert timedelta(days=30) < LOGINS_KEPT


def test_the_clock_does_it_by_itself(in_app: Flask, queue: object) -> None:
    db.session.add(LoginAttempt(key_hash="0", at=now() - timedelta(days=1)))
    db.session.commit()
    tick()
    assert count(LoginAttempt) == 0
