"""Forgetting tries to log in: the clock removes those that count no longer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from models import LoginAttempt, db
from models.login import ATTEMPT_COUNTS


def forget_attempts(at: datetime) -> None:
    """Remove the tries that count no longer at an instant; logins go by their retention period."""
    old = delete(LoginAttempt).where(LoginAttempt.at < at - ATTEMPT_COUNTS)
    db.session.execute(old, execution_options={"synchronize_session": False})
