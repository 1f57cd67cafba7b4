"""The access log: who came in, who was refused, what was revealed, taken out or erased.

The audit log holds changes of rows; this one holds what changes none. The application may add to it, and
neither change nor remove an entry.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Identity, Index, String, func, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.actor import current_actor
from models.base import Base, Labelled, db, enum_type


class AccessKind(Labelled):
    """What somebody did, or was kept from doing."""

    LOGIN = "login", _("Logged in")
    LOGIN_FAILED = "login_failed", _("Login failed")
    THROTTLED = "throttled", _("Too many tries")
    LOGOUT = "logout", _("Logged out")
    LOGINS_ENDED = "logins_ended", _("Other logins ended")
    RESET_ASKED = "reset_asked", _("Password reset asked for")
    PASSWORD_SET = "password_set", _("Password set")
    SECOND_FACTOR_SET = "second_factor_set", _("Second factor set up")
    SECOND_FACTOR_REMOVED = "second_factor_removed", _("Second factor removed")
    RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
    REFUSED = "refused", _("Access refused")
    REVEALED = "revealed", _("Masked value shown")
    EXPORTED = "exported", _("Exported")
    PERSON_EXPORTED = "person_exported", _("A person's data exported")
    PERSON_ERASED = "person_erased", _("A person's data erased")
    PURGED = "purged", _("Removed after its retention period")


class AccessEntry(Base):
    """One access: who, when, from where, and what it was about."""

    __tablename__ = "access_entry"
    __table_args__ = (
        Index("ix_access_entry_row", "table_name", "row_id", "id"),
        Index("ix_access_entry_actor_id", "actor_id", "id"),
        Index("ix_access_entry_table_name", "table_name", "id"),
        Index("ix_access_entry_kind", "kind", "id"),
        Index("ix_access_entry_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # By the database's clock, not the transaction's beginning nor the process's own.
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[AccessKind] = mapped_column(enum_type(AccessKind))
    # None where nobody was logged in. No keys: the entry outlives what it is about.
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    on_behalf_of_id: Mapped[int | None] = mapped_column(BigInteger)
    table_name: Mapped[str | None] = mapped_column(String(63))
    row_id: Mapped[int | None] = mapped_column(BigInteger)
    remote_address: Mapped[str | None] = mapped_column(INET)
    # Columns, counts, endpoints: what it was, never the value itself.
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))


def record_access(
    kind: AccessKind,
    *,
    table: str | None = None,
    row_id: int | None = None,
    actor_id: int | None = None,
    remote_address: str | None = None,
    **detail: Any,
) -> None:
    """Add an entry to the open transaction; who records commits, also where a refusal follows.

    `actor_id` is only given where the person is not yet, or no longer, the one who acts.
    """
    actor = current_actor()
    db.session.add(
        AccessEntry(
            kind=kind,
            actor_id=actor_id if actor_id is not None or actor is None else actor.staff_id,
            on_behalf_of_id=None if actor is None else actor.on_behalf_of_id,
            table_name=table,
            row_id=row_id,
            remote_address=remote_address,
            detail=detail,
        )
    )
    db.session.flush()
