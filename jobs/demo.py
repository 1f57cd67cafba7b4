"""A little invented data, so that a first start shows what the panel does; never for production."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask_security.utils import hash_password
from sqlalchemy import select

from config import Settings
from models import (
    Complaint,
    Customer,
    Dealer,
    Department,
    DigestRecipient,
    Part,
    PartsQualityRecord,
    ProductModel,
    Region,
    Staff,
    Subject,
    Supplier,
    Vehicle,
    db,
)
from models.base import now
from models.complaint import Channel, Severity, Step
from models.organisation import Role
from models.part import Disposition, FoundBy

WEEKS = 10
COMPLAINTS = 180
QUALITY_RECORDS = 60


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person of the demo: role, name, and the region that he or she works in."""

    role: Role
    name: str
    region: str | None = None

    @property
    def email(self) -> str:
        """Return the address to log in with."""
        return f"{self.role.value.replace('_', '-')}@example.com"


DEMO_PEOPLE = (
    DemoPerson(Role.ADMINISTRATOR, "系统管理员"),
    DemoPerson(Role.SUPERVISOR, "周敏"),
    DemoPerson(Role.CLERK, "李倩", "华东"),
    DemoPerson(Role.FOLLOW_UP_AGENT, "王芳", "华北"),
    DemoPerson(Role.TOURING_ENGINEER, "赵强", "西南"),
    DemoPerson(Role.QUALITY_ENGINEER, "陈工"),
    DemoPerson(Role.WAREHOUSE_KEEPER, "刘库"),
    DemoPerson(Role.AUDITOR, "孙审"),
)

_CITIES = {
    "华东": (("江苏", "徐州"), ("山东", "临沂"), ("安徽", "阜阳")),
    "华北": (("河北", "邢台"), ("河南", "商丘"), ("山西", "长治")),
    "西南": (("四川", "绵阳"), ("贵州", "遵义"), ("云南", "曲靖")),
}
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = ("建国", "秀英", "志强", "桂兰", "永军", "春梅", "海涛", "玉珍", "德明", "小红", "文斌", "丽华")
_MODELS = ("HS-150 加长版", "HS-130 平板", "HS-100 快递厢", "HS-90 客运")
_SUPPLIERS = ("宁津恒力电机厂", "无锡晶控电子", "临沂鲁桥车桥", "徐州双星轮辋")
# Subject code, what the customer says, how often it comes relative to the others.
_TEXTS = (
    ("motor", "新车骑了不到两个月，电机起步时有异响，上坡没劲，去经销商那里看了两次都说正常。", 8),
    ("motor", "电机用手摸很烫，跑十公里左右就断电，停一会儿才能再走，拉货路上很耽误事。", 5),
    ("controller", "下雨天过水坑以后控制器报警，车子直接不走了，希望尽快换一个新的。", 6),
    ("controller", "控制器换过一次，三个星期又坏，要求说明是不是这一批有问题。", 3),
    ("rear_axle", "后桥漏油，轮毂边上全是油，维修点没有配件，等了半个月。", 4),
    ("differential", "转弯时差速器咔咔响，重载的时候更明显，担心路上断掉。", 3),
    ("front_shock_absorber", "前减震过减速带有金属撞击声，左边已经漏油，要求保修更换。", 4),
    ("frame", "车厢和车架连接处焊缝开裂，才用了四个月，属于质量问题，要求退货。", 2),
    ("wheel_rim", "轮辋焊合处有裂纹，慢漏气，每天早上都要打气才能出门。", 2),
    ("service_attitude", "打了三次售后电话都没人回，答应第二天上门，到现在一个星期了。", 4),
    ("broken_promise", "买的时候说续航八十公里，实际五十公里不到，销售不承认当时说过的话。", 3),
    ("parts_shortage", "维修点说控制器缺货，问了总部也没有准确的到货时间，车一直停着。", 3),
    ("shipping_damage", "车到经销商的时候右侧护板就有划伤，漆面磕掉一块，要求补偿。", 1),
)
_STEP_WEIGHTS = (
    (Step.REGISTERED, 2), (Step.VERIFIED, 2), (Step.ANALYSED, 2), (Step.PROPOSED, 2),
    (Step.AGREED, 1), (Step.CARRIED_OUT, 2), (Step.CONFIRMED, 9),
)  # fmt: skip
_DANGEROUS = ("frame", "wheel_rim")
_FAULTS = ("异响", "进水短路", "过热断电", "焊缝开裂", "漏油", "轴承松旷")


