"""Why a mail was not sent, where no mail server said so."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from models.base import Labelled


class Obstacle(Labelled):
    """What stood in the way; its value stands in the delivery's `answer`."""

    NO_SMTP_URL = "obstacle:no_smtp_url", _("No mail server is set (SMTP_URL)")
    NOT_ALLOWED = "obstacle:not_allowed", _("Outside production nothing goes to this address (MAIL_ALLOW)")
    BAD_ADDRESS = "obstacle:bad_address", _("This is not a mail address")
    MAIL_CAME_BACK = "obstacle:mail_came_back", _("Mail to this address came back; it is marked as bad")
    TOO_LARGE = "obstacle:too_large", _("The mail is too large for most mail servers")
    ROBOT_GONE = "obstacle:robot_gone", _("The group was deleted, or has another robot by now")
    ROBOT_UNREADABLE = (
        "obstacle:robot_unreadable",
        _("The robot's address can't be read with this SECOND_FACTOR_SECRET; enter it again"),
    )
    CUT_OFF = "obstacle:cut_off", _("Sending was cut off; the mail may or may not have arrived")
    RESTORED = "obstacle:restored", _("Restored from a backup; the mail may have been sent since")


def is_of_server(answer: str | None) -> bool:
    """Tell whether a delivery's answer is what a mail server said."""
    return answer is not None and all(obstacle.value != answer for obstacle in Obstacle)


def answer_text(answer: str | None) -> str | LazyString | None:
    """Return a delivery's answer for people: an obstacle's label, or the mail server's own words."""
    return next((obstacle.label for obstacle in Obstacle if obstacle.value == answer), answer)
