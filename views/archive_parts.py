"""What belongs to one complaint: read once, and turned into lines as its reader may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import select

from models import (
    CallRecord,
    Complaint,
    DepartmentTask,
    Letter,
    Notice,
    Proposal,
    Record,
    StepTaken,
    Vehicle,
    db,
)
from views.archive_papers import noted_on, papers_of
from views.cells import Labels, cell, fetch_labels_of
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView

# Of one type; a complaint with more has gone astray.
ROWS_MOST = 500
PROPOSED = (
    "remedies",
    "value",
    "details",
    "created_by_id",
    "decided_at",
    "decided_by_id",
    "decided_as",
    "decision_reason",
)
ANSWERED = ("told_at", "told_by", "replied_at", "reply", "no_agreement_because")
# What belongs to a complaint, by type: when it happened, and the columns that the archive shows.
PARTS: Mapping[type[Record], tuple[str, tuple[str, ...]]] = {
    StepTaken: ("taken_at", ("remark", "created_by_id")),
    Proposal: ("created_at", (*PROPOSED, *ANSWERED)),
    DepartmentTask: ("due_on", ("department_id", "what", "due_on", "done_at", "done_by", "report")),
    Notice: (
        "told_at",
        ("department_id", "email", "mail_state", "answer", "answered_by", "measure_owner", "measure_due_on"),
    ),
    CallRecord: (
        "called_at",
        (
            "direction",
            "purpose",
            "result",
            "spoke_with",
            "phone",
            "minutes",
            "topics",
            "points",
            "wishes",
            "praise",
            "dissatisfaction",
            "satisfaction",
            "promise",
            "promised_until",
            "promise_kept_on",
            "responsible_id",
        ),
    ),
    Letter: ("sent_on", ("kind", "address", "regarding", "content", "sent_by_id", "replied_on", "reply")),
}
OF_VEHICLE = (
    "product_model_id",
    "frame_number",
    "plate_number",
    "production_on",
    "production_batch",
    "sold_on",
    "dealer_id",
    "warranty_until",
)
HANDLING = ("responsible_id", "department_id", "region_id", "created_by_id", "times_reopened")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was written, with its label."""

    label: str
    text: str


class Parts:
    """The records that belong to a complaint, and the labels of all that they name; read once for all."""

    def __init__(self, view: RecordView, row: Complaint) -> None:
        self.view, self.row = view, row
        self.withheld: list[str] = []
        self.rows: dict[type[Record], list[Any]] = {model: self._read(model) for model in PARTS}
        self.vehicle = self._vehicle()
        self.noted = noted_on([row, *(one for rows in self.rows.values() for one in rows)])
        self.papers = papers_of(self.noted)
        self.labels: Labels = fetch_labels_of(self._named())

    def _read(self, model: type[Any]) -> list[Any]:
        view = view_of(model)
        assert view is not None
        if not view.is_allowed("read"):
            self.withheld.append(str(view.plural))
            return []
        happened = getattr(model, PARTS[model][0])
        statement = select(model).where(model.complaint_id == self.row.id).options(*view.list_options)
        return list(db.session.scalars(statement.order_by(happened, model.id).limit(ROWS_MOST)))

    def _vehicle(self) -> Vehicle | None:
        view = view_of(Vehicle)
        if self.row.vehicle_id is None or view is None or not view.is_allowed("read"):
            return None
        return db.session.scalars(select(Vehicle).where(Vehicle.id == self.row.vehicle_id)).one_or_none()

    def _named(self) -> Iterator[tuple[RecordView, Iterable[str], Iterable[Any]]]:
        yield self.view, (*self.view.shown_names(), *HANDLING), [self.row]
        for model, rows in self.rows.items():
            yield view_for(model), PARTS[model][1], rows
        yield view_for(Vehicle), OF_VEHICLE, [self.vehicle] if self.vehicle else []

    def lines(self, one: Any, names: Iterable[str]) -> list[Line]:
        """Return what stands in these columns, masked as for every reader; nothing for the empty ones."""
        view = view_for(type(one))
        shown = [(name, cell(view, one, name, self.labels)) for name in names]
        return [
            Line(str(view.get_column_name(name)), each.text)
            for name, each in shown
            if each.drawn_as != "empty" and each.text
        ]

    def text(self, one: Any, name: str) -> str:
        """Return one value."""
        return cell(view_for(type(one)), one, name, self.labels).text

    def of_papers(self, one: Record) -> list[Line]:
        """Return which papers hang on a record."""
        numbers = [str(each.number) for each in self.papers if each.belongs_to(one)]
        return [Line(str(_("Papers")), str(_(", ")).join(numbers))] if numbers else []


def view_for(model: type[Record]) -> RecordView:
    """Return the screen of a type; each of these has one."""
    view = view_of(model)
    assert view is not None
    return view
