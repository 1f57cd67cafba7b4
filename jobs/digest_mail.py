"""Rendering a frozen digest as a mail, in one recipient's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import force_locale

from config import Settings
from jobs import digest_figure_wording as figure_wording
from jobs import digest_loop_wording as loop_wording
from jobs import digest_points
from jobs import digest_wording as wording
from jobs.digest_cut import cut_payload
from jobs.mail_message import Mail
from jobs.mail_texts import mail_from
from models.digest_version import current_shape
from models.organisation import Locale

# Mail programs cut a longer part off.
LONGEST_HTML = 100_000
# Rows of each part in a mail that would be longer, until it fits; the panel shows all of them.
ROWS_OF_LONG = (5, 3, 1)


def digest_mail(  # noqa: PLR0917 - all of it is what the mail is made of
    payload: Mapping[str, Any],
    locale: Locale,
    settings: Settings,
    digest_id: int | None,
    stop_url: str | None,
    point_url: Callable[[str], str] | None = None,
) -> Mail:
    """Return the mail that says what `payload` holds, in the language `locale`.

    `stop_url` is where its recipient says to get it no longer. Both are None in a preview: nothing is kept
    of it, and nobody is subscribed to it. `point_url` gives the address under which the recipient answers the
    point of a key; None where nobody can.
    """
    shaped = current_shape(payload)
    panel = settings.public_url

    def written(shown: Mapping[str, Any]) -> Mail:
        return mail_from(
            "digest",
            locale,
            wording.subject_line(shaped),
            payload=shown,
            w=wording,
            f=figure_wording,
            loop_words=loop_wording,
            panel=panel,
            digest_url=f"{panel}/digest/details/?id={digest_id}" if digest_id else f"{panel}/digest/",
            complaint_url=f"{panel}/complaint/details/?id=",
            stop_url=stop_url,
            point_url=point_url,
            points=digest_points,
        )

    with force_locale(locale.value):
        mail = written(shaped)
        for most in ROWS_OF_LONG:
            if len((mail.html or "").encode()) <= LONGEST_HTML:
                break
            mail = written(cut_payload(shaped, most))
        return mail
