"""Logins that live on the server, and the tries to get one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Identity, Index, String, and_, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from config import Settings
from models.base import Base, now

# For how long a try counts against further ones.
ATTEMPT_COUNTS = timedelta(minutes=15)


class LoginSession(Base):
    """A login that lives on the server: its cookie is worth nothing once this row has ended."""

    __tablename__ = "login_session"
    __table_args__ = (
        Index("ix_login_session_staff_id_open", "staff_id", postgresql_where=text("ended_at IS NULL")),
    )

    # SHA-256 of the token in the cookie: who reads this table can't log in with it.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    # When the second factor was shown; None where there was none to show, or it is still asked for.
    second_factor_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    remote_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(300))

    @classmethod
    def open(cls, settings: Settings) -> ColumnElement[bool]:
        """Return the condition under which a login counts: not ended, in use, and not too old."""
        return cls.open_since(now() - settings.login_idle, now() - settings.login_lasts)

    @classmethod
    def open_since(cls, seen: Any, begun: Any) -> ColumnElement[bool]:
        """Return the condition of logins not ended that were seen, and begun, after these instants."""
        return and_(cls.ended_at.is_(None), cls.last_seen_at > seen, cls.created_at > begun)


class LoginAttempt(Base):
    """A try to get in that has not succeeded, kept for as long as it counts against further ones."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_key_hash_at", "key_hash", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    # SHA-256 of who was tried from where: what people type by mistake into the wrong field stays unknown.
    key_hash: Mapped[str] = mapped_column(String(64))
