"""What the digest says about parts: faults found, by part and supplier, with the batches they come from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, true

from models.base import db
from models.digest_counts import Frame, known_weeks, sum_by_week, trend
from models.iso_week import IsoWeek
from models.organisation import Department
from models.part import Part, PartsQualityRecord, Supplier
from models.scope import WITH_DELETED
from models.sql import labels_for

MOST_ROWS = 6
MOST_BATCHES = 3

Source = tuple[int, int | None]
ByWeek = Mapping[IsoWeek, int]


def parts_payload(department: Department, frame: Frame) -> dict[str, Any] | None:
    """Return the faults found in the week by part and supplier, most first.

    None where the department isn't told of parts quality and has answered for no fault in these weeks.
    """
    gets_all = department.gets_parts_quality or department.gets_all_subjects
    concerns = true() if gets_all else PartsQualityRecord.department_id == department.id
    counts, records = _found(frame, concerns)
    if not counts and not gets_all:
        return None
    weeks = known_weeks(frame, _first_found_on())
    found = {source: of_one[frame.week] for source, of_one in counts.items() if frame.week in of_one}
    listed = sorted(found, key=lambda source: (-found[source], source[0], source[1] or 0))[:MOST_ROWS]
    names = _names(listed)
    batches = _batches(frame, concerns) if listed else {}
    rows = [
        {
            **names[source],
            **_trend(counts[source], records[source], weeks),
            "batches": batches.get(source, [])[:MOST_BATCHES],
            "other_batches": max(0, len(batches.get(source, [])) - MOST_BATCHES),
        }
        for source in listed
    ]
    return {
        "history_weeks": len(weeks) - 1,
        "total": _trend(sum_by_week(counts.values()), sum_by_week(records.values()), weeks),
        "rows": rows,
        "others": {
            "rows": len(found) - len(listed),
            "quantity": sum(found.values()) - sum(found[source] for source in listed),
        },
    }


def _first_found_on() -> date | None:
    return db.session.scalar(select(func.min(PartsQualityRecord.found_on)))


def _trend(quantities: ByWeek, records: ByWeek, weeks: list[IsoWeek]) -> dict[str, Any]:
    """Return the trend of the quantities; whether it is out of the usual is judged by the records.

    The pieces of one record were found together, so chance doesn't move them one by one.
    """
    judged = trend(records, weeks).direction
    return {**trend(quantities, weeks).payload(), "direction": judged}


def _found(
    frame: Frame, concerns: ColumnElement[bool]
) -> tuple[dict[Source, dict[IsoWeek, int]], dict[Source, dict[IsoWeek, int]]]:
    """Return quantities, and numbers of records, by part, supplier and week."""
    record = PartsQualityRecord
    week = func.date_trunc("week", record.found_on)
    found = db.session.execute(
        select(record.part_id, record.supplier_id, week, func.sum(record.quantity), func.count(record.id))
        .where(record.found_on.between(frame.weeks[-1].monday, frame.week.sunday), concerns)
        .group_by(record.part_id, record.supplier_id, week)
    )
    quantities: dict[Source, dict[IsoWeek, int]] = {}
    records: dict[Source, dict[IsoWeek, int]] = {}
    for part_id, supplier_id, monday, quantity, count in found:
        week_found = IsoWeek.of(monday.date())
        quantities.setdefault((part_id, supplier_id), {})[week_found] = int(quantity)
        records.setdefault((part_id, supplier_id), {})[week_found] = count
    return quantities, records


def _batches(frame: Frame, concerns: ColumnElement[bool]) -> dict[Source, list[dict[str, Any]]]:
    record = PartsQualityRecord
    quantity = func.sum(record.quantity)
    found = db.session.execute(
        select(record.part_id, record.supplier_id, record.production_batch, quantity)
        .where(record.found_on.between(frame.week.monday, frame.week.sunday), concerns)
        .where(record.production_batch.is_not(None))
        .group_by(record.part_id, record.supplier_id, record.production_batch)
        .order_by(quantity.desc(), record.production_batch)
    )
    batches: dict[Source, list[dict[str, Any]]] = {}
    for part_id, supplier_id, batch, count in found:
        batches.setdefault((part_id, supplier_id), []).append({"batch": batch, "quantity": int(count)})
    return batches


def _names(sources: list[Source]) -> dict[Source, dict[str, Any]]:
    found = db.session.scalars(
        select(Part).where(Part.id.in_({part for part, _ in sources})), execution_options={WITH_DELETED: True}
    )
    parts = {part.id: part for part in found}
    suppliers = labels_for(Supplier, {key for _, key in sources if key})
    return {
        (part_id, supplier_id): {
            "part": {key: getattr(parts[part_id], key) for key in ("name", "name_en", "code")},
            "is_key_part": parts[part_id].is_key_part,
            "supplier": suppliers[supplier_id].text if supplier_id in suppliers else None,
        }
        for part_id, supplier_id in sources
    }
