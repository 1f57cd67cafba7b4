"""What the digest counts: complaints of one department by subject, week, age and answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from models.base import db
from models.complaint import Complaint, Severity, Step, Subject
from models.deadline import owes_late
from models.deadline_rule import DeadlineKind
from models.iso_week import IsoWeek
from models.organisation import Department
from models.proportion import Proportion
from models.scope import WITH_DELETED
from models.span import Span, Unit

HISTORY_WEEKS = 8
# Where so many complaints a week are usual, a week without any is a hole in the data and no calm week.
PLENTY = 10
# A median of fewer weeks says nothing about what is usual.
SHORTEST_HISTORY = 3
# Below this count on either side a percentage of change only misleads.
FEWEST_FOR_PERCENT = 5
# Age in whole days at the end of the week, from and to; the last has no end.
AGES: tuple[tuple[int, int | None], ...] = ((0, 2), (3, 7), (8, 30), (31, None))


@dataclass(frozen=True, slots=True)
class Frame:
    """The period, place and subjects that every count of one digest is limited to.

    `subject_ids` is None for a department that gets every subject.
    """

    week: IsoWeek
    zone: ZoneInfo
    subject_ids: frozenset[int] | None

    @property
    def ends_at(self) -> datetime:
        """Return the first instant after the week."""
        return self.week.bounds(self.zone)[1]

    @property
    def starts_at(self) -> datetime:
        """Return the first instant of the week."""
        return self.week.bounds(self.zone)[0]

    @property
    def weeks(self) -> list[IsoWeek]:
        """Return the week itself and those it is compared with, latest first."""
        return [self.week.shifted(-back) for back in range(HISTORY_WEEKS + 1)]

    @property
    def history_from(self) -> datetime:
        """Return the first instant of the earliest week that is compared with."""
        return self.weeks[-1].bounds(self.zone)[0]

    @property
    def span(self) -> Span:
        """Return the week and those it is compared with as one span."""
        return Span(Unit.WEEK, self.weeks[-1].monday, self.week.sunday, self.zone, self.subject_ids)

    def concerns(self) -> ColumnElement[bool]:
        """Return the condition that a complaint's subject is one of the department's."""
        return self.span.concerns()

    def week_of(
        self, instant: ColumnElement[datetime] | InstrumentedAttribute[datetime]
    ) -> ColumnElement[Any]:
        """Return the Monday of the week that a column's instant lies in, by the calendar of the site."""
        found: ColumnElement[Any] = self.span.unit_of(instant)
        return found


def is_grave() -> ColumnElement[bool]:
    """Return the condition of a complaint that is listed before all others: severe, or about safety."""
    return or_(Complaint.is_safety_relevant, Complaint.severity == Severity.SEVERE)


def is_late(ends_at: datetime) -> ColumnElement[bool]:
    """Return the condition of a complaint whose first answer was due before `ends_at` and is still owed."""
    return owes_late(DeadlineKind.FIRST_ANSWER, ends_at)


def subject_tree() -> dict[int, Subject]:
    """Return every subject by id, deleted ones too: complaints about them are still counted."""
    found = db.session.scalars(select(Subject), execution_options={WITH_DELETED: True})
    return {subject.id: subject for subject in found}


def subjects_of(department: Department, tree: Mapping[int, Subject]) -> frozenset[int] | None:
    """Return the ids of the subjects that `department` is told of, None where it is every one.

    A subject that names no department goes to those of the nearest one above it that does.
    """
    if department.gets_all_subjects:
        return None
    named = _named()
    return frozenset(key for key in tree if department.id in _told(key, tree, named))


def departments_told(subject_id: int) -> set[int]:
    """Return the ids of the departments that a subject names, or else the nearest one above it that does."""
    return _told(subject_id, subject_tree(), _named())


def _named() -> dict[int, set[int]]:
    """Return by subject the ids of the departments that it names itself."""
    named: dict[int, set[int]] = {}
    pairs = select(Subject.id, Department.id).join(Subject.departments)
    for subject_id, department_id in db.session.execute(pairs, execution_options={WITH_DELETED: True}):
        named.setdefault(subject_id, set()).add(department_id)
    return named


def _told(subject_id: int, tree: Mapping[int, Subject], named: Mapping[int, set[int]]) -> set[int]:
    seen: set[int] = set()
    key: int | None = subject_id
    while key is not None and key in tree and key not in seen:
        if key in named:
            return named[key]
        seen.add(key)
        key = tree[key].parent_id
    return set()


@dataclass(frozen=True, slots=True)
class Trend:
    """A count of this week beside last week's and the median of the weeks before.

    `median` is None where there are too few weeks to say what is usual; `direction` is "up" or "down" only
    where chance alone would hardly do it (95 %), and None otherwise.
    """

    this_week: int
    last_week: int | None
    median: float | None
    direction: str | None

    def payload(self) -> dict[str, Any]:
        """Return the trend as it is frozen, with the change in percent where both counts carry one."""
        percent = None
        if self.last_week is not None and min(self.this_week, self.last_week) >= FEWEST_FOR_PERCENT:
            percent = round(100 * (self.this_week - self.last_week) / self.last_week)
        return {
            "this_week": self.this_week,
            "last_week": self.last_week,
            "median": self.median,
            "percent": percent,
            "direction": self.direction,
        }


