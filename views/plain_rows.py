"""What the audit log says of rows of tables without a screen: whose they are, and their columns in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, select

from models import (
    AuditEntry,
    Base,
    Centre,
    DailyClose,
    Deadline,
    FailedJob,
    Invitation,
    OwnRight,
    SecondFactor,
    Summary,
    ToldOnce,
    db,
)
from models.figure_kind import FigureKind
from models.labels import FIELD_LABELS
from models.permissions import ACTIONS
from models.retention import RetentionKind
from models.told_once import ToldOf
from views.fields import member_of
from views.history import show_stored
from views.lookups import view_named
from views.rights_words import WORDS

# Table and id of a row; None where an entry is about no row.
Place = tuple[str | None, int | None]


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table without a screen: the columns that are told, whose row it is, and what goes before each column.

    `owner` is the column with the key of a record of the table `owner_table`; None where rows are nobody's.
    """

    model: type[Base]
    told: Mapping[str, LazyString]
    owner: str | None = None
    owner_table: str = "staff"
    ahead: str | None = None


_TOLD_OF = {
    ToldOf.TASK_BEFORE: _l("Task due soon"),
    ToldOf.TASK_LATE: _l("Task late"),
    ToldOf.TASK_ESCALATED: _l("Late task, passed on"),
    ToldOf.MEASURE_BEFORE: _l("Measure due soon"),
    ToldOf.MEASURE_LATE: _l("Measure late"),
    ToldOf.MEASURE_ESCALATED: _l("Late measure, passed on"),
    ToldOf.DAY_OPEN: _l("Day not closed"),
    ToldOf.MONTH_OPEN: _l("Monthly summary not handed in"),
    ToldOf.YEAR_OPEN: _l("Yearly summary not handed in"),
}
PLAIN = {
    "deadline": PlainTable(
        Deadline,
        {
            "due_at": _l("due"),
            "reminded_before_at": _l("reminded before it was due"),
            "reminded_late_at": _l("reminded that it is late"),
            "escalated_at": _l("passed on to the supervisors"),
            "paused_at": _l("stands still since"),
            "settled_at": _l("settled"),
        },
        "complaint_id",
        "complaint",
        ahead="kind",
    ),
    "told_once": PlainTable(ToldOnce, {"told_of": _l("Reminder"), "day": FIELD_LABELS["due_on"]}),
    "daily_close": PlainTable(DailyClose, {"day": _l("Day"), "closed_at": _l("closed")}, "staff_id"),
    "summary": PlainTable(Summary, {"kind": FIELD_LABELS["kind"], "first_on": _l("First day")}, "staff_id"),
    "own_right": PlainTable(
        OwnRight,
        {
            "table_name": _l("Kind of record"),
            "creator": _l("Who entered it may"),
            "responsible": _l("Who is responsible may"),
        },
    ),
    "centre": PlainTable(
        Centre,
        {
            "name": _l("Name of the centre"),
            "name_en": FIELD_LABELS["name_en"],
            "timezone": _l("Time zone"),
            "customers_per_person": _l("Customers of one person at most"),
            "is_confirmed_by_other": _l(
                "Somebody else than the handler asks whether the customer is satisfied"
            ),
            "is_acknowledged": FIELD_LABELS["is_acknowledged"],
            "hotline": FIELD_LABELS["hotline"],
            "retention": _l("Retention in months"),
            "figure_targets": _l("Targets in percent"),
            "working_hours": _l("Working hours"),
        },
    ),
    "invitation": PlainTable(Invitation, {"sent_at": _l("sent"), "accepted_at": _l("accepted")}, "staff_id"),
    "second_factor": PlainTable(SecondFactor, {"set_up_at": _l("set up")}, "staff_id"),
    "failed_job": PlainTable(
        FailedJob, {"function": _l("Job"), "error": _l("Cause"), "failures": _l("How often")}
    ),
}


