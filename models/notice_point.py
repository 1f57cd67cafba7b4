"""What of a complaint or a task a department reads by mail: in short, and without who the customer is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_date, format_datetime

from models.centre import site_zone
from models.complaint import Complaint, Subject
from models.department_task import DepartmentTask
from models.labels import FIELD_LABELS
from models.masking import mask
from models.organisation import Region
from models.part import Part
from models.sql import labels_for

# Beyond this a mail is no notice any more; the whole text stands in the panel.
TEXT_MOST = 1200


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know, with its label."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A complaint, or a task of one, in the words of the current language; texts are masked.

    `what` and `due` are those of the task, "" where the complaint itself is told.
    """

    subject: str
    facts: tuple[Fact, ...]
    words: str
    demand: str
    what: str
    due: str


def point_of(complaint: Complaint, task: DepartmentTask | None = None) -> Point:
    """Return what is told; at most three queries."""
    names = (complaint.customer_name,)
    subject = _label(Subject, complaint.subject_id)
    facts = [
        ("number", complaint.number),
        ("subject_id", subject),
        ("severity", str(complaint.severity.label)),
        ("registered_at", _instant(complaint.registered_at)),
        ("region_id", _label(Region, complaint.region_id)),
        ("product", mask(complaint.product or "", names)),
        ("part_id", _label(Part, complaint.part_id)),
    ]
    return Point(
        subject=subject,
        facts=tuple(Fact(str(FIELD_LABELS[name]), text) for name, text in facts if text),
        words=masked(complaint.description, names),
        demand=masked(complaint.demand, names),
        what=masked(task.what, names) if task is not None else "",
        due=str(format_date(task.due_on, "long")) if task is not None else "",
    )


def masked(text: str | None, names: tuple[str | None, ...]) -> str:
    """Return a text line by line without phones, plates and names, cut where it is very long."""
    lines = [mask(line, names) for line in (text or "").strip().split("\n")]
    whole = "\n".join(line for line in lines if line)
    return whole if len(whole) <= TEXT_MOST else whole[:TEXT_MOST].rstrip() + "…"


def _instant(at: datetime) -> str:
    return str(format_datetime(at.astimezone(site_zone()), "medium", rebase=False))


def _label(model: type[Subject | Region | Part], key: int | None) -> str:
    if key is None:
        return ""
    label = labels_for(model, [key]).get(key)
    return label.text if label is not None else ""
