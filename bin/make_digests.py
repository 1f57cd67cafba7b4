"""Make every department's digest of the last closed week, and tell what it took; for bin/bench."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, func, select

from app import create_app
from jobs.digest import departments_with_digest, make
from models import Delivery, Digest, acting_as, db, system_actor
from models.centre import site_zone
from models.iso_week import IsoWeek


def main() -> None:
    """Print the figures as JSON, and take the digests away again."""
    statements: list[float] = []
    begun: list[float] = []

    def begin(*_about: Any) -> None:
        begun.append(time.monotonic())

    def end(*_about: Any) -> None:
        statements.append(time.monotonic() - begun.pop())

    with create_app().app_context(), acting_as(system_actor("command:bench")):
        departments = [department.id for department in departments_with_digest()]
        week = IsoWeek.last_closed(datetime.now(UTC), site_zone())
        db.session.rollback()
        before = peak_megabytes()
        event.listen(db.engine, "before_cursor_execute", begin)
        event.listen(db.engine, "after_cursor_execute", end)
        taken = []
        for department_id in departments:
            began = time.monotonic()
            make(department_id, week)
            taken.append(time.monotonic() - began)
        event.remove(db.engine, "before_cursor_execute", begin)
        event.remove(db.engine, "after_cursor_execute", end)
        mails = db.session.scalar(select(func.count(Delivery.id)))
        figures = {
            "digests": db.session.scalar(select(func.count(Digest.id))),
            "mails": mails,
            "seconds": sum(taken),
            "slowest": max(taken),
            "statements": len(statements),
            "in_database": sum(statements),
            "megabytes": peak_megabytes(),
            "megabytes_before": before,
        }
        for model in (Delivery, Digest):
            db.session.query(model).delete()
        db.session.commit()
    print(json.dumps(figures))


def peak_megabytes() -> float:
    """Return the most memory that this process ever held; Linux tells it in KiB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
