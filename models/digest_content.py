"""What a weekly digest says: one department, one closed week, frozen as JSON without any language in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select

from models import digest_counts as counting
from models.base import db
from models.complaint import Complaint, Severity, Step, Subject
from models.dealer import Dealer
from models.demo_record import has_demo_records
from models.digest_counts import Frame, is_grave, is_late
from models.digest_parts import parts_payload
from models.iso_week import IsoWeek
from models.masking import mask
from models.organisation import Department, Staff
from models.proportion import Proportion
from models.quotation import Heard, Quotation, choose, sentences
from models.sql import labels_for

VERSION = 1
TOP_SUBJECTS = 5
# Grave complaints first, then the longest waiting: what a reader takes in before putting the phone away.
MOST_GRAVE = 5
MOST_LATE = 3
# Latest complaints of a subject among which its quotation is looked for, and signs read of each.
QUOTED_FROM = 40
LONGEST_READ = 1500
FIRST_ANSWER_TARGET = 1.0


def digest_content(department: Department, week: IsoWeek, zone: ZoneInfo, cut_at: datetime) -> dict[str, Any]:
    """Return what `department` is told about `week`, as data that JSON can hold.

    Counts are of the week in `zone`; whether a complaint is open or answered is as it stands now, which
    `cut_at` tells. The number of queries does not depend on how many subjects, complaints or parts there are.
    """
    tree = counting.subject_tree()
    frame = Frame(week, zone, counting.subjects_of(department, tree))
    counts = counting.counts_by_subject(frame)
    known = counting.known_weeks(frame, counting.first_complaint_on(zone))
    weeks = counting.weeks_after_hole(frame, known)
    details = counting.week_details(frame)
    ages = counting.open_by_age(frame)
    parts = parts_payload(department, frame)
    new = counting.trend(counting.sum_by_week(counts.values()), weeks)
    urgent = _urgent(frame, tree)
    open_total = sum(age["open"] for age in ages)
    return {
        "version": VERSION,
        "department": {"code": department.code, **_names(department)},
        "gets_all_subjects": department.gets_all_subjects,
        "week": str(week),
        "starts_on": week.monday.isoformat(),
        "ends_on": week.sunday.isoformat(),
        # While anything here is invented, no figure is free of it.
        "is_demo": has_demo_records(),
        "timezone": zone.key,
        "cut_at": cut_at.isoformat(),
        "is_calm": not (new.this_week or open_total or (parts and parts["total"]["this_week"])),
        "history_weeks": len(weeks) - 1,
        "new": {**new.payload(), **{key: details[key] for key in ("severe", "safety", "grave")}},
        "open": {"total": open_total, "late": sum(age["late"] for age in ages), "by_age": ages},
        "needs_you": {"total": sum(age["urgent"] for age in ages), "items": urgent},
        "subjects": _subjects(frame, tree, counts, weeks, {item["text"] for item in urgent}),
        "parts": parts,
        "figures": [_first_answers(frame, weeks)],
        "coverage": _coverage(frame, details),
    }


def _names(named: Department | Subject) -> dict[str, str | None]:
    return {"name": named.name, "name_en": named.name_en}


def _subjects(
    frame: Frame,
    tree: Mapping[int, Subject],
    counts: Mapping[int, Mapping[IsoWeek, int]],
    weeks: list[IsoWeek],
    said: set[str],
) -> dict[str, Any]:
    """Return the subjects most complained about in the week, each with its trend and one quotation.

    `said` are texts that stand elsewhere in the digest.
    """
    this_week = {key: of_one[frame.week] for key, of_one in counts.items() if frame.week in of_one}
    top = sorted(this_week, key=lambda key: (-this_week[key], key))[:TOP_SUBJECTS]
    quotations = _quotations(frame, tree, top, said)
    rows = []
    for key in top:
        parent = tree.get(tree[key].parent_id or 0)
        rows.append(
            {
                "id": key,
                **_names(tree[key]),
                "parent": _names(parent) if parent else None,
                **counting.trend(counts[key], weeks).payload(),
                "quotation": quotations[key],
            }
        )
    return {
        "total": len(this_week),
        "top": rows,
        "others": {
            "subjects": len(this_week) - len(top),
            "count": sum(this_week.values()) - sum(this_week[key] for key in top),
        },
    }


def _quotations(
    frame: Frame, tree: Mapping[int, Subject], top: list[int], said: set[str]
) -> dict[int, dict[str, Any] | None]:
    heard: dict[int, list[Heard]] = {key: [] for key in top}
    for row in db.session.execute(_texts_of(frame, top)) if top else ():
        heard[row.subject_id].append(_heard(row, frame.zone))
    chosen: dict[int, Quotation | None] = {}
    for key in top:
        used = [quotation for quotation in chosen.values() if quotation]
        texts = {quotation.text for quotation in used}
        find = partial(
            choose,
            heard[key],
            tree[key].name,
            used_products=[quotation.source.product for quotation in used if quotation.source.product],
            used_dealers=[quotation.source.dealer_id for quotation in used if quotation.source.dealer_id],
        )
        # Rather said twice than not at all, where a subject has nothing else.
        chosen[key] = find(used_texts=texts | said) or find(used_texts=texts)
    dealers = _dealer_names(quotation.source.dealer_id for quotation in chosen.values() if quotation)
    return {key: _quotation(quotation, dealers) for key, quotation in chosen.items()}


def _texts_of(frame: Frame, subject_ids: list[int]) -> Any:
    rank = func.row_number().over(
        partition_by=Complaint.subject_id, order_by=(Complaint.registered_at.desc(), Complaint.id.desc())
    )
    latest = (
        select(*_heard_columns(), rank.label("rank"))
        .where(Complaint.registered_at >= frame.starts_at, Complaint.registered_at < frame.ends_at)
        .where(Complaint.subject_id.in_(subject_ids), Complaint.description.is_not(None))
        .subquery()
    )
    return select(latest).where(latest.c.rank <= QUOTED_FROM)


def _heard_columns() -> tuple[ColumnElement[Any], ...]:
    return (
        Complaint.id.expression,
        Complaint.number.expression,
        Complaint.subject_id.expression,
        Complaint.registered_at.expression,
        func.left(Complaint.description, LONGEST_READ).label("description"),
        Complaint.product.expression,
        Complaint.fault.expression,
        Complaint.dealer_id.expression,
        Complaint.customer_name.expression,
        is_grave().label("is_grave"),
    )


def _heard(row: Any, zone: ZoneInfo) -> Heard:
    return Heard(
        complaint_id=row.id,
        number=row.number,
        on=row.registered_at.astimezone(zone).date(),
        text=row.description or "",
        product=row.product,
        dealer_id=row.dealer_id,
        fault=row.fault,
        names=(row.customer_name,),
        is_grave=row.is_grave,
    )


def _dealer_names(ids: Iterable[int | None]) -> dict[int, str]:
    return {key: label.text for key, label in labels_for(Dealer, {key for key in ids if key}).items()}


def _quotation(quotation: Quotation | None, dealers: Mapping[int, str]) -> dict[str, Any] | None:
    if quotation is None:
        return None
    source = quotation.source
    return {
        "text": quotation.text,
        "complaint_id": source.complaint_id,
        "number": source.number,
        "on": source.on.isoformat(),
        "product": source.product,
        "dealer": dealers.get(source.dealer_id or 0),
    }


def _urgent(frame: Frame, tree: Mapping[int, Subject]) -> list[dict[str, Any]]:
    """Return the complaints that wait for somebody: grave ones latest first, then late ones longest first."""
    query = select(
        *_heard_columns(),
        Complaint.step,
        Complaint.severity,
        Complaint.is_safety_relevant,
        Complaint.responsible_id,
        is_late(frame.ends_at).label("is_late"),
    ).where(Complaint.step != Step.CONFIRMED, Complaint.registered_at < frame.ends_at, frame.concerns())
    oldest = (Complaint.registered_at, Complaint.id)
    grave = db.session.execute(
        query.where(is_grave())
        .order_by(Complaint.is_safety_relevant.desc(), *(column.desc() for column in oldest))
        .limit(MOST_GRAVE)
    ).all()
    late = db.session.execute(
        query.where(is_late(frame.ends_at), ~is_grave()).order_by(*oldest).limit(MOST_LATE)
    ).all()
    rows = [*grave, *late]
    dealers = _dealer_names(row.dealer_id for row in rows)
    owners = labels_for(Staff, {row.responsible_id for row in rows if row.responsible_id})
    return [
        {
            "complaint_id": row.id,
            "number": row.number,
            "subject": _names(tree[row.subject_id]),
            "on": row.registered_at.astimezone(frame.zone).date().isoformat(),
            "waiting_days": (frame.ends_at - row.registered_at).days,
            "step": row.step.value,
            "is_severe": row.severity == Severity.SEVERE,
            "is_safety_relevant": row.is_safety_relevant,
            "is_late": row.is_late,
            "product": row.product,
            "dealer": dealers.get(row.dealer_id or 0),
            "owner": owners[row.responsible_id].text if row.responsible_id in owners else None,
            "text": _own_words(_heard(row, frame.zone), tree[row.subject_id].name),
        }
        for row in rows
    ]


def _own_words(heard: Heard, topic: str) -> str | None:
    quotation = choose([heard], topic)
    if quotation is not None:
        return quotation.text
    # Not fit to stand for a subject, but better than nothing where somebody has to act.
    return next((mask(sentence, heard.names) for sentence in sentences(heard.text)), None)


def _first_answers(frame: Frame, weeks: list[IsoWeek]) -> dict[str, Any]:
    """Return the share of first answers that came in time, of those due in the week."""
    by_week = counting.answers_by_week(frame)
    this_week = by_week.get(frame.week, Proportion(0, 0))
    last_week = by_week.get(frame.week.previous, Proportion(0, 0))
    shares = [share for week in weeks[1:] if week in by_week and (share := by_week[week].value) is not None]
    return {
        "key": "first_answer_in_24_hours",
        "met": this_week.met,
        "total": this_week.total,
        "interval": this_week.interval,
        "target": FIRST_ANSWER_TARGET,
        "is_missed": this_week.is_below(FIRST_ANSWER_TARGET),
        "last_week": {"met": last_week.met, "total": last_week.total},
        "median": median(shares) if len(shares) >= counting.SHORTEST_HISTORY else None,
    }


def _coverage(frame: Frame, details: Mapping[str, int]) -> dict[str, int]:
    """Return how much arrived of what there is to hear: dealers in the week, and facts in the complaints."""
    heard = (
        select(func.count(Complaint.dealer_id.distinct()))
        .where(Complaint.registered_at >= frame.starts_at, Complaint.registered_at < frame.ends_at)
        .scalar_subquery()
    )
    dealers, dealers_heard = db.session.execute(select(func.count(Dealer.id), heard)).one()
    return {
        "dealers": dealers,
        "dealers_heard": dealers_heard,
        "complaints_without_dealer": details["without_dealer"],
        "complaints_without_text": details["without_text"],
    }
