"""How the panel fares: queue, workers, clock, mails and failed jobs, with what is wrong on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import structlog
from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from redis.exceptions import RedisError

from jobs.queue_state import QueueState, queue_state
from jobs.queues import RefusedJobError, enqueue_again, load_jobs, title_of
from jobs.schedule import next_try_at
from models import FailedJob, Staff, current_actor, db
from models.operating import Facts, claim_again, facts, failed_jobs, settle
from models.sql import Label, labels_for
from views.asking import asked
from views.failed_jobs import cause_of
from views.menu import Area
from views.operating_words import Problem, problems_of
from views.page import Page
from views.past_runs import Run, past_runs
from views.stored_mail import asked_key

JOBS_MOST = 50

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """What could be found out; None stands for what could not."""

    facts: Facts | None
    queue: QueueState | None
    jobs: list[FailedJob] | None
    runs: list[Run] | None
    people: Mapping[int, Label]

    @property
    def problems(self) -> list[Problem]:
        """Return what is wrong, the gravest first."""
        is_slow = self.facts is None or self.jobs is None or self.runs is None
        return problems_of(self.facts, self.queue, is_slow=is_slow)


class OperationsView(Page):
    """Show administrators what the panel does, and let them start again what failed."""

    permission = "operations"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "again": "act", "settle": "act"}
    area, icon, title = Area.ORGANISATION, "pulse", _("How the panel fares")

    def __init__(self) -> None:
        super().__init__(name="operations", endpoint="operations", url="/operations")

    @expose("/")
    def index(self) -> str:
        """Show what is wrong, then all parts; what can't be found out is said in words."""
        load_jobs()
        seen = look()
        return self.render(
            "operations.html",
            seen=seen,
            sends_mail=current_app.extensions["settings"].smtp_url is not None,
            problems=seen.problems,
            may_act=self.is_allowed("act"),
            title_of=title_of,
            cause_of=cause_of,
            next_try_at=next_try_at,
        )

    @expose("/again", methods=("POST",))
    def again(self) -> ResponseReturnValue:
        """Start a failed job again, once for each failure."""
        actor = current_actor()
        failed = claim_again(asked_key(), asked_failures(), actor.staff_id if actor else None)
        if failed is None:
            flash(_("It was started again already, or has succeeded meanwhile."), "warning")
            return redirect(url_for(".index"))
        try:
            # Before the commit: what could not be queued is not noted as started either.
            is_new = enqueue_again(failed.function, failed.arguments, failed.key)
        except (RedisError, RefusedJobError) as error:
            db.session.rollback()
            log.warning("job_not_started_again", error=type(error).__name__)
            flash(_("It could not be started: the queue can't be reached, or knows no such job."), "error")
            return redirect(url_for(".index"))
        db.session.commit()
        flash(_("It is started again.") if is_new else _("It waits or runs already."), "success")
        return redirect(url_for(".index"))

    @expose("/settle", methods=("POST",))
    def settle(self) -> ResponseReturnValue:
        """Set a failed job aside: nothing more is to be done about it."""
        actor = current_actor()
        if settle(asked_key(), asked_failures(), actor.staff_id if actor else None):
            db.session.commit()
            flash(_("Set aside. It comes back here when it fails again."), "success")
        else:
            flash(_("It has changed meanwhile; look again."), "warning")
        return redirect(url_for(".index"))


def asked_failures() -> int:
    """Return how often the job had failed when the page was drawn; 404 where it is no number."""
    raw = request.form.get("failures", "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        abort(404)
    return int(raw)


def look() -> Seen:
    """Find out what can be found out, each part by itself."""
    try:
        queue = queue_state()
    except RedisError as error:
        log.warning("queue_unreachable", error=type(error).__name__)
        queue = None
    jobs = asked(lambda: failed_jobs(JOBS_MOST))
    people = {job.again_by_id for job in jobs or () if job.again_by_id is not None}
    return Seen(
        facts=asked(facts),
        queue=queue,
        jobs=jobs,
        runs=asked(past_runs),
        people=labels_for(Staff, people),
    )
