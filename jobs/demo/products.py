"""What the demo's maker builds: models, parts with their suppliers, vehicles with the batches built into them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from jobs.demo import names
from jobs.demo.days import DAYS, Days
from jobs.demo.network import Customers, Shop
from jobs.demo.store import Store
from models import Part, ProductModel, Supplier, SupplierAlias, Vehicle, db
from models.phones import phone_numbers_in
from models.pinyin import pinyin_key
from models.product_model import VehicleKind
from models.vehicle import add_months

VEHICLES = 4500
LINES = (1, 2, 3)
WARRANTY_MONTHS = 12
# How long before today, and on which line, the vehicles of the incident were built.
_INCIDENT_BUILT_MONTHS_AGO, INCIDENT_LINE = 7, 2
INCIDENT_PART = "KP-02"
# Code, name, kind, months between services, share at the beginning and at the end of the time.
_MODELS = (
    ("HS-150", "HS-150 加长版", VehicleKind.CARGO, 6, 30, 24),
    ("HS-150P", "HS-150 Pro 高栏", VehicleKind.CARGO, 6, 4, 22),
    ("HS-130", "HS-130 平板", VehicleKind.CARGO, 6, 26, 18),
    ("HS-100", "HS-100 快递厢", VehicleKind.EXPRESS, 3, 18, 24),
    ("HS-90", "HS-90 客运", VehicleKind.PASSENGER, 6, 16, 8),
    ("HS-120S", "HS-120S 环卫自卸", VehicleKind.SPECIAL, 4, 6, 4),
)
_MORE_PARTS = (
    ("BT-01", "铅酸电池组", "Lead-acid battery pack"),
    ("BT-02", "锂电池组", "Lithium battery pack"),
    ("CH-01", "充电器", "Charger"),
    ("BR-01", "后制动蹄片", "Rear brake shoe"),
    ("BR-02", "刹车拉线", "Brake cable"),
    ("TH-01", "转把", "Throttle grip"),
    ("IN-01", "仪表总成", "Instrument cluster"),
    ("LT-01", "前大灯", "Headlamp"),
    ("WH-01", "外胎 4.00-12", "Tyre 4.00-12"),
    ("HN-01", "主线束", "Main wiring harness"),
    ("CV-01", "直流转换器", "DC-DC converter"),
    ("SP-01", "后钢板弹簧", "Rear leaf spring"),
    ("ST-01", "方向把总成", "Handlebar assembly"),
    ("BD-01", "货厢挡板锁扣", "Tailboard latch"),
)
# Name, another spelling, code, parts that it delivers; invented throughout.
_SUPPLIERS = (
    ("宁津恒拓电机有限公司", "宁津恒拓", "GY01", "KP-01"),
    ("台州启岳电机有限公司", "台州启岳电机", "GY02", "KP-01"),
    ("无锡晶控芯达电子有限公司", "无锡晶控", "GY03", "KP-02 CV-01"),
    ("深圳朗驰智控技术有限公司", "深圳朗驰", "GY04", "KP-02 IN-01 TH-01"),
    ("临沂鲁桥传动有限公司", "临沂鲁桥车桥", "GY05", "KP-03 KP-04"),
    ("重庆渝岭车桥制造有限公司", "渝岭车桥", "GY06", "KP-03 KP-04"),
    ("徐州双岗轮辋有限公司", "徐州双岗", "GY07", "KP-07 WH-01"),
    ("江阴顺泽减震器有限公司", "江阴顺泽减震", "GY08", "KP-06 SP-01"),
    ("丰县鼎固车架厂", "鼎固车架", "GY09", "KP-05 BD-01 ST-01"),
    ("长兴蓄能达电池有限公司", "长兴蓄能达", "GY10", "BT-01 BT-02"),
    ("东莞优充电源有限公司", "东莞优充", "GY11", "CH-01 BT-02"),
    ("玉环捷制制动器有限公司", "玉环捷制", "GY12", "BR-01 BR-02"),
    ("常州明途车灯电器有限公司", "常州明途", "GY13", "LT-01 HN-01 IN-01"),
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)) | {
    digit: digit for digit in "0123456789"
}
_YEAR_CODES = "PRSTVWXY123456789ABCDEFGHJKLMN"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who delivered a part, and in which of its batches."""

    supplier: int
    batch: str


