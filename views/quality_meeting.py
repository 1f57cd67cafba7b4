"""The quality meeting of a week: every point of all digests, beside what was decided, to decide measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from jobs.digest_points import Point, points_of
from models import Digest, Measure, Staff, current_actor, db
from models.base import now
from models.centre import site_zone
from models.iso_week import IsoWeek
from models.measure import MeasureState
from models.measure_concern import Concern, concerns_of, measures_about, measures_at
from models.measure_effect import Effect, effects_of
from models.measure_steps import BY_MOST
from models.sql import labels_for
from views import sent_twice
from views.answer import NAME_MOST, TEXT_MOST, Sent, check_texts, read_day
from views.clock import today
from views.digest import asked_week, department_name
from views.fields import clean_line, clean_text
from views.menu import Area
from views.page import Page
from views.stored_mail import asked_key


@dataclass(frozen=True, slots=True)
class Row:
    """A point with what was decided at it, and what was decided for the same before."""

    digest: Digest
    point: Point
    concern: Concern
    decided: list[Measure] = field(default_factory=list)
    before: list[Measure] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Return the row's place on the page."""
        return f"p{self.digest.id}-{self.point.key}".replace(":", "-").replace(" ", "-")


class QualityMeetingView(Page):
    """Show the points of a week, and decide measures at them."""

    permission = "quality_meeting"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "decide_view": "act"}
    area, icon, title = Area.DIGEST, "staff", lazy_gettext("Quality meeting")

    def __init__(self) -> None:
        super().__init__(name="quality_meeting", endpoint="quality_meeting", url="/quality-meeting")

    @expose("/")
    def index(self) -> str:
        """Show the meeting of a week; without one, of the latest that has ended."""
        return self._show(asked_week() or IsoWeek.last_closed(now(), site_zone()))

    @expose("/decide/", methods=("POST",))
    def decide_view(self) -> ResponseReturnValue:
        """Decide a measure at a point."""
        digest = db.session.get(Digest, asked_key("digest_id"))
        if digest is None:
            abort(404)
        week = IsoWeek(digest.iso_year, digest.iso_week)
        row = next((each for each in rows_of([digest]) if each.point.key == request.form.get("point")), None)
        if row is None:
            abort(404)
        sent = _read()
        if sent.problems:
            return self._show(week, row.anchor, sent), 422
        sent_twice.do_once(lambda: _decide(row, week, sent))
        flash(_("The measure is decided."), "success")
        return redirect(url_for(".index", week=str(week), _anchor=row.anchor))

    def _show(self, week: IsoWeek, at: str | None = None, sent: Sent | None = None) -> str:
        rows = rows_of(digests_of(week))
        measures = {each.id: each for row in rows for each in (*row.decided, *row.before)}
        last = IsoWeek.last_closed(now(), site_zone())
        return self.render(
            "quality_meeting.html",
            week=week,
            next_week=week.shifted(1) if week < last else None,
            rows=rows,
            at=at,
            sent=sent or Sent({}),
            empty=Sent({}),
            effects=_effects(measures.values()),
            can_decide=self.is_allowed("act"),
            department_name=department_name,
            form_key=sent_twice.form_key(),
            today=today(),
            open_state=MeasureState.DECIDED,
            name_most=NAME_MOST,
            text_most=TEXT_MOST,
        )


def _effects(measures: Iterable[Measure]) -> dict[int, Effect]:
    return effects_of(measures, today())


def digests_of(week: IsoWeek) -> list[Digest]:
    """Return the digests of all departments of a week."""
    return list(
        db.session.scalars(
            select(Digest)
            .where(Digest.iso_year == week.year, Digest.iso_week == week.week)
            .options(selectinload(Digest.department))
            .order_by(Digest.department_id)
        )
    )


def rows_of(digests: Sequence[Digest]) -> list[Row]:
    """Return every point of the digests; as many queries for one as for all."""
    points = [(digest, point) for digest in digests for point in points_of(digest.payload)]
    concerns = concerns_of({f"{digest.id} {point.key}": point.named for digest, point in points})
    at_points = measures_at([digest.id for digest in digests])
    about = measures_about({digest.department_id for digest in digests}, concerns.values())
    rows = []
    for digest, point in points:
        row = Row(digest, point, concerns[f"{digest.id} {point.key}"])
        row.decided.extend(m for m in at_points if (m.digest_id, m.point_key) == (digest.id, point.key))
        known = {each.id for each in row.decided}
        row.before.extend(
            each
            for each in about
            if each.department_id == digest.department_id and each.id not in known and row.concern.is_of(each)
        )
        rows.append(row)
    return rows


def _read() -> Sent:
    sent = Sent(
        {
            "answer": clean_text(request.form.get("answer", "")),
            "measure_owner": clean_line(request.form.get("measure_owner", "")),
            "measure_due_on": clean_line(request.form.get("measure_due_on", "")),
        }
    )
    check_texts(sent, ("answer", "measure_owner"))
    if sent.text("measure_due_on"):
        read_day(sent)
    else:
        sent.problems["measure_due_on"] = _("Fill this in.")
    return sent


def _decide(row: Row, week: IsoWeek, sent: Sent) -> int:
    actor = current_actor()
    assert actor is not None
    assert actor.staff_id is not None
    due_on: date | None = sent.due_on
    assert due_on is not None
    owner = sent.text("measure_owner")
    named = select(Staff.id).where(Staff.name == owner, Staff.active).order_by(Staff.id).limit(2)
    staff = db.session.scalars(named).all()
    measure = Measure(
        department_id=row.digest.department_id,
        what=sent.text("answer"),
        owner_name=owner,
        # Two of one name: nobody can tell which is meant.
        responsible_id=staff[0] if len(staff) == 1 else None,
        due_on=due_on,
        subject_id=row.concern.subject_id,
        part_id=row.concern.part_id,
        supplier_id=row.concern.supplier_id,
        digest_id=row.digest.id,
        point_key=row.point.key,
        point_text=row.point.text,
        meeting_week=str(week),
        decided_by=labels_for(Staff, [actor.staff_id])[actor.staff_id].text[:BY_MOST],
    )
    db.session.add(measure)
    db.session.flush()
    return measure.id
