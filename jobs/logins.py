"""Forgetting logins: the clock removes those that ended long ago, and tries that count no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from models import LoginAttempt, LoginSession, db
from models.login import ATTEMPT_COUNTS

# Longer than any login can last, so that none is removed that is in use.
LOGINS_KEPT = timedelta(days=90)


def purge_logins(at: datetime) -> None:
    """Remove what is too old at an instant; who was logged in when stays in the access log."""
    for statement in (
        delete(LoginSession).where(LoginSession.last_seen_at < at - LOGINS_KEPT),
        delete(LoginAttempt).where(LoginAttempt.at < at - ATTEMPT_COUNTS),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