def demo_password(settings: Settings) -> str:
    """Return the password of the demo people: different in each installation, the same at each start."""
    digest = hmac.digest(settings.password_secret.encode(), b"demo people", hashlib.sha256)
    return base64.b32encode(digest)[:12].decode().lower()


def has_records() -> bool:
    """Tell whether anybody has entered anything: then demo data has no place here."""
    models = (Staff, Customer, Complaint)
    return any(db.session.scalars(select(model.id).limit(1)).first() for model in models)


def seed_demo(settings: Settings) -> None:
    """Add people, dealers, customers, vehicles, complaints and parts quality of the last weeks."""
    chance = random.Random(20260302)  # noqa: S311 - the same invented data at each first start
    regions = _add_regions()
    _add_people(settings, regions)
    _add_recipients()
    dealers = _add_dealers(chance, regions)
    vehicles = _add_vehicles(chance, _add_customers(chance, dealers))
    _add_complaints(chance, vehicles)
    _add_quality_records(chance, vehicles)


def _add_regions() -> dict[str, int]:
    regions = {name: Region(name=name) for name in _CITIES}
    db.session.add_all(regions.values())
    db.session.flush()
    return {name: region.id for name, region in regions.items()}


def _add_people(settings: Settings, regions: dict[str, int]) -> None:
    service = db.session.scalars(select(Department.id).where(Department.code == "service")).one()
    password = hash_password(demo_password(settings))
    db.session.add_all(
        Staff(
            name=person.name,
            email=person.email,
            password=password,
            role_names=[person.role.value],
            region_id=regions.get(person.region or ""),
            department_id=service,
            fs_uniquifier=secrets.token_hex(32),
        )
        for person in DEMO_PEOPLE
    )


def _add_recipients() -> None:
    for department in db.session.scalars(select(Department)):
        email = f"{department.code.replace('_', '-')}@example.com"
        name = f"{department.name}负责人"
        db.session.add(DigestRecipient(department_id=department.id, name=name, email=email))


def _person(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN)


def _phone(chance: random.Random) -> str:
    # The 170-0000 block: in the form of a mobile number, and nobody's.
    return f"1700000{chance.randrange(10_000):04}"


def _add_dealers(chance: random.Random, regions: dict[str, int]) -> list[Dealer]:
    dealers = [
        Dealer(
            code=f"HS{serial:04}",
            name=f"{city}{chance.choice(('宏达', '顺发', '鑫源', '众诚'))}三轮车行",
            principal=_person(chance),
            phone=_phone(chance),
            province=province,
            city=city,
            region_id=regions[region],
            vehicles_per_year=chance.randrange(80, 900, 10),
            has_own_workshop=chance.random() < 0.4,
        )
        for serial, (region, (province, city)) in enumerate(
            ((region, city) for region, cities in _CITIES.items() for city in cities), start=1
        )
    ]
    db.session.add_all(dealers)
    db.session.flush()
    return dealers


def _add_customers(chance: random.Random, dealers: list[Dealer]) -> list[Customer]:
    customers = []
    for _ in range(60):
        dealer = chance.choice(dealers)
        customers.append(
            Customer(
                name=_person(chance),
                phone=_phone(chance),
                address=f"{dealer.province}{dealer.city}人民路{chance.randrange(1, 300)}号",
                dealer_id=dealer.id,
                region_id=dealer.region_id,
                first_contact_on=now().date() - timedelta(days=chance.randrange(30, 700)),
            )
        )
    db.session.add_all(customers)
    db.session.flush()
    return customers


def _add_models() -> list[ProductModel]:
    models = [
        ProductModel(
            code=name.partition(" ")[0], name=name, warranty_months=12, maintenance_interval_months=6
        )
        for name in _MODELS
    ]
    db.session.add_all(models)
    db.session.flush()
    return models


