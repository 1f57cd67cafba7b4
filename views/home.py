"""The first page: what is new, what is open, what is late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from flask import url_for
from flask_admin import expose
from flask_admin.blueprints import _BlueprintWithHostSupport
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from models import Complaint, PartsQualityRecord, db
from models.base import now
from models.complaint import FIRST_ANSWER_WITHIN, Severity, Step
from views.base import RecordView
from views.clock import start_of_day, today
from views.lookups import view_of
from views.page import PageForAll

OPEN_STEPS = tuple(step for step in Step if step is not Step.CONFIRMED)
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on the first page, with the list behind it."""

    label: LazyString
    count: int
    url: str
    tone: str = ""


class HomeView(PageForAll):
    """Show everyone the way into the day's work."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = _("Home")
    permission = "home"

    def create_blueprint(self, admin: Any) -> _BlueprintWithHostSupport:
        """Leave out Flask-Admin's own static files, which no page of ours uses."""
        self.static_url_path = "/"
        return super().create_blueprint(admin)

    @expose("/")
    def index(self) -> str:
        """Show the figures."""
        latest = []
        complaints = view_of(Complaint)
        if complaints is not None and complaints.is_allowed("read"):
            newest = select(Complaint).order_by(Complaint.registered_at.desc(), Complaint.id.desc()).limit(8)
            latest = list(db.session.scalars(newest))
        return self.render(
            "home.html",
            figures=figures(),
            latest=latest,
            complaints=complaints,
            late_before=now() - FIRST_ANSWER_WITHIN,
        )


def figures() -> list[Figure]:
    """Return the numbers that who acts now may see: one query for complaints, one for parts quality."""
    found: list[Figure] = []
    complaints, quality = view_of(Complaint), view_of(PartsQualityRecord)
    if complaints is not None and complaints.is_allowed("list"):
        found += _complaint_figures(complaints)
    if quality is not None and quality.is_allowed("list"):
        since = today() - RECENT
        count = db.session.scalar(
            select(func.count(PartsQualityRecord.id)).where(PartsQualityRecord.found_on >= since)
        )
        url = url_for(f"{quality.endpoint}.index_view", flt_found_on_from=since.isoformat())
        found.append(Figure(_("Parts faults found in 7 days"), count or 0, url))
    return found


def _complaint_figures(view: RecordView) -> list[Figure]:
    since = today() - RECENT
    is_open = Complaint.step.in_(OPEN_STEPS)
    late = (Complaint.step == Step.REGISTERED) & (Complaint.registered_at < now() - FIRST_ANSWER_WITHIN)
    severe = is_open & (Complaint.severity == Severity.SEVERE)
    # From the start of a day, as the filter behind the figure has it.
    fresh = Complaint.registered_at >= start_of_day(since)
    counted = (func.count(Complaint.id).filter(condition) for condition in (fresh, is_open, late, severe))
    # Named as the source: an aggregate with a filter has no sign of its model, and escapes the row limits.
    counts = db.session.execute(select(*counted).select_from(Complaint)).one()
    open_steps = [step.value for step in OPEN_STEPS]

    def url(**args: Any) -> str:
        return url_for(f"{view.endpoint}.index_view", **args)

    return [
        Figure(_("New in 7 days"), counts[0], url(flt_registered_at_from=since.isoformat())),
        Figure(_("Open complaints"), counts[1], url(flt_step=open_steps)),
        Figure(
            _("Without a first answer after 24 hours"),
            counts[2],
            url(flt_step="registered", sort="registered_at"),
            "bad" if counts[2] else "good",
        ),
        Figure(
            _("Severe and open"),
            counts[3],
            url(flt_step=open_steps, flt_severity="severe"),
            "bad" if counts[3] else "good",
        ),
    ]