def trend(counts: Mapping[IsoWeek, int], weeks: list[IsoWeek]) -> Trend:
    """Return the trend of the first of `weeks` against the others, which are its history, latest first."""
    this_week, *earlier = (counts.get(week, 0) for week in weeks)
    enough = len(earlier) >= SHORTEST_HISTORY
    direction = None
    if enough and this_week + sum(earlier) >= FEWEST_FOR_PERCENT:
        # Were this week as usual, its share of all would be that of one week.
        share = Proportion(this_week, this_week + sum(earlier))
        usual = 1 / (len(earlier) + 1)
        direction = "up" if share.is_above(usual) else "down" if share.is_below(usual) else None
    usual_count = float(median(earlier)) if enough else None
    return Trend(this_week, earlier[0] if earlier else None, usual_count, direction)


def known_weeks(frame: Frame, first: date | None) -> list[IsoWeek]:
    """Return the week and, latest first, those before it that lie wholly after the `first` entry there is."""
    earlier = frame.weeks[1:] if first else []
    return [frame.week, *(week for week in earlier if first is not None and week.monday >= first)]


def weeks_after_hole(frame: Frame, weeks: list[IsoWeek]) -> list[IsoWeek]:
    """Return of `weeks`, latest first, those after the last one for which no file of complaints came.

    Counted as zero, such a hole would make a rise of every week that follows it.
    """

    def up_to_plenty(week: IsoWeek) -> ScalarSelect[int]:
        starts_at, ends_at = week.bounds(frame.zone)
        of_week = (Complaint.registered_at >= starts_at, Complaint.registered_at < ends_at)
        # More than plenty is not counted: the median of what is left says the same.
        some = select(Complaint.id).where(*of_week).limit(PLENTY).subquery()
        return select(func.count()).select_from(some).scalar_subquery()

    counts = db.session.execute(select(*map(up_to_plenty, frame.weeks))).one()
    found = {week: count for week, count in zip(frame.weeks, counts, strict=True) if count}
    if not found or median(found.values()) < PLENTY:
        return weeks
    return [weeks[0], *takewhile(found.__contains__, weeks[1:])]


def first_complaint_on(zone: ZoneInfo) -> date | None:
    """Return the day of the first complaint in the panel, None where there is none."""
    first = db.session.scalar(select(func.min(Complaint.registered_at)))
    return first.astimezone(zone).date() if first else None


def counts_by_subject(frame: Frame) -> dict[int, dict[IsoWeek, int]]:
    """Return the number of complaints registered, by subject and week."""
    week = frame.week_of(Complaint.registered_at)
    found = db.session.execute(
        select(Complaint.subject_id, week, func.count(Complaint.id))
        .where(Complaint.registered_at >= frame.history_from, Complaint.registered_at < frame.ends_at)
        .where(frame.concerns())
        .group_by(Complaint.subject_id, week)
    )
    counts: dict[int, dict[IsoWeek, int]] = {}
    for subject_id, monday, count in found:
        counts.setdefault(subject_id, {})[IsoWeek.of(monday.date())] = count
    return counts


def sum_by_week(counts: Iterable[Mapping[IsoWeek, int]]) -> dict[IsoWeek, int]:
    """Add the counts of each week."""
    total: dict[IsoWeek, int] = {}
    for of_one in counts:
        for week, count in of_one.items():
            total[week] = total.get(week, 0) + count
    return total


def week_details(frame: Frame) -> dict[str, int]:
    """Return how many of the week's complaints are severe, about safety, and without facts."""
    count = func.count(Complaint.id)
    row = db.session.execute(
        select(
            count.filter(Complaint.severity == Severity.SEVERE),
            count.filter(Complaint.is_safety_relevant),
            count.filter(is_grave()),
            count.filter(Complaint.dealer_id.is_(None)),
            count.filter(func.coalesce(Complaint.description, "") == ""),
        )
        .where(Complaint.registered_at >= frame.starts_at, Complaint.registered_at < frame.ends_at)
        .where(frame.concerns())
    ).one()
    return dict(zip(("severe", "safety", "grave", "without_dealer", "without_text"), row, strict=True))


def open_by_age(frame: Frame) -> list[dict[str, Any]]:
    """Return open complaints, late ones and grave ones among them, by age at the end of the week."""
    begins = [frame.ends_at - timedelta(days=last + 1) for _, last in AGES if last is not None]
    younger = ((Complaint.registered_at > begin, index) for index, begin in enumerate(begins))
    bracket = case(*younger, else_=len(begins))
    count, late = func.count(Complaint.id), is_late(frame.ends_at)
    found = db.session.execute(
        select(bracket, count, count.filter(late), count.filter(is_grave() | late))
        .where(Complaint.step != Step.CONFIRMED, Complaint.registered_at < frame.ends_at)
        .where(frame.concerns())
        .group_by(bracket)
    )
    rows = {index: counts for index, *counts in found}
    named = ("open", "late", "urgent")
    return [
        {"from": first, "to": last, **dict(zip(named, rows.get(index, (0, 0, 0)), strict=True))}
        for index, (first, last) in enumerate(AGES)
    ]
