"""What one record's page says in figures: counts that its reader may see, one query for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    ScalarSelect,
    Select,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from models.base import db
from models.call_record import CallRecord, CallResult
from models.complaint import Complaint, Step
from models.part import Part, PartsQualityRecord
from models.proportion import Proportion
from models.rate import Rate
from models.service_receipt import ServiceKind, ServiceReceipt
from models.shipment import PartsShipment
from models.vehicle import Vehicle
from models.warranty_claim import ClaimKind, ClaimOutcome, WarrantyClaim

# A dealer is looked at over a year, so that seasons even out; parts over a quarter, so that a rise shows.
DEALER_DAYS = 365
PARTS_DAYS = 90
# Beyond so many parts those with the fewest faults are left out.
PARTS_MOST = 3
# Whose figures they are; told when a statement runs.
_KEY = bindparam("key", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class CustomerOverview:
    """Figures of a customer; None where there was no contact, or nobody has asked how satisfied they are."""

    open_complaints: int
    vehicles: int
    last_call_at: datetime | None
    last_visit_on: date | None
    last_complaint_at: datetime | None
    satisfaction: int | None
    satisfaction_at: datetime | None


@dataclass(frozen=True, slots=True)
class DealerOverview:
    """Figures of a dealer over a period; what is open counts whenever it began."""

    open_complaints: int
    complaints: int
    vehicles: int
    return_repairs: Proportion
    claims_passed: Proportion


@dataclass(frozen=True, slots=True)
class VehicleOverview:
    """Figures of a vehicle's whole life."""

    repairs: int
    return_repairs: int
    complaints: int
    open_complaints: int


@dataclass(frozen=True, slots=True)
class PartOverview:
    """Figures of a part over a period: records of faults, and pieces that failed and were shipped."""

    records: int
    suppliers: int
    failures: Rate


class FaultsOfPart(NamedTuple):
    """How many records tell of a supplier's faults of one part."""

    part_id: int
    name: str
    records: int


def _count(model: Any, *conditions: ColumnElement[bool] | InstrumentedAttribute[bool]) -> ScalarSelect[Any]:
    # Named as the source: without it the row limits do not see which table is counted.
    return select(func.count(model.id)).select_from(model).where(*conditions).scalar_subquery()


def _latest(column: Any, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    newest = select(column).select_from(column.class_).where(*conditions)
    return newest.order_by(column.desc()).limit(1).scalar_subquery()


def customer_overview(customer_id: int) -> CustomerOverview:
    """Return the figures of a customer."""
    return CustomerOverview(*db.session.execute(_of_customer(), {"key": customer_id}).one())


@cache
def _of_customer() -> Select[Any]:
    """Return the statement for the customer `key`; to put it together takes longer than to run it."""
    calls = CallRecord.customer_id == _KEY
    complaints = Complaint.customer_id == _KEY
    rated = CallRecord.satisfaction.is_not(None)
    rating = (
        select(CallRecord.satisfaction)
        .where(calls, rated)
        .order_by(CallRecord.called_at.desc(), CallRecord.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        _count(Complaint, complaints, Complaint.step != Step.CONFIRMED),
        _count(Vehicle, Vehicle.customer_id == _KEY),
        _latest(CallRecord.called_at, calls, CallRecord.result == CallResult.REACHED),
        _latest(ServiceReceipt.came_in_on, ServiceReceipt.customer_id == _KEY),
        _latest(Complaint.registered_at, complaints),
        rating,
        _latest(CallRecord.called_at, calls, rated),
    )


def dealer_overview(dealer_id: int, first_day: date, since: datetime) -> DealerOverview:
    """Return the figures of a dealer from `first_day` on; `since` is the instant at which that day begins."""
    still_open, recent, vehicles, returned, repaired, passed, decided = db.session.execute(
        _of_dealer(), {"key": dealer_id, "first_day": first_day, "since": since}
    ).one()
    return DealerOverview(
        still_open, recent, vehicles, Proportion(returned, repaired), Proportion(passed, decided)
    )


@cache
def _of_dealer() -> Select[Any]:
    """Return the statement for the dealer `key`, from `first_day` and its first instant `since` on."""
    first_day, since = bindparam("first_day", type_=Date), bindparam("since", type_=DateTime(timezone=True))
    complaints = Complaint.dealer_id == _KEY
    repairs = (
        ServiceReceipt.dealer_id == _KEY,
        ServiceReceipt.kind == ServiceKind.REPAIR,
        ServiceReceipt.came_in_on >= first_day,
    )
    claims = (
        WarrantyClaim.dealer_id == _KEY,
        WarrantyClaim.kind == ClaimKind.FROM_DEALER,
        WarrantyClaim.decided_on >= first_day,
    )
    return select(
        _count(Complaint, complaints, Complaint.step != Step.CONFIRMED),
        _count(Complaint, complaints, Complaint.registered_at >= since),
        _count(Vehicle, Vehicle.dealer_id == _KEY),
        _count(ServiceReceipt, *repairs, ServiceReceipt.is_return_repair),
        _count(ServiceReceipt, *repairs),
        _count(WarrantyClaim, *claims, WarrantyClaim.outcome == ClaimOutcome.PASSED),
        _count(WarrantyClaim, *claims),
    )


def vehicle_overview(vehicle_id: int) -> VehicleOverview:
    """Return the figures of a vehicle."""
    return VehicleOverview(*db.session.execute(_of_vehicle(), {"key": vehicle_id}).one())


@cache
def _of_vehicle() -> Select[Any]:
    """Return the statement for the vehicle `key`."""
    receipts = ServiceReceipt.vehicle_id == _KEY
    complaints = Complaint.vehicle_id == _KEY
    return select(
        _count(ServiceReceipt, receipts, ServiceReceipt.kind == ServiceKind.REPAIR),
        _count(ServiceReceipt, receipts, ServiceReceipt.is_return_repair),
        _count(Complaint, complaints),
        _count(Complaint, complaints, Complaint.step != Step.CONFIRMED),
    )


def part_overview(part_id: int, first_day: date) -> PartOverview:
    """Return the figures of a part from `first_day` on.

    Pieces that failed may have been shipped earlier; where sales are steady, the rate is that of the pieces.
    """
    faults = (PartsQualityRecord.part_id == part_id, PartsQualityRecord.found_on >= first_day)
    shipments = (PartsShipment.part_id == part_id, PartsShipment.shipped_on >= first_day)
    found = select(
        func.count(PartsQualityRecord.id),
        func.coalesce(func.sum(PartsQualityRecord.quantity), 0),
        func.count(PartsQualityRecord.supplier_id.distinct()),
    ).where(*faults)
    records, pieces, suppliers = db.session.execute(found).one()
    shipped = select(func.coalesce(func.sum(PartsShipment.quantity), 0)).where(*shipments)
    return PartOverview(records, suppliers, Rate(pieces, db.session.scalar(shipped) or 0))


def supplier_faults(supplier_id: int, first_day: date) -> list[FaultsOfPart]:
    """Return the parts of a supplier with faults found from `first_day` on, those with the most first."""
    count = func.count(PartsQualityRecord.id)
    found = (
        select(Part.id, Part.label_column(), count)
        .join(PartsQualityRecord, PartsQualityRecord.part_id == Part.id)
        .where(PartsQualityRecord.supplier_id == supplier_id, PartsQualityRecord.found_on >= first_day)
        .group_by(Part.id)
        .order_by(count.desc(), Part.id)
    )
    return [FaultsOfPart(*row) for row in db.session.execute(found)]
