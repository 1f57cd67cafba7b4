"""The mail by which a department is told of a complaint or a task, in its recipient's language."""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale, format_date
from flask_babel import gettext as _

from config import Settings
from jobs.mail_message import Mail
from jobs.mail_texts import mail_from
from models import Complaint, DepartmentTask, Notice
from models.centre import site_zone
from models.complaint import Severity
from models.notice_point import Point, point_of


def notice_mail(notice: Notice, complaint: Complaint, task: DepartmentTask | None, link: str) -> Mail:
    """Return the mail; `link` is where its recipient answers."""
    settings: Settings = current_app.extensions["settings"]
    with force_locale(notice.locale.value):
        point = point_of(complaint, task)
        path = f"complaint/details/?id={complaint.id}"
        return mail_from(
            "notice",
            notice.locale,
            _subject(complaint, task, point),
            notice=notice,
            point=point,
            task=task,
            link=link,
            panel_url=f"{settings.public_url}/{path}",
            until=format_date(notice.expires_at.astimezone(site_zone()).date(), "long"),
            marks=marks_of(complaint),
        )


def marks_of(complaint: Complaint) -> list[str]:
    """Return what must be seen first about a complaint, in the current language."""
    found = [_("Safety")] if complaint.is_safety_relevant else []
    return [*found, str(Severity.SEVERE.label)] if complaint.severity is Severity.SEVERE else found


def _subject(complaint: Complaint, task: DepartmentTask | None, point: Point) -> str:
    marks = "".join(_("[%(mark)s] ", mark=mark) for mark in marks_of(complaint))
    if task is not None:
        told = _(
            "Task %(number)s, due %(day)s: %(subject)s",
            number=task.number,
            day=point.due,
            subject=point.subject,
        )
    else:
        told = _("Complaint %(number)s: %(subject)s", number=complaint.number, subject=point.subject)
    return f"{marks}{told}"
