"""Which sender the panel's mails have, and what DNS must say so that receivers believe it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from flask import current_app
from flask_admin import expose
from flask_babel import lazy_gettext as _

from config import Settings
from jobs.sender_check import Finding, Verdict, asking_dns, check_sender
from jobs.sender_records import RecordKind, is_public, objections, wanted_records
from jobs.signature import signing_key
from models.base import now
from views.menu import Area
from views.page import Page
from views.past_runs import last_reading

VERDICTS = {
    Verdict.RIGHT: _("Right"),
    Verdict.DIFFERS: _("Differs"),
    Verdict.MISSING: _("Missing"),
    Verdict.UNKNOWN: _("Not known"),
}


class SenderView(Page):
    """Show administrators the records to copy into DNS, and ask on demand whether they are there."""

    permission = "operations"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "check": "act"}
    area, icon, title = Area.ORGANISATION, "mail", _("Mail sender")

    def __init__(self) -> None:
        super().__init__(name="sender", endpoint="sender", url="/sender")

    @expose("/")
    def index(self) -> str:
        """Show what must be in DNS; asks nobody."""
        return self._page({})

    @expose("/check", methods=("POST",))
    def check(self) -> str:
        """Ask DNS, and show what it says beside what it must say; nothing of it is kept."""
        settings = _settings()
        # Of what is none of the internet DNS knows nothing.
        is_known = is_public(settings.mail_domain)
        return self._page(check_sender(settings, asking_dns()) if is_known else {})

    def _page(self, findings: Mapping[RecordKind, Finding]) -> str:
        settings = _settings()
        key = signing_key(settings.dkim_private_key) if settings.dkim_private_key else None
        return self.render(
            "sender.html",
            mail_from=settings.mail_from,
            host=urlsplit(settings.smtp_url or "").hostname,
            mailbox=urlsplit(settings.imap_url or "").hostname,
            reading=last_reading(),
            key_kind=key.kind if key else None,
            objections=objections(settings),
            records=wanted_records(settings),
            findings=findings,
            verdicts=VERDICTS,
            checked_at=now() if findings else None,
            can_check=self.is_allowed("act") and is_public(settings.mail_domain),
        )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
