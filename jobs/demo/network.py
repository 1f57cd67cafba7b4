"""Dealers in real cities under invented names, and the customers who bought from them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jobs.demo import names
from jobs.demo.days import Days
from jobs.demo.people import Team
from jobs.demo.places import PLACES, Place
from jobs.demo.store import Store
from models import Customer, Dealer
from models.customer import CustomerKind
from models.dealer import Grade
from models.organisation import Role
from models.phones import phone_numbers_in
from models.pinyin import pinyin_key

CUSTOMERS = 3500
# One that serves badly: of middling size, so that it does not stand out by mere volume.
WEAK_CITY = "周口"
_SERVICES = (
    "保养前提前一天打电话",
    "最好上门维修，车一天都离不了",
    "换件先报价",
    "只要原厂配件",
    "农忙时请优先处理",
    "有活动发短信通知",
)
_PROMISES = (
    "送两次免费保养",
    "电池一年内衰减包换",
    "送雨棚和工具一套",
    "两公里内免费上门",
    "三个月内小毛病免工时",
)
_SOURCES = ("进店", "老客户介绍", "集市宣传", "网络咨询", "单位采购")


@dataclass(frozen=True, slots=True)
class Shop:
    """A dealer as far as what happens there depends on it."""

    id: int
    place: Place
    region_id: int
    size: float
    is_weak: bool


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as far as records about one repeat it."""

    id: int
    name: str
    phone: str
    address: str
    met_on: date
    shop: Shop


Customers = list[Buyer]


def add_dealers(store: Store, days: Days, team: Team) -> list[Shop]:
    """Add one dealer in each city."""
    chance = days.chance
    sizes = [chance.triangular(0.5, 1.9, 0.9) for _ in PLACES]
    rows = [
        _dealer(days, team, place, size, serial)
        for serial, (place, size) in enumerate(zip(PLACES, sizes, strict=True), start=1)
    ]
    return [
        Shop(key, place, team.regions[place.region], 1.3 if is_weak else size, is_weak)
        for key, place, size in zip(store.add(Dealer, rows), PLACES, sizes, strict=True)
        for is_weak in (place.city == WEAK_CITY,)
    ]


def _dealer(days: Days, team: Team, place: Place, size: float, serial: int) -> dict[str, Any]:
    chance = days.chance
    name, principal, phone = names.shop(chance, place), names.person(chance), names.phone(8_000 + serial)
    opened = days.today - timedelta(days=chance.randrange(90, 2600))
    signed = days.today - timedelta(days=chance.randrange(20, 350))
    return {
        "code": f"HS{serial:04}", "name": name, "name_sort": pinyin_key(name), "principal": principal,
        "contact_person": principal if chance.random() < 0.6 else names.person(chance),
        "phone": phone, "phone_numbers": phone_numbers_in(phone),
        "province": place.province, "city": place.city, "address": names.street(chance, place),
        "region_id": team.regions[place.region],
        "responsible_id": chance.choice(team.of(Role.TOURING_ENGINEER, place.region)),
        "contract_number": f"HT{signed:%Y}-{serial:03}", "contract_from": signed,
        "contract_until": signed + timedelta(days=364), "opened_on": min(opened, signed),
        "grade": chance.choices(list(Grade), (3, 5, 2))[0], "has_own_workshop": size > 0.85,
        "vehicles_per_year": int(size * 400) // 10 * 10, "created_at": days.at(min(opened, days.first)),
    }  # fmt: skip


def add_customers(store: Store, days: Days, team: Team, shops: list[Shop], number: int) -> Customers:
    """Add customers of the dealers; a fifth have no agent of their own and lie in the region's pool."""
    chance = days.chance
    owners = chance.choices(shops, [shop.size for shop in shops], k=number)
    rows = [_customer(days, team, shop, serial) for serial, shop in enumerate(owners, start=1)]
    rows.sort(key=lambda row: row["created_at"])
    by_id = {shop.id: shop for shop in shops}
    return [
        Buyer(
            key, row["name"], row["phone"], row["address"], row["first_contact_on"], by_id[row["dealer_id"]]
        )
        for key, row in zip(store.add_by_year(Customer, "KH", "created_at", rows, days), rows, strict=True)
    ]


def _customer(days: Days, team: Team, shop: Shop, serial: int) -> dict[str, Any]:
    chance = days.chance
    is_firm = chance.random() < 0.06
    name = names.firm(chance, shop.place) if is_firm else names.person(chance)
    phone = names.phone(serial)
    met = days.today - timedelta(days=int(chance.triangular(3, 800, 300)))
    # The file is due two days after the first contact; a few are late.
    filed = min(met + timedelta(days=chance.choice((0, 0, 1, 1, 2, 5))), days.today - timedelta(days=1))
    asked = chance.random() < 0.35
    row = {
        "name": name, "name_sort": pinyin_key(name), "phone": phone, "phone_numbers": phone_numbers_in(phone),
        "kind": CustomerKind.COMPANY if is_firm else chance.choice((CustomerKind.OWNER,) * 3 + (CustomerKind.DEALER_CUSTOMER,)),
        "contact_person": names.person(chance) if is_firm else None,
        "address": names.address(chance, shop.place), "dealer_id": shop.id, "region_id": shop.region_id,
        "responsible_id": chance.choice(team.of(Role.FOLLOW_UP_AGENT, shop.place.region)) if chance.random() < 0.8 else None,
        "level": chance.choices([*Grade, None], (10, 35, 25, 30))[0],
        "wished_service": chance.choice(_SERVICES) if chance.random() < 0.25 else None,
        "source": chance.choice(_SOURCES), "first_contact_on": met,
        "sale_promises": chance.choice(_PROMISES) if asked else None,
        "are_promises_kept": chance.random() < (0.5 if shop.is_weak else 0.93) if asked else None,
        "created_at": days.at(filed),
    }  # fmt: skip
    # Of a few nobody has asked what they wish for: their files are not complete.
    row["wished_service"] = row["wished_service"] or (
        _SERVICES[serial % len(_SERVICES)] if serial % 40 else None
    )
    row["completed_at"] = row["created_at"] if row["wished_service"] else None
    clerks = team.of(Role.CLERK, shop.place.region)
    return row | {"created_by_id": clerks[serial % len(clerks)]}


def pick_weighted(chance: random.Random, shops: list[Shop], number: int) -> list[Shop]:
    """Return so many dealers, larger ones more often."""
    return chance.choices(shops, [shop.size for shop in shops], k=number)
