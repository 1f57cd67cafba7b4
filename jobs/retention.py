"""Removing by night what is past its retention period: in portions, each safe by itself."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import structlog
from flask_babel import lazy_gettext as _

from jobs.queues import job
from models import acting_as, db, system_actor
from models.base import now
from models.exporting import expire_exports
from models.iso_week import starts_at
from models.retention import RetentionKind, last_run, note_finished, purge

# When nobody works and no digest goes out.
AT = time(2)
# Short transactions, so that nobody waits for a row.
PORTION = 200
SECONDS_MOST = 600

log = structlog.get_logger()


def due_purge(now: datetime, zone: ZoneInfo) -> str | None:
    """Return the night, as its date, whose run is due and has not come to its end; None where it has."""
    local = now.astimezone(zone)
    night = local.date() if local.time() >= AT else local.date() - timedelta(days=1)
    last = last_run()
    is_done = last is not None and last.at >= starts_at(night, zone, AT.hour)
    return None if is_done else night.isoformat()


@job(timeout_seconds=SECONDS_MOST + 120, title=_("Remove what is past its period"))
def purge_expired(night: str) -> None:
    """Remove what is past its period, portion by portion; killed or out of time, the next one goes on."""
    counts: Counter[RetentionKind] = Counter()
    until = monotonic() + SECONDS_MOST
    with acting_as(system_actor("job:retention")):
        while expire_exports(now(), PORTION):
            db.session.commit()
        for kind in RetentionKind:
            while removed := purge(kind, PORTION):
                db.session.commit()
                counts[kind] += removed
                if monotonic() > until:
                    log.warning("retention_out_of_time", night=night, kind=kind.value)
                    return
        note_finished(counts)
        db.session.commit()
    log.info("retention_finished", night=night, removed=sum(counts.values()))
