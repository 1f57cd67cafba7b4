"""Rendering the centre's summary as a mail, in one recipient's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import force_locale

from config import Settings
from jobs import digest_figure_wording as figure_wording
from jobs import digest_wording
from jobs import summary_wording as wording
from jobs.mail_message import Mail
from jobs.mail_texts import mail_from
from models.organisation import Locale
from models.summary import PASSED_ON


def summary_mail(payload: Mapping[str, Any], locale: Locale, settings: Settings) -> Mail:
    """Return the mail that says what a closed summary holds, in the language `locale`."""
    period = wording.period_of(payload)
    with force_locale(locale.value):
        return mail_from(
            "summary",
            locale,
            wording.subject_line(payload),
            payload=payload,
            period=period,
            w=wording,
            f=figure_wording,
            name_of=digest_wording.name_of,
            cut=digest_wording.cut(payload),
            passed_on=PASSED_ON,
            page_url=f"{settings.public_url}/summary-meeting/?period={period}",
        )
