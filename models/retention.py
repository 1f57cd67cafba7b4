"""How long what is kept: periods that the centre sets, and the removal of what is past them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import BOOLEAN, INTEGER, TEXT, cast, func, select

from models.access import AccessEntry, AccessKind, record_access
from models.base import Labelled, db
from models.centre import find_centre


class RetentionKind(Labelled):
    """What has a period of its own, in the order in which it is removed: what hangs on others first."""

    CALLS = "call_record", _("Calls")
    LETTERS = "letter", _("Letters")
    COMPLAINTS = "complaint", _("Closed complaints")
    RECEIPTS = "service_receipt", _("Service receipts")
    BIN = "bin", _("Deleted records")
    MAILS = "delivery", _("Sent mails")
    IMPORT_FILES = "import_run", _("Files of imports")
    LOGINS = "login_session", _("Ended logins")
    ACCESSES = "access_entry", _("Accesses in the audit log")


@dataclass(frozen=True, slots=True)
class Period:
    """How long something is kept where the centre says nothing, and at least, both in months; and why."""

    months: int | None
    least: int
    why: LazyString


PERIODS: Mapping[RetentionKind, Period] = {
    RetentionKind.CALLS: Period(
        36,
        12,
        _("Claims lapse after 3 years (Civil Code, article 188). A call about a complaint stays with it."),
    ),
    RetentionKind.LETTERS: Period(
        120, 12, _("As long as complaints: a letter may be the answer to one, and stays with it.")
    ),
    RetentionKind.COMPLAINTS: Period(
        120,
        24,
        _("A maker answers for a defect up to 10 years after the sale (Product Quality Law, article 45)."),
    ),
    RetentionKind.RECEIPTS: Period(
        120, 24, _("As long as the maker may have to prove what was repaired; at least the warranty.")
    ),
    RetentionKind.BIN: Period(
        3, 1, _("Time enough to notice a mistake. What other records hang on stays deleted, but is kept.")
    ),
    RetentionKind.MAILS: Period(
        36, 1, _("Digests themselves are kept; this is the copy for each recipient.")
    ),
    RetentionKind.IMPORT_FILES: Period(
        3, 1, _("Rejected rows hold what customers told. What was imported from them stays.")
    ),
    RetentionKind.LOGINS: Period(
        12, 6, _("Network logs are kept 6 months at least (Cybersecurity Law, article 21).")
    ),
    RetentionKind.ACCESSES: Period(
        36, 6, _("At least 6 months by law; 3 years show who saw and took out personal data. Erasures stay.")
    ),
}
# What can be chosen, in months; None for ever.
CHOICES: tuple[int | None, ...] = (1, 3, 6, 12, 24, 36, 60, 120, 180, 240, 360, None)
# Beyond this a preview doesn't count.
COUNTED_MOST = 1000


def choices_for(kind: RetentionKind) -> list[int | None]:
    """Return the periods that may be chosen for a kind: none shorter than the law allows."""
    return [each for each in CHOICES if each is None or each >= PERIODS[kind].least]


def periods() -> dict[RetentionKind, int | None]:
    """Return how long each kind is kept, in months; None for ever."""
    chosen = find_centre().retention
    return {kind: chosen.get(kind.value, period.months) for kind, period in PERIODS.items()}


def set_periods(wanted: Mapping[RetentionKind, int | None]) -> None:
    """Set the periods; what is left at its default follows the default."""
    centre = find_centre()
    centre.retention = {
        kind.value: months for kind, months in wanted.items() if months != PERIODS[kind].months
    }


def expired_count(kind: RetentionKind) -> int:
    """Return how much the next run would remove now, counted up to COUNTED_MOST."""
    return _call(kind, COUNTED_MOST, counts_only=True)


def purge(kind: RetentionKind, most: int) -> int:
    """Remove at most so many that are past their period, and return how many; the function records it."""
    return _call(kind, most, counts_only=False)


def _call(kind: RetentionKind, most: int, *, counts_only: bool) -> int:
    found = func.purge_expired(cast(kind.value, TEXT), cast(most, INTEGER), cast(counts_only, BOOLEAN))
    return db.session.scalar(select(found)) or 0


def last_run() -> AccessEntry | None:
    """Return the record of the last run that came to its end; None where there was none."""
    return db.session.scalars(
        select(AccessEntry)
        .where(AccessEntry.kind == AccessKind.PURGED, AccessEntry.detail.has_key("finished"))
        .order_by(AccessEntry.id.desc())
        .limit(1)
    ).first()


def note_finished(counts: Mapping[RetentionKind, int]) -> None:
    """Write down that a run has come to its end, and what it removed; flushes."""
    record_access(AccessKind.PURGED, finished={kind.value: count for kind, count in counts.items() if count})
