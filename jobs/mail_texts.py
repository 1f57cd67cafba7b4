"""Writing a mail from its two templates, one to read as text and one as a page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import css_inline
from flask import render_template
from flask_babel import gettext as _

from jobs.mail_message import Mail
from models.centre import centre_facts
from models.organisation import Locale


def mail_from(name: str, locale: Locale, subject: str, **context: Any) -> Mail:
    """Return the mail of the templates `mail/{name}`, in the language of the moment, which is `locale`."""
    context |= {
        "subject": subject,
        "centre": centre_name(locale),
        "language": locale.value.replace("_", "-"),
    }
    text = render_template(f"mail/{name}.txt", **context)
    # Many mail programs drop styles that do not stand at each element.
    html = _inliner().inline(render_template(f"mail/{name}.html", **context))
    return Mail(subject, tidy(text), html)


def centre_name(locale: Locale) -> str:
    """Return how a mail's text calls the centre; the panel's own name where nobody has named it."""
    return centre_facts().shown_name(is_english=locale is Locale.ENGLISH) or _("Huisheng")


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    # Nothing is fetched: all styles stand in the templates.
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


def tidy(text: str) -> str:
    """Drop trailing blanks and all but one of adjoining empty lines, which a template leaves behind."""
    lines: list[str] = []
    for line in (line.rstrip() for line in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