@dataclass(frozen=True, slots=True)
class Car:
    """A vehicle as far as what happens to it depends on it."""

    id: int
    model: str
    customer: int
    shop: Shop
    frame: str
    plate: str | None
    made_on: date
    batch: str
    sold_on: date
    uses_lithium: bool

    @property
    def serial(self) -> int:
        """Return which one it is, whatever ids the database gave."""
        return int(self.frame[-6:])

    def is_in_warranty(self, day: date) -> bool:
        """Tell whether the maker still answers for it."""
        return self.sold_on <= day < add_months(self.sold_on, WARRANTY_MONTHS)

    def mileage(self, day: date) -> int:
        """Return how far it has gone by then, in kilometres."""
        daily = 18 + self.serial * 37 % 31
        return max(30, (day - self.sold_on).days * daily // 10 * 10)


class Products:
    """Models, parts, suppliers, and the batch of each part in each production batch."""

    def __init__(self, store: Store, chance: random.Random, today: date) -> None:
        self.chance = chance
        rows = [
            {"code": code, "name": name, "name_sort": pinyin_key(name), "kind": kind,
             "warranty_months": WARRANTY_MONTHS, "maintenance_interval_months": months}
            for code, name, kind, months, _, _ in _MODELS
        ]  # fmt: skip
        self.models = dict(zip((row["name"] for row in rows), store.add(ProductModel, rows), strict=True))
        self.suppliers: dict[str, list[int]] = {}
        _add_suppliers(self, store)
        store.add(
            Part,
            [
                {"code": code, "name": name, "name_en": english, "name_sort": pinyin_key(name),
                 "supplier_id": self.suppliers[code][0]}
                for code, name, english in _MORE_PARTS
            ],
        )  # fmt: skip
        found = db.session.execute(select(Part.code, Part.id, Part.name)).all()
        self.parts = {code: key for code, key, _ in found if code in self.suppliers}
        self.part_names = {code: name for code, _, name in found}
        self._origins: dict[tuple[str, str], Origin] = {}
        built = add_months(today, -_INCIDENT_BUILT_MONTHS_AGO)
        self.incident_batch = production_batch(built, INCIDENT_LINE)
        self.incident = Origin(self.suppliers[INCIDENT_PART][0], f"JK{built:%y%m}07")

    def origin(self, part: str, batch: str) -> Origin:
        """Return where the part in the vehicles of a production batch came from."""
        if (part, batch) == (INCIDENT_PART, self.incident_batch):
            return self.incident
        if (part, batch) not in self._origins:
            supplier = self.chance.choice(self.suppliers[part])
            first = self.suppliers[part].index(supplier) + 1
            lot = f"{part[:2]}{batch[:4]}{first}{self.chance.randrange(1, 4)}"
            self._origins[part, batch] = Origin(supplier, lot)
        return self._origins[part, batch]


def _add_suppliers(products: Products, store: Store) -> None:
    chance = products.chance
    rows = [
        {"code": code, "name": name, "name_sort": pinyin_key(name), "contact_person": names.person(chance),
         "phone": (own := names.phone(9_500 + serial)), "phone_numbers": phone_numbers_in(own),
         "email": f"{code.lower()}@example.com"}
        for serial, (name, _, code, _) in enumerate(_SUPPLIERS)
    ]  # fmt: skip
    ids = store.add(Supplier, rows)
    store.add(
        SupplierAlias,
        [{"supplier_id": key, "name": alias} for key, (_, alias, _, _) in zip(ids, _SUPPLIERS, strict=True)],
    )
    for key, (_, _, _, delivered) in zip(ids, _SUPPLIERS, strict=True):
        for part in delivered.split():
            products.suppliers.setdefault(part, []).append(key)


def production_batch(day: date, line: int) -> str:
    """Return the batch that is built on a line in a month."""
    return f"{day:%y%m}-L{line}"


def frame_number(model: str, made_on: date, serial: int) -> str:
    """Return 17 characters whose ninth is the check digit of GB 16735; no maker bears the prefix L00."""
    described = (model.partition(" ")[0].replace("-", "") + "0000")[:5]
    raw = f"L00{described}0{_YEAR_CODES[(made_on.year - 2023) % 30]}H{serial:06}"
    total = sum(int(_VIN_VALUES[sign]) * weight for sign, weight in zip(raw, _VIN_WEIGHTS, strict=True))
    return f"{raw[:8]}{'0123456789X'[total % 11]}{raw[9:]}"


def plate_number(chance: random.Random, letters: str) -> str:
    """Return a plate as a motor tricycle bears it; its letter I is never given out."""
    return f"{letters}{chance.randrange(10)}I{chance.randrange(1000):03}"


def add_vehicles(
    store: Store, products: Products, days: Days, customers: Customers, number: int
) -> list[Car]:
    """Add vehicles that were sold before and within the time."""
    chance = days.chance
    rows, facts = [], []
    # Everybody has one; whoever has more bought the others later.
    owners = [*customers, *chance.choices(customers, k=max(0, number - len(customers)))]
    for serial, owner in enumerate(owners, start=1):
        later = chance.randrange(25) if serial <= len(customers) else chance.randrange(30, 700)
        sold_on = min(owner.met_on + timedelta(days=later), days.today - timedelta(days=1 + serial % 9))
        model = _model(chance, days, sold_on)
        made_on = sold_on - timedelta(days=chance.randrange(12, 75))
        # The line of the incident built twice as many that month.
        is_large = production_batch(made_on, INCIDENT_LINE) == products.incident_batch
        line = chance.choices(LINES, (1, 2 if is_large else 1, 1))[0]
        plate = plate_number(chance, owner.shop.place.plate) if chance.random() < 0.72 else None
        frame = frame_number(model[1], made_on, serial)
        lithium = chance.random() < 0.3
        batch = production_batch(made_on, line)
        facts.append((model[1], owner.id, owner.shop, frame, plate, made_on, batch, sold_on, lithium))
        rows.append(
            {"frame_number": frame, "plate_number": plate, "product_model_id": products.models[model[1]],
             "kind": model[2], "customer_id": owner.id, "dealer_id": owner.shop.id,
             "region_id": owner.shop.region_id, "production_on": made_on, "production_batch": batch,
             "sold_on": sold_on, "warranty_until": add_months(sold_on, WARRANTY_MONTHS),
             "next_maintenance_on": _next_service(sold_on, model[3], days.today),
             "mileage_km": max(20, (days.today - sold_on).days * chance.randrange(15, 45)),
             "created_at": days.at(min(sold_on + timedelta(days=2), days.today - timedelta(days=1)))}
        )  # fmt: skip
    return [Car(key, *fact) for key, fact in zip(store.add(Vehicle, rows), facts, strict=True)]


def _model(chance: random.Random, days: Days, sold_on: date) -> tuple[str, str, VehicleKind, int, int, int]:
    late = min(1.0, max(0.0, (sold_on - days.first).days / DAYS))
    return chance.choices(_MODELS, [begin + (end - begin) * late for *_, begin, end in _MODELS])[0]


def _next_service(sold_on: date, months: int, today: date) -> date:
    # Two weeks late at most: who comes later has it done elsewhere, and the file is brought up to date.
    due, count = add_months(sold_on, months), 1
    while due < today - timedelta(days=14):
        count += 1
        due = add_months(sold_on, months * count)
    return due
