"""Rendering a frozen digest as a mail, in one recipient's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import css_inline
from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from config import Settings
from jobs import digest_wording as wording
from jobs.mail_message import Mail
from models.centre import centre_facts
from models.organisation import Locale

# Mail programs cut a longer part off.
LONGEST_HTML = 100_000


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    # Nothing is fetched: all styles stand in the template.
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


def digest_mail(
    payload: Mapping[str, Any], locale: Locale, settings: Settings, digest_id: int, stop_url: str
) -> Mail:
    """Return the mail that says what `payload` holds, in the language `locale`.

    `stop_url` is where its recipient says to get it no longer.
    """
    with force_locale(locale.value):
        context = {
            "payload": payload,
            "w": wording,
            "centre": centre_facts().shown_name(is_english=locale is Locale.ENGLISH) or _("Huisheng"),
            "language": locale.value.replace("_", "-"),
            "digest_url": f"{settings.public_url}/digest/details/?id={digest_id}",
            "complaint_url": f"{settings.public_url}/complaint/details/?id=",
            "stop_url": stop_url,
        }
        subject = wording.subject_line(payload)
        text = tidy(render_template("mail/digest.txt", subject=subject, **context))
        html = inline_styles(render_template("mail/digest.html", subject=subject, **context))
    return Mail(subject, text, html)


def inline_styles(html: str) -> str:
    """Return a mail's HTML with its styles at each element: many mail programs drop the others."""
    return _inliner().inline(html)


def tidy(text: str) -> str:
    """Drop trailing blanks and all but one of adjoining empty lines, which the template leaves behind."""
    lines: list[str] = []
    for line in (line.rstrip() for line in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
