"""The mails about a person's own login: what each says, and those that Flask-Security asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import after_this_request, current_app, has_request_context
from flask.wrappers import Response
from flask_babel import force_locale, format_date
from flask_babel import gettext as _
from flask_security.mail_util import MailUtil
from sqlalchemy import func, select

from config import Settings
from jobs.mail_message import Mail, one_line
from jobs.mail_texts import centre_name, mail_from
from jobs.outbox import put_account_mail, send_soon
from models import Delivery, Staff, acting_as, db, system_actor
from models.base import now
from models.centre import INVITATION_LASTS, site_zone
from models.digest import DeliveryKind

# How long the link of a forgotten password works.
RESET_LASTS = timedelta(days=2)
# Whoever knows an address may ask for such mails: no more than so many of them go there in an hour.
ASKED_BY_ANYBODY = frozenset({"reset_instructions"})
ASKED_MOST, ASKED_WITHIN = 5, timedelta(hours=1)

log = structlog.get_logger()


def invitation_mail(staff: Staff, link: str) -> Mail:
    """Return the mail with a link under which a person sets a first password, in the person's language."""
    settings: Settings = current_app.extensions["settings"]
    with force_locale(staff.locale.value):
        centre = centre_name(staff.locale)
        return _mail(
            staff,
            _("Your login for %(centre)s", centre=centre),
            _(
                "you now have a login for the panel of %(centre)s. Set a password first; from then on you "
                "log in with your e-mail address and this password.",
                centre=centre,
            ),
            (_("Set the password"), link),
            until=now() + INVITATION_LASTS,
            facts=[(_("Panel address"), settings.public_url), (_("Your login"), staff.email)],
            rest=_(
                "If it is too late, ask your administrator for another invitation. If you don't know what "
                "this is about, throw the mail away: nothing happens without you."
            ),
        )


def reset_mail(staff: Staff, reset_link: str) -> Mail:
    """Return the mail with a link under which a forgotten password is replaced."""
    return _mail(
        staff,
        _("Set a new password for %(centre)s", centre=centre_name(staff.locale)),
        _(
            "somebody, probably you, asked on the login page for a new password for %(email)s.",
            email=staff.email,
        ),
        (_("Set the password"), reset_link),
        until=now() + RESET_LASTS,
        rest=_(
            "If it was not you, throw this mail away: nothing has changed, and the password that you have "
            "still works."
        ),
    )


def changed_mail(staff: Staff) -> Mail:
    """Return the mail that tells of a new password, for the case that somebody else has set it."""
    settings: Settings = current_app.extensions["settings"]
    return _mail(
        staff,
        _("Your password for %(centre)s was changed", centre=centre_name(staff.locale)),
        _(
            "the password of %(email)s was changed on %(at)s, and your other logins were ended. If it was "
            "you, there is nothing to do. If it was not, set a new one at once, and tell your administrator.",
            email=staff.email,
            at=_instant(now()),
        ),
        (_("Set a new password"), f"{settings.public_url}/reset"),
    )


def _mail(
    staff: Staff,
    subject: str,
    intro: str,
    button: tuple[str, str],
    *,
    until: datetime | None = None,
    facts: Sequence[tuple[str, str]] = (),
    rest: str | None = None,
) -> Mail:
    """Return a mail of one button, a name and an address; `until` is when that ends, None where never."""
    label, link = button
    return mail_from(
        "account",
        staff.locale,
        subject,
        staff=staff,
        intro=intro,
        label=label,
        link=link,
        until=until and _instant(until),
        facts=facts,
        rest=rest,
    )


def _instant(at: datetime) -> str:
    local = at.astimezone(site_zone())
    return f"{format_date(local.date(), 'long')} {local:%H:%M}"


# By the template that Flask-Security names.
WRITTEN: dict[str, Callable[[dict[str, Any]], Mail]] = {
    "reset_instructions": lambda context: reset_mail(context["user"], context["reset_link"]),
    "reset_notice": lambda context: changed_mail(context["user"]),
}


class OutboxMailUtil(MailUtil):
    """Write what Flask-Security asks for, such as a mail to reset a password, and put it into the outbox."""

    def send_mail(  # noqa: PLR0917 - its caller passes them so
        self,
        template: str,
        subject: str,  # noqa: ARG002 - in the language of the page, which need not be the recipient's
        recipient: str | tuple[str, str],  # noqa: ARG002 - the person of the context has it
        sender: str | tuple[str, str],  # noqa: ARG002 - all our mail has one sender
        body: str | None,  # noqa: ARG002 - none is made, by the settings
        html: str | None,  # noqa: ARG002 - as with the body
        **context: Any,
    ) -> None:
        """Put the mail into the outbox; the request's end commits it and wakes a worker."""
        name, staff = template.rpartition("/")[2], context["user"]
        if name in ASKED_BY_ANYBODY and _has_enough(staff.email):
            log.warning("account_mail_left_out", template=template)
            return
        with force_locale(staff.locale.value):
            mail = WRITTEN[name](context)
        delivery = put_account_mail(mail, staff)
        log.info("account_mail_put", delivery_id=delivery.id, template=template)
        if not has_request_context():
            return

        def commit_and_send(response: Response) -> Response:
            db.session.commit()
            send_soon([delivery])
            return response

        after_this_request(commit_and_send)


def _has_enough(address: str) -> bool:
    recent = select(func.count(Delivery.id)).where(
        Delivery.created_at > now() - ASKED_WITHIN,
        Delivery.kind == DeliveryKind.ACCOUNT,
        Delivery.recipient == one_line(address),
    )
    with acting_as(system_actor("login")):
        return (db.session.scalar(recent) or 0) >= ASKED_MOST