def places_of(entries: Iterable[AuditEntry]) -> dict[Place, Place]:
    """Return the record that each row of such a table belongs to, by the row's table and id.

    A query for each table whose rows say whose they are.
    """
    found: dict[Place, Place] = {}
    for table, own in _by_table(entries).items():
        plain = PLAIN[table]
        if table == "told_once":
            found |= {(table, entry.row_id): place for entry in own if (place := _told_place(entry))}
        elif plain.owner is not None:
            owners = _values(plain, plain.owner, own)
            found |= {(table, key): (plain.owner_table, owner) for key, owner in owners.items()}
    return found


def words_ahead(table: str, entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Return what goes before the columns of each row, by its id; at most one query."""
    plain = PLAIN[table]
    if plain.ahead is None:
        return {}
    kinds = _values(plain, plain.ahead, list(entries))
    return {key: show_plain(table, plain.ahead, kind) for key, kind in kinds.items()}


def show_plain(table: str, name: str, stored: Any) -> str:
    """Return a stored value of such a table in words; an empty text stands for nothing."""
    special = _SPECIAL.get((table, name))
    if special is not None and stored is not None:
        return special(stored)
    return show_stored(PLAIN[table].model, name, stored)


def _by_table(entries: Iterable[AuditEntry]) -> dict[str, list[AuditEntry]]:
    found: dict[str, list[AuditEntry]] = {}
    for entry in entries:
        if entry.table_name in PLAIN:
            found.setdefault(entry.table_name, []).append(entry)
    return found


def _values(plain: PlainTable, name: str, entries: list[AuditEntry]) -> dict[int, Any]:
    """Return a column's value by the key of the row: as an entry tells it, else as it stands in the table."""
    (key,) = inspect(plain.model).primary_key
    if name == key.name:
        return {entry.row_id: entry.row_id for entry in entries}
    column = getattr(plain.model, name)
    stored = select(key, column).where(key.in_({entry.row_id for entry in entries}), column.is_not(None))
    found: dict[int, Any] = dict(iter(db.session.execute(stored)))
    for entry in entries:
        for value in entry.changes.get(name, ()):
            if value is not None:
                found.setdefault(entry.row_id, value)
    return found


def _told_place(entry: AuditEntry) -> Place | None:
    told_of, row_id = (
        next((value for value in entry.changes.get(name, ()) if value is not None), None)
        for name in ("told_of", "row_id")
    )
    kind = str(told_of).partition("_")[0]
    table = {"task": "department_task", "measure": "measure"}.get(kind)
    return (table, row_id) if table is not None and isinstance(row_id, int) else None


def _told_of(stored: str) -> str:
    return str(_TOLD_OF.get(stored, stored))  # type: ignore[call-overload]  # a StrEnum is its text


def _letters(stored: str) -> str:
    return str(_(", ")).join(str(WORDS[letter].word) for letter in ACTIONS if letter in stored) or "—"


def _table(stored: str) -> str:
    view = view_named(stored)
    return stored if view is None else str(view.singular)


def _pairs(kind: Any) -> Callable[[Mapping[str, Any]], str]:
    def said(stored: Mapping[str, Any]) -> str:
        labels = ((member_of(kind, key), key, value) for key, value in stored.items())
        return str(_(", ")).join(
            f"{member.label if member else key} {value}" for member, key, value in labels
        )

    return said


def _hours(stored: Mapping[str, Any]) -> str:
    return str(_(", ")).join(" ".join(each) for each in stored.values())


_SPECIAL: Mapping[tuple[str, str], Callable[[Any], str]] = {
    ("told_once", "told_of"): _told_of,
    ("own_right", "table_name"): _table,
    ("own_right", "creator"): _letters,
    ("own_right", "responsible"): _letters,
    ("centre", "retention"): _pairs(RetentionKind),
    ("centre", "figure_targets"): _pairs(FigureKind),
    ("centre", "working_hours"): _hours,
}
