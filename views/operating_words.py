"""What is wrong with the panel, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from jobs.queue_state import QueueState
from models.operating import TICK_LATE_AFTER, WORKER_LATE_AFTER, Facts, Sign
from views.clock import show_instant
from views.moments import in_words


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: a sentence, and the page where it is looked into (None: it stands on this one)."""

    sentence: str
    url: str | None = None


def ago(at: datetime | None) -> str:
    """Return how long ago something was, as everywhere in the panel; None stands for never."""
    return str(_("never yet")) if at is None else in_words(at) or show_instant(at)


def problems_of(facts: Facts | None, queue: QueueState | None, *, is_slow: bool) -> list[Problem]:
    """Return what is wrong, the gravest first."""
    found = list(_of_queue(queue))
    if is_slow:
        found.append(
            Problem(_("The database answers too slowly; what it could not say in time is left out below."))
        )
    if facts is not None:
        found += _of_clock(facts)
        # Whoever sees no worker now needs not be told that the clock saw none either.
        if queue is None or queue.alive:
            found += _of_workers(facts)
        found += _of_work(facts)
    return found


def _of_queue(queue: QueueState | None) -> Iterator[Problem]:
    if queue is None:
        yield Problem(
            _(
                "The queue (Valkey) can't be reached. Nothing is lost: mails and digests wait in the database"
                " and go on by themselves once it is back. See that it runs, and what REDIS_URL says."
            )
        )
    elif not queue.alive:
        yield Problem(
            _(
                "No worker runs: no mail goes out, no digest is made, no file imported."
                " Start the process “worker”."
            )
        )


def _of_clock(facts: Facts) -> Iterator[Problem]:
    begun, finished = facts.age(Sign.TICK_BEGUN), facts.age(Sign.TICK_FINISHED)
    if begun is None or begun > TICK_LATE_AFTER:
        yield Problem(
            _(
                "The clock has not ticked for a while (last: %(ago)s): nothing becomes due by itself."
                " Start the process “clock”.",
                ago=ago(facts.signs.get(Sign.TICK_BEGUN)),
            )
        )
    elif finished is None or finished > TICK_LATE_AFTER:
        yield Problem(
            _(
                "The clock runs but comes to no end of its round (last: %(ago)s). Its log says why.",
                ago=ago(facts.signs.get(Sign.TICK_FINISHED)),
            )
        )


def _of_workers(facts: Facts) -> Iterator[Problem]:
    seen = facts.age(Sign.WORKER_SEEN)
    if seen is not None and seen > WORKER_LATE_AFTER:
        yield Problem(
            _(
                "The clock has seen no worker for a while (last: %(ago)s).",
                ago=ago(facts.signs.get(Sign.WORKER_SEEN)),
            )
        )


def _of_work(facts: Facts) -> Iterator[Problem]:
    if facts.mails_late:
        yield Problem(
            ngettext(
                "%(num)d mail should have gone out more than ten minutes ago.",
                "%(num)d mails should have gone out more than ten minutes ago.",
                facts.mails_late,
            ),
            url_for("delivery.index", state="pending"),
        )
    if facts.mailboxes_unread:
        yield Problem(
            _(
                "The mailbox of answers and bounces could not be read for half an hour or longer; the cause"
                " stands under “Last runs”."
            ),
            url_for("sender.index"),
        )
    if facts.failed_jobs:
        yield Problem(
            ngettext("%(num)d job failed; see below.", "%(num)d jobs failed; see below.", facts.failed_jobs)
        )
    if facts.mails_uncertain:
        yield Problem(
            ngettext(
                "%(num)d mail needs a person: it is not known whether it arrived.",
                "%(num)d mails need a person: it is not known whether they arrived.",
                facts.mails_uncertain,
            ),
            url_for("delivery.index", state="open"),
        )
    if facts.mails_failed:
        yield Problem(
            ngettext(
                "%(num)d mail of the last two weeks failed.",
                "%(num)d mails of the last two weeks failed.",
                facts.mails_failed,
            ),
            url_for("delivery.index", state="failed"),
        )
