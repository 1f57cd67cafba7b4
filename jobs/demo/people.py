"""Who works in the demo: people to log in as, and colleagues who have no login."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
from dataclasses import dataclass

from flask_security.utils import hash_password
from sqlalchemy import select

from config import Settings
from jobs.demo import names
from jobs.demo.places import REGIONS
from jobs.demo.store import Store
from models import Complaint, Customer, Department, DigestRecipient, Position, Region, Staff, db
from models.centre import find_centre
from models.organisation import Role
from models.phones import phone_numbers_in
from models.pinyin import pinyin_key


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
CENTRE, CENTRE_EN = "星途售后中心", "Xingtu Service"
# Of each region: so many of a role, the person to log in as among them.
_REGIONAL = ((Role.CLERK, 1), (Role.FOLLOW_UP_AGENT, 2), (Role.TOURING_ENGINEER, 1))
_POSITIONS = {Role.SUPERVISOR: "主管", Role.ADMINISTRATOR: "经理"}


@dataclass(frozen=True, slots=True)
class Team:
    """The people by what they do, and in which region."""

    regions: dict[str, int]
    service: int
    supervisor: int
    quality: int
    keeper: int
    by_region: dict[tuple[Role, str], list[int]]

    def of(self, role: Role, region: str) -> list[int]:
        """Return the people of a role in a region."""
        return self.by_region[role, region]


def demo_password(settings: Settings) -> str:
    """Return the password of the demo people: different in each installation, the same at each start."""
    digest = hmac.digest(settings.password_secret.encode(), b"demo people", hashlib.sha256)
    return base64.b32encode(digest)[:12].decode().lower()


def has_records() -> bool:
    """Tell whether anybody has entered anything: then demo data has no place here."""
    models = (Staff, Customer, Complaint)
    return any(db.session.scalars(select(model.id).limit(1)).first() for model in models)


def add_people(store: Store, settings: Settings, chance: random.Random) -> Team:
    """Add regions, staff and who gets the digests; return the team."""
    centre = find_centre()
    if centre.name is None:
        centre.name, centre.name_en = CENTRE, CENTRE_EN
    rows = [{"name": name, "name_sort": pinyin_key(name)} for name in REGIONS]
    regions = dict(zip(REGIONS, store.add(Region, rows), strict=True))
    departments = dict(db.session.execute(select(Department.code, Department.id)).all())
    positions = dict(db.session.execute(select(Position.name, Position.id)).all())
    password = hash_password(demo_password(settings))
    people = [*DEMO_PEOPLE, *_colleagues(chance)]
    ids = store.add(
        Staff,
        [
            {
                "name": person.name,
                "name_sort": pinyin_key(person.name),
                "email": person.email if person in DEMO_PEOPLE else f"staff-{serial:02}@example.com",
                "phone": (own := names.phone(9_000 + serial)),
                "phone_numbers": phone_numbers_in(own),
                "password": password if person in DEMO_PEOPLE else None,
                "role_names": [person.role.value],
                "region_id": regions.get(person.region or ""),
                "department_id": departments.get("service"),
                "position_id": positions.get(_POSITIONS.get(person.role, "专员")),
                "fs_uniquifier": secrets.token_hex(32),
            }
            for serial, person in enumerate(people, start=1)
        ],
    )
    _add_recipients(store, chance)
    by_region: dict[tuple[Role, str], list[int]] = {}
    for key, person in zip(ids, people, strict=True):
        by_region.setdefault((person.role, person.region or ""), []).append(key)
    return Team(
        regions,
        departments["service"],
        by_region[Role.SUPERVISOR, ""][0],
        by_region[Role.QUALITY_ENGINEER, ""][0],
        by_region[Role.WAREHOUSE_KEEPER, ""][0],
        by_region,
    )


def _colleagues(chance: random.Random) -> list[DemoPerson]:
    present = [(person.role, person.region) for person in DEMO_PEOPLE]
    return [
        DemoPerson(role, names.person(chance), region)
        for region in REGIONS
        for role, number in _REGIONAL
        for _ in range(number - present.count((role, region)))
    ]


def _add_recipients(store: Store, chance: random.Random) -> None:
    found = db.session.execute(select(Department.id, Department.code).order_by(Department.id)).all()
    store.add(
        DigestRecipient,
        [
            {
                "department_id": key,
                "name": names.person(chance),
                "email": f"{code.replace('_', '-')}@example.com",
            }
            for key, code in found
        ],
    )
