"""Reminding people of what is due and late, and telling of what stays late: one mail each at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import structlog
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from jobs.mail_message import Mail
from jobs.outbox import add_reminder_mail
from jobs.summary_wording import title
from jobs.told_mail import Line, Part, told_mail
from models import Delivery, Staff, db
from models.centre import site_zone
from models.reminding import Reminder, Stage, tell_of_deadlines
from models.reminding_dated import tell_of_dated, tell_of_open_day, tell_of_open_summaries
from models.summary_period import SummaryPeriod

log = structlog.get_logger()


def remind(at: datetime) -> list[Delivery]:
    """Put into the outbox what people have to be told at `at`, one mail for each person; flushes.

    The note that it was told and the mail stand in one transaction: neither is there without the other.
    """
    told = tell_of_deadlines(at)
    for person, reminders in tell_of_dated(at).items():
        told.setdefault(person, []).extend(reminders)
    deliveries = []
    if told:
        people = db.session.scalars(select(Staff).where(Staff.id.in_(told)).order_by(Staff.id)).all()
        deliveries = [add_reminder_mail(reminder_mail(person, told[person.id]), person) for person in people]
        log.info("reminders_put", people=len(people), reminders=sum(map(len, told.values())))
    open_day = tell_of_open_day(at)
    if open_day is not None:
        day, owing = open_day
        deliveries += [add_reminder_mail(open_day_mail(person, day), person) for person in owing]
        log.info("open_days_told", people=len(owing))
    open_summaries = tell_of_open_summaries(at)
    deliveries += [
        add_reminder_mail(open_summary_mail(each, periods), each) for each, periods in open_summaries.items()
    ]
    if open_summaries:
        log.info("open_summaries_told", people=len(open_summaries))
    db.session.flush()
    return deliveries


def open_summary_mail(staff: Staff, periods: Sequence[SummaryPeriod]) -> Mail:
    """Return the mail that asks a person for summaries, in the person's language."""
    with force_locale(staff.locale.value):
        names = _(", ").join(title(period) for period in periods)
        return told_mail(
            staff,
            str(_("Please hand in: %(summaries)s", summaries=names)),
            [],
            path=f"summary/?period={periods[0]}",
            link=_("Write the summary"),
            intro=_("It is not handed in yet. The figures are filled in; what is missing are your words."),
        )


def open_day_mail(staff: Staff, day: date) -> Mail:
    """Return the mail that asks a person to close a day, in the person's language."""
    path = f"close-day/?day={day.isoformat()}"
    with force_locale(staff.locale.value):
        return told_mail(
            staff,
            str(_("Please close %(day)s", day=day.isoformat())),
            [],
            path=path,
            link=_("Close the day"),
            intro=_("You have not closed this day yet. Your supervisor sees it; it takes a minute."),
        )


def reminder_mail(staff: Staff, reminders: Sequence[Reminder]) -> Mail:
    """Return the mail that gathers what a person is told of, in the person's language.

    Escalated first, then late, then due soon; severe and safety relevant ones first among them.
    """
    with force_locale(staff.locale.value):
        parts = [
            Part(heading, lines)
            for stage, heading in (
                (Stage.ESCALATED, _("Still late, passed on to you")),
                (Stage.LATE, _("Late")),
                (Stage.BEFORE, _("Due soon")),
            )
            if (lines := [_line(each) for each in _ordered(reminders, stage)])
        ]
        return told_mail(staff, _subject(reminders), parts, path="due/", link=_("All that you have to do"))


def _line(reminder: Reminder) -> Line:
    due_at = reminder.due_at.astimezone(site_zone())
    at = due_at.strftime("%Y-%m-%d %H:%M")
    words = str(_("%(what)s, due %(at)s", what=reminder.kind.label, at=at))
    path = f"{reminder.table.replace('_', '-')}/details/?id={reminder.row_id}"
    return Line(reminder.number, path, words, is_urgent=reminder.is_urgent)


def _ordered(reminders: Sequence[Reminder], stage: Stage) -> list[Reminder]:
    of_stage = (each for each in reminders if each.stage is stage)
    return sorted(of_stage, key=lambda each: (not each.is_urgent, each.due_at, each.number))


def _subject(reminders: Sequence[Reminder]) -> str:
    counts = {stage: sum(each.stage is stage for each in reminders) for stage in Stage}
    escalated, late, before = (counts[each] for each in (Stage.ESCALATED, Stage.LATE, Stage.BEFORE))
    parts = [
        *([ngettext("%(num)d passed on to you", "%(num)d passed on to you", escalated)] if escalated else []),
        *([ngettext("%(num)d late", "%(num)d late", late)] if late else []),
        *([ngettext("%(num)d due soon", "%(num)d due soon", before)] if before else []),
    ]
    return str(_("To do: %(parts)s", parts=_(", ").join(parts)))
