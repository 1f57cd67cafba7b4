"""Written notices: to whom a complaint or a task was told by mail, and what that person answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, select, text, type_coerce
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column

from models.base import Labelled, Record, enum_type, list_indexes, not_blank, now, number_column
from models.digest import Delivery, DeliveryKind, DeliveryState
from models.organisation import Locale

# How long the link of a notice takes an answer.
ANSWER_WITHIN = timedelta(days=30)


class NoticeState(Labelled):
    """Whether an answer has come."""

    OPEN = "open", _("Not answered yet")
    ANSWERED = "answered", _("Answered")


class Notice(Record):
    """One notice to one person about one complaint or task; the record's department is the one told.

    The person need not have a login: the link of the mail is good for this notice alone.
    """

    __tablename__ = "notice"
    searched: ClassVar[tuple[str, ...]] = ("number", "complaint_id", "name", "answer")
    __table_args__ = (
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered"),
        CheckConstraint("NOT has_new_answer OR answered_at IS NOT NULL", name="new_answer"),
        CheckConstraint("expires_at > told_at", name="expires_at"),
        not_blank("name"),
        # One notice of one point to one person, however often somebody saves it.
        Index(
            "uq_notice_point",
            "complaint_id",
            text("coalesce(department_task_id, 0)"),
            "email",
            unique=True,
        ),
        *list_indexes("notice", "told_at", "state"),
        Index("ix_notice_told_at", "told_at", "id"),
        Index("ix_notice_complaint_id_told_at", "complaint_id", "told_at"),
        Index("ix_notice_department_task_id_told_at", "department_task_id", "told_at"),
        Index("ix_notice_open", "told_at", "id", postgresql_where=text("state = 'open'")),
        Index("ix_notice_new_answer", "answered_at", postgresql_where=text("has_new_answer")),
    )
    is_log: ClassVar[bool] = True

    number: Mapped[str] = number_column("GZ")
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    # None: the notice is of the complaint itself.
    department_task_id: Mapped[int | None] = mapped_column(
        ForeignKey("department_task.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[Locale] = mapped_column(enum_type(Locale))
    told_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(default=lambda: now() + ANSWER_WITHIN)
    # None once the mail is past its retention period.
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("delivery.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[NoticeState] = mapped_column(
        enum_type(NoticeState), default=NoticeState.OPEN, server_default=NoticeState.OPEN.value
    )
    # All that was answered, the latest last; who and when are those of the latest.
    answer: Mapped[str | None]
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None] = mapped_column(index=True)
    # Until somebody here has read the latest of them.
    has_new_answer: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Who sees to what was answered, and until when, where the department says so.
    measure_owner: Mapped[str | None] = mapped_column(String(80))
    measure_due_on: Mapped[date | None] = mapped_column(index=True)

    @declared_attr
    def mail_state(cls) -> Mapped[DeliveryState | None]:  # noqa: N805 - SQLAlchemy passes the class
        """How far the mail has come; None once it is past its retention period. Read where asked for only."""
        state = select(Delivery.state).where(Delivery.id == cls.delivery_id).scalar_subquery()
        kind: Any = enum_type(DeliveryState)
        return column_property(type_coerce(state, kind), deferred=True)

    def can_be_sent_again(self) -> bool:
        """Tell whether its mail came to nothing, or may have, and no answer came by another way."""
        came_to_nothing = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
        return self.state is NoticeState.OPEN and self.mail_state in came_to_nothing

    @property
    def is_open_for_answers(self) -> bool:
        """Tell whether the link of the mail still works."""
        return now() < self.expires_at

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a notice by its number."""
        return cls.__table__.c.number


def is_undelivered() -> list[ColumnElement[bool]]:
    """Return the conditions of notices, joined with their mail, that reached nobody and are not answered."""
    return [
        Notice.state == NoticeState.OPEN,
        Delivery.kind == DeliveryKind.NOTICE,
        Delivery.state == DeliveryState.FAILED,
    ]
