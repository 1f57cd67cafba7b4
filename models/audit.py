"""The audit log: written by a database trigger on every business table, and by nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, ColumnElement, Identity, Index, String, and_, not_, or_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Labelled, enum_type

# Rows that went or came back: few among all changes.
_GONE = "action = 'delete' OR changes ? 'deleted_at'"


class AuditAction(Labelled):
    """What was done to a row."""

    INSERT = "insert", _("Created")
    UPDATE = "update", _("Changed")
    DELETE = "delete", _("Removed")


class ChangeKind(Labelled):
    """What a change means to people: records go and come back by a mark, not by their row."""

    CREATED = "created", _("Created")
    CHANGED = "changed", _("Changed")
    REMOVED = "removed", _("Removed")
    RETURNED = "returned", _("Brought back")


class AuditEntry(Base):
    """One change of one row: who, when, through what, and each changed column as [old, new].

    The application's role may read this table, and nothing more: rows come from the trigger `audit_row`.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_row", "table_name", "row_id", "id"),
        Index("ix_audit_entry_actor_id", "actor_id", "id"),
        Index("ix_audit_entry_table_name", "table_name", "id"),
        Index("ix_audit_entry_action", "action", "id"),
        Index("ix_audit_entry_gone", "id", postgresql_where=text(_GONE)),
        Index("ix_audit_entry_at", "at", "id"),
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

    @property
    def kind(self) -> ChangeKind:
        """Return what the change means to people."""
        if self.action is AuditAction.INSERT:
            return ChangeKind.CREATED
        if self.action is AuditAction.DELETE:
            return ChangeKind.REMOVED
        if "deleted_at" in self.changes:
            return ChangeKind.REMOVED if self.changes["deleted_at"][1] else ChangeKind.RETURNED
        return ChangeKind.CHANGED


def is_of_kind(kind: ChangeKind) -> ColumnElement[bool]:
    """Return the condition that an entry is of a kind, in the words of the indexes."""
    is_update = AuditEntry.action == AuditAction.UPDATE
    # The index holds what this condition, as it is written there, lets through.
    is_gone = or_(AuditEntry.action == AuditAction.DELETE, AuditEntry.changes.has_key("deleted_at"))
    is_marked = AuditEntry.changes["deleted_at"][1].astext.is_not(None)
    found: ColumnElement[bool] = {
        ChangeKind.CREATED: AuditEntry.action == AuditAction.INSERT,
        ChangeKind.CHANGED: and_(is_update, not_(AuditEntry.changes.has_key("deleted_at"))),
        ChangeKind.REMOVED: and_(is_gone, or_(AuditEntry.action == AuditAction.DELETE, is_marked)),
        ChangeKind.RETURNED: and_(is_gone, is_update, not_(is_marked)),
    }[kind]
    return found
