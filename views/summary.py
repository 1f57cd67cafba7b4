"""One's own summary of a month or year: filled in by the panel, written over the figures, handed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from jobs import summary_wording as wording
from models import Staff, Summary, current_actor, db
from models.base import now
from models.centre import site_zone
from models.summary import TEXTS, hand_in, summary_of, unwritten, write_summary
from models.summary_figures import person_figures
from models.summary_period import PeriodKind, SummaryPeriod
from views.fields import clean_text, coerce_id
from views.kept_draft import is_only_shown
from views.menu import Area
from views.page import PageForAll

# Characters of one text.
TEXT_MOST = 8000
# Periods to choose from; earlier ones are reached one by one.
MONTHS, YEARS = 13, 3
HELP = {
    "achieved": lazy_gettext(
        "What stands out over the figures: what went well, what was finished, what you learnt."
    ),
    "problems": lazy_gettext("What went wrong or stays difficult, and why."),
    "plans": lazy_gettext("What you will do next, and by when."),
    "suggestions": lazy_gettext(
        "How work, products or service could be better. It is passed on to the departments."
    ),
    "market": lazy_gettext(
        "What you heard of other makers, prices, techniques and customers' wishes. It is passed on as well."
    ),
}
Texts = Mapping[str, str | None]


class SummaryView(PageForAll):
    """Let everybody with a role write the own summaries."""

    permission = "summary"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "write_view": "act"}
    title = lazy_gettext("My summary")
    area, icon = Area.TODAY, "page"

    def __init__(self) -> None:
        super().__init__(name="summary", endpoint="summary", url="/summary")

    def is_allowed(self, action: str) -> bool:
        """Let in who has a role."""
        actor = current_actor()
        return super().is_allowed(action) and actor is not None and bool(actor.roles)

    @expose("/")
    def index(self) -> str:
        """Show the reader's summary of a period: the last that has ended where the address names none."""
        return self._show(asked_period() or _next_to_write(_reader_id()))

    @expose("/write/", methods=("POST",))
    def write_view(self) -> ResponseReturnValue:
        """Keep what was written and, where that was pressed, hand it in."""
        period, staff_id = asked_period() or abort(404), _reader_id()
        texts = read_texts()
        if is_only_shown():
            return self._show(period, texts)
        too_long = long_ones(texts)
        if too_long:
            return self._show(period, texts, too_long), 422
        is_final = "hand_in" in request.form
        if is_final and not period.has_ended(now()):
            flash(_("The period has not ended yet: hand the summary in afterwards."), "warning")
            is_final = False
        if is_final and not any(texts.values()):
            flash(_("Write something first: the figures alone are no summary."), "warning")
            return self._show(period, texts), 422
        is_done = _kept(period, staff_id, texts, is_final=is_final)
        if is_done:
            flash(_("Handed in. Thank you.") if is_final else _("Kept. It is not handed in yet."), "success")
            return redirect(url_for("summary.index", period=str(period)))
        mine = summary_of(period, staff_id)
        if is_final and mine is not None and mine.is_handed_in and mine.said() == _only_said(texts):
            # The same form once more, by a second click or a reload.
            return redirect(url_for("summary.index", period=str(period)))
        flash(changed_meanwhile(), "warning")
        return self._show(period, texts), 409

    def _show(
        self, period: SummaryPeriod, texts: Texts | None = None, too_long: frozenset[str] = frozenset()
    ) -> str:
        staff = db.session.get_one(Staff, _reader_id())
        kept = summary_of(period, staff.id)
        figures = (
            kept.figures if kept and kept.figures is not None else person_figures(period, [staff])[staff.id]
        )
        return self.render(
            "summary.html",
            **about(period),
            kept=kept,
            is_handed_in=kept is not None and kept.is_handed_in,
            texts=texts or texts_of(kept),
            written_meanwhile=meanwhile(kept, texts),
            too_long=too_long,
            figures=wording.person_figures(figures),
        )


