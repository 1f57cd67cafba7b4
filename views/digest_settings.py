"""What each department's digest tells and when it goes out, beside what it would be now."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from jobs.digest import freeze
from jobs.digest_mail import digest_mail
from jobs.digest_workbook import digest_workbook
from jobs.group_outbox import put_test_message
from jobs.mail_message import Mail
from jobs.outbox import put_test_mail, send_soon
from models import ChatGroup, Department, DigestRecipient, Staff, current_actor, db
from models.base import now
from models.centre import centre_facts, site_zone
from models.digest import DeliveryState
from models.figure_kind import CEILINGS, DEFAULT_TARGETS, FigureKind
from models.iso_week import IsoWeek
from models.organisation import Locale, Weekday
from views.digest import department_name, find_group
from views.digest_settings_form import FLAGS, TOLD, Problems, apply, effective_subjects
from views.forms import label_of
from views.menu import Area
from views.page import Page
from views.setup_forms import departments
from views.stored_mail import asked_key, framed


class DigestSettingsView(Page):
    """Let administrators choose for each department what its digest tells, and see it at once."""

    permission = "centre"
    actions: ClassVar[dict[str, str]] = dict.fromkeys(
        ("index", "save", "preview", "test", "test_group"), "edit"
    )
    area, icon, title = Area.DIGEST, "quality", _("Digest settings")

    def __init__(self) -> None:
        super().__init__(name="digest_settings", endpoint="digest_settings", url="/digest-settings")

    def is_accessible(self) -> bool:
        """Tell whether the page may be opened: by administrators."""
        return self.is_allowed("edit")

    @expose("/")
    def index(self) -> str:
        """Show the settings of one department, the first one where none is named."""
        return self._page(asked_department(), {})

    @expose("/save", methods=("POST",))
    def save(self) -> ResponseReturnValue:
        """Set what was chosen, all of it or nothing."""
        department = asked_department()
        if request.form.get("version") != str(department.version):
            flash(gettext("Somebody else has just changed this. Look at it again, then save."), "warning")
            return redirect(url_for(".index", department=department.id))
        problems = apply(department)
        if problems:
            return self._page(department, problems), 422
        db.session.commit()
        flash(gettext("Saved."), "success")
        return redirect(url_for(".index", department=department.id))

    @expose("/preview", methods=("GET", "POST"))
    def preview(self) -> Response:
        """Answer with the digest as it would be with what is chosen; nothing of it is kept."""
        department = asked_department()
        if request.method == "POST":
            apply(department)
        mail = mail_of(department, reader_locale())
        db.session.rollback()
        return framed(mail.html or "")

    @expose("/test", methods=("POST",))
    def test(self) -> ResponseReturnValue:
        """Send the digest as it would be to who asks; the settings stay unsaved on the page."""
        department = asked_department()
        problems = apply(department)
        if problems:
            return self._page(department, problems), 422
        mail = mail_of(department, reader_locale())
        db.session.rollback()
        send_test(mail)
        department = asked_department()
        apply(department)
        return self._page(department, {})

    @expose("/test-group", methods=("POST",))
    def test_group(self) -> ResponseReturnValue:
        """Send a group a message that says what it will get; the settings stay unsaved on the page."""
        department = asked_department()
        group = find_group(asked_key("group"), department.id)
        send_test_to(group, department)
        department = asked_department()
        return self._page(department, apply(department))

    def _page(self, department: Department, problems: Problems) -> str:
        with db.session.no_autoflush:
            return self.render(
                "digest_settings.html",
                department=department,
                departments=departments(),
                department_name=department_name,
                problems=problems,
                week=last_week(),
                subjects=effective_subjects(department),
                labels={name: label_of(name) for name in (*FLAGS, *TOLD)},
                weekdays=list(Weekday),
                figures=list(FigureKind),
                targets=shown_targets(),
                ceilings=CEILINGS,
                recipients=recipients_of(department),
                groups=groups_of(department),
            )


def asked_department() -> Department:
    """Return the department that a request names, else the first; 404 for one that there is not."""
    if "department" not in request.values:
        return next(iter(departments()), None) or abort(404)
    return db.session.get(Department, asked_key("department")) or abort(404)


def last_week() -> IsoWeek:
    """Return the week of the preview: the last one that has ended."""
    return IsoWeek.last_closed(now(), site_zone())


def reader_locale() -> Locale:
    """Return the language of who looks."""
    return own_record().locale


def own_record() -> Staff:
    """Return the record of who acts."""
    actor = current_actor()
    return db.session.get_one(Staff, actor.staff_id if actor else None)


def mail_of(department: Department, locale: Locale) -> Mail:
    """Return the mail of the last week as `department` is set now, saved or not."""
    db.session.flush()
    payload, rows = freeze(department, last_week(), site_zone(), now())
    settings = current_app.extensions["settings"]
    mail = digest_mail(payload, locale, settings, None, None)
    attached = digest_workbook(payload, rows, locale) if rows is not None else None
    return Mail(mail.subject, mail.text, mail.html, attached)


def send_test(mail: Mail) -> None:
    """Send a mail to who acts, marked as a test, and say so."""
    staff = own_record()
    marked = Mail(gettext("[Test] %(subject)s", subject=mail.subject), mail.text, mail.html, mail.attached)
    delivery = put_test_mail(marked, staff)
    db.session.commit()
    send_soon([delivery])
    if delivery.state is DeliveryState.KEPT:
        flash(gettext("Mails don't go out yet: no mail server is set, or it may not send here."), "warning")
    else:
        flash(gettext("A test mail to %(email)s is on its way.", email=staff.email), "info")


def shown_targets() -> dict[str, str]:
    """Return the targets in percent as typed, or as they are set."""
    chosen = centre_facts().figure_targets
    return {
        kind.value: request.form.get(
            f"target-{kind.value}", f"{chosen.get(kind.value, DEFAULT_TARGETS[kind]):g}"
        )
        for kind in FigureKind
    }


def recipients_of(department: Department) -> list[Any]:
    """Return who gets the digest of a department, also those for whom it was stopped."""
    wanted = select(DigestRecipient).where(DigestRecipient.department_id == department.id)
    return list(db.session.scalars(wanted.order_by(DigestRecipient.name, DigestRecipient.id)))


def groups_of(department: Department) -> list[ChatGroup]:
    """Return the chat groups of a department, also those for which the digest was stopped."""
    wanted = select(ChatGroup).where(ChatGroup.department_id == department.id)
    return list(db.session.scalars(wanted.order_by(ChatGroup.name, ChatGroup.id)))


def send_test_to(group: ChatGroup, department: Department) -> None:
    """Send a test message to a group, and say so."""
    name = (department.name_en if group.locale is Locale.ENGLISH else None) or department.name
    delivery = put_test_message(group, name, own_record().id)
    db.session.commit()
    send_soon([delivery])
    if delivery.state is DeliveryState.KEPT:
        flash(gettext("Outside production no group is written to, unless MAIL_ALLOW names it."), "warning")
    else:
        flash(gettext("A test message to %(name)s is on its way.", name=delivery.recipient_name), "info")
