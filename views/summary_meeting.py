"""The summary meeting: who handed in, how the work went, what the centre says and sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jobs import digest_figure_wording as figure_wording
from jobs import digest_wording
from jobs.outbox import put_summary, send_soon
from models import Delivery, Department, DigestRecipient, Region, Staff, Summary, current_actor, db
from models.actor import Actor
from models.base import now
from models.summary import (
    PASSED_ON,
    give_back,
    hand_in,
    summaries_of,
    summary_of,
    write_summary,
    writers_of,
)
from models.summary_figures import PERSON_FIGURES, SHARES, centre_figures, person_figures, sent_payload
from models.summary_period import SummaryPeriod
from views.digest import department_name
from views.fields import coerce_id
from views.kept_draft import is_only_shown
from views.lookups import small_options
from views.menu import Area
from views.page import Page
from views.stored_mail import asked_key
from views.summary import (
    Texts,
    about,
    asked_period,
    changed_meanwhile,
    is_begun_elsewhere,
    last_month,
    long_ones,
    meanwhile,
    read_texts,
    sent_version,
    texts_of,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A person with the summary, None while there is none; figures are those handed in, or those of now."""

    staff: Staff
    summary: Summary | None
    figures: Mapping[str, Any]

    @property
    def is_handed_in(self) -> bool:
        """Tell whether the person has handed in."""
        return self.summary is not None and self.summary.is_handed_in

    @property
    def said(self) -> dict[str, str]:
        """Return what the person says; nothing before it is handed in."""
        return self.summary.said() if self.summary is not None and self.is_handed_in else {}

    @property
    def told(self) -> dict[str, str]:
        """Return of this what is not gathered with that of others."""
        return {name: text for name, text in self.said.items() if name not in PASSED_ON}

    def rank(self, name: str) -> float:
        """Return by what the person stands in the order of a figure: the number, or the share."""
        kept = self.figures.get(name, 0)
        if name not in SHARES:
            return float(kept)
        return kept[0] / kept[1] if kept and kept[1] else -1.0


class SummaryMeetingView(Page):
    """Show the summaries of a team, and let supervisors write, close and send the centre's."""

    permission = "summary_meeting"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "write_view": "act", "give_back_view": "act"}
    area, icon, title = Area.DIGEST, "staff", lazy_gettext("Summary meeting")

    def __init__(self) -> None:
        super().__init__(name="summary_meeting", endpoint="summary_meeting", url="/summary-meeting")

    def is_allowed(self, action: str) -> bool:
        """Let in by role, and to read also who has people at positions below the own one."""
        actor = current_actor()
        return super().is_allowed(action) or (
            action == "read" and actor is not None and bool(actor.below_ids) and bool(actor.roles)
        )

    @expose("/")
    def index(self) -> str:
        """Show a period, the last month where the address names none."""
        return self._show(asked_period() or last_month())

    @expose("/write/", methods=("POST",))
    def write_view(self) -> ResponseReturnValue:
        """Keep what the centre says and, where that was pressed, close and send it."""
        period, texts = asked_period() or abort(404), read_texts()
        if is_only_shown():
            return self._show(period, texts)
        too_long = long_ones(texts)
        if too_long:
            return self._show(period, texts, too_long), 422
        is_final = "close" in request.form
        if is_final and not period.has_ended(now()):
            flash(_("The period has not ended yet: close the summary afterwards."), "warning")
            is_final = False
        back = redirect(url_for(".index", period=str(period)))
        deliveries = _written(period, texts, is_final=is_final)
        if deliveries is None:
            kept = summary_of(period, None)
            if is_final and kept is not None and kept.is_handed_in:
                flash(_("It was closed already: see below what was sent."), "warning")
                return back
            flash(changed_meanwhile(), "warning")
            return self._show(period, texts), 409
        send_soon(deliveries)
        if not is_final:
            flash(_("Kept. It is not closed yet."), "success")
        elif deliveries:
            sent = ngettext("%(num)d mail is on its way", "%(num)d mails are on their way", len(deliveries))
            flash(_("The summary is closed: %(sent)s.", sent=sent), "success")
        else:
            flash(_("The summary is closed. Nobody was ticked, so no mail was sent."), "success")
        return back

    @expose("/give-back/", methods=("POST",))
    def give_back_view(self) -> ResponseReturnValue:
        """Give a person's summary back, to be written on."""
        period, staff = asked_period(), db.session.get(Staff, asked_key("staff_id"))
        if period is None or staff is None:
            abort(404)
        if give_back(period, staff.id):
            flash(_("%(name)s can write on; the figures are counted anew.", name=staff.name), "success")
        else:
            flash(_("It was not handed in, or given back already."), "warning")
        db.session.commit()
        return redirect(url_for(".index", period=str(period)))

    def _show(
        self, period: SummaryPeriod, texts: Texts | None = None, too_long: frozenset[str] = frozenset()
    ) -> str:
        region_id = coerce_id(request.args.get("region", ""))
        lines = lines_of(period, _actor(), region_id)
        by = request.args.get("sort", "")
        if by in PERSON_FIGURES:
            lines.sort(key=lambda line: -line.rank(by))
        # Of the centre reads who may by role; who only has people below reads of those.
        reads_centre = super().is_allowed("read")
        centre = summary_of(period, None) if reads_centre else None
        can_write = self.is_allowed("act") and not (centre is not None and centre.is_handed_in)
        people = recipients() if can_write else []
        departments = departments_of(people)
        return self.render(
            "summary_meeting.html",
            **about(period),
            lines=lines,
            owing=[each for each in lines if not each.is_handed_in],
            person_labels=PERSON_FIGURES,
            by=by,
            region_id=region_id,
            regions=small_options(Region),
            gathered=gathered(lines, centre),
            reads_centre=reads_centre,
            centre=centre,
            payload=_payload(period, centre) if reads_centre else None,
            f=figure_wording,
            name_of=digest_wording.name_of,
            can_write=can_write,
            can_give_back=self.is_allowed("act"),
            texts=texts or texts_of(centre),
            written_meanwhile=meanwhile(centre, texts),
            too_long=too_long,
            recipients=people,
            departments=departments,
            ticked=_ticked() if texts is not None else _management(people, departments),
            deliveries=deliveries_of(centre),
            department_name=department_name,
        )


