"""Who calls: customers and vehicles by the end of a phone, a plate or a frame number, or by a part of a name.

Each way is one query that an index serves. What the reader reads masked is found by its whole value alone:
parts of it would tell the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, any_, cast, func, literal, or_, select

from models.base import db
from models.customer import Customer
from models.need_to_know import masked_names
from models.phones import DIGITS_LEAST, digits_of
from models.pinyin import keys_sounding_like
from models.searching import holds_pieces, pieces_in
from models.vehicle import Vehicle

# What people write between the signs of a plate; the function reversed_signs() leaves the same out.
_BETWEEN = str.maketrans(dict.fromkeys(" -_.·•"))
SIGNS_LEAST, NAME_LEAST = 3, 2
TYPED_MOST = 60
# Customers of one ending, and vehicles of one customer: a company has many.
CALLERS_MOST, VEHICLES_MOST = 6, 5


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer with the vehicle that is meant; either is None where there is none."""

    customer: Customer | None
    vehicle: Vehicle | None


def find_callers(typed: str, *, customers: bool = True, vehicles: bool = True) -> list[Caller]:
    """Return whom the caller may be, the likeliest first; `customers` and `vehicles` say what may be listed.

    Whoever is found by plate or frame number comes with that vehicle, whoever is found otherwise with each
    of the own ones. Five queries at most.
    """
    text = _plain(typed)
    meant = list(_fetch(vehicles_ending_in(text))) if vehicles else []
    known = list(_fetch(customers_called(text))) if customers else []
    owners = _owners(meant) if customers else {}
    owned = _vehicles_of(known) if vehicles else {}
    found = [Caller(owners.get(vehicle.customer_id or 0), vehicle) for vehicle in meant]
    named = {vehicle.id for vehicle in meant}
    for customer in known:
        own = [vehicle for vehicle in owned.get(customer.id, []) if vehicle.id not in named]
        found += [Caller(customer, vehicle) for vehicle in own] or [Caller(customer, None)]
    return found


def says_enough(typed: str) -> bool:
    """Tell whether customers are looked for by what was typed so far: of too little, nothing is known."""
    return customers_called(_plain(typed)) is not None


def _plain(typed: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", typed[:TYPED_MOST]).split())


def _fetch(asked: Select[Any] | None) -> Iterable[Any]:
    return () if asked is None else db.session.scalars(asked)


def customers_called(text: str) -> Select[Any] | None:
    """Return the query for whose phone ends so, or whose name holds it; None where it says nothing."""
    digits = digits_of(text)
    condition: ColumnElement[bool] | None = None
    if digits is not None:
        numbers: Any = Customer.phone_numbers
        if "phone" in masked_names(Customer):
            condition = literal(digits) == any_(numbers)
        elif len(digits) >= DIGITS_LEAST:
            condition = func.phone_endings(numbers).op("@>")(cast([digits], ARRAY(Text)))
    elif len(text) >= NAME_LEAST:
        condition = or_(
            Customer.name.icontains(text, autoescape=True),
            Customer.contact_person.icontains(text, autoescape=True),
        )
        # Pieces may stand apart, or in the address: the names themselves decide.
        if pieces := pieces_in(text):
            condition &= holds_pieces(Customer, Customer.searched, pieces)
        sounds = keys_sounding_like(Customer, text) if "name" not in masked_names(Customer) else None
        if sounds is not None:
            # An array of keys, so that the index of pairs still serves beside it.
            condition |= Customer.id == any_(func.array(sounds.scalar_subquery()))
    if condition is None:
        return None
    return select(Customer).where(condition).order_by(Customer.name_sort, Customer.id).limit(CALLERS_MOST)


def vehicles_ending_in(text: str) -> Select[Any] | None:
    """Return the query for whose plate or frame number ends so; None where the text says nothing."""
    signs = text.translate(_BETWEEN).upper()
    if len(signs) < SIGNS_LEAST or not any(sign.isdigit() for sign in signs):
        return None
    masked = masked_names(Vehicle)
    ways = []
    for name in ("plate_number", "frame_number"):
        backwards = func.reversed_signs(getattr(Vehicle, name))
        ending = signs[::-1]
        ways.append(backwards == ending if name in masked else backwards.startswith(ending, autoescape=True))
    return select(Vehicle).where(or_(*ways)).order_by(Vehicle.id.desc()).limit(CALLERS_MOST)


def _owners(vehicles: list[Vehicle]) -> dict[int, Customer]:
    keys = {vehicle.customer_id for vehicle in vehicles} - {None}
    found = db.session.scalars(select(Customer).where(Customer.id.in_(keys))) if keys else ()
    return {customer.id: customer for customer in found}


def _vehicles_of(customers: list[Customer]) -> dict[int, list[Vehicle]]:
    """Return the newest vehicles of each of these customers."""
    if not customers:
        return {}
    keys = [customer.id for customer in customers]
    place = func.row_number().over(partition_by=Vehicle.customer_id, order_by=Vehicle.id.desc())
    ranked = select(Vehicle.id, place.label("place")).where(Vehicle.customer_id.in_(keys)).subquery()
    newest = select(ranked.c.id).where(ranked.c.place <= VEHICLES_MOST)
    found: dict[int, list[Vehicle]] = {}
    for vehicle in db.session.scalars(
        select(Vehicle).where(Vehicle.id.in_(newest)).order_by(Vehicle.id.desc())
    ):
        found.setdefault(vehicle.customer_id or 0, []).append(vehicle)
    return found
