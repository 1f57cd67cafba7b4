"""What a department answers to a notice: kept with it, and where it concerns a task, with the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import CursorResult, select, update

from models.attached_file import CheckedFile
from models.base import db, now
from models.centre import site_zone
from models.department_task import DepartmentTask, TaskState
from models.note import add_note
from models.notice import Notice, NoticeState


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wrote under the link of a notice; `is_done` and `files` count for a task alone."""

    by: str
    text: str
    owner: str | None = None
    due_on: date | None = None
    is_done: bool = False
    files: Sequence[CheckedFile] = ()


def take_answer(notice_id: int, answer: Answer) -> int:
    """Add an answer to the notice's earlier ones, report its task done where it is, and flush.

    Return the notice's id.
    """
    # One after the other: of two answers at the same moment none takes the place of the other.
    locked = select(Notice).where(Notice.id == notice_id).with_for_update()
    notice = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    at = now()
    notice.answer = added(notice.answer, answer, at)
    notice.state, notice.answered_by, notice.answered_at = NoticeState.ANSWERED, answer.by, at
    notice.has_new_answer = True
    notice.measure_owner = answer.owner or notice.measure_owner
    notice.measure_due_on = answer.due_on or notice.measure_due_on
    if notice.department_task_id is not None:
        _report(notice.department_task_id, answer, at)
    db.session.flush()
    return notice.id


def note_read(notice_id: int, answered_at: datetime) -> bool:
    """Note that the answer of that moment was read; False where that was noted, or a later one has come.

    Flushes.
    """
    read = (
        update(Notice)
        .where(Notice.id == notice_id, Notice.answered_at == answered_at, Notice.has_new_answer)
        .values(has_new_answer=False)
        .execution_options(synchronize_session="fetch")
    )
    found = db.session.execute(read)
    assert isinstance(found, CursorResult)
    return found.rowcount == 1


def added(before: str | None, answer: Answer, at: datetime) -> str:
    """Return all that was answered, each with who and when before it."""
    head = f"[{at.astimezone(site_zone()):%Y-%m-%d %H:%M} {answer.by}]"
    said = f"{head} {answer.text}"
    return f"{before}\n\n{said}" if before else said


def _report(task_id: int, answer: Answer, at: datetime) -> None:
    locked = select(DepartmentTask).where(DepartmentTask.id == task_id).with_for_update()
    task = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    if answer.is_done and task.state is TaskState.OPEN:
        task.report = added(task.report, answer, at) if task.report else answer.text
        task.done_by = answer.by
        task.state = TaskState.DONE
    if answer.files:
        add_note(
            task,
            _("%(name)s, by the link of the mail: %(text)s", name=answer.by, text=answer.text),
            answer.files,
        )
