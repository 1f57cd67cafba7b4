"""The page that a notice leads to: a department answers without a login, on that one point alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from jobs.notice_mail import marks_of
from models import Complaint, DepartmentTask, Notice, acting_as, db, system_actor
from models.attached_file import CheckedFile
from models.base import now
from models.centre import site_zone
from models.department_task import TaskState
from models.mail_link import read_answer_token
from models.notice_answer import Answer, take_answer
from models.notice_point import point_of
from models.organisation import Locale
from views import sent_twice
from views.fields import clean_line, clean_text
from views.notes import check_files
from views.translation import LOCALE_KEY

FILES_MOST = 5
NAME_MOST = 80
TEXT_MOST = 5000

pages = Blueprint("answer", __name__)


@dataclass
class Sent:
    """What was filled in, and what is wrong with it, by field."""

    values: Mapping[str, str]
    files: list[CheckedFile] = field(default_factory=list)
    due_on: date | None = None
    problems: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return what was filled in there."""
        return self.values.get(name, "")


def register(app: Flask) -> None:
    """Add the page to `app`."""
    app.register_blueprint(pages)


@pages.route("/answer/<token>", methods=["GET", "POST"])
def answer(token: str) -> ResponseReturnValue:
    """Show what is asked on GET, take the answer on POST; a link that counts no longer says what to do."""
    with acting_as(system_actor("answer:notice")):
        notice = find_notice(token)
        if notice is None:
            return render_template("answer.html", notice=None), 404
        with speaking(notice.locale):
            complaint = db.session.get(Complaint, notice.complaint_id)
            task = _task_of(notice)
            is_gone = complaint is None or (notice.department_task_id is not None and task is None)
            if complaint is None or is_gone or not notice.is_open_for_answers:
                return render_template("answer.html", notice=notice, is_gone=is_gone, is_closed=True), 410
            # Who got the mail answers most often, or whoever did last.
            sent = Sent({"answered_by": notice.answered_by or notice.name})
            if request.method == "POST":
                sent = read(is_task=task is not None)
                if not sent.problems:
                    keep(notice, sent)
                    flash(_("Thank you. Your answer has arrived and stands with the complaint."), "success")
                    return redirect(url_for("answer.answer", token=token), 303)
            page = show(notice, complaint, task, sent)
            return page, 422 if sent.problems else 200


def find_notice(token: str) -> Notice | None:
    """Return the notice that a link stands for; None where the link is none of ours, or no longer."""
    found = read_answer_token(current_app.extensions["settings"], token)
    if found is None:
        return None
    notice_id, told_at = found
    notice = db.session.scalars(select(Notice).where(Notice.id == notice_id)).one_or_none()
    return notice if notice is not None and notice.told_at == told_at else None


def speaking(locale: Locale) -> AbstractContextManager[object]:
    """Speak the recipient's language, unless the reader has chosen one here."""
    has_chosen = LOCALE_KEY in session or current_user.is_authenticated
    return nullcontext() if has_chosen else force_locale(locale.value)


def _task_of(notice: Notice) -> DepartmentTask | None:
    if notice.department_task_id is None:
        return None
    return db.session.get(DepartmentTask, notice.department_task_id)


def show(notice: Notice, complaint: Complaint, task: DepartmentTask | None, sent: Sent) -> str:
    """Return the page with the complaint in short and the form."""
    return render_template(
        "answer.html",
        notice=notice,
        task=task,
        is_closed=False,
        can_finish=task is not None and task.state is TaskState.OPEN,
        point=point_of(complaint, task),
        marks=marks_of(complaint),
        sent=sent,
        form_key=sent_twice.form_key(),
        files_most=FILES_MOST,
        name_most=NAME_MOST,
        text_most=TEXT_MOST,
    )


def read(*, is_task: bool) -> Sent:
    """Return what was sent, checked."""
    form = request.form
    lines = {
        name: clean_line(form.get(name, "")) for name in ("answered_by", "measure_owner", "measure_due_on")
    }
    sent = Sent(
        lines | {"answer": clean_text(form.get("answer", "")), "is_done": form.get("is_done", "")[:1]}
    )
    check_texts(sent, ("answered_by", "answer"))
    if is_task:
        chosen = [file for file in request.files.getlist("files") if file.filename]
        sent.files, problems = check_files(chosen, FILES_MOST)
        if problems:
            sent.problems["files"] = " ".join(problems)
    elif sent.text("measure_due_on"):
        read_day(sent)
    return sent


def check_texts(sent: Sent, needed: Sequence[str]) -> None:
    """Say which of the fields is empty though it is `needed`, and which is too long."""
    for name in needed:
        if not sent.text(name):
            sent.problems[name] = _("Fill this in.")
    for name, most in (("answered_by", NAME_MOST), ("measure_owner", NAME_MOST), ("answer", TEXT_MOST)):
        if len(sent.text(name)) > most:
            sent.problems[name] = _(
                "At most %(most)d characters; these are %(now)d.", most=most, now=len(sent.text(name))
            )


def read_day(sent: Sent) -> None:
    """Read until when something is done, or say what is wrong with the day."""
    try:
        sent.due_on = date.fromisoformat(sent.text("measure_due_on"))
    except ValueError:
        sent.problems["measure_due_on"] = _("Give a day such as 2026-03-31.")
        return
    # Further away it is a slip of the pen.
    if not 0 <= (sent.due_on - now().astimezone(site_zone()).date()).days < 3660:
        sent.problems["measure_due_on"] = _("Give a day from today on.")


def keep(notice: Notice, sent: Sent) -> None:
    """Take the answer and commit, unless this very form was taken before."""
    said = Answer(
        by=sent.text("answered_by"),
        text=sent.text("answer"),
        owner=sent.text("measure_owner") or None,
        due_on=sent.due_on,
        is_done=bool(sent.text("is_done")),
        files=sent.files,
    )
    # The form of another notice is another form, whatever key it carries.
    told = [("notice", str(notice.id))]
    hashes = [(file.name, hashlib.sha256(file.content).hexdigest()) for file in sent.files]
    sent_twice.do_once(lambda: take_answer(notice.id, said), [*told, *hashes])
