"""What a weekly digest says: one department, one closed week, frozen as JSON without any language in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from models import digest_counts as counting
from models.base import db
from models.centre import centre_facts
from models.complaint import Complaint, Subject
from models.dealer import Dealer
from models.demo_record import has_demo_records
from models.digest_calls import calls_payload
from models.digest_closed_loop import closed_loop_payload
from models.digest_counts import Frame
from models.digest_figures import figures_payload
from models.digest_needs import dealer_names, heard, heard_columns, names_of, needs_payload
from models.digest_parts import parts_payload
from models.digest_shipments import shipments_payload
from models.digest_version import VERSION
from models.iso_week import IsoWeek
from models.organisation import Department
from models.quotation import Heard, Quotation, choose

TOP_SUBJECTS = 5
# Latest complaints of a subject among which its quotation is looked for.
QUOTED_FROM = 40
# Of the dealers that sent nothing, those named: the largest.
MOST_SILENT = 3


def digest_content(department: Department, week: IsoWeek, zone: ZoneInfo, cut_at: datetime) -> dict[str, Any]:
    """Return what `department` is told about `week`, as data that JSON can hold.

    Counts are of the week in `zone`; whether a complaint is open or answered is as it stands now, which
    `cut_at` tells. The number of queries does not depend on how many subjects, complaints or parts there are.
    """
    tree, gets_all = counting.subject_tree(), department.gets_all_subjects
    frame = Frame(week, zone, counting.subjects_of(department, tree))
    counts = counting.counts_by_subject(frame)
    known = counting.known_weeks(frame, counting.first_complaint_on(zone))
    weeks = counting.weeks_after_hole(frame, known)
    details = counting.week_details(frame)
    ages = counting.open_by_age(frame)
    parts = parts_payload(department, frame)
    new = counting.trend(counting.sum_by_week(counts.values()), weeks)
    cut_on = cut_at.astimezone(zone).date()
    needs = needs_payload(department, frame, tree, sum(age["urgent"] for age in ages), cut_on)
    open_total = sum(age["open"] for age in ages)
    loop = closed_loop_payload(department, frame, cut_on)
    return {
        "version": VERSION,
        "department": {"code": department.code, **names_of(department)},
        "gets_all_subjects": gets_all,
        "week": str(week),
        "starts_on": week.monday.isoformat(),
        "ends_on": week.sunday.isoformat(),
        # While anything here is invented, no figure is free of it.
        "is_demo": has_demo_records(),
        "timezone": zone.key,
        "cut_at": cut_at.isoformat(),
        "is_calm": not (
            new.this_week
            or open_total
            or needs["total"]
            or loop["total"]
            or (parts and parts["total"]["this_week"])
        ),
        "history_weeks": len(weeks) - 1,
        "new": {**new.payload(), **{key: details[key] for key in ("severe", "safety", "grave")}},
        "open": {"total": open_total, "late": sum(age["late"] for age in ages), "by_age": ages},
        "needs_you": needs,
        "warnings": [],
        "subjects": _subjects(frame, tree, counts, weeks, {item["text"] for item in needs["items"]}),
        "parts": parts,
        "shipments": shipments_payload(frame) if department.gets_shipments or gets_all else None,
        "calls": calls_payload(frame) if department.gets_calls or gets_all else None,
        "figures": figures_payload(frame, department.digest_figures, centre_facts().figure_targets),
        "closed_loop": loop,
        "coverage": _coverage(frame, details),
        # "attached" or "too_long" once the rows are gathered that a department wants with it.
        "workbook": None,
    }


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
                **names_of(tree[key]),
                "parent": names_of(parent) if parent else None,
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
    said_of: dict[int, list[Heard]] = {key: [] for key in top}
    for row in db.session.execute(_texts_of(frame, top)) if top else ():
        said_of[row.subject_id].append(heard(row, frame))
    chosen: dict[int, Quotation | None] = {}
    for key in top:
        used = [quotation for quotation in chosen.values() if quotation]
        texts = {quotation.text for quotation in used}
        find = partial(
            choose,
            said_of[key],
            tree[key].name,
            used_products=[quotation.source.product for quotation in used if quotation.source.product],
            used_dealers=[quotation.source.dealer_id for quotation in used if quotation.source.dealer_id],
        )
        # Rather said twice than not at all, where a subject has nothing else.
        chosen[key] = find(used_texts=texts | said) or find(used_texts=texts)
    dealers = dealer_names(quotation.source.dealer_id for quotation in chosen.values() if quotation)
    return {key: _quotation(quotation, dealers) for key, quotation in chosen.items()}


def _texts_of(frame: Frame, subject_ids: list[int]) -> Any:
    rank = func.row_number().over(
        partition_by=Complaint.subject_id, order_by=(Complaint.registered_at.desc(), Complaint.id.desc())
    )
    latest = (
        select(*heard_columns(), rank.label("rank"))
        .where(Complaint.registered_at >= frame.starts_at, Complaint.registered_at < frame.ends_at)
        .where(Complaint.subject_id.in_(subject_ids), Complaint.description.is_not(None))
        .subquery()
    )
    return select(latest).where(latest.c.rank <= QUOTED_FROM)


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


def _coverage(frame: Frame, details: Mapping[str, int]) -> dict[str, Any]:
    """Return how much arrived of what there is to hear: dealers in the week, and facts in the complaints."""
    heard_of = select(Complaint.dealer_id).where(
        Complaint.registered_at >= frame.starts_at,
        Complaint.registered_at < frame.ends_at,
        Complaint.dealer_id.is_not(None),
    )
    number = func.count(Dealer.id)
    is_heard = Dealer.id.in_(heard_of)
    dealers, dealers_heard = db.session.execute(select(number, number.filter(is_heard))).one()
    silent = select(Dealer.id).where(~is_heard, Dealer.vehicles_per_year > 0)
    largest = db.session.scalars(
        silent.order_by(Dealer.vehicles_per_year.desc(), Dealer.id).limit(MOST_SILENT)
    ).all()
    names = dealer_names(largest)
    return {
        "dealers": dealers,
        "dealers_heard": dealers_heard,
        "silent": [names[key] for key in largest],
        "complaints_without_dealer": details["without_dealer"],
        "complaints_without_text": details["without_text"],
    }
