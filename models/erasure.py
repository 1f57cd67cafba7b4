"""A person's right to have the own data deleted (PIPL, article 47): what would go, what hinders it, doing it.

The rows stay, so that figures stay right; what names the person goes, by the function `erase_person` of the
database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import BIGINT, TEXT, cast, func, select
from sqlalchemy.dialects.postgresql import INET

from models.access import AccessEntry, AccessKind
from models.actor import acting_as, announce_actor, current_actor, system_actor
from models.base import Record, db, record_types
from models.call_record import CallRecord
from models.complaint import Complaint, Step
from models.customer import Customer
from models.importing import AT_WORK, ImportRun, ImportState
from models.note import Attachment, Note
from models.organisation import Staff
from models.personal_data import COLUMNS, LABELS, OF_CUSTOMER, OF_STAFF, Handling
from models.pinyin import SortedByName, pinyin_key
from models.scope import WITH_DELETED
from models.vehicle import Vehicle
from models.warranty_claim import ClaimOutcome, WarrantyClaim

REASON_MOST = 300
# In the order in which people read of them.
TABLES = (*OF_CUSTOMER, *OF_STAFF)
# Own work of an administrator, with no limit of rows: what lies in another region goes as well.
_ALL = {WITH_DELETED: True}


@dataclass(frozen=True, slots=True)
class PersonRows:
    """Ids by table: what is the person's own, and where he or she may be spoken of."""

    own: Mapping[str, list[int]]
    near: Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What speaks against an erasure: so many records of a table, one of them to look at."""

    kind: str
    count: int
    table: str
    example_id: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would touch, by table; what must be settled first; what only warns."""

    goes: Mapping[str, int]
    must_be_settled: list[Hindrance] = field(default_factory=list)
    warnings: list[Hindrance] = field(default_factory=list)
    unlinked_complaints: int = 0


class NotErasedError(Exception):
    """An erasure that the rules refuse: something must be settled, or ticked, before."""


def rows_of_person(row: Record) -> PersonRows:
    """Return which rows are about a customer or a member of staff, deleted ones included."""
    table, key = cast(row.__tablename__, TEXT), cast(row.id, BIGINT)
    found = db.session.scalar(select(func.person_rows(table, key)))
    assert found is not None
    return PersonRows(found["own"], found["near"])


def model_of(table: str) -> type[Record]:
    """Return the record type that is kept in a table."""
    return next(model for model in record_types() if model.__tablename__ == table)


def preview_of(row: Record, today: date) -> Preview:
    """Return what erasing this person would do, and what speaks against it."""
    with acting_as(system_actor("erasure")):
        rows = rows_of_person(row)
        goes = {table: len(rows.own[table]) for table in TABLES if rows.own.get(table)}
        notes = _notes_on(rows)
        if notes:
            goes["note"] = len(notes)
        files = select(func.count(Attachment.id)).where(
            Attachment.note_id.in_(notes), Attachment.file_name != "erased"
        )
        if notes and (count := db.session.scalar(files)):
            goes["attachment"] = count
        if isinstance(row, Staff):
            return Preview(goes)
        return Preview(
            goes,
            [each for each in _open_ones(rows) if each.count],
            [each for each in _running_ones(rows, today) if each.count],
            _unlinked(rows),
        )


def _notes_on(rows: PersonRows) -> list[int]:
    ids: list[int] = []
    for table, keys in rows.own.items():
        found = select(Note.id).where(Note.table_name == table, Note.row_id.in_(keys), Note.body.is_not(None))
        ids += db.session.scalars(found) if keys else ()
    return ids


def _count(kind: str, model: type[Any], *conditions: Any) -> Hindrance:
    found = select(func.count(model.id), func.min(model.id)).where(*conditions)
    count, example = db.session.execute(found).one()
    return Hindrance(kind, count, model.__tablename__, example)


def _open_ones(rows: PersonRows) -> list[Hindrance]:
    """Return what the law keeps open: a complaint or claim that nobody has answered yet."""
    waiting = ImportRun.state.in_((*AT_WORK, ImportState.CHECKED))
    return [
        _count(
            "open_complaints",
            Complaint,
            Complaint.id.in_(rows.own["complaint"]),
            Complaint.step != Step.CONFIRMED,
        ),
        _count(
            "undecided_claims",
            WarrantyClaim,
            WarrantyClaim.id.in_(rows.own["warranty_claim"]),
            WarrantyClaim.outcome == ClaimOutcome.OPEN,
        ),
        # What stands in a file that is taken in later would bring the person back.
        _count("waiting_imports", ImportRun, waiting),
    ]


def _running_ones(rows: PersonRows, today: date) -> list[Hindrance]:
    return [
        _count(
            "running_warranties",
            Vehicle,
            Vehicle.id.in_(rows.own["vehicle"]),
            Vehicle.warranty_until >= today,
        ),
        _count(
            "open_promises",
            CallRecord,
            CallRecord.id.in_(rows.own["call_record"]),
            CallRecord.promised_until.is_not(None),
            CallRecord.promise_kept_on.is_(None),
        ),
    ]


def _unlinked(rows: PersonRows) -> int:
    unlinked = Complaint.id.in_(rows.own["complaint"]) & Complaint.customer_id.is_(None)
    return db.session.scalar(select(func.count(Complaint.id)).where(unlinked), execution_options=_ALL) or 0


def last_erasure(row: Record) -> AccessEntry | None:
    """Return the record of this person's last erasure; None where there was none."""
    return db.session.scalars(
        select(AccessEntry)
        .where(
            AccessEntry.kind == AccessKind.PERSON_ERASED,
            AccessEntry.table_name == row.__tablename__,
            AccessEntry.row_id == row.id,
        )
        .order_by(AccessEntry.id.desc())
        .limit(1)
    ).first()


def is_blank(row: Record) -> bool:
    """Tell whether nothing in the record itself names the person any more."""
    if not str(getattr(row, "name", "")).startswith(LABELS[row.__tablename__]):
        return False
    emptied = (Handling.WORDS, Handling.PHONE, Handling.SIGNS)
    columns = COLUMNS[row.__tablename__]
    return not any(getattr(row, name) for name, handling in columns.items() if handling in emptied)


def erase(row: Customer | Staff, reason: str, remote_address: str | None = None) -> dict[str, int]:
    """Erase the person, as the administrator who acts now, and return how much by table; flushes.

    Empty where all of it was done before. The function writes the record of it itself.
    """
    actor = current_actor()
    arguments = (
        cast(row.__tablename__, TEXT),
        cast(row.id, BIGINT),
        cast(reason, TEXT),
        cast(actor.staff_id if actor else None, BIGINT),
        cast(remote_address, INET),
    )
    db.session.flush()
    # Somebody else may act now than when the transaction began; the function believes nobody else.
    announce_actor(db.session())
    counts: dict[str, int] | None = db.session.scalar(select(func.erase_person(*arguments)))
    db.session.expire_all()
    # By what names sort is worked out here, for the label that stands in the name's place as well.
    with acting_as(system_actor("erasure", actor.staff_id if actor else None)):
        _follow_names(rows_of_person(row))
    return counts or {}


def _follow_names(rows: PersonRows) -> None:
    for table, ids in rows.own.items():
        model = model_of(table)
        if not issubclass(model, SortedByName):
            continue
        for each in db.session.scalars(select(model).where(model.id.in_(ids)), execution_options=_ALL):
            each.name_sort = pinyin_key(each.name)  # type: ignore[attr-defined]  # sorted by it
    db.session.flush()
