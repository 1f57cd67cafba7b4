"""Beside the form of a new complaint: who calls, what that customer has, and whether it was said before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import or_, select

from models import (
    CallRecord,
    Complaint,
    Customer,
    ProductModel,
    Record,
    ServiceReceipt,
    Staff,
    Subject,
    Vehicle,
    db,
)
from models.callers import Caller, find_callers, says_enough
from models.need_to_know import readable, readable_label
from models.repeats import earlier_complaints
from models.sql import Label, labels_for
from views.cells import Cell, Labels, cell, fetch_labels_of
from views.clock import today
from views.linked import newest_first
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView

# Of each list beside the form, the newest; a customer with more vehicles has a page for them.
LINES_MOST, VEHICLES_MOST, OTHERS_MOST = 3, 6, 3
# What a line says of a record: when, what kind, and what about.
_TOLD: dict[type[Record], tuple[str, ...]] = {
    Complaint: ("registered_at", "subject_id", "step"),
    CallRecord: ("called_at", "purpose", "points"),
    ServiceReceipt: ("came_in_on", "kind", "fault"),
}


def may_list(model: type[Record]) -> bool:
    """Tell whether who acts now may look such records up."""
    view = view_of(model)
    return view is not None and view.is_allowed("list")


def callers_found(typed: str) -> list[dict[str, Any]] | None:
    """Return whom the caller may be, each as one line to choose and what that puts into the form.

    None where nobody is found by too little: that whoever calls is not on file would be a lie.
    """
    found = find_callers(typed, customers=may_list(Customer), vehicles=may_list(Vehicle))
    ids = {each.vehicle.product_model_id for each in found if each.vehicle is not None}
    models = labels_for(ProductModel, ids)
    return [_line(each, models) for each in found] if found or says_enough(typed) else None


def _line(caller: Caller, models: dict[int, Label]) -> dict[str, Any]:
    customer, vehicle = caller.customer, caller.vehicle
    told: list[str | None] = []
    if vehicle is not None:
        label = models.get(vehicle.product_model_id)
        told = [vehicle_label(vehicle), label.text if label else None]
    if customer is not None:
        told += [
            readable(Customer, name, text)
            for name in ("phone", "address")
            if (text := getattr(customer, name))
        ]
    named = readable_label(Customer, customer.name) if customer else _("No owner on file")
    return {
        "label": named,
        "hint": " · ".join(text for text in told if text),
        "customer": {"id": customer.id, "label": named} if customer else None,
        "vehicle": {"id": vehicle.id, "label": vehicle_label(vehicle)} if vehicle else None,
    }


def vehicle_label(vehicle: Vehicle) -> str:
    """Return by what people recognise a vehicle, as far as the reader may read it."""
    parts = (vehicle.plate_number, vehicle.frame_number)
    return readable_label(Vehicle, " · ".join(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class OwnVehicle:
    """A vehicle beside the form: what it is called, its model, and what its warranty means today."""

    id: int
    label: str
    model: str
    warranty: Cell | None
    warranty_until: Cell
    mileage_km: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier complaint that this one would repeat, with its page."""

    row: Complaint
    subject: str
    responsible: str
    url: str | None
    is_same_vehicle: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest records of one type, each a line of cells with the address of its page."""

    view: RecordView
    lines: list[tuple[str | None, list[Cell]]]
    all_url: str


@dataclass(frozen=True, slots=True)
class Beside:
    """All that stands beside the form; `others` are further customers of whom the vehicle is known."""

    customer: Customer | None = None
    name: str = ""
    url: str | None = None
    agent: str = ""
    vehicles: list[OwnVehicle] = field(default_factory=list)
    others: list[tuple[int, str]] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody is chosen yet."""
        return self.customer is None and not self.vehicles


def beside(customer_id: int | None, vehicle_id: int | None, subject_id: int | None) -> Beside:
    """Return what is known of these, within what who acts now may see; the ids may be of anything."""
    customer = _seen(Customer, customer_id)
    vehicle = _seen(Vehicle, vehicle_id)
    if customer is None and vehicle is None:
        return Beside()
    key, other = customer.id if customer else None, vehicle.id if vehicle else None
    rows = earlier_complaints(customer_id=key, vehicle_id=other, subject_id=subject_id)
    return Beside(
        customer,
        readable_label(Customer, customer.name) if customer else "",
        _page(Customer, key),
        _agent(customer),
        _vehicles(customer, vehicle),
        _others(vehicle, key) if may_list(Customer) else [],
        _earlier(rows, other) if may_list(Complaint) else [],
        [heard for model in _TOLD if (heard := _heard(model, key, other)) is not None],
    )


