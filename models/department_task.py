"""What a department was asked to do for a complaint: written, with a day, reported done."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from models.base import Labelled, Record, enum_type, list_indexes, not_blank, now, number_column
from models.proposal import Remedy


class TaskState(Labelled):
    """How far a task has come."""

    OPEN = "open", _("To do")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class DepartmentTask(Record):
    """One task of one department for one complaint; its notes hold the evidence."""

    __tablename__ = "department_task"
    searched: ClassVar[tuple[str, ...]] = ("number", "complaint_id", "what", "report")
    is_seen_by_department: ClassVar[bool] = True
    __table_args__ = (
        CheckConstraint("department_id IS NOT NULL", name="department"),
        CheckConstraint("(state = 'open') = (done_at IS NULL)", name="when_done"),
        CheckConstraint("state <> 'done' OR coalesce(report, '') ~ '[^[:space:]]'", name="task_report"),
        not_blank("what"),
        *list_indexes("department_task", "due_on", "state", "remedy"),
        Index("ix_department_task_due_on", "due_on", "id"),
        Index("ix_department_task_open", "due_on", "id", postgresql_where=text("state = 'open'")),
        Index("ix_department_task_complaint_id_due_on", "complaint_id", "due_on"),
        Index("ix_department_task_department_id_due_on", "department_id", "due_on"),
    )

    number: Mapped[str] = number_column("RW")
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    # What of the agreed solution it carries out; None where it was added by hand.
    remedy: Mapped[Remedy | None] = mapped_column(enum_type(Remedy))
    what: Mapped[str]
    due_on: Mapped[date]
    state: Mapped[TaskState] = mapped_column(
        enum_type(TaskState), default=TaskState.OPEN, server_default=TaskState.OPEN.value
    )
    done_at: Mapped[datetime | None]
    # Who reported it done, as the department names the person.
    done_by: Mapped[str | None] = mapped_column(String(80))
    report: Mapped[str | None]

    @validates("state")
    def _note_end(self, _name: str, state: TaskState) -> TaskState:
        self.done_at = None if state == TaskState.OPEN else self.done_at or now()
        return state

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a task by its number."""
        return cls.__table__.c.number
