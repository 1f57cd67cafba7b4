"""Eight thousand visits to workshops, and engineers sent out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from jobs.demo.faults import FAULTS, PROBLEM, Fault
from jobs.demo.products import Car
from jobs.demo.world import World
from models import ServiceReceipt
from models.organisation import Role
from models.service_receipt import ServiceKind

RECEIPTS = 8000
_KINDS = {
    ServiceKind.REPAIR: 52, ServiceKind.MAINTENANCE: 28, ServiceKind.INSPECTION: 8,
    ServiceKind.ON_SITE: 9, ServiceKind.INQUIRY: 3,
}  # fmt: skip
_FAULTY = tuple(fault for fault in FAULTS if fault.kind == PROBLEM)
_WEIGHTS = tuple(fault.weight for fault in _FAULTY)
_ROUTINE = {
    ServiceKind.MAINTENANCE: (
        "首次保养：紧固螺丝、检查刹车、轮胎充气",
        "定期保养：后桥换油、调整刹车、润滑",
        "季度保养：检查线束和电池接头，补电",
    ),
    ServiceKind.INSPECTION: ("整车安全检测，无异常", "检测电池容量，正常", "年检前检查灯光和制动"),
    ServiceKind.INQUIRY: ("咨询保修政策", "咨询电池更换价格", "咨询上牌手续"),
}
_RETURNED, _RETURNED_WEAK = 0.008, 0.34


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as far as what follows from it depends on it."""

    id: int
    car: Car
    kind: ServiceKind
    fault: Fault | None
    came_in_on: date
    # None while the vehicle is with the workshop.
    handed_over_on: date | None
    entered_on: date


@dataclass(slots=True)
class _Plan:
    day: date
    car: Car
    kind: ServiceKind
    fault: Fault | None
    earlier: _Plan | None = None
    id: int = 0


def add_receipts(world: World) -> list[Visit]:
    """Add receipts in the order of their days, each return repair behind the visit that it returns from."""
    visits: list[Visit] = []
    waiting: list[tuple[_Plan, dict[str, Any]]] = []

    def enter() -> None:
        rows = [row for _, row in waiting]
        for key, (plan, row) in zip(
            world.store.add_by_year(ServiceReceipt, "SH", "came_in_on", rows, world.days),
            waiting,
            strict=True,
        ):
            plan.id = key
            entered = world.days.local(row["created_at"])
            visits.append(
                Visit(key, plan.car, plan.kind, plan.fault, plan.day, row["handed_over_on"], entered)
            )
        waiting.clear()

    for plan in _plans(world):
        if plan.earlier is not None and not plan.earlier.id:
            enter()
        waiting.append((plan, _receipt(world, plan)))
    enter()
    return visits


def _plans(world: World) -> list[_Plan]:
    chance = world.chance
    plans = []
    for day in world.days.draw(world.number(RECEIPTS)):
        kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0]
        fault = (
            chance.choices(_FAULTY, _WEIGHTS)[0]
            if kind in (ServiceKind.REPAIR, ServiceKind.ON_SITE)
            else None
        )
        plan = _Plan(day, world.car_on_road(day), kind, fault)
        plans.append(plan)
        returns = _RETURNED_WEAK if plan.car.shop.is_weak else _RETURNED
        again_on = day + timedelta(days=chance.randrange(6, 29))
        if kind is ServiceKind.REPAIR and chance.random() < returns and again_on < world.days.today:
            plans.append(_Plan(again_on, plan.car, kind, fault, plan))
    return sorted(plans, key=lambda plan: plan.day)


def _receipt(world: World, plan: _Plan) -> dict[str, Any]:
    chance, car, days = world.chance, plan.car, world.days
    stay = chance.choices((0, 1, 2, 3, 5), (55, 22, 12, 7, 4))[0] if plan.fault else 0
    # The slip of a good dealer comes in some days; the weak one lets them lie.
    posted = (
        chance.randrange(9, 27)
        if car.shop.is_weak
        else chance.choices((0, 1, 2, 3, 4, 8), (15, 25, 25, 20, 12, 3))[0]
    )
    handed_over: date | None = plan.day + timedelta(days=stay)
    entered = plan.day + timedelta(days=stay + posted)
    if entered >= days.today:
        is_back = handed_over is not None and handed_over < days.today and chance.random() < 0.6
        handed_over, entered = (
            (handed_over if is_back else None),
            max(plan.day, handed_over if is_back and handed_over else plan.day),
        )
    trip = _trip(world, plan, handed_over is not None)
    if plan.kind is ServiceKind.ON_SITE:
        handed_over = days.local(trip["done_at"]) if trip["done_at"] else None
        entered = min(max(entered, handed_over or plan.day), days.today - timedelta(days=1))
    is_free = car.is_in_warranty(plan.day)
    work = plan.fault.repair if plan.fault else chance.choice(_ROUTINE[plan.kind])
    return {
        "kind": plan.kind, "customer_id": car.customer, "vehicle_id": car.id, "dealer_id": car.shop.id,
        "region_id": car.shop.region_id, "department_id": world.team.service, "came_in_on": plan.day,
        "handed_over_on": handed_over, "mileage_km": car.mileage(plan.day),
        "fault": plan.fault.short if plan.fault else None,
        "work_done": work if handed_over else None,
        "parts_replaced": world.products.part_names[plan.fault.part]
        if plan.fault and plan.fault.part and handed_over and "换" in work
        else None,
        "cost": _cost(world, plan, is_free) if handed_over else None,
        "is_return_repair": plan.earlier is not None,
        "earlier_receipt_id": plan.earlier.id if plan.earlier else None,
        "created_by_id": chance.choice(world.team.of(Role.CLERK, car.shop.place.region)),
        "created_at": days.at(entered),
        **trip,
    }  # fmt: skip


def _cost(world: World, plan: _Plan, is_free: bool) -> Decimal:
    if plan.kind is ServiceKind.INQUIRY:
        return Decimal(0)
    if plan.fault is None:
        return Decimal(0 if is_free else world.chance.choice((30, 40, 50, 60)))
    return Decimal(0 if is_free else plan.fault.cost + world.chance.randrange(2, 9) * 10)


def _trip(world: World, plan: _Plan, is_done: bool) -> dict[str, Any]:
    """Return when an engineer was asked for, came and finished; all None where none was sent."""
    chance = world.chance
    if plan.kind is not ServiceKind.ON_SITE:
        return dict.fromkeys(("asked_at", "engineer_id", "arrived_at", "done_at", "result"))
    asked_at = world.days.at(plan.day)
    hours = chance.triangular(1, 30, 4) * (1.8 if plan.car.shop.is_weak else 1.0)
    arrived_at = asked_at + timedelta(hours=hours)
    done_at = arrived_at + timedelta(minutes=chance.randrange(20, 200))
    has_come = is_done and done_at < world.days.end
    return {
        "asked_at": asked_at,
        "engineer_id": chance.choice(world.team.of(Role.TOURING_ENGINEER, plan.car.shop.place.region)),
        "arrived_at": arrived_at if has_come else None,
        "done_at": done_at if has_come else None,
        "result": chance.choice(("现场修复，试车正常", "更换配件后正常", "临时处理，待配件到货", "客户满意", "拖回网点维修")) if has_come else None,
    }  # fmt: skip