def _seen(model: Any, key: int | None) -> Any:
    if key is None or not may_list(model):
        return None
    return db.session.scalars(select(model).where(model.id == key)).one_or_none()


def _page(model: type[Record], key: int | None) -> str | None:
    view = view_of(model)
    if key is None or view is None or not view.is_allowed("read"):
        return None
    return url_for(f"{view.endpoint}.details_view", id=key)


def _agent(customer: Customer | None) -> str:
    if customer is None or customer.responsible_id is None:
        return ""
    return labels_for(Staff, [customer.responsible_id])[customer.responsible_id].text


def _vehicles(customer: Customer | None, chosen: Vehicle | None) -> list[OwnVehicle]:
    """Return the vehicle chosen, then the customer's others."""
    view = view_of(Vehicle)
    assert view is not None
    rows = [chosen] if chosen is not None else []
    if customer is not None and may_list(Vehicle):
        own = select(Vehicle).where(Vehicle.customer_id == customer.id).order_by(Vehicle.id.desc())
        found = db.session.scalars(own.limit(VEHICLES_MOST))
        rows += [each for each in found if chosen is None or each.id != chosen.id]
    models = labels_for(ProductModel, {each.product_model_id for each in rows})
    term = view.terms["warranty_until"]
    return [
        OwnVehicle(
            each.id,
            vehicle_label(each),
            models[each.product_model_id].text,
            term.state(each.warranty_until, today()) if each.warranty_until else None,
            cell(view, each, "warranty_until", {}),
            each.mileage_km,
            is_chosen=chosen is not None and each.id == chosen.id,
        )
        for each in rows
    ]


def _others(vehicle: Vehicle | None, key: int | None) -> list[tuple[int, str]]:
    """Return whom else the vehicle was heard of from: owners before, or who drives it."""
    if vehicle is None:
        return []
    known = or_(
        Customer.id == vehicle.customer_id,
        Customer.id.in_(select(Complaint.customer_id).where(Complaint.vehicle_id == vehicle.id)),
        Customer.id.in_(select(ServiceReceipt.customer_id).where(ServiceReceipt.vehicle_id == vehicle.id)),
    )
    found = (
        select(Customer.id, Customer.name).where(known).order_by(Customer.id.desc()).limit(OTHERS_MOST + 1)
    )
    rows = [(row.id, readable_label(Customer, row.name)) for row in db.session.execute(found)]
    return [row for row in rows if row[0] != key][:OTHERS_MOST]


def _earlier(rows: Sequence[Complaint], vehicle_id: int | None) -> list[Earlier]:
    subjects = labels_for(Subject, {row.subject_id for row in rows})
    people = labels_for(Staff, {row.responsible_id for row in rows if row.responsible_id is not None})
    return [
        Earlier(
            row,
            subjects[row.subject_id].text,
            people[row.responsible_id].text if row.responsible_id in people else "",
            _page(Complaint, row.id),
            is_same_vehicle=vehicle_id is not None and row.vehicle_id == vehicle_id,
        )
        for row in rows
    ]


def _heard(model: Any, customer_id: int | None, vehicle_id: int | None) -> Heard | None:
    """Return the newest records of a type about the customer, else about the vehicle; None for none."""
    view = view_of(model)
    if view is None or not may_list(model):
        return None
    held_by, key = ("customer_id", customer_id) if customer_id else ("vehicle_id", vehicle_id)
    statement = newest_first(view, select(model).where(getattr(model, held_by) == key))
    rows = list(db.session.scalars(statement.limit(LINES_MOST)))
    if not rows:
        return None
    names = _TOLD[model]
    labels: Labels = fetch_labels_of([(view, names, rows)])
    filtered: dict[str, Any] = {f"flt_{held_by}": key}
    return Heard(
        view,
        [(_page(model, row.id), list(_cells(view, row, names, labels))) for row in rows],
        url_for(f"{view.endpoint}.index_view", **filtered),
    )


def _cells(view: RecordView, row: Any, names: Iterable[str], labels: Labels) -> Iterable[Cell]:
    found = (cell(view, row, name, labels) for name in names)
    return (each for each in found if each.text)