def _add_vehicles(chance: random.Random, customers: list[Customer]) -> list[tuple[Vehicle, Customer]]:
    pairs = []
    models = _add_models()
    for serial, customer in enumerate(customers, start=1):
        made_on = now().date() - timedelta(days=chance.randrange(60, 500))
        vehicle = Vehicle(
            frame_number=f"LHSDEMO{serial:010}",
            plate_number=None,
            product_model_id=chance.choice(models).id,
            customer_id=customer.id,
            dealer_id=customer.dealer_id,
            region_id=customer.region_id,
            production_on=made_on,
            production_batch=f"{made_on:%y%m}-{chance.randrange(1, 5)}",
            sold_on=made_on + timedelta(days=30),
            mileage_km=chance.randrange(100, 9000, 50),
        )
        pairs.append((vehicle, customer))
    db.session.add_all(vehicle for vehicle, _ in pairs)
    db.session.flush()
    return pairs


def _add_complaints(chance: random.Random, vehicles: list[tuple[Vehicle, Customer]]) -> None:
    subjects = {code: key for key, code in db.session.execute(select(Subject.id, Subject.code))}
    agents = _agents()
    products = dict(db.session.execute(select(ProductModel.id, ProductModel.name)).all())
    weights = [weight for _, _, weight in _TEXTS]
    # Oldest first, as they come in life: numbers then rise with time.
    for hours in sorted((chance.randrange(2, WEEKS * 7 * 24) for _ in range(COMPLAINTS)), reverse=True):
        vehicle, customer = chance.choice(vehicles)
        code, text, _weight = chance.choices(_TEXTS, weights)[0]
        age = timedelta(hours=hours)
        steps = _STEP_WEIGHTS if age > timedelta(days=3) else _STEP_WEIGHTS[:3]
        step = chance.choices([step for step, _ in steps], [weight for _, weight in steps])[0]
        registered_at = now() - age
        answered_after = timedelta(hours=chance.choice((2, 5, 9, 20, 22, 30)))
        db.session.add(
            Complaint(
                step=step,
                registered_at=registered_at,
                customer_id=customer.id,
                customer_name=customer.name,
                phone=customer.phone,
                address=customer.address,
                vehicle_id=vehicle.id,
                dealer_id=customer.dealer_id,
                region_id=customer.region_id,
                subject_id=subjects[code],
                description=text,
                responsible_id=None if step is Step.REGISTERED else agents.get(customer.region_id or 0),
                is_safety_relevant=code in _DANGEROUS,
                channel=chance.choice((Channel.PHONE, Channel.PHONE, Channel.DEALER, Channel.FOLLOW_UP)),
                severity=chance.choices(list(Severity), (3, 6, 1))[0],
                verified_at=None if step is Step.REGISTERED else min(now(), registered_at + answered_after),
                product=products[vehicle.product_model_id],
                production_batch=vehicle.production_batch,
            )
        )


def _agents() -> dict[int, int]:
    """Return who follows complaints up in each region."""
    people = db.session.execute(select(Staff.region_id, Staff.id).where(Staff.region_id.is_not(None)))
    return {region_id: staff_id for region_id, staff_id in people if region_id is not None}


def _add_quality_records(chance: random.Random, vehicles: list[tuple[Vehicle, Customer]]) -> None:
    suppliers = [Supplier(name=name, contact_person=_person(chance)) for name in _SUPPLIERS]
    db.session.add_all(suppliers)
    db.session.flush()
    parts = db.session.scalars(select(Part.id).where(Part.is_key_part).order_by(Part.id)).all()
    for _ in range(QUALITY_RECORDS):
        vehicle, customer = chance.choice(vehicles)
        part = chance.choice(parts)
        db.session.add(
            PartsQualityRecord(
                part_id=part,
                supplier_id=suppliers[part % len(suppliers)].id,
                production_batch=vehicle.production_batch,
                production_on=vehicle.production_on,
                fault=chance.choice(_FAULTS),
                quantity=chance.choice((1, 1, 1, 2, 3)),
                found_on=now().date() - timedelta(days=chance.randrange(WEEKS * 7)),
                found_by=chance.choice(list(FoundBy)),
                dealer_id=customer.dealer_id,
                region_id=customer.region_id,
                vehicle_id=vehicle.id,
                disposition=chance.choice(list(Disposition)),
            )
        )
