"""Closing the day: one's own, filled in by the panel, and the team's on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from jobs.export_files import neutralise
from models import DailyClose, Region, Staff, current_actor, db
from models.access import AccessKind, record_access
from models.daily_close import (
    away_on,
    close_day,
    close_of,
    closes_days,
    closes_on,
    owed_days,
    reopen_day,
    write_day,
)
from models.day_figures import FIGURES, figures_of
from models.office_calendar import working_calendar
from models.permissions import allows
from models.sight import regions_under
from views.clock import instant_of, show_instant, today
from views.days import parse_day
from views.export import csv_line
from views.fields import clean_text, coerce_id
from views.lookups import small_options, view_named
from views.menu import Area
from views.page import Page, PageForAll
from views.task_filter import KEY

# Days that can still be closed, and that the team's page goes back to.
CLOSED_DAYS, SHOWN_DAYS = 31, 366
PEOPLE_MOST = 300
# Characters of what a person adds.
TEXT_MOST = 4000
REMINDED_BEFORE = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the day; `url` is the list of what it counts, None where there is none."""

    name: str
    label: str
    number: int
    url: str | None


class CloseDayView(PageForAll):
    """Let everybody with a role close the own day."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read", "save_view": "act", "reopen_view": "act"}
    title = lazy_gettext("Close the day")
    permission = "close_day"
    area, icon = Area.TODAY, "calendar"

    def __init__(self) -> None:
        super().__init__(name="close_day", endpoint="close_day", url="/close-day")

    def is_allowed(self, action: str) -> bool:
        """Let in who has a role."""
        actor = current_actor()
        return super().is_allowed(action) and actor is not None and bool(actor.roles)

    @expose("/")
    def index(self) -> str:
        """Show a day of the reader, today's where the address names none."""
        return self._show(_day_of(request.args.get("day", ""), CLOSED_DAYS))

    @expose("/save/", methods=("POST",))
    def save_view(self) -> ResponseReturnValue:
        """Keep what was written about a day and, where that was pressed, close it."""
        day, staff_id = _day_of(request.form.get("day", ""), CLOSED_DAYS), _reader_id()
        words = {
            name: clean_text(request.form.get(name, "")) or None for name in ("completed", "open_points")
        }
        too_long = {name for name, text in words.items() if text and len(text) > TEXT_MOST}
        if too_long:
            return self._show(day, words, too_long), 422
        is_closing = "close" in request.form
        try:
            is_done = write_day(staff_id, day, **words) and (not is_closing or close_day(staff_id, day))
            db.session.commit()
        except IntegrityError:
            # Another window has begun this day at the same moment.
            db.session.rollback()
            is_done = False
        if not is_done:
            flash(
                _("The day was closed or begun in another window meanwhile. Look at it and go on."), "warning"
            )
            return self._show(day, words), 409
        if is_closing:
            flash(_("%(day)s is closed. Thank you, and good rest.", day=day.isoformat()), "success")
        else:
            flash(_("Kept. The day is not closed yet."), "success")
        return redirect(url_for("close_day.index", day=day.isoformat()))

    @expose("/reopen/", methods=("POST",))
    def reopen_view(self) -> ResponseReturnValue:
        """Open today again."""
        is_open = reopen_day(_reader_id())
        db.session.commit()
        if is_open:
            flash(_("Today is open again. Close it once more when you are done."), "success")
        else:
            flash(_("Only today can be opened again, as long as it is closed."), "warning")
        return redirect(url_for("close_day.index"))

    def _show(
        self, day: date, words: Mapping[str, str | None] | None = None, too_long: set[str] | None = None
    ) -> str:
        staff = db.session.get_one(Staff, _reader_id())
        kept = close_of(staff.id, day)
        figures = kept.figures if kept and kept.figures is not None else figures_of([staff.id], day)[staff.id]
        kept_words = {name: getattr(kept, name, None) for name in ("completed", "open_points")}
        return self.render(
            "close_day.html",
            day=day,
            today=today(),
            kept=kept,
            is_closed=kept is not None and kept.closed_at is not None,
            words=words or kept_words,
            too_long=too_long or set(),
            text_most=TEXT_MOST,
            figures=shown_figures(figures, staff.id, day),
            owed=owed_days(staff, today()),
            is_working_day=working_calendar().is_working_day(day),
            is_away=staff.id in away_on([staff.id], day),
        )


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A person's day: `kept` is what was written about it, `figures` those of the closing or of now."""

    staff: Staff
    kept: DailyClose | None
    figures: list[Figure]
    is_away: bool

    @property
    def is_closed(self) -> bool:
        """Tell whether the person has closed the day."""
        return self.kept is not None and self.kept.closed_at is not None


