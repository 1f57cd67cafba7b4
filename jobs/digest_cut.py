"""Fewer rows of a digest, for the mail that would be longer than mail programs show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Payload = Mapping[str, Any]


def cut_payload(payload: Payload, most: int) -> dict[str, Any]:
    """Return a payload of today's shape with at most `most` rows in each part; totals stay what they are."""
    loop, shipments = payload["closed_loop"], payload["shipments"]
    return {
        **payload,
        "is_cut": True,
        "needs_you": {**payload["needs_you"], "items": payload["needs_you"]["items"][:most]},
        "subjects": _subjects(payload["subjects"], most),
        "parts": _parts(payload["parts"], most) if payload["parts"] else None,
        "closed_loop": {**loop, "rows": loop["rows"][:most]} if loop else None,
        "shipments": {**shipments, "items": shipments["items"][:most]} if shipments else None,
    }


def _subjects(subjects: Payload, most: int) -> dict[str, Any]:
    left, others = subjects["top"][most:], subjects["others"]
    return {
        **subjects,
        "top": subjects["top"][:most],
        "others": {
            "subjects": others["subjects"] + len(left),
            "count": others["count"] + sum(row["this_week"] for row in left),
        },
    }


def _parts(parts: Payload, most: int) -> dict[str, Any]:
    left, others = parts["rows"][most:], parts["others"]
    return {
        **parts,
        "rows": parts["rows"][:most],
        "others": {
            "rows": others["rows"] + len(left),
            "quantity": others["quantity"] + sum(row["this_week"] for row in left),
        },
    }
