"""The first-run assistant: six steps that make an empty panel a centre's own, taken up at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask import Flask, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user, user_logged_in
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from jobs.invitation import invite_all, people_to_invite
from jobs.mail_message import Mail
from jobs.outbox import put_test_mail, send_soon
from jobs.pasted_list import ORDERS
from models import Customer, Staff, current_actor, db
from models.centre import centre_facts
from models.digest import DeliveryState
from views import setup_lists
from views.constraint_refusals import refusal_of
from views.menu import Area
from views.page import Page
from views.setup_forms import (
    Problems,
    context_of,
    save_centre,
    save_departments,
    save_key_parts,
    save_subjects,
)
from views.setup_steps import CONFIRMED, SKIPPED, Step, is_administrator, is_untouched, settle, step_states

# Name of a form -> the step that it belongs to, and what saves it.
FORMS: Mapping[str, tuple[Step, Callable[[], Problems]]] = {
    "centre": (Step.CENTRE, save_centre),
    "departments": (Step.DEPARTMENTS, save_departments),
    "subjects": (Step.SUBJECTS, save_subjects),
    "key-parts": (Step.PARTS, save_key_parts),
}
# What a form was sent for besides saving it: then its reader stays, since more of the same may follow.
STAYING = frozenset({"add", "mail"})
LISTS = {"staff": Step.STAFF, "parts": Step.PARTS}
JUST_LOGGED_IN = "just_logged_in"


class SetupView(Page):
    """Lead an administrator through what a centre needs before its first day."""

    permission = "centre"
    # Who may read everything has nothing to read here: all of it changes the panel.
    actions: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("index", "save", "settle_step", "list_view", "invite_waiting"), "edit"
    )
    area, icon, title = Area.ORGANISATION, "setup", _("Set up the centre")

    def __init__(self) -> None:
        super().__init__(name="setup", endpoint="setup", url="/setup")

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the page: to administrators."""
        return self.is_allowed("edit")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show the steps and the one that is open, or that was asked for."""
        return self.page(asked_step())

    def page(self, step: Step | None, problems: Problems | None = None) -> ResponseReturnValue:
        """Return the page; with problems it shows what was typed, and says so in its status."""
        states = step_states()
        shown = step or next((each for each, state in states.items() if state == "open"), None)
        context = context_of(shown.value) if shown else {}
        if shown and shown.value in LISTS:
            context |= {
                "draft": setup_lists.find_draft(shown.value),
                "choices": setup_lists.choices(shown.value),
                "column_title": setup_lists.title,
                "list_columns": ORDERS[shown.value],
                "shown_most": setup_lists.SHOWN_MOST,
            }
        if shown is Step.STAFF:
            context["waiting"] = len(people_to_invite())
            context["people"] = db.session.scalar(select(func.count(Staff.id)).where(Staff.active))
        if shown is Step.CUSTOMERS or shown is None:
            context["customers"] = db.session.scalar(select(func.count(Customer.id)))
        page = self.render(
            "setup.html",
            steps=list(Step),
            states=states,
            shown=shown,
            settled=sum(state != "open" for state in states.values()),
            problems=problems or {},
            typed=request.form if problems else None,
            **context,
        )
        return page, 422 if problems else 200

    @expose("/save", methods=("POST",))
    def save(self) -> ResponseReturnValue:
        """Save a form of a step; what is done leads on to the next one."""
        name = request.form.get("form", "")
        if name not in FORMS:
            abort(404)
        step, act = FORMS[name]
        then = request.form.get("then")
        try:
            problems = act()
            if not problems and then not in STAYING:
                settle(step, CONFIRMED)
            db.session.commit()
        except (IntegrityError, DataError) as error:
            db.session.rollback()
            problems = {name: refusal_of(error).sentence}
        except StaleDataError:
            db.session.rollback()
            problems = {name: gettext("Somebody else has just changed this. Look at it again, then save.")}
        if problems:
            for sentence in dict.fromkeys(problems.values()):
                flash(sentence, "error")
            return self.page(step, problems)
        flash(gettext("Saved."), "success")
        if then == "mail":
            try_mail()
        return redirect(url_for(".index", step=step.value) if then in STAYING else next_after(step))

    @expose("/step", methods=("POST",))
    def settle_step(self) -> ResponseReturnValue:
        """Note that a step is done or left out, and go on to the next one."""
        step, state = asked_step(), request.form.get("state", "")
        if step is None or state not in (CONFIRMED, SKIPPED):
            abort(404)
        settle(step, state)
        db.session.commit()
        return redirect(next_after(step))

    @expose("/list", methods=("POST",))
    def list_view(self) -> ResponseReturnValue:
        """Paste a list, correct its lines, take them in, or let them go."""
        kind, action = request.form.get("kind", ""), request.form.get("action", "")
        if kind not in LISTS:
            abort(404)
        if action == "paste":
            setup_lists.paste(kind)
        elif action in ("check", "take"):
            setup_lists.correct(kind)
            if action == "take":
                setup_lists.take(kind)
        elif action == "discard":
            setup_lists.keep_draft(kind, [])
            db.session.commit()
        else:
            abort(404)
        return redirect(url_for(".index", step=LISTS[kind].value))

    @expose("/invite", methods=("POST",))
    def invite_waiting(self) -> ResponseReturnValue:
        """Invite everybody who has no password and was not asked yet."""
        setup_lists.tell_of_invitations(invite_all(people_to_invite()))
        return redirect(url_for(".index", step=Step.STAFF.value))


def try_mail() -> None:
    """Send a mail to who asks, to see whether mails go out."""
    actor = current_actor()
    staff = db.session.get_one(Staff, actor.staff_id if actor else None)
    centre = centre_facts().shown_name(is_english=staff.locale.value == "en") or gettext("Huisheng")
    text = gettext("This mail shows that mails of %(centre)s go out.", centre=centre)
    delivery = put_test_mail(Mail(gettext("Test mail"), f"{text}\n"), staff)
    db.session.commit()
    send_soon([delivery])
    if delivery.state is DeliveryState.KEPT:
        flash(gettext("Mails don't go out yet: no mail server is set, or it may not send here."), "warning")
    else:
        flash(gettext("A test mail to %(email)s is on its way.", email=staff.email), "info")


def asked_step() -> Step | None:
    """Return the step that a request names, None where it names none that there is."""
    raw = request.values.get("step", "")
    return next((step for step in Step if step.value == raw), None)


def next_after(step: Step) -> str:
    """Return the address of the next step that is open, after `step` first; of the end where none is."""
    states = step_states()
    order = list(Step)
    later = order[order.index(step) + 1 :] + order
    following = next((each.value for each in later if states[each] == "open"), None)
    return url_for("setup.index", step=following)


def register(app: Flask) -> None:
    """Lead the first administrator from the first login to the assistant."""
    user_logged_in.connect(note_login, app)
    app.before_request(offer)


def note_login(_app: Flask, **_extra: Any) -> None:
    """Remember until the next page that somebody has just logged in."""
    session[JUST_LOGGED_IN] = True


def offer() -> ResponseReturnValue | None:
    """Send an administrator who comes to an empty panel to the assistant instead of the home page, once."""
    if request.endpoint != "home.index" or not current_user.is_authenticated:
        return None
    if session.pop(JUST_LOGGED_IN, False) and is_administrator() and is_untouched():
        return redirect(url_for("setup.index"))
    return None
