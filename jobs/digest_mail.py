"""Rendering a frozen digest as a mail, in one recipient's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import force_locale

from config import Settings
from jobs import digest_wording as wording
from jobs.mail_message import Mail
from jobs.mail_texts import mail_from
from models.organisation import Locale

# Mail programs cut a longer part off.
LONGEST_HTML = 100_000


def digest_mail(
    payload: Mapping[str, Any], locale: Locale, settings: Settings, digest_id: int, stop_url: str
) -> Mail:
    """Return the mail that says what `payload` holds, in the language `locale`.

    `stop_url` is where its recipient says to get it no longer.
    """
    with force_locale(locale.value):
        return mail_from(
            "digest",
            locale,
            wording.subject_line(payload),
            payload=payload,
            w=wording,
            digest_url=f"{settings.public_url}/digest/details/?id={digest_id}",
            complaint_url=f"{settings.public_url}/complaint/details/?id=",
            stop_url=stop_url,
        )
