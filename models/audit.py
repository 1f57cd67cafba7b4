"""The audit log: written by a database trigger on every business table, and by nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Identity, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Labelled, enum_type


class AuditAction(Labelled):
    """What was done to a row."""

    INSERT = "insert", _("Created")
    UPDATE = "update", _("Changed")
    DELETE = "delete", _("Removed")


class AuditEntry(Base):
    """One change of one row: who, when, through what, and each changed column as [old, new].

    The application's role may read this table, and nothing more: rows come from the trigger `audit_row`.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_row", "table_name", "row_id", "id"),
        Index("ix_audit_entry_actor_id", "actor_id", "id"),
        # Rows come in the order of their instants and are never moved: a summary of pages finds a day.
        Index("ix_audit_entry_at", "at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    table_name: Mapped[str] = mapped_column(String(63))
    row_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[AuditAction] = mapped_column(enum_type(AuditAction))
    # None where a job, an import, a command, or somebody at the database's own prompt acted.
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    on_behalf_of_id: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(80))
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSONB)
