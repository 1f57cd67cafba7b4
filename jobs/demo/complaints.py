"""Five thousand complaints, with the trace of a bad batch and of a dealer that serves badly among them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from jobs.demo.faults import FAULTS, SERVICE, WATER_IN_CONTROLLER, Fault
from jobs.demo.products import INCIDENT_PART, Car
from jobs.demo.world import World
from models import Complaint, Subject, db
from models.complaint import Cause, Channel, FaultDegree, Severity, Step, VerifiedBy
from models.organisation import Role

COMPLAINTS = 5000
# Of a hundred vehicles of the bad batch, how many fail, and within how many days before today.
_FAILING, _RISING_DAYS = 0.85, 63
_WEAK_SERVICE = 0.6
_CHANNELS = {
    Channel.PHONE: 50, Channel.DEALER: 20, Channel.FOLLOW_UP: 14, Channel.VISIT: 6,
    Channel.WEBSITE: 6, Channel.LETTER: 2, Channel.OTHER: 2,
}  # fmt: skip
_FINDINGS = {
    Cause.POOR_QUALITY: (
        "零件本身有问题，属保修范围",
        "拆检确认质量问题，已通知供应商",
        "批次质量波动，换新处理",
    ),
    Cause.WRONG_USE: ("长期超载使用，已向客户说明", "自行改装线路引起", "充电方法不对，已教客户正确使用"),
    Cause.POOR_SERVICE: ("经销商服务不到位，已要求整改", "维修人员没有按流程检查", "沟通不够，客户误会"),
    Cause.OVERSOLD: ("销售时口头承诺与政策不符", "宣传材料表述不清楚"),
    Cause.TRANSPORT: ("物流装卸不当造成", "包装防护不够"),
    Cause.OTHER: ("配件计划没有跟上", "流程衔接问题，已协调", "个别情况，已作说明"),
}
_SIGNS = ("整车停驶", "还能低速行驶", "时好时坏", "已停用等修", "换件后正常", "客户自行处理过")
_BRANDS = ("无", "无", "其他品牌三轮", "燃油三轮", "两轮电动车")


@dataclass(frozen=True, slots=True)
class Event:
    """A complaint before it has any words: when, about which vehicle and what."""

    day: date
    car: Car
    fault: Fault


@dataclass(frozen=True, slots=True)
class Heard:
    """A complaint as far as what follows from it depends on it."""

    id: int
    at: datetime
    car: Car
    fault: Fault
    channel: Channel
    is_open: bool
    description: str


def add_complaints(world: World) -> list[Heard]:
    """Add complaints, oldest first, as they come in life: numbers then rise with time."""
    subjects = dict(db.session.execute(select(Subject.code, Subject.id)).all())
    events = sorted(
        ((world.days.at(event.day), event) for event in [*_usual(world), *_incident(world)]),
        key=lambda pair: pair[0],
    )
    rows = [_complaint(world, at, event, subjects) for at, event in events]
    ids = world.store.add_by_year(Complaint, "TS", "registered_at", rows, world.days)
    return [
        Heard(key, at, event.car, event.fault, row["channel"], row["step"] is not Step.CONFIRMED, row["description"])
        for key, (at, event), row in zip(ids, events, rows, strict=True)
    ]  # fmt: skip


def _usual(world: World) -> list[Event]:
    chance, events = world.chance, []
    seasons = [fault.season or (lambda _day: 1.0) for fault in FAULTS]
    service = [fault for fault in FAULTS if fault.kind == SERVICE and fault.subject.startswith("service")]
    weights: dict[int, list[float]] = {
        month: [
            fault.weight * season(date(2025, month, 1)) for fault, season in zip(FAULTS, seasons, strict=True)
        ]
        for month in range(1, 13)
    }
    for day in world.days.draw(world.number(COMPLAINTS)):
        car = world.car_on_road(day)
        fault = chance.choices(FAULTS, weights[day.month])[0]
        if car.shop.is_weak and chance.random() < _WEAK_SERVICE:
            fault = chance.choices(
                service, [5 if each.subject == "service_attitude" else 2 for each in service]
            )[0]
        events.append(Event(day, car, fault if _fits(fault, car) else WATER_IN_CONTROLLER))
    return events


def _fits(fault: Fault, car: Car) -> bool:
    return fault.part not in ("BT-01", "BT-02") or (fault.part == "BT-02") is car.uses_lithium


def _incident(world: World) -> list[Event]:
    """Return the failures of the bad batch: few at first, then more each week, until it is noticed."""
    failing = [
        car
        for car in world.cars
        if car.batch == world.products.incident_batch and world.chance.random() < _FAILING
    ]
    begin = world.days.today - timedelta(days=_RISING_DAYS)
    return [
        Event(max(begin + timedelta(days=int(_RISING_DAYS * world.chance.random() ** 0.5)), car.sold_on), car,
              WATER_IN_CONTROLLER)
        for car in failing
    ]  # fmt: skip


def _complaint(world: World, at: datetime, event: Event, subjects: dict[str, int]) -> dict[str, Any]:
    chance, car, fault = world.chance, event.car, event.fault
    buyer = world.buyer(car)
    part = world.products.part_names.get(fault.part or "")
    months = (event.day - car.sold_on).days // 30
    channel = chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
    severity = chance.choices(list(Severity), (1, 5, 5) if fault.is_dangerous else (4, 8, 0.6))[0]
    return {
        "registered_at": at, "created_at": at, "customer_id": car.customer, "customer_name": buyer.name,
        "phone": buyer.phone, "phone_numbers": [buyer.phone], "address": buyer.address, "vehicle_id": car.id,
        "dealer_id": car.shop.id, "region_id": car.shop.region_id, "department_id": world.team.service,
        "part_id": world.products.parts.get(fault.part or ""), "subject_id": subjects[fault.subject],
        "description": world.wording.complaint(fault, car.model, months, car.mileage(event.day), part),
        "demand": world.wording.demand(fault, part) if chance.random() < 0.6 else None,
        "channel": channel, "severity": severity,
        "is_safety_relevant": fault.is_dangerous and chance.random() < 0.6,
        "product": car.model, "production_on": car.made_on, "production_batch": car.batch,
        "in_use_since": car.sold_on, "fault": fault.short,
        **_progress(world, at, event),
    }  # fmt: skip


def _progress(world: World, at: datetime, event: Event) -> dict[str, Any]:
    """Return how far the complaint has come, with the times of its steps; late ones are among them."""
    chance, end = world.chance, world.days.end
    age = (end - at).days
    is_slow = chance.random() < (0.16 if event.car.shop.is_weak else 0.06)
    verified_at = at + timedelta(hours=chance.uniform(25, 80) if is_slow else chance.uniform(0.2, 22))
    if chance.random() < (
        0.6 if age < 1 else 0.15 if age < 3 else 0.03 if age < 20 else 0.001 if age < 45 else 0
    ):
        verified_at = end
    # Most within the day, a few only after days: so most are solved in the two days that are given.
    analysed_at = verified_at + timedelta(hours=1 + 95 * chance.random() ** 4)
    step = _step(world, age, verified_at, analysed_at)
    is_verified = step is not Step.REGISTERED
    is_analysed = step not in (Step.REGISTERED, Step.VERIFIED)
    cause = event.fault.cause
    if cause is Cause.POOR_QUALITY and chance.random() < 0.14 and event.fault is not WATER_IN_CONTROLLER:
        cause = Cause.WRONG_USE
    degree = (
        FaultDegree.NONE
        if cause is Cause.WRONG_USE
        else chance.choice((FaultDegree.FULLY, FaultDegree.FULLY, FaultDegree.PARTLY))
    )
    agents = world.team.of(Role.CLERK, event.car.shop.place.region)
    return {
        "step": step,
        "responsible_id": chance.choice(agents) if is_verified or chance.random() < 0.5 else None,
        "created_by_id": chance.choice(agents),
        "verified_at": verified_at if is_verified else None,
        "verified_by": chance.choices(list(VerifiedBy), (9, 1, 2))[0] if is_verified else None,
        "is_confirmed_with_customer": is_verified and chance.random() < 0.95,
        "needs_investigation": is_verified and event.fault.is_dangerous,
        "recent_condition": chance.choice(_SIGNS) if is_verified and chance.random() < 0.4 else None,
        "brand_before": chance.choice(_BRANDS) if is_verified and chance.random() < 0.2 else None,
        "analysed_at": analysed_at if is_analysed else None,
        "cause": cause if is_analysed else None,
        "fault_degree": degree if is_analysed else None,
        "is_demand_reasonable": degree is not FaultDegree.NONE if is_analysed else None,
        "has_long_relation": chance.random() < 0.3 if is_analysed else None,
        "will_buy_again": chance.random() < (0.2 if event.car.shop.is_weak else 0.7) if is_analysed else None,
        "analysis": chance.choice(_FINDINGS[cause]) if is_analysed else None,
        **_outcome(step, analysed_at, end),
    }  # fmt: skip


def _outcome(step: Step, analysed_at: datetime, end: datetime) -> dict[str, Any]:
    """Return when it was carried out and confirmed, and how satisfied the customer is."""
    # A draw of its own: the rest of the demo stays as it is.
    chance = random.Random(analysed_at.timestamp())  # noqa: S311 - invented data
    carried_out_at = min(analysed_at + timedelta(hours=chance.uniform(30, 200)), end)
    confirmed_at = min(carried_out_at + timedelta(hours=chance.uniform(4, 60)), end)
    is_confirmed = step is Step.CONFIRMED
    return {
        "carried_out_at": carried_out_at if is_confirmed or step is Step.CARRIED_OUT else None,
        "confirmed_at": confirmed_at if is_confirmed else None,
        "confirmed_by": VerifiedBy.PHONE if is_confirmed else None,
        "satisfaction": chance.choices((5, 4, 3, 2), (60, 33, 5, 2))[0] if is_confirmed else None,
    }


def _step(world: World, age: int, verified_at: datetime, analysed_at: datetime) -> Step:
    """Return a step that the times allow: most are done within a month, a few drag on."""
    if verified_at >= world.days.end:
        return Step.REGISTERED
    if analysed_at >= world.days.end:
        return Step.VERIFIED
    done = (
        0.15
        if age < 5
        else 0.6
        if age < 12
        else 0.9
        if age < 30
        else 0.975
        if age < 60
        else 0.998
        if age < 150
        else 1
    )
    if world.chance.random() < done:
        return Step.CONFIRMED
    return (
        world.chance.choices(list(Step)[1:-1], (2, 4, 3, 2, 3))[0]
        if age < 30
        else world.chance.choice(list(Step)[2:-1])
    )


def failed_in_incident(heard: Heard, world: World) -> bool:
    """Tell whether a complaint is about the bad controllers."""
    return heard.car.batch == world.products.incident_batch and heard.fault.part == INCIDENT_PART