def about(period: SummaryPeriod) -> dict[str, object]:
    """Return what both pages say of a period and let choose."""
    return {
        "period": period,
        "heading": wording.title(period),
        "has_ended": period.has_ended(now()),
        "following": period.following if period.following.first_on <= present(period.kind).first_on else None,
        "choices": _choices(),
        "period_name": wording.period_name,
        "labels": TEXTS,
        "help": HELP,
        "text_most": TEXT_MOST,
        "w": wording,
    }


def present(kind: PeriodKind) -> SummaryPeriod:
    """Return the month or year that goes on."""
    return SummaryPeriod.of(kind, now().astimezone(site_zone()).date())


def last_month() -> SummaryPeriod:
    """Return the last month that has ended."""
    return present(PeriodKind.MONTH).previous


def asked_period() -> SummaryPeriod | None:
    """Return the period that a request names; None for none, for what is no period, and for one to come."""
    try:
        found = SummaryPeriod.parse(request.values.get("period", ""))
    except ValueError:
        return None
    return found if found.first_on <= present(found.kind).first_on else None


def _choices() -> list[SummaryPeriod]:
    found = []
    for kind, most in ((PeriodKind.MONTH, MONTHS), (PeriodKind.YEAR, YEARS)):
        period = present(kind)
        for _number in range(most):
            found.append(period)
            period = period.previous
    return found


def _next_to_write(staff_id: int) -> SummaryPeriod:
    """Return last month while it is owed, afterwards the present one."""
    mine = summary_of(last_month(), staff_id)
    return last_month() if mine is None or not mine.is_handed_in else present(PeriodKind.MONTH)


def to_write() -> list[tuple[SummaryPeriod, str]]:
    """Return the summaries that the reader still owes, each with what its period is called."""
    actor = current_actor()
    if actor is None or actor.staff_id is None or not actor.roles:
        return []
    owed = unwritten(db.session.get_one(Staff, actor.staff_id), now())
    return [(period, wording.period_name(period)) for period in owed]


def read_texts() -> dict[str, str | None]:
    """Return what a form says."""
    return {name: clean_text(request.form.get(name, "")) or None for name in TEXTS}


def texts_of(kept: Summary | None) -> dict[str, str | None]:
    """Return what is written so far."""
    return {name: getattr(kept, name, None) for name in TEXTS}


def long_ones(texts: Texts) -> frozenset[str]:
    """Return which texts are longer than the panel takes."""
    return frozenset(name for name, text in texts.items() if text and len(text) > TEXT_MOST)


def meanwhile(kept: Summary | None, texts: Texts | None) -> dict[str, str]:
    """Return what stands written beside a form that came back, where it is something else."""
    if texts is None or kept is None or kept.version == sent_version():
        return {}
    return {name: text for name, text in kept.said().items() if text != texts.get(name)}


def sent_version() -> int:
    """Return the version of the summary that the writer saw, 0 where there was none."""
    return coerce_id(request.form.get("version", "")) or 0


def changed_meanwhile() -> str:
    """Return what a writer is told who comes late."""
    return str(_("It was changed in another window meanwhile. What you wrote stands below: look, and go on."))


def _only_said(texts: Texts) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def _kept(period: SummaryPeriod, staff_id: int, texts: Texts, *, is_final: bool) -> bool:
    """Write and, where it is final, hand in, in one transaction; False where another was faster."""
    try:
        is_done = write_summary(period, staff_id, sent_version(), texts)
        if is_done and is_final:
            staff = db.session.get_one(Staff, staff_id)
            is_done = hand_in(period, staff_id, person_figures(period, [staff])[staff_id])
        if is_done:
            db.session.commit()
    except IntegrityError as error:
        if not is_begun_elsewhere(error):
            raise
        is_done = False
    if not is_done:
        db.session.rollback()
    return is_done


def is_begun_elsewhere(error: IntegrityError) -> bool:
    """Tell whether a refusal says that another window has begun the same summary, or sent it, just now."""
    return isinstance(error.orig, UniqueViolation)


def _reader_id() -> int:
    actor = current_actor()
    assert actor is not None
    assert actor.staff_id is not None
    return actor.staff_id
