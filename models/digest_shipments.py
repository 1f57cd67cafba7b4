"""What the digest says of shipments of parts: how many lines went out, and which were wrong and why."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from models.base import db
from models.dealer import Dealer
from models.digest_counts import Frame
from models.digest_needs import shortened
from models.masking import mask
from models.part import Part
from models.shipment import PartsShipment
from models.sql import labels_for

MOST_WRONG = 5


def shipments_payload(frame: Frame) -> dict[str, Any]:
    """Return the lines shipped in the week, and those of them that were wrong, the largest first."""
    shipment, number = PartsShipment, func.count()
    week = shipment.shipped_on.between(frame.week.monday, frame.week.sunday)
    lines, wrong = db.session.execute(
        select(number, number.filter(~shipment.is_right)).select_from(shipment).where(week)
    ).one()
    return {"lines": lines, "wrong": wrong, "items": _wrong(week) if wrong else []}


def _wrong(week: Any) -> list[dict[str, Any]]:
    shipment = PartsShipment
    found = db.session.execute(
        select(
            shipment.id,
            shipment.number,
            shipment.part_id,
            shipment.dealer_id,
            shipment.quantity,
            shipment.wrong_because,
        )
        .where(week, ~shipment.is_right)
        .order_by(shipment.quantity.desc(), shipment.id)
        .limit(MOST_WRONG)
    ).all()
    parts = labels_for(Part, {row.part_id for row in found})
    dealers = labels_for(Dealer, {row.dealer_id for row in found})
    return [
        {
            "parts_shipment_id": row.id,
            "number": row.number,
            "part": parts[row.part_id].text,
            "dealer": dealers[row.dealer_id].text,
            "quantity": row.quantity,
            "because": shortened(mask(row.wrong_because or "")),
        }
        for row in found
    ]
