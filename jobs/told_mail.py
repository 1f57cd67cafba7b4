"""The mail that tells a person of work in a few lines, each with its link: by number, without a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from config import Settings
from jobs.mail_message import Mail
from jobs.mail_texts import mail_from
from models import Staff

# More than these nobody reads in a mail: the rest is a number, and stands in the panel.
LINES_MOST = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: its number, the path of its page, and a few words."""

    number: str
    path: str
    words: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Lines under a heading, the most pressing first."""

    heading: str
    lines: Sequence[Line]

    @property
    def shown(self) -> Sequence[Line]:
        """Return the lines that the mail names."""
        return self.lines[:LINES_MOST]

    @property
    def left(self) -> int:
        """Return how many more there are."""
        return len(self.lines) - len(self.shown)


def told_mail(
    staff: Staff, subject: str, parts: Sequence[Part], *, path: str, link: str, intro: str = ""
) -> Mail:
    """Return the mail in the language of the moment; `path` leads on under the words `link`."""
    settings: Settings = current_app.extensions["settings"]
    return mail_from(
        "told",
        staff.locale,
        subject,
        staff=staff,
        intro=intro,
        parts=parts,
        address=settings.public_url,
        path=path,
        link=link,
    )
