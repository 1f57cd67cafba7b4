"""Faulty parts, shipments, warranty claims."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from jobs.demo.complaints import Heard, failed_in_incident
from jobs.demo.faults import FAULTS, Fault
from jobs.demo.network import pick_weighted
from jobs.demo.products import LINES, Car, production_batch
from jobs.demo.receipts import Visit
from jobs.demo.world import World
from models import Department, PartsQualityRecord, PartsShipment, WarrantyClaim, db
from models.part import Disposition, FoundBy
from models.service_receipt import ServiceKind
from models.vehicle import add_months
from models.warranty_claim import ClaimKind, ClaimOutcome

QUALITY_RECORDS, SHIPMENTS, CLAIMS = 2500, 6000, 2000
_WRONG = 0.017
_WRONG_BECAUSE = (
    "型号发错",
    "少发一件",
    "左右件发反",
    "发到邻县网点",
    "外箱破损，零件磕碰",
    "批次与单据不符",
)
_CAUSES = (
    "来料不良",
    "装配不到位",
    "设计裕量不足",
    "密封不良",
    "焊接缺陷",
    "热处理不合格",
    "使用不当",
    "待供应商分析",
)
_CAUSE_DEPARTMENTS = ("purchasing", "production", "technical", "quality")
_REJECTED_BECAUSE = (
    "超出保修期",
    "人为损坏，不属保修",
    "旧件未返回",
    "故障照片与描述不符",
    "未按规定保养",
    "单据不全，无车架号",
    "与上次索赔重复",
)
_REJECTED, _REJECTED_WEAK = 0.03, 0.36
_WITH_PARTS = tuple(fault for fault in FAULTS if fault.part)


def add_parts_records(world: World, visits: list[Visit], complaints: list[Heard]) -> None:
    """Add what is known of parts: those that failed, those that were sent, and what was claimed for them."""
    _add_quality_records(world, complaints)
    _add_shipments(world)
    _add_claims(world, visits)


def _add_quality_records(world: World, complaints: list[Heard]) -> None:
    chance, wanted = world.chance, world.number(QUALITY_RECORDS)
    codes = dict(db.session.execute(select(Department.code, Department.id)).all())
    answering = [codes[code] for code in _CAUSE_DEPARTMENTS if code in codes]
    with_part = [heard for heard in complaints if heard.fault.part]
    bad = [heard for heard in with_part if failed_in_incident(heard, world)]
    usual = [heard for heard in with_part if not failed_in_incident(heard, world)]
    chosen = [*bad, *chance.sample(usual, min(len(usual), int(wanted * 0.7)))]
    rows = [_from_complaint(world, heard, answering) for heard in chosen]
    for day in world.days.draw(max(0, wanted - len(rows))):
        fault = chance.choices(_WITH_PARTS, [fault.weight for fault in _WITH_PARTS])[0]
        rows.append(_faulty(world, world.car_on_road(day), fault, day, answering))
    kept = sorted(
        (row for row in rows if row["found_on"] < world.days.today), key=lambda row: row["found_on"]
    )
    world.store.add_by_year(PartsQualityRecord, "PZ", "found_on", kept, world.days)


def _from_complaint(world: World, heard: Heard, answering: list[int]) -> dict[str, Any]:
    found_on = world.days.local(heard.at) + timedelta(days=world.chance.choice((0, 1, 2, 3, 5, 8)))
    row = _faulty(world, heard.car, heard.fault, found_on, answering)
    return row | {
        "complaint_id": heard.id,
        "quantity": 1,
        "found_by": world.chance.choice((FoundBy.CUSTOMER, FoundBy.DEALER, FoundBy.DEALER)),
    }


def _faulty(world: World, car: Car, fault: Fault, found_on: date, answering: list[int]) -> dict[str, Any]:
    chance, part = world.chance, fault.part or ""
    origin = world.products.origin(part, car.batch)
    is_decided = (world.days.today - found_on).days > chance.randrange(2, 12)
    return {
        "part_id": world.products.parts[part], "supplier_id": origin.supplier, "production_batch": origin.batch,
        "production_on": car.made_on - timedelta(days=20), "fault": fault.short,
        "quantity": chance.choices((1, 2, 3, 5), (88, 8, 3, 1))[0], "found_on": found_on,
        "found_by": chance.choices(list(FoundBy), (4, 2, 3, 1))[0], "dealer_id": car.shop.id,
        "vehicle_id": car.id, "mileage_km": car.mileage(found_on),
        "months_in_use": max(0, (found_on - car.sold_on).days // 30),
        "disposition": chance.choices(list(Disposition), (5, 4, 1, 2))[0] if is_decided else None,
        "cause": chance.choice(_CAUSES) if is_decided and chance.random() < 0.6 else None,
        "department_id": chance.choice(answering) if is_decided and chance.random() < 0.7 else None,
        "complaint_id": None, "region_id": car.shop.region_id, "responsible_id": world.team.quality,
        "created_by_id": world.team.keeper,
        "created_at": world.days.at(min(found_on, world.days.today - timedelta(days=1))),
    }  # fmt: skip


def _add_shipments(world: World) -> None:
    chance, products = world.chance, world.products
    parts = [fault.part or "" for fault in _WITH_PARTS]
    weights = [fault.weight for fault in _WITH_PARTS]
    drawn = world.days.draw(world.number(SHIPMENTS))
    rows = []
    for day, shop in zip(drawn, pick_weighted(chance, world.shops, len(drawn)), strict=True):
        part = chance.choices(parts, weights)[0]
        batch = production_batch(add_months(day, -chance.randrange(1, 9)), chance.choice(LINES))
        origin = products.origin(part, batch)
        is_right = chance.random() > _WRONG
        rows.append(
            {
                "shipped_on": day, "dealer_id": shop.id, "region_id": shop.region_id,
                "part_id": products.parts[part], "supplier_id": origin.supplier,
                "production_batch": origin.batch, "quantity": chance.choices((1, 2, 5, 10, 20), (30, 30, 20, 15, 5))[0],
                "is_right": is_right, "wrong_because": None if is_right else chance.choice(_WRONG_BECAUSE),
                "responsible_id": world.team.keeper, "created_by_id": world.team.keeper, "created_at": world.days.at(day),
            }
        )  # fmt: skip
    world.store.add_by_year(PartsShipment, "FH", "shipped_on", rows, world.days)


def _add_claims(world: World, visits: list[Visit]) -> None:
    repairs = [
        visit
        for visit in visits
        if visit.kind is ServiceKind.REPAIR
        and visit.fault
        and visit.fault.part
        and visit.handed_over_on
        and visit.car.is_in_warranty(visit.came_in_on)
    ]
    number = min(len(repairs), world.number(CLAIMS))
    rows = [_claim(world, visit) for visit in world.chance.sample(repairs, number)]
    kept = sorted(
        (row for row in rows if row["claimed_on"] < world.days.today), key=lambda row: row["claimed_on"]
    )
    world.store.add_by_year(WarrantyClaim, "SP", "claimed_on", kept, world.days)


def _claim(world: World, visit: Visit) -> dict[str, Any]:
    chance, car, days = world.chance, visit.car, world.days
    assert visit.fault is not None
    assert visit.fault.part is not None
    origin = world.products.origin(visit.fault.part, car.batch)
    on_supplier = chance.random() < 0.18
    claimed_on = visit.entered_on + timedelta(days=chance.randrange(1, 10))
    decided_on = claimed_on + timedelta(days=chance.randrange(2, 16))
    refused = _REJECTED_WEAK if car.shop.is_weak and not on_supplier else _REJECTED
    outcome = ClaimOutcome.REJECTED if chance.random() < refused else ClaimOutcome.PASSED
    if decided_on >= days.today:
        outcome, decided_on = ClaimOutcome.OPEN, None  # type: ignore[assignment]  # open: no day yet
    amount = Decimal(visit.fault.cost + chance.randrange(0, 8) * 5)
    return {
        "kind": ClaimKind.ON_SUPPLIER if on_supplier else ClaimKind.FROM_DEALER, "claimed_on": claimed_on,
        "dealer_id": None if on_supplier else car.shop.id, "supplier_id": origin.supplier if on_supplier else None,
        "service_receipt_id": visit.id, "vehicle_id": car.id, "part_id": world.products.parts[visit.fault.part],
        "production_batch": origin.batch, "quantity": 1, "fault": visit.fault.short, "amount": amount,
        "amount_passed": amount if outcome is ClaimOutcome.PASSED else None, "outcome": outcome,
        "decided_on": decided_on,
        "decision_reason": chance.choice(_REJECTED_BECAUSE) if outcome is ClaimOutcome.REJECTED else None,
        "region_id": car.shop.region_id, "responsible_id": world.team.quality, "created_by_id": world.team.keeper,
        "created_at": days.at(min(claimed_on, days.today - timedelta(days=1))),
    }  # fmt: skip