def lines_of(period: SummaryPeriod, actor: Actor, region_id: int | None) -> list[Line]:
    """Return the people of a period with what they handed in; as many statements for one as for many."""
    people = writers_of(period, actor, region_id)
    kept = summaries_of(period, {each.id for each in people})
    live = person_figures(period, [each for each in people if not _figures(kept.get(each.id))])
    return [
        Line(each, kept.get(each.id), _figures(kept.get(each.id)) or live.get(each.id, {})) for each in people
    ]


def _figures(summary: Summary | None) -> dict[str, Any] | None:
    return None if summary is None else summary.figures


def gathered(lines: Sequence[Line], centre: Summary | None) -> dict[str, list[tuple[str, str]]]:
    """Return who suggests what, and who has heard what; with a closed summary, what was sent."""
    if centre is not None and centre.figures is not None:
        passed_on = centre.figures["passed_on"]
        return {name: [(each["by"], each["text"]) for each in passed_on[name]] for name in PASSED_ON}
    return {
        name: [(line.staff.name, line.said[name]) for line in lines if name in line.said]
        for name in PASSED_ON
    }


def recipients() -> list[DigestRecipient]:
    """Return who gets digests by mail now, by department; one who is in several of them once."""
    found = db.session.scalars(
        select(DigestRecipient)
        .join(Department, Department.id == DigestRecipient.department_id)
        .where(DigestRecipient.is_active)
        .order_by(Department.gets_all_subjects.desc(), Department.id, DigestRecipient.id)
    )
    once: dict[str, DigestRecipient] = {}
    for each in found:
        once.setdefault(each.email, each)
    return list(once.values())


def _ticked() -> set[int]:
    """Return who was ticked in a form."""
    return {key for raw in request.form.getlist("recipient") if (key := coerce_id(raw)) is not None}


def _management(people: Sequence[DigestRecipient], departments: Mapping[int, Department]) -> set[int]:
    """Return who is ticked at first: whose department is told of everything."""
    return {each.id for each in people if departments[each.department_id or 0].gets_all_subjects}


def departments_of(people: Sequence[DigestRecipient]) -> dict[int, Department]:
    """Return the departments of recipients by id; one statement."""
    keys = {each.department_id for each in people if each.department_id is not None}
    found = db.session.scalars(select(Department).where(Department.id.in_(keys)))
    return {each.id: each for each in found}


def deliveries_of(centre: Summary | None) -> list[Delivery]:
    """Return the mails that carried the centre's summary."""
    if centre is None or not centre.is_handed_in:
        return []
    return list(
        db.session.scalars(select(Delivery).where(Delivery.summary_id == centre.id).order_by(Delivery.id))
    )


def _payload(period: SummaryPeriod, centre: Summary | None) -> Mapping[str, Any]:
    return centre.figures if centre is not None and centre.figures is not None else centre_figures(period)


def _written(period: SummaryPeriod, texts: Texts, *, is_final: bool) -> list[Delivery] | None:
    """Write and, where it is final, close and send, in one transaction; None where another was faster."""
    deliveries: list[Delivery] = []
    try:
        is_done = write_summary(period, None, sent_version(), texts)
        if is_done and is_final:
            centre = summary_of(period, None)
            assert centre is not None
            people = [
                (line.staff, line.summary)
                for line in lines_of(period, _actor(), None)
                if line.summary is not None and line.is_handed_in
            ]
            is_done = hand_in(period, None, sent_payload(centre_figures(period), centre, people))
            ticked = _ticked()
            if is_done:
                deliveries = [put_summary(centre, each) for each in recipients() if each.id in ticked]
        if is_done:
            db.session.commit()
            return deliveries
    except IntegrityError as error:
        if not is_begun_elsewhere(error):
            raise
    db.session.rollback()
    return None


def _actor() -> Actor:
    actor = current_actor()
    assert actor is not None
    return actor
