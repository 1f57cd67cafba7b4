"""What the panel does now and then, and when it did so last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from jobs.mailbox import mailbox_name
from models import Digest, ImportRun, Mailbox, SignOfLife, db
from models.iso_week import IsoWeek
from models.operating import Sign
from models.retention import last_run
from views.clock import show_instant


@dataclass(frozen=True, slots=True)
class Run:
    """Something the panel did: what, when (None: never yet), what came of it, and the page about it.

    `is_failing` says that it has not come to its end since: the outcome tells why.
    """

    title: str
    at: datetime | None
    outcome: str = ""
    url: str | None = None
    is_failing: bool = False


def past_runs() -> list[Run]:
    """Return the last import, digest, removal and backup; one statement for each."""
    return [_last_import(), _last_digest(), last_reading(), _last_removal(), _last_backup()]


def _last_import() -> Run:
    run = db.session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).first()
    if run is None:
        return Run(_("Import of a file"), None, url=url_for("import_run.index"))
    url = url_for("import_run.details", id=run.id)
    return Run(_("Import of a file"), run.finished_at or run.started_at, str(run.state.label), url)


def _last_digest() -> Run:
    columns = select(Digest.id, Digest.made_at, Digest.iso_year, Digest.iso_week)
    row = db.session.execute(columns.order_by(Digest.id.desc()).limit(1)).first()
    if row is None:
        return Run(_("Weekly digest"), None, url=url_for("digest.index"))
    key, at, year, week = row
    return Run(_("Weekly digest"), at, str(IsoWeek(year, week)), url_for("digest.details", id=key))


def last_reading() -> Run:
    """Return when the mailbox was read to its end last, and why it can't be read since."""
    title, settings = _("Reading of the mailbox"), current_app.extensions["settings"]
    if settings.imap_url is None:
        return Run(
            title, None, str(_("No mailbox is set (IMAP_URL): answers and bounces stand there alone."))
        )
    mailbox = db.session.get(Mailbox, mailbox_name(settings.imap_url))
    if mailbox is None:
        return Run(title, None)
    if mailbox.trouble is None or mailbox.failing_since is None:
        return Run(title, mailbox.read_at)
    outcome = _(
        "Can't be read since %(at)s: %(cause)s %(words)s",
        at=show_instant(mailbox.failing_since),
        cause=mailbox.trouble.label,
        words=f"“{mailbox.said}”" if mailbox.said else "",
    )
    return Run(title, mailbox.read_at, str(outcome).strip(), url_for("sender.index"), is_failing=True)


def _last_removal() -> Run:
    title, url = _("Removal of what is past its period"), url_for("retention.index")
    entry = last_run()
    if entry is None:
        return Run(title, None, url=url)
    number = sum(entry.detail["finished"].values())
    outcome = (
        ngettext("%(num)d record removed", "%(num)d records removed", number)
        if number
        else _("Nothing to remove")
    )
    return Run(title, entry.at, str(outcome), url)


def _last_backup() -> Run:
    at = db.session.scalar(select(SignOfLife.at).where(SignOfLife.sign == Sign.BACKUP_MADE))
    outcome = (
        _("Restored for trial, and complete") if at else _("Where the platform makes them, it tells of them.")
    )
    return Run(_("Backup by the panel's command"), at, outcome)