class TeamDayView(Page):
    """Show the days of a whole team, and who has not closed."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read", "csv_view": "export"}
    title = lazy_gettext("The team's day")
    permission = "team_day"
    area, icon = Area.TODAY, "staff"

    def __init__(self) -> None:
        super().__init__(name="team_day", endpoint="team_day", url="/team-day")

    @expose("/")
    def index(self) -> str:
        """Show a day of everybody, or of the people of a region and those under it."""
        day, region_id = self._asked()
        typed = request.args.get("day", "").strip()
        if typed and day == today() and _typed_day(typed) != day:
            flash(_("“%(typed)s” is no day that can be shown: here is today.", typed=typed[:40]), "warning")
        lines = team(day, region_id)
        is_working_day = working_calendar().is_working_day(day)
        owing = [each for each in lines if is_working_day and not each.is_closed and not each.is_away]
        return self.render(
            "team_day.html",
            day=day,
            today=today(),
            region_id=region_id,
            regions=small_options(Region),
            lines=lines,
            labels=FIGURES,
            owing=owing,
            is_working_day=is_working_day,
            before=day - _DAY,
            after=day + _DAY if day < today() else None,
        )

    @expose("/file/")
    def csv_view(self) -> ResponseReturnValue:
        """Download the day as a file."""
        day, region_id = self._asked()
        lines = team(day, region_id)
        head = [
            _("Staff member"),
            _("Closed at"),
            *map(str, FIGURES.values()),
            _("Completed"),
            _("Open points"),
        ]
        body = b"\xef\xbb\xbf" + csv_line(head) + b"".join(csv_line(_cells(each)) for each in lines)
        record_access(
            AccessKind.EXPORTED,
            table=self.permission,
            remote_address=request.remote_addr,
            rows=len(lines),
            narrowed=region_id is not None,
        )
        db.session.commit()
        response = Response(body, mimetype="text/csv")
        response.headers.set("Content-Disposition", "attachment", filename=f"team-{day.isoformat()}.csv")
        return response

    def _asked(self) -> tuple[date, int | None]:
        day = _day_of(request.args.get("day", ""), SHOWN_DAYS)
        return day, coerce_id(request.args.get("region", ""))


def team(day: date, region_id: int | None) -> list[TeamLine]:
    """Return the day of all who close days, or of the people of a region and those under it.

    As many queries for one as for many.
    """
    found = select(Staff).where(Staff.active, func.cardinality(Staff.role_names) > 0)
    if region_id is not None:
        found = found.where(Staff.region_id.in_(regions_under(region_id)))
    everybody = db.session.scalars(found.order_by(Staff.sort_column(), Staff.id).limit(PEOPLE_MOST))
    people = [each for each in everybody if closes_days(each)]
    keys = [each.id for each in people]
    closes, away = closes_on(keys, day), away_on(keys, day)
    frozen = {key: kept.figures for key, kept in closes.items() if kept.figures is not None}
    live = figures_of([key for key in keys if key not in frozen], day)
    return [
        TeamLine(
            each,
            closes.get(each.id),
            shown_figures(frozen.get(each.id) or live.get(each.id, {}), each.id, day),
            each.id in away,
        )
        for each in people
    ]


def shown_figures(figures: Mapping[str, int], staff_id: int, day: date) -> list[Figure]:
    """Return the figures as they are read; one that a closed day did not know yet is left at 0."""
    urls = _lists_behind(staff_id, day)
    return [Figure(name, str(label), figures.get(name, 0), urls.get(name)) for name, label in FIGURES.items()]


def _lists_behind(staff_id: int, day: date) -> dict[str, str]:
    """Return by figure the list of what it counts, where the reader may see it and a filter exists."""
    that_day = {"flt_called_at_from": day.isoformat(), "flt_called_at_to": day.isoformat()}
    kept = {"flt_promise_kept_on_from": day.isoformat(), "flt_promise_kept_on_to": day.isoformat()}
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "calls": ("call_record", that_day),
        "reached": ("call_record", that_day | {"flt_result": "reached"}),
        "kept": ("call_record", kept),
        "open": ("complaint", {KEY: "open"}),
        "tasks": ("department_task", {"flt_state": "open"}),
    }
    if day == today():
        wanted["promises"] = ("call_record", {KEY: "promises"})
    return {
        name: url_for(f"{view.endpoint}.index_view", flt_responsible_id=staff_id, **args)
        for name, (table, args) in wanted.items()
        if (view := view_named(table)) is not None and allows(current_actor(), table, "list")
    }


def _cells(line: TeamLine) -> list[str]:
    at = show_instant(line.kept.closed_at) if line.kept and line.kept.closed_at else ""
    words = (
        (line.kept.completed or "", line.kept.open_points or "") if line.kept and line.is_closed else ("", "")
    )
    numbers = [str(each.number) for each in line.figures]
    return [neutralise(line.staff.name), at, *numbers, *map(neutralise, words)]


def closing_reminder(at: datetime) -> list[date]:
    """Return the days that the reader still has to close: today from an hour before the end of work."""
    actor = current_actor()
    if actor is None or actor.staff_id is None or not actor.roles:
        return []
    day = today()
    owed = owed_days(db.session.get_one(Staff, actor.staff_id), day)
    hours = working_calendar().hours_on(day)
    is_time = bool(hours) and at >= _end_of_work(day, hours[-1][1]) - REMINDED_BEFORE
    return [each for each in owed if each < day or is_time]


def _end_of_work(day: date, minutes: int) -> datetime:
    """Return the instant at which the working hours of a day end."""
    return instant_of(day, datetime.min.time()) + timedelta(minutes=minutes)


def _reader_id() -> int:
    actor = current_actor()
    assert actor is not None
    assert actor.staff_id is not None
    return actor.staff_id


def _typed_day(raw: str) -> date | None:
    try:
        return parse_day(raw) if raw else None
    except ValueError:
        return None


def _day_of(raw: str, most: int) -> date:
    """Return the day that was asked for; today for none, one to come, or one too long ago."""
    day = _typed_day(raw)
    return day if day is not None and today() - most * _DAY <= day <= today() else today()
